"""What packages of npm's registry run when they are installed, for locks that don't say it."""

from __future__ import annotations

import re

from dockfix.knowledge.tables import table

_NUMBERS = re.compile(r"\d+")


def runs_nothing(name: str, version: str) -> bool:
    """Whether a version of a package is known to run no script when it is installed, to compile nothing, and to be for all systems."""
    return _holds("none", name, version)


def runs_inside(name: str, version: str) -> bool:
    """Whether what it runs is known to leave nothing outside of node_modules."""
    return _holds("inside", name, version)


def _holds(what: str, name: str, version: str) -> bool:
    lowest, _, highest = table("npm_scripts")[what].get(name, "").partition(" ")
    return bool(highest) and number(lowest) <= number(version) <= number(highest)


def number(version: str) -> tuple[int, ...]:
    """The numbers of a version, for an order in which what comes before a release counts as the release."""
    return tuple(map(int, _NUMBERS.findall(version.partition("-")[0].partition("+")[0])))
