"""Programs that start the program named after them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from dockfix.knowledge.tables import table
from dockfix.namedtuple import NamedTuple


class Wrapper(NamedTuple):
    """How a program names the one that it starts: behind ``positional`` plain words, and behind its options.

    ``valued`` are the options that take a value. One of ``subcommands`` has to come first; empty where none has to.
    """

    positional: int
    valued: frozenset[str]
    subcommands: frozenset[str] = frozenset()


@cache
def wrappers() -> Mapping[str, Wrapper]:
    """Programs that start the program after them, or after one of their subcommands: env, gosu, tini, npx; poetry run."""
    data = table("programs")
    sections = [data["wrappers"], data["wrappers_as_user"], data["inits"], data["starters"]]
    sections += [manager["starts"] for manager in table("package_managers")["manager"] if "starts" in manager]
    return {program: wrapper for section in sections for program, wrapper in _read(section).items()}


@cache
def inits() -> frozenset[str]:
    """Programs that are made to be process 1, and start the program after them."""
    return frozenset(_read(table("programs")["inits"]))


@cache
def user_changers() -> frozenset[str]:
    """Programs that start the program after them as another user, which takes root."""
    return frozenset(_read(table("programs")["wrappers_as_user"]))


def starts_another(program: str, words: frozenset[str]) -> bool:
    """Whether a program, called with these words among others, starts another one."""
    wrapper = wrappers().get(program)
    return wrapper is not None and (not wrapper.subcommands or not wrapper.subcommands.isdisjoint(words))


def _read(section: Mapping[str, str]) -> dict[str, Wrapper]:
    return {program: _wrapper(line.split()) for programs, line in section.items() for program in programs.split()}


def _wrapper(words: list[str]) -> Wrapper:
    subcommands = [] if words[0].isdecimal() else words.pop(0).split("|")
    return Wrapper(int(words[0]), frozenset(words[1:]), frozenset(subcommands))
