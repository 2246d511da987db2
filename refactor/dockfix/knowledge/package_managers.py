"""Programs that install packages: their names, their files, and what they do besides."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Literal

from dockfix.knowledge.tables import table
from dockfix.lazy import regex
from dockfix.namedtuple import NamedTuple

Kind = Literal["python", "system", "node"]


class PackageManager(NamedTuple):
    """One package manager; the head of ``package_managers.toml`` explains the lists.

    ``title`` is "" where a sentence names it as the command line does.
    """

    programs: tuple[str, ...]
    title: str
    installs: Kind
    versioned: bool
    project: bool
    scripts: bool
    manifests: tuple[str, ...]
    locks: tuple[str, ...]
    index_programs: frozenset[str]
    index_packages: frozenset[str]

    def called(self, program: str) -> str:
        """How a sentence names it where a command line calls it ``program``."""
        return self.title or program


@cache
def package_managers(*kinds: Kind) -> tuple[PackageManager, ...]:
    """The package managers that install packages of these kinds, or all of them, in the order of the table."""
    found = tuple(
        PackageManager(
            tuple(each["programs"].split()),
            each.get("title", ""),
            each["installs"],
            each.get("versioned", False),
            each.get("project", False),
            each.get("scripts", False),
            tuple(each.get("manifests", "").split()),
            tuple(each.get("locks", "").split()),
            frozenset(each.get("index_programs", "").split()),
            frozenset(each.get("index_packages", "").split()),
        )
        for each in table("package_managers")["manager"]
    )
    return tuple(each for each in found if not kinds or each.installs in kinds)


def package_manager(program: str) -> PackageManager | None:
    """The package manager that a command line calls, by the program's name without its folder; None for other programs."""
    found = _by_program().get(program)
    if found is None and program[-1:].isdecimal():
        found = _by_program().get(program.rstrip("0123456789."))
        return found if found is not None and found.versioned else None
    return found


def index_programs(program: str) -> frozenset[str]:
    """The programs that read the index which a package manager, named by one of its programs, has fetched."""
    manager = package_manager(program)
    return manager.index_programs if manager is not None else frozenset()


def index_packages(program: str) -> frozenset[str]:
    """The packages that bring programs which read that index whenever somebody calls them."""
    manager = package_manager(program)
    return manager.index_packages if manager is not None else frozenset()


def manager_in(text: str, *kinds: Kind, project: bool = False) -> str:
    """The first name of a package manager that stands in a text as a word of its own, "" for none.

    With ``project`` only those that install what the files of a project name count.
    """
    match = _pattern(kinds, project).search(text)
    return match[0] if match else ""


@cache
def commented_manifests() -> tuple[str, ...]:
    """The names of the files in which package managers find what to install and that take a comment after a ``#``.

    What is installed for certain comes first: the files that pip is given, then lock files, then the others.
    """
    silent = {name for each in table("package_managers")["manager"] for name in each.get("no_comment", "").split()}
    pip, *others = package_managers()
    names = [*pip.manifests, *_each(others, "locks"), *_each(others, "manifests")]
    return tuple(name for name in dict.fromkeys(names) if name not in silent)


def _each(managers: list[PackageManager], field: Literal["locks", "manifests"]) -> Iterator[str]:
    return (name for each in managers for name in getattr(each, field))


@cache
def _by_program() -> Mapping[str, PackageManager]:
    return {program: each for each in package_managers() for program in each.programs}


@cache
def _pattern(kinds: tuple[Kind, ...], project: bool) -> re.Pattern[str]:
    names = {
        re.escape(program) + ("[0-9.]*" if each.versioned else "")
        for each in package_managers(*kinds)
        if each.project or not project
        for program in each.programs
    }
    return regex(rf"\b(?:{'|'.join(sorted(names, key=lambda name: (-len(name), name)))})\b")
