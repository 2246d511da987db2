#!/usr/bin/env python3
"""Writes refactor/dockfix/knowledge/apt_runtime.toml from Debian's package indices.

    scripts/make_apt_tables.py bullseye=INDEX bookworm=INDEX trixie=INDEX

INDEX is the file or URL of a release's ``main/binary-amd64/Packages``, plain or compressed with gzip or xz. The date of
an index is that of the release's ``InRelease`` or ``Release`` file: of the one given with ``--release
SUITE=FILE_OR_URL``, or of the one that lies where an archive has it, two folders above the index.

An archive's address: apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages'; its indices are
<address>/dists/<suite>/main/binary-amd64/Packages.xz. Those that apt has fetched itself (after apt-get update):
apt-get indextargets --format '$(FILENAME)'; /usr/lib/apt/apt-helper cat-file unpacks them.

Which packages are looked up, and which not, is in refactor/dockfix/knowledge/apt_packages.toml. The same indices give
the same file, byte for byte.
"""

from __future__ import annotations

import argparse
import gzip
import lzma
import re
import sys
import tomllib
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

KNOWLEDGE = Path(__file__).resolve().parent.parent / "refactor/dockfix/knowledge"
FIELDS = ("Package", "Source", "Section", "Depends", "Provides")


@dataclass(frozen=True)
class Package:
    name: str
    source: str
    section: str
    depends: tuple[str, ...]
    provides: tuple[str, ...]

    @property
    def is_development(self) -> bool:
        return self.section == "libdevel" or re.search(r"-dev(-|$)", self.name) is not None

    @property
    def is_tool(self) -> bool:
        return self.name.endswith(("-bin", "-tools"))

    @property
    def is_shared_data(self) -> bool:
        return self.name.endswith(("-common", "-data", "-doc")) and self.section != "libs"


@dataclass(frozen=True)
class Wanted:
    """What apt_packages.toml asks for."""

    packages: tuple[str, ...]
    headers_only: frozenset[str]
    same_as: Mapping[str, str]
    left_out: frozenset[str]
    not_followed: frozenset[str]


class Index:
    """The packages of one release."""

    def __init__(self, packages: Mapping[str, Package]) -> None:
        self._packages = packages
        self._providers: dict[str, set[str]] = {}
        for package in packages.values():
            for name in package.provides:
                self._providers.setdefault(name, set()).add(package.name)

    @classmethod
    def parse(cls, text: str) -> Index:
        packages: dict[str, Package] = {}
        for fields in _stanzas(text):
            name = fields["Package"]
            packages[name] = Package(
                name,
                fields.get("Source", name).split()[0],
                fields.get("Section", ""),
                _names(fields.get("Depends", "")),
                _names(fields.get("Provides", "")),
            )
        return cls(packages)

    def find(self, name: str) -> Package | None:
        """The package that ``apt-get install name`` takes: the one of that name, or the only one that provides it."""
        if package := self._packages.get(name):
            return package
        providers = self._providers.get(name, set())
        return self._packages[next(iter(providers))] if len(providers) == 1 else None

    def runtime(self, name: str, not_followed: frozenset[str]) -> frozenset[str] | None:
        """The runtime libraries of a -dev package; None where they cannot be told.

        They are those of its dependencies that come from the same source and are libraries, with those that -dev
        packages of that source add to them; where there are none, those of the -dev packages that it depends on.
        """
        return self._runtime(name, set(not_followed))

    def _runtime(self, name: str, seen: set[str]) -> frozenset[str] | None:
        package = self.find(name)
        if package is None:
            return None
        if package.name in seen:
            return frozenset()
        seen.add(package.name)
        depends = [found for found in map(self.find, package.depends) if found]
        siblings = [found for found in depends if found.source == package.source and not found.is_shared_data]
        libraries = _libraries(siblings)
        follow = [found for found in (siblings if libraries else depends) if found.is_development]
        if not libraries and siblings and not any(found.is_development for found in siblings):
            return None
        present = self._closure(libraries)
        for found in follow:
            below = self._runtime(found.name, seen)
            if below is None:
                return None
            libraries |= below - present
        return libraries

    def _closure(self, names: frozenset[str]) -> set[str]:
        """What comes along when these packages are installed."""
        todo, found = list(names), set[str]()
        while todo:
            package = self.find(todo.pop())
            if package and package.name not in found:
                found.add(package.name)
                todo += package.depends
        return found


def _libraries(packages: Sequence[Package]) -> frozenset[str]:
    """The libraries among packages of one source.

    Debian files a few under their subject (libtesseract4 under graphics): where there is no other, the name tells.
    """
    candidates = [package for package in packages if not package.is_development and not package.is_tool]
    proper = frozenset(package.name for package in candidates if package.section == "libs")
    return proper or frozenset(package.name for package in candidates if package.name.startswith("lib"))


