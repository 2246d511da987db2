"""Packages for Node.js that load others by a name that no code of the project says."""

from __future__ import annotations

import re
from functools import cache

from dockfix.knowledge.tables import table
from dockfix.lazy import regex
from dockfix.namedtuple import NamedTuple


class Loads(NamedTuple):
    """What some packages load by name; the head of ``node_loads.toml`` explains the fields."""

    packages: frozenset[str]
    loads: frozenset[str]
    all: bool = False


class Written(NamedTuple):
    """What compilers write into their output that it loads, by their settings; the head of ``node_loads.toml`` explains the fields."""

    loads: frozenset[str]
    settings: tuple[str, ...]
    asks: re.Pattern[str]


@cache
def loaded_by_output() -> tuple[Written, ...]:
    """The rows of ``node_loads.toml`` on compilers."""
    return tuple(
        Written(frozenset(each["loads"].split()), tuple(each["settings"].split()), regex(each["asks"]))
        for each in table("node_loads")["written"]
    )


@cache
def loaded_by_packages() -> tuple[Loads, ...]:
    """The rows of ``node_loads.toml``."""
    return tuple(
        Loads(frozenset(each["packages"].split()), frozenset(each["loads"].split()), each.get("all", False))
        for each in table("node_loads")["loads"]
    )
