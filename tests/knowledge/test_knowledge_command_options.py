from __future__ import annotations

import re

from dockfix.knowledge import command_options
from dockfix.knowledge.tables import table

OPTION = re.compile(r"--?[a-zA-Z0-9][a-zA-Z0-9.-]*")


def test_every_option_stands_once() -> None:
    for programs, lists in table("command_options").items():
        words = " ".join(lists.values()).split()
        assert sorted(words) == sorted(set(words)), programs
        assert all(OPTION.fullmatch(word) for word in words)
        assert set(lists) <= {"output", "folder", "beside", "more"}


def test_no_program_stands_twice() -> None:
    programs = [program for key in table("command_options") for program in key.split()]
    assert sorted(programs) == sorted(set(programs))


def test_options_of_a_program() -> None:
    curl = command_options("curl")
    assert curl.output == {"-o", "--output"}
    assert curl.written == curl.output | curl.folder | curl.beside
    assert curl.written | {"-H", "--header", "--retry"} <= curl.valued
    assert command_options("tar") == command_options("bsdtar")


def test_a_program_of_which_nothing_is_known() -> None:
    assert command_options("no-such-thing").valued == frozenset()
