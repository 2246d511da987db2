"""What images were seen to hold: distributions, each of one version, as one Python on one system has installed it.

A file of such knowledge is made by dockfix, never by hand: each entry carries a digest of itself, and a file with an entry that was
altered says nothing. Lines can be added and taken away, as when two branches are merged.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Literal

from dockfix.dataclass import dataclass
from dockfix.lazy import regex

FORMAT = 1
LARGEST = 16 << 20  # bytes
SHIPPED = Path(__file__).parent / "python_seen.toml"
Kind = Literal["pure", "binary", "compiled"]
_HEAD = """\
# What real images were seen to hold of Python distributions. Made by dockfix: an entry that is altered makes the file void.
# `needs`: shared libraries that it is linked with, that it does not hold and that are no part of the C library.
# `requires`: what its metadata says that it brings. `where`: the day, and the Dockerfile of the image.
"""


class SeenError(Exception):
    """A file of knowledge that cannot be used: what is wrong with it, and the 1-based line, 0 for the whole."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.message, self.line = message, line


@dataclass(frozen=True, order=True)
class Seen:
    """One distribution in one image, by its normalised name.

    ``python`` is the minor version ("3.11"), ``libc`` "glibc" or "musl", ``machine`` as in the tags of wheels ("x86_64"), ``system`` the
    code name of the release, "" where it has none. ``kind`` tells whether it came as a wheel of Python alone, as a wheel with binary
    code, or was compiled there.
    """

    name: str
    version: str
    python: str
    libc: str
    machine: str
    system: str
    kind: Kind
    needs: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    where: str = ""

    @property
    def digest(self) -> str:
        """What the entry must have, so that it is as it was written."""
        try:
            from _blake2 import blake2b  # hashlib would load OpenSSL, which has no part in it
        except ImportError:
            from hashlib import blake2b

        whole = json.dumps(vars(self), sort_keys=True).encode()
        return blake2b(whole, digest_size=8).hexdigest()

    @property
    def what(self) -> tuple[str, ...]:
        """What it speaks of: of two entries that agree in it the later one counts."""
        return (self.name, self.version, self.python, self.libc, self.machine, self.system)


_FIELDS = tuple(field.name for field in fields(Seen))
_TEXT = r'"(?:[^"\\]|\\.)*"'
_LIST = rf"\[(?:{_TEXT}(?:, {_TEXT})*)?\]"
# An entry as it is written, whose values are JSON's
_WRITTEN = regex(r"\s*\{ " + ", ".join(f"{name} = ({_TEXT}|{_LIST})" for name in (*_FIELDS, "digest")) + r" \},")
_OPENING, _CLOSING = "distributions = [", "]"


class Shelf:
    """The entries of a file that dockfix brings, each read when it is asked for: one that was altered says nothing."""

    def __init__(self, text: str) -> None:
        self._lines: defaultdict[str, list[str]] = defaultdict(list)
        for line in text.splitlines():
            if line.lstrip().startswith("{"):
                self._lines[line.partition('"')[2].partition('"')[0]].append(line)
        self._read: dict[str, tuple[Seen, ...]] = {}

    def of(self, name: str) -> tuple[Seen, ...]:
        """What was seen of a distribution."""
        found = self._read.get(name)
        if found is None:
            found = tuple(entry for line in self._lines.get(name, ()) if (entry := _sound(line)) is not None)
            self._read[name] = found
        return found


class Book:
    """All that was seen: the entries of a file, and what stands on a shelf."""

    def __init__(self, entries: Iterable[Seen], shelf: Shelf) -> None:
        self._shelf = shelf
        self._own: dict[str, tuple[Seen, ...]] = {}
        for each in entries:
            self._own[each.name] = (*self._own.get(each.name, ()), each)

    def with_more(self, entries: Iterable[Seen]) -> Book:
        """The same with more entries."""
        return Book((*(each for own in self._own.values() for each in own), *entries), self._shelf)

    def of(self, name: str, version: str = "") -> tuple[Seen, ...]:
        """What was seen of a distribution, of one version or of any."""
        entries = (*self._own.get(name, ()), *self._shelf.of(name))
        return tuple(each for each in entries if version in {"", each.version})


def read_seen(path: Path) -> tuple[Seen, ...]:
    """The entries of a file; none where it is not there. Raises SeenError for one that cannot be used."""
    stamp = _stamp(path)
    return () if stamp is None else _read(path, *stamp)


