from __future__ import annotations

import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import settings

from checks import dockfix
from dockfix.engine import FileResult, Settings
from dockfix.knowledge import releases
from dockfix.verify.engines import Engine, NoEngineError, find_engine
from results import Project

# What images were seen to hold on the machine that runs the tests is no matter of theirs
CACHE = os.environ["XDG_CACHE_HOME"] = tempfile.mkdtemp(prefix="dockfix-test-cache-")
BASE = "python:3.11-slim"  # the images of the build tests start from it

# Every run tries the same examples, so that what is green here is green in CI; `--hypothesis-profile random` looks for new ones
settings.register_profile("fixed", derandomize=True)
settings.register_profile("random", derandomize=False, print_blob=True)
settings.load_profile("fixed")


def pytest_unconfigure() -> None:
    """Leaves nothing behind."""
    shutil.rmtree(CACHE, ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts the tests that build images first, of these the longest: all workers then end at about the same time."""
    items.sort(key=lambda item: (item.get_closest_marker("build") is None, item.path.parent.name != "verify"))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Makes a project in a folder of its own and runs dockfix on its Dockerfile."""

    def make(
        dockerfile: str,
        files: Mapping[str, str] | None = None,
        *,
        unsafe: bool = False,
        only: str = "",
        options: Mapping[str, object] | None = None,
    ) -> FileResult:
        select = frozenset(only.split(",")) if only else None
        return dockfix(tmp_path, dockerfile, files, Settings(select=select, unsafe=unsafe, options=options or {}))

    return make


@pytest.fixture
def released(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Iterable[releases.Release]], None]]:
    """Has dockfix know these releases of Python packages, and no others."""
    caches = (releases._of, releases._text, releases.with_requires, releases.with_files)

    def know(rows: Iterable[releases.Release]) -> None:
        path = tmp_path.parent / f"{tmp_path.name}.releases.txt"
        path.write_text(releases.rendered(rows), "utf-8")
        monkeypatch.setattr(releases, "SHIPPED", path)
        for each in caches:
            each.cache_clear()

    yield know
    monkeypatch.undo()
    for each in caches:
        each.cache_clear()


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """A container engine; without one, the test is skipped."""
    try:
        found = find_engine(None, "", threading.Event())
    except NoEngineError as error:
        pytest.skip(error.message)
    if found.call("image", "inspect", BASE, check=False).status and found.call("pull", BASE, check=False).status:
        pytest.skip(f"no container engine that has {BASE} or can fetch it: only {found.name} answers")
    yield found
    found.clean(found.session)
