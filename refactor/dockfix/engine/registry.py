"""Finds transforms through the entry-point group ``dockfix.transforms``; the built-in ones come by the same door."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from functools import cache
from importlib.metadata import entry_points

from dockfix.engine.transform import Transform

GROUP = "dockfix.transforms"


class UnknownTransform(ValueError):
    """An id that no installed transform has."""


@cache
def transforms() -> tuple[Transform, ...]:
    """Every installed transform, in the order in which they run."""
    found: list[Transform] = [point.load()() for point in entry_points(group=GROUP)]
    return tuple(sorted(found, key=lambda transform: (transform.order, transform.id)))


def ids() -> tuple[str, ...]:
    """The ids of the installed transforms, without importing them."""
    return tuple(point.name for point in entry_points(group=GROUP))


def check_ids(names: Iterable[str]) -> None:
    """Raises UnknownTransform, with the nearest known id, for a name that is none."""
    known = ids()
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else f"; there are: {', '.join(sorted(known))}"
            raise UnknownTransform(f"no transform is called {name!r}{hint}")
