"""What a lock says of all that an install may bring, in the terms that all kinds of locks share."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import field, replace
from typing import Any, Literal

from dockfix.dataclass import dataclass
from dockfix.knowledge import normalise
from dockfix.lazy import cached_property

MAIN, DEV = "main", "dev"
EVERY = ""  # the group of what is installed whatever groups are asked for
Source = Literal["index", "vcs", "url", "path"]
Holds = Callable[[str], bool]


@dataclass(frozen=True)
class Unread:
    """Why a lock says nothing: a clause without a full stop, and the place; ``line`` is 1-based, 0 for the file as a whole."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        """With the place in front."""
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.message}" if where else self.message


class LockError(Exception):
    """A lock that does not fit its format; the message says what does not."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.message, self.line = message, line


@dataclass(frozen=True)
class Wanted:
    """What is asked for: a normalised name, with the version where the lock names it ("" for any), a marker ("" for always)."""

    name: str
    version: str = ""
    marker: str = ""
    extras: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Distribution:
    """One distribution of a lock, by its normalised name.

    ``version`` is "" where the lock does not tell it. ``marker`` says where it is installed at all. ``requires`` is what it brings,
    ``extras`` what it brings with each of its extras. ``files`` are the names of its wheels and its sdist; None where the lock does
    not list them. ``line`` is its 1-based line in ``file``, 0 where that is not known.
    """

    name: str
    version: str
    source: Source = "index"
    marker: str = ""
    requires: tuple[Wanted, ...] = ()
    extras: Mapping[str, tuple[Wanted, ...]] = field(default_factory=dict)
    files: tuple[str, ...] | None = None
    file: str = ""
    line: int = 0


@dataclass(frozen=True, eq=False)
class Locked:
    """A lock, or requirements that are as good as one.

    ``roots`` are what is asked for in each group: "main", "dev", others and extras by their names; "" for what belongs to all of them.
    ``projects`` are the normalised names of the local projects that it is for. With ``closed`` all that the distributions need is
    among them; without, each has its version, and only who knows what they need can tell.
    """

    file: str
    distributions: tuple[Distribution, ...]
    roots: Mapping[str, tuple[Wanted, ...]]
    projects: frozenset[str] = frozenset()
    closed: bool = True

    @property
    def names(self) -> frozenset[str]:
        """The normalised names of all that may be installed, the projects themselves left out."""
        return frozenset(each.name for each in self.distributions) - self.projects

    @property
    def groups(self) -> frozenset[str]:
        """The groups that it knows."""
        return frozenset(self.roots) - {EVERY}

    def only(self, groups: Collection[str]) -> Locked:
        """The same where these groups are installed whatever is asked for, and no others."""
        wanted = tuple(each for group in (EVERY, *groups) for each in self.roots.get(group, ()))
        return replace(self, roots={EVERY: wanted})

    def closure(self, groups: Collection[str], holds: Holds) -> tuple[Distribution, ...]:
        """What an install of these groups brings where the markers that ``holds`` says yes to hold; in the order of the lock.

        Markers in which nothing is certain have to hold, so that it is never too little. Raises LockError where something that is
        asked for is not there.
        """
        todo = [each for group in (EVERY, *groups) for each in self.roots.get(group, ())]
        seen: set[Wanted] = set()
        chosen: set[int] = set()
        while todo:
            wanted = todo.pop()
            if wanted in seen or not _met(wanted.marker, holds):
                continue
            seen.add(wanted)
            numbers = [
                number
                for number in self._by_name.get(wanted.name, ())
                if wanted.version in {"", self.distributions[number].version}
            ]
            if not numbers and self.closed and wanted.name not in self.projects:
                raise LockError(f"{wanted.name} is asked for and not in it")
            for number in numbers:
                each = self.distributions[number]
                if _met(each.marker, holds):
                    chosen.add(number)
                    todo += each.requires
                    todo += (other for extra in wanted.extras for other in each.extras.get(extra, ()))
        return tuple(
            each
            for number, each in enumerate(self.distributions)
            if number in chosen and each.name not in self.projects
        )

    @cached_property
    def _by_name(self) -> Mapping[str, tuple[int, ...]]:
        found: dict[str, tuple[int, ...]] = {}
        for number, each in enumerate(self.distributions):
            found[each.name] = (*found.get(each.name, ()), number)
        return found


def _met(marker: str, holds: Holds) -> bool:
    return not marker or holds(marker)


# --- what the readers share -----------------------------------------------------------------------------------------


def table(value: object, what: str, line: int = 0) -> Mapping[str, Any]:
    """A value as a table. Raises LockError."""
    if not isinstance(value, dict):
        raise LockError(f"{what} is not a table", line)
    return value


def tables(value: object, what: str) -> list[Mapping[str, Any]]:
    """A value as a list of tables. Raises LockError."""
    if not isinstance(value, list):
        raise LockError(f"{what} is not a list")
    return [table(each, f"an entry of {what}") for each in value]


def texts(value: object, what: str) -> tuple[str, ...]:
    """A value as texts: a list of them, or one. Raises LockError."""
    found = [value] if isinstance(value, str) else value
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise LockError(f"{what} is not a list of texts")
    return tuple(found)


def text(entry: Mapping[str, Any], key: str, line: int = 0) -> str:
    """A text of a table, "" where there is none. Raises LockError."""
    value = entry.get(key, "")
    if not isinstance(value, str):
        raise LockError(f"{key} is not a text", line)
    return value


def name_of(entry: Mapping[str, Any], line: int = 0) -> str:
    """The normalised name of an entry. Raises LockError where it has none."""
    found = normalise(text(entry, "name", line))
    if not found:
        raise LockError("an entry has no name", line)
    return found


def file_names(entries: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """The names of files that are given by name, by path or by address. Raises LockError."""
    from urllib.parse import unquote, urlsplit

    for entry in entries:
        given = next((text(entry, key) for key in ("file", "filename", "name", "url", "path") if entry.get(key)), "")
        name = unquote(urlsplit(given).path).rpartition("/")[2]
        if not name:
            raise LockError("a file has no name")
        yield name


def lines_of(whole: str, header: str) -> list[int]:
    """The lines on which the tables of an array begin, such as ``[[package]]``, in order."""
    return [number for number, line in enumerate(whole.splitlines(), 1) if line.strip() == header]


def numbered(whole: str, header: str, entries: list[Mapping[str, Any]]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The entries of an array, each with its line, 0 where the array is written otherwise than in tables."""
    lines = lines_of(whole, header)
    yield from zip(lines if len(lines) == len(entries) else [0] * len(entries), entries, strict=True)


def by_group(pairs: Iterable[tuple[Collection[str], Wanted]]) -> dict[str, tuple[Wanted, ...]]:
    """What is wanted by the groups that want it."""
    found: dict[str, list[Wanted]] = {}
    for groups, wanted in pairs:
        for group in groups:
            found.setdefault(group, []).append(wanted)
    return {group: tuple(each) for group, each in found.items()}
