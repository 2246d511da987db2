"""Which files a question is put to, and that no answer is lost, whoever asks first."""

from __future__ import annotations

import random
import sys
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from dockfix.context import texts
from dockfix.context.literals import Words
from dockfix.context.texts import Finder, Holding, Texts

THREADS = 8


class Files:
    """A folder of so many Python files, each with its own number in it."""

    def __init__(self, count: int) -> None:
        self.texts: Mapping[str, bytes] = {
            f"a{number:03}.py": f"number = {number}\ngit\n".encode() for number in range(count)
        }

    def size(self, path: str) -> int:
        return len(self.texts[path])

    def read(self, path: str) -> bytes | None:
        return self.texts[path]

    def harmless(self, path: str, head: int) -> bool:
        return False


@pytest.fixture(autouse=True)
def _small_lots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "_LOT", 60)


@pytest.fixture
def restless() -> Iterator[None]:
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


class Counting:
    """A question that remembers which files it was put to."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, name: str, data: bytes) -> int | None:
        self.asked.append(name)
        return int(data.split()[2]) or None


def test_only_files_of_the_selection_are_asked_and_each_once() -> None:
    found = Texts(Files(20))
    everything = found.select(frozenset(f"a{number:03}.py" for number in range(20)))
    few = found.select(frozenset({"a003.py", "a004.py", "a017.py"}))
    count = Counting()
    assert found.answers("numbers", few, count, "python") == {"a003.py": 3, "a004.py": 4, "a017.py": 17}
    assert sorted(count.asked) == ["a003.py", "a004.py", "a017.py"]
    assert found.answers("numbers", everything, count, "python", {"a000.py", "a003.py", "a005.py"}) == {
        "a003.py": 3,
        "a005.py": 5,
    }
    assert sorted(count.asked) == ["a000.py", "a003.py", "a004.py", "a005.py", "a017.py"]
    assert found.answers("numbers", everything, count, "python") == {f"a{each:03}.py": each for each in range(1, 20)}
    assert sorted(count.asked) == sorted(everything.names)
    # a second time, nothing is asked
    found.answers("numbers", everything, count, "python")
    found.answers("numbers", few, count, "python")
    assert len(count.asked) == 20


def test_files_that_do_not_belong_to_the_selection_have_no_answer() -> None:
    found = Texts(Files(4))
    found.select(frozenset({"a001.py", "a002.py", "a003.py"}))
    few = found.select(frozenset({"a001.py"}))
    count = Counting()
    assert found.answers("numbers", few, count, "python", {"a001.py", "a002.py", "none.py"}) == {"a001.py": 1}
    assert count.asked == ["a001.py"]


def test_files_that_are_read_later_are_asked_too() -> None:
    found = Texts(Files(9))
    first = found.select(frozenset({"a001.py", "a002.py"}))
    git = Finder(rb"git")
    assert found.answers("git", first, git, "text").keys() == {"a001.py", "a002.py"}
    later = found.select(frozenset({"a001.py", "a005.py", "a008.py"}))
    assert found.answers("git", later, git, "text").keys() == {"a001.py", "a005.py", "a008.py"}
    assert found.answers("git", first, git, "text").keys() == {"a001.py", "a002.py"}


def test_a_selection_that_was_forgotten_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "_MAX_SELECTIONS", 1)
    found = Texts(Files(3))
    old = found.select(frozenset({"a001.py"}))
    new = found.select(frozenset({"a002.py"}))
    count = Counting()
    for _ in range(2):
        assert found.answers("numbers", new, count, "python") == {"a002.py": 2}
        assert found.answers("numbers", old, count, "python") == {"a001.py": 1}
    assert found.answers("numbers", found.select(frozenset({"a001.py"})), count, "python") == {"a001.py": 1}
    assert count.asked == ["a002.py", "a001.py"]


def test_words_say_the_same_however_often_they_are_asked() -> None:
    words = Words(b"import os.path\nrun('apt-get')")
    known = {
        b"apt-get": True,
        b"import": True,
        b"os.path": True,
        b"path.os": False,
        b"apt": True,
        b"('": True,
        b"--": False,
    }
    for _ in range(20):
        for text, stands in known.items():
            assert words.may_hold(text) is stands
    assert words.folded.may_hold(b"import")


@pytest.mark.usefixtures("restless")
@pytest.mark.parametrize("turn", range(12))
def test_threads_that_ask_about_different_files_lose_no_answer(turn: int) -> None:
    folder = Files(120)
    found = Texts(folder)
    ready = threading.Barrier(THREADS)

    def work(number: int) -> None:
        chance = random.Random(turn * THREADS + number)
        ready.wait()
        for _ in range(8):
            names = frozenset(chance.sample(sorted(folder.texts), 40))
            selection = found.select(names)
            some = frozenset(chance.sample(sorted(names), 20))
            wanted = {name: int(name[1:4]) for name in names if name != "a000.py"}
            one = {name: each for name, each in wanted.items() if name in some}
            assert found.answers("numbers", selection, Counting(), "python", some) == one
            assert found.answers("numbers", selection, Counting(), "python") == wanted
            asked = chance.randrange(120)
            mentions = found.answers(asked, selection, Finder(rb"number = %d\b" % asked), "text")
            assert set(mentions) == {f"a{asked:03}.py"} & names
            held = found.answers(("held", asked), selection, Holding([b"%d" % asked, b"git"]), "python")
            assert held.keys() == names
            assert all((b"%d" % asked in folder.texts[name]) == (len(held[name]) == 2) for name in held)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, range(THREADS)))
