"""Finds transforms through the entry-point group ``dockfix.transforms``; the built-in ones come by the same door."""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points

from dockfix.engine.transform import Transform

GROUP = "dockfix.transforms"


@cache
def transforms() -> tuple[Transform, ...]:
    """Every installed transform, in the order in which they run."""
    found: list[Transform] = [point.load()() for point in entry_points(group=GROUP)]
    return tuple(sorted(found, key=lambda transform: (transform.order, transform.id)))


def ids() -> tuple[str, ...]:
    """The ids of the installed transforms, without importing them."""
    return tuple(point.name for point in entry_points(group=GROUP))
