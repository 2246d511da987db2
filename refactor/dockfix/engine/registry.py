"""Which transforms there are: the built-in ones by a scan of their package, others by the entry-point group ``dockfix.transforms``."""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from heapq import heapify, heappop, heappush
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

from dockfix.engine.options import Option
from dockfix.engine.transform import Transform

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "dockfix.transforms"
PACKAGE = "dockfix_transforms"


@dataclass(frozen=True)
class Broken:
    """A plug-in that could not be loaded: its distribution, the transform's id, and what went wrong."""

    distribution: str
    id: str
    error: str

    def __str__(self) -> str:
        """The warning."""
        return (
            f"the transform {self.id} of {self.distribution} is left out, because it could not be loaded: {self.error}"
        )


@cache
def _loaded() -> tuple[tuple[Transform, ...], tuple[Broken, ...]]:
    found: dict[str, Transform] = {}
    added: dict[str, str] = {}
    broken: list[Broken] = []
    for name in _built_in():
        module = importlib.import_module(f"{PACKAGE}.{name.replace('-', '_')}")
        found[name] = next(
            each()
            for _, each in inspect.getmembers(module, inspect.isclass)
            if issubclass(each, Transform) and each.__module__ == module.__name__
        )
    for point in _plug_ins():
        distribution = point.dist.name if point.dist is not None else "an unknown distribution"
        try:
            transform = point.load()()
        except (Exception, SystemExit) as error:  # whatever a plug-in does when it is imported
            broken.append(Broken(distribution, point.name, f"{type(error).__name__}: {error}".split("\n", 1)[0]))
            continue
        if not isinstance(transform, Transform):
            broken.append(Broken(distribution, point.name, "it is not a dockfix.engine.transform.Transform"))
        elif transform.id in found:
            broken.append(Broken(distribution, point.name, f"there is a transform {transform.id} already"))
        else:
            found[transform.id] = transform
            added[transform.id] = distribution
    while True:
        try:
            return ordered(found), tuple(broken)
        except CycleError as error:
            circle = [name for name in error.args[1] if name in added]
            if not circle:
                raise
            broken += [
                Broken(added.pop(name), name, "it waits for itself by its `after`") for name in dict.fromkeys(circle)
            ]
            found = {name: each for name, each in found.items() if name in added or name in _built_in()}


def transforms() -> tuple[Transform, ...]:
    """Every installed transform, in the order in which they run."""
    return _loaded()[0]


def broken() -> tuple[Broken, ...]:
    """The plug-ins that could not be loaded."""
    return _loaded()[1]


def ids() -> tuple[str, ...]:
    """The ids of the installed transforms; only plug-ins are imported for it."""
    return _built_in() if not _plug_ins() else tuple(transform.id for transform in transforms())


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


@cache
def _built_in() -> tuple[str, ...]:
    package = importlib.import_module(PACKAGE)
    names = sorted(module.name for module in iter_modules(package.__path__) if not module.name.startswith("_"))
    return tuple(name.replace("_", "-") for name in names)


@cache
def _plug_ins() -> tuple[EntryPoint, ...]:
    """The entry points of others. (``importlib.metadata`` takes 50 ms to import, so it is asked only where one names the group.)"""
    if not any(GROUP.encode() in data for data in _entry_point_files()):
        return ()
    from importlib.metadata import entry_points

    return tuple(sorted(entry_points(group=GROUP), key=lambda point: point.name))


def _entry_point_files() -> Iterator[bytes]:
    for folder in dict.fromkeys(sys.path):
        for pattern in ("*.dist-info/entry_points.txt", "*.egg-info/entry_points.txt"):
            for file in Path(folder or ".").glob(pattern):
                try:
                    yield file.read_bytes()
                except OSError:
                    continue


__all__ = ["GROUP", "Broken", "CycleError", "broken", "ids", "options", "ordered", "setting", "transforms"]
