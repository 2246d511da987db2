"""A release's packages, as its Packages index tells of them, and what follows from their dependencies."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

FIELDS = (
    "Package",
    "Source",
    "Section",
    "Priority",
    "Depends",
    "Pre-Depends",
    "Recommends",
    "Provides",
    "Installed-Size",
)
# What images have of two alternatives: they are made with a merged /usr, and need nothing that merges it (in Debian 12 that takes perl)
IN_IMAGES = {"usrmerge": "usr-is-merged"}


@dataclass(frozen=True)
class Package:
    name: str
    source: str
    section: str
    depends: tuple[str, ...]
    provides: tuple[str, ...]
    recommends: tuple[str, ...] = ()
    is_required: bool = False  # a part of every installation (Priority: required)
    size: int = 0  # installed, in KiB

    @property
    def is_development(self) -> bool:
        return self.section == "libdevel" or re.search(r"-dev(-|$)", self.name) is not None

    @property
    def is_tool(self) -> bool:
        return self.name.endswith(("-bin", "-tools"))

    @property
    def is_shared_data(self) -> bool:
        return self.name.endswith(("-common", "-data", "-doc")) and self.section != "libs"


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
                (*_names(fields.get("Pre-Depends", "")), *_names(fields.get("Depends", ""))),
                _names(fields.get("Provides", "")),
                _names(fields.get("Recommends", "")),
                fields.get("Priority") == "required",
                int(fields.get("Installed-Size", "0")),
            )
        return cls(packages)

    def names(self) -> list[str]:
        """The names of all packages."""
        return sorted(self._packages)

    def required(self) -> list[str]:
        """The names of those that are a part of every installation."""
        return [package.name for package in self._packages.values() if package.is_required]

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
        present = self.closure(libraries)
        for found in follow:
            below = self._runtime(found.name, seen)
            if below is None:
                return None
            libraries |= below - present
        return libraries

    def closure(self, names: Iterable[str]) -> set[str]:
        """What comes along when these packages are installed."""
        todo, found = list(names), set[str]()
        while todo:
            package = self.find(todo.pop())
            if package and package.name not in found:
                found.add(package.name)
                todo += package.depends
        return found

    def with_recommended(self, names: Iterable[str]) -> set[str]:
        """What comes along when these packages are installed with all that is recommended, that of what comes along included."""
        todo, found = list(names), set[str]()
        while todo:
            package = self.find(todo.pop())
            if package and package.name not in found:
                found.add(package.name)
                todo += (*package.depends, *package.recommends)
        return found

    def recommended(self, name: str, stands_for: Mapping[str, str]) -> set[str]:
        """What ``apt-get install name`` brings because a new package recommends it; what those recommend is not followed.

        ``stands_for`` has the package that apt takes for a name that several provide.
        """
        depends = self.closure([name])
        new = [package for package in map(self.find, depends) if package and not package.is_required]
        asked = {other for package in new for other in package.recommends}
        return self.closure([stands_for.get(other, other) for other in asked]) - depends

    def commands(self, name: str, contents: Mapping[str, Collection[str]], not_followed: frozenset[str]) -> set[str]:
        """The programs that a package puts on PATH, itself or by the packages of its own source that it depends on.

        A package that holds nothing but dependencies (default-mysql-client) brings those of the packages it names.
        """
        package = self.find(name)
        found, todo, seen = set[str](), [package] if package else [], set[str]()
        if name in not_followed:
            not_followed = frozenset()
        while todo:
            package = todo.pop()
            seen.add(package.name)
            own = contents.get(package.name, ())
            found |= set(own)
            is_set = not own and (package.section == "metapackages" or package.source.endswith("-defaults"))
            todo += [
                other
                for other in map(self.find, package.depends)
                if other
                and (is_set or other.source == package.source)
                and not other.is_required
                and other.name not in seen | not_followed
            ]
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
    found = (re.split(r"[ (:|]", part.strip(), maxsplit=1)[0] for part in field.split(",") if part.strip())
    return tuple(IN_IMAGES.get(name, name) for name in found)
