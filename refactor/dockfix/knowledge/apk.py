"""What Alpine's packages are for: compiling, running, or both. Asked in the same way as ``apt``."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

from dockfix.knowledge import apt
from dockfix.knowledge.apt import Role
from dockfix.knowledge.tables import table

# The Debian release by whose names the libraries of Python packages are looked up
_DEBIAN = frozenset({"bookworm"})


def role(package: str) -> Role:
    """What an Alpine package is for, as ``apt.role`` says it of Debian's.

    The name comes without a version, here and below, and may have the tag of a repository (``gcc``, not ``gcc>12``; ``gcc@edge``).
    """
    package = package.partition("@")[0]
    if package in _build_only():
        return "build"
    if package.endswith("-dev"):
        return "dev"
    if package == "git":
        return "git"
    return "run" if package in _data()["run_only"]["packages"].split() else "unknown"


def commands(package: str) -> frozenset[str]:
    """The programs that leave the image with a package, those of BusyBox left out; an empty set says nothing."""
    package = package.partition("@")[0]
    group = _build_only().get(package)
    by_hand = group.get("commands", "") if group is not None else _data()["commands"].get(package, "")
    return frozenset(by_hand.split()) | ({"git"} if package == "git" else set())


def instead(package: str, suites: frozenset[str] | None) -> tuple[str, ...] | None:
    """The packages that stand in for one that only builds, or for a -dev package, once everything is compiled.

    ``suites`` are the releases of Alpine that the base may be of ("3.19"; None: unknown). The result is empty where nothing is
    needed, and None where nothing is certain: the package or a release is unknown, or the names differ between the releases. What
    comes from a repository of its own stands for libraries of that one.
    """
    name, tag, repository = package.partition("@")
    names = _instead(name, suites, bool(tag))
    return None if names is None else tuple(f"{each}{tag}{repository}" for each in names)


def _instead(package: str, suites: frozenset[str] | None, tagged: bool) -> tuple[str, ...] | None:
    data = _data()
    group = _build_only().get(package)
    if group is not None:
        return tuple(group.get("runtime", "").split())
    if role(package) != "dev":
        return ()
    if package in data["in_base"]["packages"].split():
        return None if tagged else ()
    if not suites or not suites.issubset(known_suites()):
        return None
    by_release = data["by_release"].get(package)
    lines = {by_release.get(suite) for suite in suites} if by_release else {data["runtime"].get(package)}
    line = lines.pop()
    return None if lines or line is None else tuple(line.split())


def alongside(package: str, suites: frozenset[str] | None, *, recommended: bool = True) -> frozenset[str]:
    """The libraries that come along with a package which may leave an image; what takes its place is not among them.

    Nothing is recommended on Alpine, and the releases are not told apart.
    """
    return frozenset(_data()["alongside"].get(package.partition("@")[0], "").split())


def brings(package: str, suites: frozenset[str] | None) -> frozenset[str]:
    """What comes along with a library or a compiler that stays."""
    return frozenset(_data()["brings"].get(package.partition("@")[0], "").split())


def recommends(package: str, suites: frozenset[str] | None) -> frozenset[str]:
    """What may come along with a package by recommendation alone: nothing is recommended on Alpine."""
    return frozenset()


def recommended(package: str) -> tuple[str, ...]:
    """What comes along with a package by recommendation: nothing is recommended on Alpine."""
    return ()


def modules(package: str) -> tuple[str, ...] | None:
    """The packages of modules for the system's own Python that come along with one: a split leaves that Python alone."""
    return ()


def embedded(package: str) -> tuple[str, ...] | None:
    """The library of the system's own Python that comes along with one: python3 itself holds it."""
    return ()


def has(package: str) -> bool:
    """Whether the system may be asked for a library that a table names: the tables are Alpine's own."""
    return True


def is_named_so(library: str, suite: str) -> bool:
    """Whether a release is known to have a package with a library under this name."""
    return library in _data()["libraries"] and suite in known_suites()


def holds(package: str, library: str) -> bool:
    """Whether a package holds a shared library, of whichever version: ``libmagic.so.1``, ``magic``."""
    stem, sign, _ = library.rpartition("/")[2].partition(".so")
    return (stem if sign else f"lib{stem}") in _data()["libraries"].get(package, "").split()


def equivalents(libraries: Iterable[str]) -> frozenset[str]:
    """The packages with the shared libraries that these packages of Debian hold."""
    files = {file for library in libraries for file in apt.parts("apt_libraries", library, _DEBIAN)}
    return frozenset(package for package in _data()["libraries"] if any(holds(package, file) for file in files))


def known_suites() -> tuple[str, ...]:
    """The releases of Alpine that the tables cover, oldest first."""
    return tuple(_data()["releases"])


class OwnPython:
    """The same where Python is one of Alpine's own packages: its modules stay, and its headers leave Python itself behind."""

    def role(self, package: str) -> Role:
        """What a package is for."""
        return "unknown" if _is_module(package) else role(package)

    def commands(self, package: str) -> frozenset[str]:
        """The programs that leave the image with a package."""
        return commands(package)

    def instead(self, package: str, suites: frozenset[str] | None) -> tuple[str, ...] | None:
        """What stands in for a package once everything is compiled."""
        own = _data()["own_python"]["instead"].get(package.partition("@")[0])
        return instead(package, suites) if own is None else (own,)

    def alongside(self, package: str, suites: frozenset[str] | None, *, recommended: bool) -> frozenset[str]:
        """The libraries that come along with a package and leave with it."""
        return alongside(package, suites, recommended=recommended)

    def brings(self, package: str, suites: frozenset[str] | None) -> frozenset[str]:
        """What comes along with a library or a compiler that stays."""
        return brings(package, suites)

    def recommends(self, package: str, suites: frozenset[str] | None) -> frozenset[str]:
        """What may come along with a package by recommendation alone."""
        return recommends(package, suites)

    def recommended(self, package: str) -> tuple[str, ...]:
        """Nothing."""
        return recommended(package)

    def modules(self, package: str) -> tuple[str, ...] | None:
        """None: those of Alpine are asked for by name."""
        return modules(package)

    def embedded(self, package: str) -> tuple[str, ...] | None:
        """None: python3 itself holds it."""
        return embedded(package)

    def has(self, package: str) -> bool:
        """Whether the system may be asked for a library."""
        return has(package)

    def is_named_so(self, library: str, suite: str) -> bool:
        """Whether a release is known to have a package with a library under this name."""
        return is_named_so(library, suite)

    def holds(self, package: str, library: str) -> bool:
        """Whether a package holds a shared library."""
        return holds(package, library)

    def equivalents(self, libraries: Iterable[str]) -> frozenset[str]:
        """The packages with the shared libraries that these packages of Debian hold."""
        return equivalents(libraries)

    def known_suites(self) -> tuple[str, ...]:
        """The releases of Alpine that the tables cover, oldest first."""
        return known_suites()


def _is_module(package: str) -> bool:
    return any(fnmatchcase(package, pattern) for pattern in _data()["own_python"]["modules"].split())


def _data() -> dict[str, Any]:
    return table("apk_packages")


@cache
def _build_only() -> dict[str, dict[str, str]]:
    return {name: group for group in _data()["build_only"] for name in group["packages"].split()}
