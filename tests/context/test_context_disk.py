"""One Disk for all who read the same folder, from however many threads."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dockfix.context import disk
from dockfix.context.application import Application
from dockfix.context.build_context import BuildContext
from dockfix.context.disk import Disk

THREADS = 8


@pytest.fixture
def roots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Folders of an application each, one more than are kept."""
    monkeypatch.setattr(disk, "_TICK", 0)  # as if they had been written long ago
    made = [tmp_path / name for name in "abc"]
    for root in made:
        (root / "app").mkdir(parents=True)
        (root / "app" / "main.py").write_text("import subprocess\nsubprocess.run(['git', 'x'])\n")
        (root / "run.sh").write_text("exec curl x\n")
        (root / "Procfile").write_text("web: gunicorn app\n")
    return made


@pytest.fixture
def restless() -> Iterator[None]:
    """Has the interpreter go from thread to thread as often as it can."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def in_threads(work: Callable[[int], None]) -> list[BaseException]:
    """What went wrong in threads that all do the same."""
    errors: list[BaseException] = []

    def safely(number: int) -> None:
        try:
            work(number)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=safely, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


@pytest.mark.usefixtures("restless")
def test_threads_may_ask_for_the_same_disks(roots: list[Path]) -> None:
    def work(number: int) -> None:
        for turn in range(500):
            found = Disk.at(roots[(number + turn) % len(roots)])
            assert found.read("run.sh") == b"exec curl x\n"
            assert found.listing is not None
            assert "app/main.py" in found.listing.files

    assert in_threads(work) == []


@pytest.mark.usefixtures("restless")
def test_threads_may_search_the_same_files(roots: list[Path]) -> None:
    def work(number: int) -> None:
        for turn in range(40):
            context = BuildContext(roots[(number + turn) % len(roots)])
            found = Application(context, frozenset(context.files() or ()))
            assert [each.file for each in found.mentions(["git", "curl", f"x{turn}"])] == ["app/main.py", "run.sh"]
            assert [each.line for each in found.search(rb"gunic(?:orn)?")] == [1]
            assert [each.word for each in found.program.runs] == ["git"]

    assert in_threads(work) == []


def test_a_folder_is_listed_and_read_once(roots: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    listed: list[str] = []
    read: list[str] = []
    scan, head = os.scandir, Disk.head
    monkeypatch.setattr(os, "scandir", lambda path: listed.append(str(path)) or scan(path))
    monkeypatch.setattr(Disk, "head", staticmethod(lambda path, size: read.append(path) or head(path, size)))
    for _ in range(3):
        context = BuildContext(roots[0])
        app = Application(context, frozenset(context.files() or ()))
        assert app.search(b"curl")
        assert app.known
    assert sorted(listed) == [str(roots[0]), str(roots[0] / "app")]
    assert sorted(read) == sorted(str(path) for path in roots[0].rglob("*") if path.is_file())


def test_what_changes_is_read_again(roots: list[Path]) -> None:
    def found() -> list[str]:
        context = BuildContext(roots[0])
        app = Application(context, frozenset(context.files() or ()))
        return [each.word for each in (*app.search(rb"curl|wget"), *app.program.runs)]

    assert found() == ["curl", "git"]
    (roots[0] / "run.sh").write_text("exec wget x and more\n")
    (roots[0] / "app" / "main.py").write_text("import subprocess\nsubprocess.run(['make'])\n")
    assert found() == ["wget", "make"]


def test_a_large_file_that_becomes_readable_is_read(roots: list[Path]) -> None:
    large = roots[0] / "large.c"
    large.write_bytes(b"x" * (disk.MAX_FILE + 1))
    os.utime(roots[0], ns=(1, 1))

    def known() -> bool:
        context = BuildContext(roots[0])
        return Application(context, frozenset({"large.c"})).known

    assert not known()
    large.write_bytes(b"\0" * (disk.MAX_FILE + 1))
    assert known()


def test_a_link_that_led_nowhere_is_followed_once_it_leads_somewhere(roots: list[Path]) -> None:
    (roots[0] / "skipped" / "node_modules").mkdir(parents=True)
    (roots[0] / "link").symlink_to("skipped/node_modules/x")
    first = Disk.at(roots[0])
    assert first.listing is not None
    assert first.read("link") is None
    assert Disk.at(roots[0]) is first
    (roots[0] / "skipped" / "node_modules" / "x").write_text("there")  # in a folder that is not listed
    assert Disk.at(roots[0]).read("link") == b"there"


def test_a_relative_root_is_shared_where_it_means_the_same_folder(
    roots: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(roots[0].parent)
    root = Path(roots[0].name)
    first = Disk.at(root)
    assert first.read("run.sh") is not None
    assert Disk.at(root) is first
    monkeypatch.chdir(roots[1])
    assert Disk.at(root) is not first
    assert Disk.at(root).read("run.sh") is None


def test_answers_are_kept_as_long_as_the_files(roots: list[Path]) -> None:
    asked: list[str] = []
    for _ in range(2):
        assert Disk.at(roots[0]).once("question", lambda: asked.append("x") or 42) == 42
    assert asked == ["x"]
    found = Disk.at(roots[0])
    for number in range(10_000):
        assert found.once(("other", number), lambda number=number: number) == number
    assert len(found._answers) < 10_000


def test_where_the_current_folder_is_gone_nothing_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert Disk.at(Path("app")).read("main.py") is None
