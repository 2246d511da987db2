"""Parts that others can add: the built-in ones are modules of a package, a plug-in's are found by an entry point."""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from dockfix.dataclass import dataclass

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint


class Part(Protocol):
    """What can be added: a class without arguments, whose objects have an id."""

    @property
    def id(self) -> str:
        """Its name, which no other of its kind has."""


T = TypeVar("T", bound=Part)


@dataclass(frozen=True)
class Broken:
    """A plug-in that is left out: its distribution, its id, and why."""

    distribution: str
    id: str
    error: str

    def __str__(self) -> str:
        """The warning."""
        return f"the plug-in {self.id} of {self.distribution} is left out: {self.error}"


@dataclass(frozen=True)
class Loaded(Generic[T]):
    """What was found, by id; ``added`` names the distributions of what plug-ins brought."""

    found: dict[str, T]
    added: dict[str, str]
    broken: tuple[Broken, ...]


def load(package: str, group: str, kind: type[T]) -> Loaded[T]:
    """Every part of a kind. A built-in one that cannot be loaded is an error; a plug-in is left out, and named."""
    found: dict[str, T] = {}
    added: dict[str, str] = {}
    broken: list[Broken] = []
    for name in modules(package):
        for part in _parts(f"{package}.{name}", kind):
            found[part.id] = part
    for point in entry_points(group):
        distribution = point.dist.name if point.dist is not None else "an unknown distribution"
        try:
            part = point.load()()
        except (Exception, SystemExit) as error:  # whatever a plug-in does when it is imported
            broken.append(Broken(distribution, point.name, f"{type(error).__name__}: {error}".split("\n", 1)[0]))
            continue
        if not isinstance(part, kind):
            broken.append(Broken(distribution, point.name, f"it is not a {kind.__module__}.{kind.__name__}"))
        elif part.id in found:
            broken.append(Broken(distribution, point.name, f"there is a {part.id} already"))
        else:
            found[part.id] = part
            added[part.id] = distribution
    return Loaded(found, added, tuple(broken))


@cache
def modules(package: str) -> tuple[str, ...]:
    """The names of the modules of a package, those that begin with ``_`` left out; only the package itself is imported."""
    found = iter_modules(importlib.import_module(package).__path__)
    return tuple(sorted(module.name for module in found if not module.name.startswith("_")))


@cache
def entry_points(group: str) -> tuple[EntryPoint, ...]:
    """The entry points of a group. (``importlib.metadata`` takes long to import: it is asked only where one names the group.)"""
    if not any(f"[{group}]".encode() in data for data in _entry_point_files()):
        return ()
    from importlib.metadata import entry_points as find

    return tuple(sorted(find(group=group), key=lambda point: point.name))


@cache
def _entry_point_files() -> tuple[bytes, ...]:
    return tuple(data for folder in dict.fromkeys(sys.path) for data in _read(Path(folder or ".")))


def _read(folder: Path) -> Iterator[bytes]:
    for pattern in ("*.dist-info/entry_points.txt", "*.egg-info/entry_points.txt"):
        for file in folder.glob(pattern):
            try:
                yield file.read_bytes()
            except OSError:
                continue


def _parts(module: str, kind: type[T]) -> Iterator[T]:
    """The objects of a kind that a module holds, or else one of each class of its own."""
    members = vars(importlib.import_module(module))
    objects = [each for each in members.values() if isinstance(each, kind)]
    yield from objects or (
        each()
        for each in members.values()
        if inspect.isclass(each)
        and issubclass(each, kind)
        and each.__module__ == module
        and not inspect.isabstract(each)
    )
