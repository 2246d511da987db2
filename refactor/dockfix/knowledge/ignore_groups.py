"""What a ``.dockerignore`` keeps out of the build context."""

from __future__ import annotations

from functools import cache

from dockfix.knowledge.tables import table
from dockfix.namedtuple import NamedTuple


class IgnoreGroup(NamedTuple):
    """Patterns under one title; the head of ``dockerignore.toml`` explains the rest.

    ``patterns`` pairs each pattern with a path that it ignores.
    """

    title: str
    needed: str
    always: bool
    complete: bool
    untracked: bool
    patterns: tuple[tuple[str, str], ...]
    runtime: str = ""
    alone: bool = True


@cache
def ignore_groups() -> tuple[IgnoreGroup, ...]:
    """The groups in the order in which they are written."""
    return tuple(
        IgnoreGroup(
            group["title"],
            group["needed"],
            group.get("always", False),
            group["complete"],
            group.get("untracked", False),
            tuple((pattern, probe) for pattern, probe in group["patterns"]),
            group.get("runtime", ""),
            group.get("alone", True),
        )
        for group in table("dockerignore")["group"]
    )
