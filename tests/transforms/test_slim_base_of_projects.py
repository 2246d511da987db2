"""The lock of a project makes the smaller base certain."""

from __future__ import annotations

import pytest

from results import Project, installed, text_of, unsafe

DOCKERFILE = (
    "FROM python:3.11-bookworm\nCOPY --from=ghcr.io/astral-sh/uv:0.9 /uv /bin/uv\nWORKDIR /app\n"
    "COPY pyproject.toml {lock} ./\nRUN uv sync{flags}\nENV PATH=/app/.venv/bin:$PATH\n"
    'COPY app.py .\nCMD ["python", "app.py"]\n'
)
MANIFEST = (
    '[project]\nname = "shop"\nversion = "1"\ndependencies = ["web>=1"]\n'
    '[project.optional-dependencies]\nDB = ["psycopg2"]\n[dependency-groups]\ndev = ["native"]\n'
)
LOCK = """\
version = 1
[[package]]
name = "shop"
version = "1"
source = { virtual = "." }
dependencies = [{ name = "web" }]
[package.optional-dependencies]
db = [{ name = "psycopg2" }]
[package.dev-dependencies]
dev = [{ name = "native" }]
[[package]]
name = "web"
version = "1.2"
source = { registry = "https://index.example.org/simple" }
wheels = [{ url = "https://files.example.org/web-1.2-py3-none-any.whl" }]
[[package]]
name = "psycopg2"
version = "2.9.9"
source = { registry = "https://index.example.org/simple" }
sdist = { url = "https://files.example.org/psycopg2-2.9.9.tar.gz" }
[[package]]
name = "native"
version = "3.0"
source = { registry = "https://index.example.org/simple" }
wheels = [{ url = "https://files.example.org/native-3.0-cp311-cp311-manylinux_2_17_x86_64.whl" }]
"""
SLIM = "\nFROM python:3.11-slim-bookworm AS runtime\n"


@pytest.mark.parametrize(("flags", "packages"), [
    (" --frozen --no-dev", set()), (" --locked --no-dev --extra DB", {"libpq5"}), (" --no-dev --no-group docs", set()),
])  # fmt: skip
def test_what_is_installed_needs_nothing_more(project: Project, flags: str, packages: set[str]) -> None:
    result = project(DOCKERFILE.format(lock="uv.lock", flags=flags), {"pyproject.toml": MANIFEST, "uv.lock": LOCK})
    assert SLIM in text_of(result)
    assert installed(text_of(result)) == packages


@pytest.mark.parametrize(("flags", "manifest", "lock", "said"), [
    (" --group dev --no-default-groups", MANIFEST, LOCK, "native 3.0"),
    (" --no-dev --all-groups", MANIFEST, LOCK, "native 3.0"),
    (" --no-dev", MANIFEST.replace('["web>=1"]', '["web>=1", "more"]'), LOCK, "is not what it was made of"),
    (" --no-dev", MANIFEST + "[tool.uv]\ndefault-groups = []\n", LOCK, "native 3.0"),
    (" --no-dev", MANIFEST, LOCK.replace("version = 1\n[[", "version = 9\n[["), "its version is 9"),
])  # fmt: skip
def test_what_is_not_known(project: Project, flags: str, manifest: str, lock: str, said: str) -> None:
    result = project(DOCKERFILE.format(lock="uv.lock", flags=flags), {"pyproject.toml": manifest, "uv.lock": lock})
    assert SLIM not in text_of(result)
    assert said in unsafe(result, "slim-base")


def test_without_its_lock(project: Project) -> None:
    result = project(DOCKERFILE.format(lock="", flags=" --no-dev"), {"pyproject.toml": MANIFEST})
    assert SLIM not in text_of(result)
    assert "uv.lock: it is not in the build context" in unsafe(result, "slim-base")


@pytest.mark.parametrize(("more", "certain"), [("", True), (" -r pyproject.toml", False), (" .", False)])
def test_pins_that_it_is_given_as_pip_is(project: Project, more: str, certain: bool) -> None:
    text = DOCKERFILE.format(lock="pylock.toml", flags="").replace(
        "RUN uv sync", f"RUN uv venv && uv pip install -r pylock.toml{more}"
    )
    lock = 'lock-version = "1.0"\n[[packages]]\nname = "web"\nversion = "1.2"\nwheels = [{name = "web-1.2-py3-none-any.whl"}]\n'
    result = project(text, {"pyproject.toml": MANIFEST, "pylock.toml": lock})
    assert (SLIM in text_of(result)) is certain
