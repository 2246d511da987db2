"""What releases of well-known Python packages require, and which files they have: as locks of public projects list it.

The table (made by scripts/make_releases.py) has a line for each group of releases that are alike: the name, the versions, the Pythons,
the tags of their files, and what they require, without its versions. It speaks of what lies on PyPI, of wheels for x86_64 and aarch64,
and of the GNU C library.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from dockfix.lazy import regex
from dockfix.namedtuple import NamedTuple

if TYPE_CHECKING:
    from packaging.version import Version

SHIPPED = Path(__file__).parent / "python_releases.txt"
LATEST = 99  # the minor version up to which what is for Python 3.x or later is
NO_PYTHON = (0, 0)  # of a release of which nothing tells what it requires
MACHINES = frozenset({"x86_64", "aarch64"})
_HEAD = """\
# What releases of Python packages require, and which files they have. Made by scripts/make_releases.py of the locks of public
# projects. A line has the name, the versions, the minor versions of Python that the locks were for, the tags, and what is required.
"""


# PyPI, and what holds the same files: copies of all of it
_PYPI = regex(
    r"https?://(?:pypi\.org|pypi\.python\.org|(?:mirrors|pypi)\.(?:tuna\.tsinghua\.edu\.cn|ustc\.edu\.cn|douban\.com|mirrors\.ustc\.edu\.cn)"
    r"|mirrors\.(?:aliyun|cloud\.tencent|huaweicloud)\.com)/(?:\S*/)?simple/?"
)


def is_pypi(address: str) -> bool:
    """Whether an index has what PyPI has."""
    return _PYPI.fullmatch(address) is not None


class Need(NamedTuple):
    """What a release requires: a package with extras, on which Pythons (the first and the last minor version), and for which extra."""

    name: str
    extras: tuple[str, ...] = ()
    pythons: tuple[int, int] = (0, LATEST)
    extra: str = ""

    def __str__(self) -> str:
        """As it is written in the table: ``name[extra,extra]@8-10+extra``."""
        asked = f"[{','.join(self.extras)}]" if self.extras else ""
        first, last = self.pythons
        span = f"@{first or ''}-{'' if last == LATEST else last}" if self.pythons != (0, LATEST) else ""
        return f"{self.name}{asked}{span}{f'+{self.extra}' if self.extra else ''}"


class Release(NamedTuple):
    """Releases that are alike.

    ``pythons`` are the minor versions, the first and the last, for which ``requires`` is whole. ``tags`` are those of the wheels for Linux
    in short: "pure" for Python alone, "sdist" for the source, else the Pythons, the ABI where it is not theirs, and the C libraries.
    """

    name: str
    versions: tuple[str, ...]
    pythons: tuple[int, int]
    tags: tuple[str, ...]
    requires: tuple[Need, ...]

    def covers(self, python: tuple[int, int]) -> bool:
        """Whether the locks were for a Python."""
        return python[0] == 3 and self.pythons[0] <= python[1] <= self.pythons[1]

    @property
    def files(self) -> tuple[str, ...]:
        """Names of files with these tags."""
        return tuple(map(_file, self.tags))


@lru_cache(maxsize=4096)
def with_requires(name: str, version: str, python: tuple[int, int]) -> tuple[Release, ...]:
    """Whose ``requires`` hold for a release on a Python, all of them together; none where what it requires is not known.

    That is the entry of the release itself, or else those of the next older and the next newer one that were for this Python.
    """
    told = tuple(each for each in _of(name) if each.covers(python))
    if any(version in each.versions for each in told):  # as it is written, which spares the reading of versions
        return tuple(each for each in _of(name) if version in each.versions)
    found = _next(told, version)
    # what it requires on other Pythons may hold here as well
    number = _version(version)
    itself = _at(_of(name), number) if found and number is not None else ()
    return tuple(dict.fromkeys((*itself, *(each for near in found for each in _at(told, near)))))


@lru_cache(maxsize=4096)
def with_files(name: str, version: str) -> tuple[Release, ...]:
    """Whose ``tags`` tell what a release has, where they agree; none where that is not known.

    That is the entry of the release itself, or else those of the next older and the next newer one: they have to be of one series
    (1.2.x), or no release of the package may have a wheel with binary code.
    """
    entries = _of(name)
    if itself := tuple(each for each in entries if version in each.versions):
        return itself
    found = _next(entries, version)
    alike = len({number.release[:2] for number in found}) == 1
    always = all(tag == "sdist" or _is_pure(tag) for each in entries for tag in each.tags)
    return tuple(each for number in found for each in _at(entries, number)) if alike or always else ()


def _next(entries: tuple[Release, ...], version: str) -> tuple[Version, ...]:
    """The version itself where it is among entries, or else the next older and the next newer one; none where one of these is missing."""
    asked = _version(version)
    if asked is None or asked.local or asked.is_prerelease:
        return ()
    older: list[Version] = []
    newer: list[Version] = []
    for each in entries:  # whose versions are in order, so that few of them have to be read
        place = bisect_left(each.versions, asked, key=_listed)
        newer += map(_listed, each.versions[place : place + 1])
        older += map(_listed, each.versions[max(place - 1, 0) : place])
    if asked in newer:
        return (asked,)
    return (max(older), min(newer)) if older and newer else ()


def _at(entries: tuple[Release, ...], version: Version) -> tuple[Release, ...]:
    """The entries that have a version, however it is written."""
    places = ((each, bisect_left(each.versions, version, key=_listed)) for each in entries)
    return tuple(each for each, place in places if version in map(_listed, each.versions[place : place + 1]))


def _version(text: str) -> Version | None:
    from packaging.version import InvalidVersion

    try:
        return _listed(text)
    except InvalidVersion:
        return None


@lru_cache(maxsize=4096)
def _listed(text: str) -> Version:
    """A version of the table, all of which can be read."""
    from packaging.version import Version

    return Version(text)


@cache
def _of(name: str) -> tuple[Release, ...]:
    """The entries of a package, whose lines follow one another."""
    text = _text()
    start = text.find(f"\n{name}\t") + 1
    found = []
    while start and text.startswith(f"{name}\t", start):
        end = text.index("\n", start)
        found.append(_read(text[start:end]))
        start = end + 1
    return tuple(found)


def shipped() -> list[Release]:
    """The whole table."""
    return [_read(line) for line in _text().splitlines() if not line.startswith("#")]


@cache
def _text() -> str:
    return SHIPPED.read_text("utf-8")


def _read(line: str) -> Release:
    name, versions, pythons, tags, requires = line.split("\t")
    lowest, _, highest = pythons.partition("-")
    return Release(
        name,
        tuple(versions.split()),
        (int(lowest), int(highest or LATEST)),
        tuple(tags.split()),
        tuple(map(_need, requires.split())),
    )


def _need(text: str) -> Need:
    rest, _, extra = text.partition("+")
    rest, _, span = rest.partition("@")
    name, _, extras = rest.removesuffix("]").partition("[")
    first, _, last = span.partition("-")
    return Need(name, tuple(extras.split(",")) if extras else (), (int(first or 0), int(last or LATEST)), extra)


def _is_pure(tag: str) -> bool:
    return tag == "pure" or tag.endswith("-none-any")


def _file(tag: str) -> str:
    if tag == "sdist":
        return "x-1.tar.gz"
    if tag == "pure":
        return "x-1-py3-none-any.whl"
    words = tag.split("-")
    pythons, platforms = words[0], words[-1]
    own = ".".join(f"{each}.{each}m" if each in {"cp36", "cp37"} else each for each in pythons.split("."))
    abi = words[1] if len(words) > 2 else own
    named = ".".join(each if each == "any" else f"manylinux_{each}" for each in platforms.split("."))
    return f"x-1-{pythons}-{abi}-{named}.whl"


def rendered(releases: Iterable[Release]) -> str:
    """The text of the table, in an order that depends on nothing else."""
    from packaging.version import Version

    alike: defaultdict[Release, set[str]] = defaultdict(set)
    for each in releases:
        alike[each._replace(versions=())] |= set(each.versions)
    lines = []
    for each, versions in alike.items():
        ordered = sorted(versions, key=Version)
        span = f"{each.pythons[0]}-{'' if each.pythons[1] == LATEST else each.pythons[1]}"
        fields = (each.name, " ".join(ordered), span, " ".join(each.tags), " ".join(map(str, each.requires)))
        lines.append(((each.name, Version(ordered[0]), span), "\t".join(fields)))
    return _HEAD + "".join(f"{line}\n" for _, line in sorted(lines))
