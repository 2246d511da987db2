"""Packages for Node.js that load others by a name that no code of the project says."""

from __future__ import annotations

from functools import cache

from dockfix.knowledge.tables import table
from dockfix.namedtuple import NamedTuple


class Loads(NamedTuple):
    """What some packages load by name; the head of ``node_loads.toml`` explains the fields."""

    packages: frozenset[str]
    loads: frozenset[str]
    all: bool = False


@cache
def loaded_by_packages() -> tuple[Loads, ...]:
    """The rows of ``node_loads.toml``."""
    return tuple(
        Loads(frozenset(each["packages"].split()), frozenset(each["loads"].split()), each.get("all", False))
        for each in table("node_loads")["loads"]
    )
