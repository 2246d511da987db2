"""What packages of npm's registry run when they are installed, for locks that don't say it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from dockfix.lazy import regex

_NUMBERS = regex(r"\d+")
# Only DefinitelyTyped's own tool publishes there, and gives no package a script: https://github.com/microsoft/DefinitelyTyped-tools
_DECLARATIONS = "@types/"


def runs_nothing(name: str, version: str) -> bool:
    """Whether a version of a package is known to run no script when it is installed, to compile nothing, and to be for all systems."""
    return name.startswith(_DECLARATIONS) or _holds("none", name, version)


def runs_inside(name: str, version: str) -> bool:
    """Whether what it runs is known to leave nothing outside of node_modules."""
    return _holds("inside", name, version)


def runs_only_node(name: str, version: str) -> bool:
    """Whether what it runs is known to need nothing but Node.js, and to compile nothing."""
    return _holds("node", name, version)


def _holds(what: str, name: str, version: str) -> bool:
    ends = spans()[what].get(name, "").split()
    asked = number(version)
    return any(number(low) <= asked <= number(high) for low, high in zip(ends[::2], ends[1::2], strict=True))


@cache
def spans() -> Mapping[str, Mapping[str, str]]:
    """The table: by what holds, the names of packages, each with pairs of the lowest and the highest version."""
    found: dict[str, dict[str, str]] = {}
    for part in Path(__file__).with_suffix(".txt").read_text("utf-8").split("\n[")[1:]:
        title, _, lines = part.partition("]\n")
        found[title] = dict(line.split(" ", 1) for line in lines.splitlines() if line)
    return found


def number(version: str) -> tuple[int, ...]:
    """The numbers of a version, for an order in which what comes before a release counts as the release."""
    return tuple(map(int, _NUMBERS.findall(version.partition("-")[0].partition("+")[0])))
