"""What packages for Node.js need of the system: libraries when they run, more when they are compiled, programs that they start."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import cache
from typing import Literal

from dockfix.knowledge.tables import table
from dockfix.namedtuple import NamedTuple

Prebuilt = Literal["whole", "part", "none", ""]


class NodeNeeds(NamedTuple):
    """The needs of one package; the head of ``node_needs.toml`` explains the fields."""

    package: str
    prebuilt: Prebuilt = ""
    libraries: tuple[str, ...] = ()
    linked: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    vital: tuple[str, ...] = ()
    all: bool = False
    why: str = ""
    source: str = ""


@cache
def all_node_needs() -> Mapping[str, NodeNeeds]:
    """All that is known, by the packages' names."""
    lists = ("libraries", "linked", "commands", "vital")
    found: dict[str, NodeNeeds] = {}
    for each in table("node_needs")["needs"]:
        values = {key: tuple(each.get(key, "").split()) for key in lists}
        for name in each["packages"].split():
            found[name] = NodeNeeds(
                name,
                each.get("prebuilt", ""),
                all=each.get("all", False),
                why=each["why"],
                source=each["source"],
                **values,
            )
    return found


def node_needs(package: str) -> NodeNeeds | None:
    """What is known of a package; None for one of which nothing is known, which need not mean that it needs nothing."""
    found = all_node_needs().get(package)
    return found or next((each for name, each in _patterns() if fnmatchcase(package, name)), None)


@cache
def _patterns() -> tuple[tuple[str, NodeNeeds], ...]:
    return tuple((name, each) for name, each in all_node_needs().items() if "*" in name)


def needs_are_known(package: str) -> bool:
    """Whether all is known that the compiled code of a package needs of the system, but for what it was compiled against: often nothing."""
    needs = node_needs(package)
    return needs is not None and (needs.all or (needs.prebuilt in {"whole", ""} and not needs.libraries))


@cache
def called_by() -> Mapping[str, frozenset[str]]:
    """The programs of the system that packages start, by the packages."""
    return {name: frozenset(each.commands) for name, each in all_node_needs().items() if each.commands}


class Fills(NamedTuple):
    """What the install of a package puts into a ``folder`` of the user's home; the head of ``node_needs.toml`` explains the fields."""

    folder: str
    since: int = 0
    off: tuple[str, ...] = ()
    moved_by: str = ""
    configs: frozenset[str] = frozenset()


@cache
def fills() -> Mapping[str, Fills]:
    """The packages whose install fills a folder of the user's home, which they then read."""
    return {
        name: Fills(
            each["downloads"],
            each.get("since", 0),
            tuple(each.get("off", "").split()),
            each.get("moved_by", ""),
            frozenset(each.get("configs", "").split()),
        )
        for each in table("node_needs")["needs"]
        if each.get("downloads", "-") != "-"
        for name in each["packages"].split()
    }
