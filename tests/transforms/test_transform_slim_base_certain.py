"""Where the slim image is certain to do: by locks, by tables, by what other images were seen to hold."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from checks import dockfix
from dockfix.engine import FileResult, Settings
from dockfix.knowledge.seen import Seen, rendered
from results import installed, text_of, unsafe

FULL = (
    "FROM python:3.11-bookworm\nWORKDIR /app\nCOPY {file} .\nRUN pip install -r {file}\nCOPY . .\n"
    'CMD ["python", "app.py"]\n'
)
LOCK = """\
lock-version = "1.0"
created-by = "a-tool"
[[packages]]
name = "whole"
version = "1.0"
wheels = [{name = "whole-1.0-py3-none-any.whl"}]
"""
NATIVE = """\
[[packages]]
name = "native"
version = "2.0"
wheels = [{name = "native-2.0-cp311-cp311-manylinux_2_17_x86_64.whl"}]
"""
ONLY = {"slim-base.platforms": ["linux/amd64"]}


def seen(name: str, version: str, *needs: str, kind: str = "", requires: tuple[str, ...] = ()) -> Seen:
    found = kind or ("binary" if needs else "pure")
    return Seen(name, version, "3.11", "glibc", "x86_64", "bookworm", found, needs, requires, "2026-11-01 web")  # type: ignore[arg-type]


def run(
    folder: Path, files: Mapping[str, str], *known: Seen, options: Mapping[str, object] = ONLY, unsafe: bool = False
) -> FileResult:
    knowledge = folder.parent / f"{folder.name}.knowledge.toml"
    knowledge.write_text(rendered(known))
    settings = Settings(options=options, knowledge=str(knowledge), unsafe=unsafe)
    return dockfix(folder, FULL.format(file=next(iter(files))), files, settings)


def test_packages_of_python_alone(tmp_path: Path) -> None:
    result = run(tmp_path, {"pylock.toml": LOCK}, options={})
    assert "\nFROM python:3.11-slim-bookworm AS runtime\n" in text_of(result)
    assert not unsafe(result, "slim-base")
    assert installed(text_of(result)) == set()


def test_a_wheel_of_which_nothing_is_known(tmp_path: Path) -> None:
    result = run(tmp_path, {"pylock.toml": LOCK + NATIVE})
    assert "AS runtime" not in text_of(result)
    assert "for what is not known of native 2.0" in unsafe(result, "slim-base")
    assert "slim-base" in {note.transform for note in result.unsafe if note.reason and note.reason.weight == "doubts"}


@pytest.mark.parametrize(("needs", "packages"), [
    (("libz.so.1", "libstdc++.so.6"), set()),
    (("libpq.so.5",), {"libpq5"}),
    (("libxml2.so.2", "libxslt.so.1"), {"libxml2", "libxslt1.1"}),
])  # fmt: skip
def test_a_wheel_that_was_seen(tmp_path: Path, needs: tuple[str, ...], packages: set[str]) -> None:
    result = run(tmp_path, {"pylock.toml": LOCK + NATIVE}, seen("native", "2.0", *needs))
    text = text_of(result)
    assert "\nFROM python:3.11-slim-bookworm AS runtime\n" in text
    assert installed(text) == packages
    said = [note.message for note in result.changes if note.transform == "slim-base"]
    assert "what native needs was seen in other images" in said[0]


@pytest.mark.parametrize("known", [
    seen("native", "2.1", "libz.so.1"),
    seen("native", "2.0", "libnobody-knows.so.7"),
    seen("native", "2.0", kind="compiled"),
])  # fmt: skip
def test_what_was_seen_of_another_version_or_needs_what_no_table_has(tmp_path: Path, known: Seen) -> None:
    result = run(tmp_path, {"pylock.toml": LOCK + NATIVE}, known)
    assert "AS runtime" not in text_of(result)
    assert "native" in unsafe(result, "slim-base")


def test_on_both_machines_unless_one_is_said(tmp_path: Path) -> None:
    both = LOCK + NATIVE + 'sdist = {name = "native-2.0.tar.gz"}\n'
    result = run(tmp_path, {"pylock.toml": both}, seen("native", "2.0", "libz.so.1"), options={})
    said = "for what is not known of native 2.0 on aarch64; for linux/amd64 alone all is known (slim-base.platforms)"
    assert said in unsafe(result, "slim-base")
    assert "slim-bookworm" in text_of(run(tmp_path, {"pylock.toml": both}, seen("native", "2.0", "libz.so.1")))


def test_a_package_that_the_tables_know_is_compiled(tmp_path: Path) -> None:
    lock = LOCK + '[[packages]]\nname = "psycopg2"\nversion = "2.9.9"\nsdist = {name = "psycopg2-2.9.9.tar.gz"}\n'
    text = text_of(run(tmp_path, {"pylock.toml": lock}, options={}))
    assert installed(text) == {"libpq5"}
    other = lock.replace("psycopg2", "some-binding")
    assert "some-binding 2.9.9" in unsafe(run(tmp_path, {"pylock.toml": other}, options={}), "slim-base")


def test_pins_without_a_lock(tmp_path: Path) -> None:
    known = (seen("web", "1.0", requires=("core>=2",)), seen("core", "2.5", "libz.so.1"))
    pinned = {"requirements.txt": "web==1.0\ncore==2.5\n"}
    assert "slim-bookworm" in text_of(run(tmp_path, pinned, *known))
    result = run(tmp_path, {"requirements.txt": "web==1.0\n"}, *known)
    assert "AS runtime" not in text_of(result)
    assert (
        "requirements.txt pins all but does not name core, which web brings; with uv pip compile, or another lock"
        in unsafe(result, "slim-base")
    )
    later = {**ONLY, "slim-base.later-versions": True}
    assert "slim-bookworm" in text_of(run(tmp_path, {"requirements.txt": "web\n"}, *known, options=later))


def test_a_program_that_is_worked_out(tmp_path: Path) -> None:
    code = "import os, subprocess\nsubprocess.run([os.environ['TOOL'], '-v'])\n"
    result = run(tmp_path, {"pylock.toml": LOCK, "app.py": code}, options={})
    assert "AS runtime" not in text_of(result)
    assert "app.py:2 runs a program whose name is worked out" in unsafe(result, "slim-base")


@pytest.mark.parametrize(("line", "files", "said"), [
    ("COPY lib lib", {"lib/libown.so.1": "x"}, "what lib/libown.so.1 is linked with"),
    ("COPY --from=registry.example.org/tool /bin/tool /bin/tool", {}, "what the COPY in line 5 brings"),
    ("ADD https://example.org/tool /bin/tool", {}, "what the ADD in line 5 brings"),
    ("RUN curl -o /usr/local/bin/tool https://example.org/tool", {}, "what the RUN in line 5 fetches"),
    ("RUN git clone https://example.org/more /srv/more", {}, "what the RUN in line 5 fetches"),
])  # fmt: skip
def test_what_is_no_package_and_was_not_read(tmp_path: Path, line: str, files: Mapping[str, str], said: str) -> None:
    text = FULL.format(file="pylock.toml").replace("COPY . .", f"{line}\nCOPY . .")
    result = dockfix(tmp_path, text, {"pylock.toml": LOCK, **files}, Settings())
    assert "AS runtime" not in text_of(result)
    assert said in unsafe(result, "slim-base")
    assert "slim-bookworm" in text_of(dockfix(tmp_path, text, {}, Settings(unsafe=True)))


def test_a_package_that_is_brought_and_starts_a_program(tmp_path: Path) -> None:
    known = (seen("web", "1.0", requires=("gitpython",)), seen("gitpython", "3.1.43"))
    text = text_of(run(tmp_path, {"requirements.txt": "web==1.0\ngitpython==3.1.43\n"}, *known))
    assert installed(text) == {"git"}
    brought = run(tmp_path, {"requirements.txt": "web>=1\n"}, *known, unsafe=True)
    assert installed(text_of(brought)) == {"git"}


def test_a_file_that_was_tampered_with_makes_nothing_certain(tmp_path: Path) -> None:
    knowledge = tmp_path.parent / "altered.toml"
    knowledge.write_text(rendered([seen("native", "2.0", "libz.so.1")]).replace('"libz.so.1"', ""))
    files = {"pylock.toml": LOCK + NATIVE}
    result = dockfix(tmp_path, FULL.format(file="pylock.toml"), files, Settings(options=ONLY, knowledge=str(knowledge)))
    assert "AS runtime" not in text_of(result)
    assert "native 2.0" in unsafe(result, "slim-base")
