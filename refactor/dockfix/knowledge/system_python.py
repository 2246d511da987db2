"""The packages of a system whose Python is its own: Debian's and Ubuntu's, where pip and headers are packages, too."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from functools import cache
from typing import Any, Literal

from dockfix.dataclass import dataclass
from dockfix.knowledge import apt
from dockfix.knowledge.tables import table


@dataclass(frozen=True)
class SystemPython:
    """What ``apt`` says of packages, and besides what those of Python are for; ``releases`` are those that the image may be of.

    The releases that are asked for are Debian's; of Ubuntu's another table knows.
    """

    distribution: Literal["debian", "ubuntu"]
    releases: frozenset[str] | None

    def role(self, package: str) -> apt.Role:
        """What a package is for."""
        return "build" if _group(package) is not None else apt.role(package)

    def commands(self, package: str) -> frozenset[str]:
        """The programs that leave the image with a package."""
        group = _group(package)
        if group is None:
            return apt.commands(package)
        others = (self.commands(name) for name in group.get("brings", "").split())
        return frozenset(_filled(group["commands"], package)).union(*others)

    def instead(self, package: str, suites: frozenset[str] | None) -> tuple[str, ...] | None:
        """What stands in for a package once everything is compiled."""
        group = _group(package)
        if group is not None:
            return _filled(group["instead"], package)
        if apt.role(package) == "dev" and self.distribution == "ubuntu":
            return self._of_ubuntu(package)
        return apt.instead(package, suites)

    def recommends(self, package: str, suites: frozenset[str] | None) -> frozenset[str]:
        """What may come along with a package by recommendation alone."""
        return apt.recommends(package, suites)

    def recommended(self, package: str) -> tuple[str, ...]:
        """What comes along with a package by recommendation and does not only build."""
        group = _group(package)
        said = group.get("recommended", {}) if group is not None else {}
        return tuple(name for name, where in said.items() if not self.releases or self.releases & set(where.split()))

    def modules(self, package: str) -> tuple[str, ...] | None:
        """The packages of Python modules that come along with one; None where their names depend on the release, which is not certain."""
        data = table("python_modules")
        said = [part.split() for part in data["packages"].get(package, "").split("|")]
        by_release = dict(zip(data["indices"], said, strict=True)) if len(said) > 1 else {}
        known = self.releases or frozenset(by_release)
        found = {name for release in known for name in by_release.get(release, ())}
        rules = table("system_python")["modules"]
        found = {rules["as"].get(name, name) for name in found}
        return tuple(sorted(found)) if len(known) == 1 or found <= set(rules["everywhere"].split()) else None

    def embedded(self, package: str) -> tuple[str, ...] | None:
        """The library of Python that comes along with one; None where its name depends on the release, which is not certain."""
        said = (_group(package) or {}).get("library", "")
        if isinstance(said, str):
            return _filled(said, package)
        names = {said[release] for release in self.releases or said}
        return (names.pop(),) if len(names) == 1 else None

    def alongside(self, package: str, suites: frozenset[str] | None, *, recommended: bool) -> frozenset[str]:
        """The libraries that come along with a package and leave with it."""
        return apt.alongside(package, suites, recommended=recommended)

    def brings(self, package: str, suites: frozenset[str] | None) -> frozenset[str]:
        """What comes along with a library or a compiler that stays."""
        return apt.brings(package, suites)

    def is_named_so(self, library: str, suite: str) -> bool:
        """Whether a release is known to have a package with a library under this name."""
        return apt.is_named_so(library, suite)

    def holds(self, package: str, library: str) -> bool:
        """Whether a package holds a shared library."""
        return apt.holds(package, library)

    def equivalents(self, libraries: Iterable[str]) -> frozenset[str]:
        """The packages with the shared libraries that these packages of Debian hold: themselves."""
        return apt.equivalents(libraries)

    def known_suites(self) -> tuple[str, ...]:
        """The releases that the tables cover."""
        return apt.known_suites()

    def has(self, package: str) -> bool:
        """Whether every release that the image may be of is known to have a package, which tables of Debian name."""
        if self.distribution == "debian":
            return True
        return package in table("ubuntu_runtime")["same"]["packages"].split()

    def _of_ubuntu(self, package: str) -> tuple[str, ...] | None:
        if apt.runtime_libraries(package, frozenset(apt.known_suites())) == ():
            return ()  # headers alone, or a library that python3 depends on
        data = table("ubuntu_runtime")
        line = data["packages"].get(package)
        if line is None or not self.releases or not self.releases <= data["indices"].keys():
            return None
        values = [value.strip() for value in line.split("|")]
        by_release = dict(zip(data["indices"], values * (1 if "|" in line else len(data["indices"])), strict=True))
        names = {by_release[release] for release in self.releases}
        return tuple(names.pop().split()) if len(names) == 1 and "-" not in names else None


@cache
def _group(package: str) -> dict[str, Any] | None:
    return next(
        (
            group
            for group in table("system_python")["build_only"]
            if any(fnmatchcase(package, pattern) for pattern in group["packages"].split())
        ),
        None,
    )


def _filled(names: str, package: str) -> tuple[str, ...]:
    return tuple(names.replace("{}", package.rpartition("-")[0]).split())
