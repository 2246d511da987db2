"""Users by their numbers."""

from __future__ import annotations

from pathlib import Path

import pytest

from dockfix.engine.runner import Settings, run

ONLY = Settings(frozenset({"numeric-user"}))


def outcome(folder: Path, lines: str, base: str = "python:3.12-slim") -> tuple[str, str]:
    """The USER line that comes out, and why nothing was done ("" for nothing to say)."""
    file = folder / "Dockerfile"
    file.write_text(f'FROM {base}\n{lines}\nCMD ["python", "app.py"]\n')
    found = run(file, ONLY)
    assert not found.failures
    assert not found.warnings
    text = found.files[0].after if found.files else file.read_text()
    last = [line for line in text.split("\n") if line.startswith("USER")][-1]
    return last, next((note.message for note in found.refusals), "")


@pytest.mark.parametrize(
    ("lines", "base", "user"),
    [
        ("USER node", "node:20", "USER 1000"),
        ("USER node:node", "node:20-alpine", "USER 1000:1000"),
        ("USER bun", "oven/bun:1", "USER 1000"),
        ("RUN useradd --uid 10001 app\nUSER app", "", "USER 10001"),
        ("RUN useradd -mu 1001 -s /bin/false app\nUSER app", "", "USER 1001"),
        ("RUN useradd -r -u1001 -g root app\nUSER app:0", "", "USER 1001:0"),
        ("RUN adduser -D -u 1001 app\nUSER app", "python:3.12-alpine", "USER 1001"),
        ("RUN addgroup -S -g 7 web && adduser -S -G web -u 8 web\nUSER web:web", "python:3.12-alpine", "USER 8:7"),
        ("RUN adduser --disabled-password --gecos '' --uid 5678 app && chown -R app /srv\nUSER app", "", "USER 5678"),
        ("RUN groupadd --gid 9 g\nRUN useradd --uid=9 --gid g app\nUSER 9:g", "", "USER 9:9"),
    ],
)
def test_the_number_that_is_said(tmp_path: Path, lines: str, base: str, user: str) -> None:
    assert outcome(tmp_path, lines, base or "python:3.12-slim") == (user, "")


@pytest.mark.parametrize("line", ["USER 1000", "USER 1000:1000", "USER root", "USER 0"])
def test_nothing_to_do(tmp_path: Path, line: str) -> None:
    assert outcome(tmp_path, line) == (line, "")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("RUN useradd app\nUSER app", "which number the user app gets is not said for certain"),
        ("RUN useradd -u 7 -g app web\nUSER app", "which number the user app gets is not said for certain"),
        ("RUN id app || useradd -u 7 app\nUSER app", "no command is known to make the user app"),
        ("RUN useradd -u 7 app || true\nUSER app", "no command is known to make the user app"),
        ("RUN useradd -o -u 7 app\nUSER app", "which number the user app gets is not said for certain"),
        ("RUN useradd -u $ID app\nUSER app", "which number the user app gets is not said for certain"),
        ("RUN useradd -u 7 app\nUSER app:app", "no command is known to make the group app"),
        ("RUN useradd -u 7 app\nRUN usermod -u 8 app\nUSER app", "the RUN in line 3 may give the user app another number"),
        ("RUN useradd -u 7 app\nCOPY passwd /etc/passwd\nUSER app", "the COPY in line 3 may give the user app another number"),
        ("RUN useradd -u 7 app\nRUN ./setup.sh\nUSER app", "the RUN in line 3 may give the user app another number"),
        ("RUN useradd -u 7 app\nRUN sed -i s/7/8/ /etc/passwd\nUSER app", "the RUN in line 3 may give the user app another number"),
        ("USER www-data", "no command is known to make the user www-data"),
        ("ARG U\nUSER $U", "what $U is, is not known"),
    ],
)  # fmt: skip
def test_what_is_not_certain_is_left(tmp_path: Path, lines: str, said: str) -> None:
    user, why = outcome(tmp_path, lines)
    assert user == lines.rsplit("\n", maxsplit=1)[-1]
    assert why == said


def test_it_is_made_on_request_alone(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM node:20\nUSER node\nCMD node\n")
    assert "numeric-user" not in {note.transform for note in run(tmp_path / "Dockerfile", Settings()).changes}
