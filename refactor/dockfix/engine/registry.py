"""Which transforms there are, and in which order they run.

The built-in ones are found by a scan of their package, others by the entry-point group ``dockfix.transforms``.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from heapq import heapify, heappop, heappush
from typing import Any

from dockfix import plugins
from dockfix.engine.options import Option
from dockfix.engine.transform import Transform
from dockfix.managers import registry as managers
from dockfix.plugins import Broken

GROUP = "dockfix.transforms"
PACKAGE = "dockfix_transforms"


@cache
def _loaded() -> tuple[tuple[Transform, ...], tuple[Broken, ...]]:
    loaded = plugins.load(PACKAGE, GROUP, Transform)  # type: ignore[type-abstract]
    found, broken = dict(loaded.found), [*loaded.broken]
    while True:
        try:
            return ordered(found), tuple(broken)
        except CycleError as error:
            circle = [name for name in dict.fromkeys(error.args[1]) if name in loaded.added]
            if not circle:
                raise
            for name in circle:
                broken.append(Broken(loaded.added[name], name, "it waits for itself by its `after`"))
                del found[name]


def transforms() -> tuple[Transform, ...]:
    """Every installed transform, in the order in which they run."""
    return _loaded()[0]


def broken() -> tuple[Broken, ...]:
    """The plug-ins that could not be loaded, of transforms and of package managers."""
    return (*_loaded()[1], *managers.loaded().broken)


def ids() -> tuple[str, ...]:
    """The ids of the installed transforms; only plug-ins are imported for it."""
    if plugins.entry_points(GROUP):
        return tuple(transform.id for transform in transforms())
    return tuple(name.replace("_", "-") for name in plugins.modules(PACKAGE))


def options() -> Mapping[str, Option[Any]]:
    """The settings of all transforms, by key."""
    return {option.key: option for transform in transforms() for option in transform.options}


def setting(hint: str) -> str:
    """The key of the setting that fills a field of ``facts.Hints``."""
    return next(key for key, option in options().items() if option.hint == hint)


def ordered(found: Mapping[str, Transform]) -> tuple[Transform, ...]:
    """Sorts by ``after``; where that leaves a choice, by id. Raises CycleError."""
    sorter = TopologicalSorter({name: transform.after & found.keys() for name, transform in found.items()})
    sorter.prepare()
    ready = list(sorter.get_ready())
    heapify(ready)
    result: list[Transform] = []
    while ready:
        name = heappop(ready)
        result.append(found[name])
        sorter.done(name)
        for each in sorter.get_ready():
            heappush(ready, each)
    return tuple(result)


__all__ = ["GROUP", "Broken", "CycleError", "broken", "ids", "options", "ordered", "setting", "transforms"]