def _stanzas(text: str) -> Iterator[dict[str, str]]:
    for stanza in text.split("\n\n"):
        lines = (line.partition(": ") for line in stanza.splitlines() if line[:1].isalpha())
        fields = {key: value for key, _, value in lines if key in FIELDS}
        if "Package" in fields:
            yield fields


def _names(field: str) -> tuple[str, ...]:
    """The names of a dependency field, the first of each set of alternatives, without versions and architectures."""
    return tuple(re.split(r"[ (:|]", part.strip(), maxsplit=1)[0] for part in field.split(",") if part.strip())


def read(place: str) -> str:
    if re.match(r"https?://", place):
        with urllib.request.urlopen(place) as answer:
            data: bytes = answer.read()
    else:
        data = Path(place).read_bytes()
    if data.startswith(b"\x1f\x8b"):
        data = gzip.decompress(data)
    elif data.startswith(b"\xfd7zXZ"):
        data = lzma.decompress(data)
    return data.decode()


def release_date(index: str, release: str | None) -> str:
    """The date of a release as its Release file gives it; "unknown" where no such file is found."""
    if release:
        places = [release]
    elif above := re.fullmatch(r"(.*?)[^/]+/binary-[^/]+/[^/]+", index):
        places = [f"{above[1]}InRelease", f"{above[1]}Release"]
    else:
        places = []
    for place in places:
        try:
            found = re.search(r"^Date: (.+)$", read(place), re.MULTILINE)
        except (FileNotFoundError, urllib.error.HTTPError):
            if release:
                raise
            continue
        if found:
            return found[1]
    return "unknown"


def wanted() -> Wanted:
    """The content of apt_packages.toml; its lists of names are separated by white space."""
    with (KNOWLEDGE / "apt_packages.toml").open("rb") as file:
        data = tomllib.load(file)
    return Wanted(
        tuple(data["packages"].split()),
        frozenset(data["headers_only"]["packages"].split()),
        data["same_as"],
        frozenset(name for group in data["left_out"] for name in group["packages"].split()),
        frozenset(data["not_followed"]["packages"].split()),
    )


def lookup(index: Index, wanted: Wanted) -> dict[str, list[str]]:
    """The runtime libraries of each package that the release has, names in order."""
    table: dict[str, list[str]] = {}
    for name in sorted({*wanted.packages, *wanted.headers_only, *wanted.same_as} - wanted.left_out):
        if index.find(name) is None:
            continue
        libraries = index.runtime(wanted.same_as.get(name, name), wanted.not_followed)
        if name in wanted.headers_only:
            table[name] = []
        elif libraries:
            table[name] = sorted(libraries)
    return table


def render(dates: Mapping[str, str], tables: Mapping[str, Mapping[str, Sequence[str]]]) -> str:
    """One line a package: what all releases say, or what each of them says, in their order."""
    lines = [
        "# The runtime libraries of -dev packages, by Debian release. Made by scripts/make_apt_tables.py: don't edit.",
        "",
        "# The releases, oldest first, and the dates of their indices (main, amd64).",
        "[indices]",
        *(f'{suite} = "{date}"' for suite, date in dates.items()),
        "",
        "# What holds for all releases, or for each in turn. '-': nothing is known; '': headers alone.",
        "[packages]",
    ]
    for name in sorted({name for table in tables.values() for name in table}):
        values = [" ".join(table[name]) if name in table else "-" for table in tables.values()]
        key = name if re.fullmatch(r"[\w-]+", name) else f'"{name}"'
        lines.append(f"{key} = '{values[0] if len(set(values)) == 1 else ' | '.join(values)}'")
    return "\n".join(lines) + "\n"


def _pair(text: str) -> tuple[str, str]:
    suite, sign, place = text.partition("=")
    if not (suite and sign and place):
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form SUITE=FILE_OR_URL")
    return suite, place


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("indices", nargs="+", type=_pair, metavar="SUITE=INDEX")
    parser.add_argument("--release", action="append", default=[], type=_pair, metavar="SUITE=FILE_OR_URL")
    parser.add_argument("--output", type=Path, default=KNOWLEDGE / "apt_runtime.toml")
    options = parser.parse_args(arguments)
    releases = dict(options.release)
    asked = wanted()
    dates: dict[str, str] = {}
    tables: dict[str, dict[str, list[str]]] = {}
    for suite, place in options.indices:
        dates[suite] = release_date(place, releases.get(suite))
        tables[suite] = lookup(Index.parse(read(place)), asked)
        print(f"{suite} ({dates[suite]}): {len(tables[suite])} packages", file=sys.stderr)
    options.output.write_text(render(dates, tables), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
