"""Builders that know no cache mounts."""

from __future__ import annotations

import re
from functools import cache

from dockfix.knowledge.tables import table
from dockfix.lazy import regex
from dockfix.namedtuple import NamedTuple


class Builder(NamedTuple):
    """How a builder is known that takes no cache mounts; the head of ``builders.toml`` explains the fields."""

    file: re.Pattern[str]
    says: re.Pattern[str]
    unless: re.Pattern[str] | None
    names: re.Pattern[str] | None
    why: str


@cache
def builders_without_mounts() -> tuple[Builder, ...]:
    """The builders of ``builders.toml``."""
    return tuple(
        Builder(
            regex(each["file"]),
            regex(each["says"]),
            regex(each["unless"]) if "unless" in each else None,
            regex(each["names"]) if "names" in each else None,
            each["why"],
        )
        for each in table("builders")["builder"]
    )