def _stamp(path: Path) -> tuple[int, int] | None:
    """When a file was last written, and its size; None for one that is not there."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


@lru_cache(maxsize=64)
def _read(path: Path, stamp: int, size: int) -> tuple[Seen, ...]:
    if size > LARGEST:
        raise SeenError(f"it is larger than {LARGEST >> 20} MiB")
    try:
        text = path.read_text("utf-8")
    except (OSError, ValueError) as error:
        raise SeenError(f"it cannot be read: {error}") from error
    written = _as_written(text)
    return _as_toml(text) if written is None else tuple(_entry(data, line) for line, data in written)


def _as_written(text: str) -> Sequence[tuple[int, dict[str, Any]]] | None:
    """The entries of a file that is laid out as dockfix does it, with their lines; None for any other, which is slower to read."""
    found, plain = [], []
    for number, line in enumerate(text.splitlines(), 1):
        data = _values(line)
        if data is not None:
            found.append((number, data))
        elif line and not line.startswith("#"):
            plain.append(line)
    return found if plain == [f"format = {FORMAT}", _OPENING, _CLOSING] else None


def _values(line: str) -> dict[str, Any] | None:
    """The values of an entry, None for a line that is none."""
    match = _WRITTEN.fullmatch(line)
    if match is None:
        return None
    try:
        return dict(zip((*_FIELDS, "digest"), json.loads(f"[{','.join(match.groups())}]"), strict=True))
    except ValueError:  # an escape that is none of JSON's
        return None


def _sound(line: str) -> Seen | None:
    """The entry of a line; None where it is not as it was written."""
    data = _values(line)
    try:
        return None if data is None else _entry(data, 0)
    except SeenError:
        return None


def _as_toml(text: str) -> tuple[Seen, ...]:
    import tomllib

    try:
        data = tomllib.loads(text)
    except ValueError as error:
        raise SeenError(f"it cannot be read: {error}") from error
    if data.get("format") != FORMAT:
        raise SeenError(f"its format is {data.get('format')!r}, and this dockfix knows {FORMAT}")
    found = data.get("distributions")
    if not isinstance(found, list):
        raise SeenError("it has no list of distributions")
    lines = [number for number, line in enumerate(text.splitlines(), 1) if line.lstrip().startswith("{")]
    numbers = lines if len(lines) == len(found) else [0] * len(found)
    return tuple(_entry(each, line) for each, line in zip(found, numbers, strict=True))


def _entry(data: Any, line: int) -> Seen:
    """One entry. Raises SeenError where it is not as it was written."""
    if not isinstance(data, dict) or data.keys() != {*_FIELDS, "digest"}:
        raise SeenError("an entry has other keys than dockfix gives it", line)
    given: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}
    digest = given.pop("digest")
    texts = (each for value in given.values() for each in (value if isinstance(value, tuple) else (value,)))
    if not all(isinstance(each, str) for each in texts) or (entry := Seen(**given)).digest != digest:
        raise SeenError("an entry was altered", line)
    return entry


def rendered(entries: Iterable[Seen]) -> str:
    """The text of a file: an entry on each line, in an order that depends on nothing else."""
    latest: dict[tuple[str, ...], Seen] = {}
    for each in sorted(entries, key=lambda entry: entry.where):
        latest[each.what] = each
    lines = [f"  {{ {_inline({**vars(each), 'digest': each.digest})} }}," for each in sorted(latest.values())]
    return "\n".join([_HEAD, f"format = {FORMAT}", "", _OPENING, *lines, _CLOSING, ""])


def _inline(values: Mapping[str, object]) -> str:
    # a text of JSON is one of TOML, but for the escape of DEL, which no name has
    return ", ".join(
        f"{key} = {json.dumps(list(value) if isinstance(value, tuple) else value)}" for key, value in values.items()
    )


@cache
def shipped() -> Shelf:
    """What dockfix brings: seen in the images of its own test cases and of public applications."""
    return Shelf(SHIPPED.read_text("utf-8"))


def book(path: str, more: Sequence[Seen] = ()) -> Book:
    """What dockfix brings, and what a file adds ("" for none); one that cannot be used adds nothing. ``more`` stands in no file yet."""
    found = _book(path, _stamp(Path(path)) if path else None)
    return found.with_more(more) if more else found


@lru_cache(maxsize=8)
def _book(path: str, stamp: tuple[int, int] | None) -> Book:
    try:
        own = _read(Path(path), *stamp) if stamp is not None else ()
    except SeenError:
        own = ()
    return Book(own, shipped())
