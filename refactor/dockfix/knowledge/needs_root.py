"""What needs a right of root's: in code, as a Python package, as a program."""

from __future__ import annotations

import re
from functools import cache

from dockfix.knowledge.tables import table
from dockfix.lazy import regex
from dockfix.namedtuple import NamedTuple


class Right(NamedTuple):
    """A right that root has and who needs it; the head of ``needs_root.toml`` explains the fields."""

    what: str
    code: tuple[bytes, ...] = ()
    calls: tuple[bytes, ...] = ()
    modules: frozenset[str] = frozenset()
    distributions: frozenset[str] = frozenset()
    programs: frozenset[str] = frozenset()
    used: re.Pattern[str] | None = None
    imports: frozenset[str] = frozenset()


@cache
def asks_for_root() -> tuple[bytes, ...]:
    """Expressions of code that asks whether it runs as root: each has few words of its own, by which files are passed over."""
    return tuple(pattern.encode() for pattern in table("needs_root")["asks"])


@cache
def rights_of_root() -> tuple[Right, ...]:
    """The rights of ``needs_root.toml``."""
    return tuple(
        Right(
            each["what"],
            tuple(pattern.encode() for pattern in each.get("code", ())),
            tuple(pattern.encode() for pattern in each.get("calls", ())),
            frozenset(each.get("modules", "").split()),
            frozenset(each.get("distributions", "").split()),
            frozenset(each.get("programs", "").split()),
            regex(each["with"]) if "with" in each else None,
            frozenset(each.get("imports", "").split()),
        )
        for each in table("needs_root")["right"]
    )
