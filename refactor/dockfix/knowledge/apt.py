"""What Debian's packages are for: compiling, running, or both."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from typing import Any, Literal

from dockfix.knowledge.tables import is_pattern, matcher, table
from dockfix.namedtuple import NamedTuple

Role = Literal["build", "dev", "run", "git", "unknown"]


class BuildOnly(NamedTuple):
    """A package that only compiling needs.

    ``commands`` are the programs that it, or what it depends on, puts on PATH (empty where it brings headers alone);
    ``runtime`` the packages that what was compiled with it needs when it runs.
    """

    commands: frozenset[str]
    runtime: tuple[str, ...]


@cache
def build_only(package: str) -> BuildOnly | None:
    """What is known of a build-only package; None where it isn't known to be one."""
    group = _group("build_only", package)
    if group is None:
        return None
    commands = set(group["commands"].split())
    for other in group.get("brings", "").split():
        if brought := build_only(other):
            commands |= brought.commands
    if commands and package not in group["packages"].split():
        commands.add(package)  # named by a pattern: a versioned package such as g++-12 brings a program of its own name
    return BuildOnly(frozenset(commands), tuple(group.get("runtime", "").split()))


@cache
def role(package: str) -> Role:
    """What a package is for.

    "build": only compiling needs it; "dev": headers of a library (see ``runtime_libraries``); "run": no compile of a
    Python package needs it; "git": git, which pip needs for some requirements and some programs call; "unknown":
    anything else. The name comes without version, architecture or release (``gcc``, not ``gcc=4:12.2.0-3``).
    """
    if _group("build_only", package):
        return "build"
    if package.endswith("-dev") or package in table("apt_runtime")["packages"]:
        return "dev"
    if _group("run_only", package):
        return "run"
    return "git" if package in table("apt_roles")["git"]["packages"].split() else "unknown"


def instead(package: str, suites: frozenset[str] | None) -> tuple[str, ...] | None:
    """The packages that stand in for one once everything is compiled; None where that is not certain."""
    only = build_only(package)
    if only is not None:
        return only.runtime
    return runtime_libraries(package, suites) if role(package) == "dev" else ()


def commands(package: str) -> frozenset[str]:
    """The programs that a package is known to bring; an empty set says nothing: it may bring programs all the same.

    They are those of all releases: what Debian's own listings say of the package and of those of its source that it depends
    on, with what else it is known to bring (links that are made when it is installed, other packages).
    """
    known = build_only(package)
    by_hand = known.commands if known else frozenset(table("apt_roles")["commands"].get(package, "").split())
    return by_hand | parts("apt_commands", package, None)


def recommends(package: str, suites: frozenset[str] | None) -> frozenset[str]:
    """What may come along with a package by recommendation alone, as far as its lack could matter to a program or a compile.

    It is what new packages recommend (curl's library: ca-certificates; gcc: libc6-dev), which ``--no-install-recommends``
    leaves out. ``suites`` are the Debian releases that the base may be of: what holds in any of them is told, and where they
    are unknown, or None, what holds in any release of the table. An empty set says nothing of a package that isn't among
    ``known_packages()``.
    """
    return parts("apt_recommends", package, suites)


def alongside(package: str, suites: frozenset[str] | None, *, recommended: bool = True) -> frozenset[str]:
    """The libraries that come along with a package which may leave an image, and that would leave with it.

    Those that take the place of a -dev package (see ``runtime_libraries``), and what these depend on, are not among them;
    nor is what every Python image has. ``suites`` as for ``recommends``; without ``recommended`` those that come by
    dependency alone. Libraries that no Python package is known to use, and no -dev package stands for, are left out.
    """
    found = parts("apt_alongside", package, suites)
    return found | recommends(package, suites) if recommended else found


def brings(package: str, suites: frozenset[str] | None) -> frozenset[str]:
    """What comes along with a library or a compiler that stays, by dependency: libraries that Python packages use, other compilers.

    ``suites`` as for ``recommends``. An empty set says nothing.
    """
    return parts("apt_brings", package, suites)


def recommended(package: str) -> tuple[str, ...]:
    """What comes along with a package by recommendation, is no library, and a program may need: official images have it."""
    return ()


def modules(package: str) -> tuple[str, ...] | None:
    """The packages of modules for the system's own Python that come along with one: other Pythons do not look at them."""
    return ()


def embedded(package: str) -> tuple[str, ...] | None:
    """The library of the system's own Python that comes along with one: other Pythons bring their own."""
    return ()


def has(package: str) -> bool:
    """Whether the system may be asked for a library that a table names: the tables are Debian's own."""
    return True


def is_named_so(library: str, suite: str) -> bool:
    """Whether a release is known to have a package with a library under this name."""
    line = table("apt_libraries")["packages"].get(library)
    return line is not None and (
        "|" not in line or line.split("|")[1 + list(table("apt_libraries")["indices"]).index(suite)].strip() != "-"
    )


def holds(package: str, library: str) -> bool:
    """Whether a package, of whichever release, holds a shared library.

    ``library`` is what a program asks for: a file's name (``libmagic.so.1``) or a short one (``magic``). A name without a
    version is that of any version.
    """
    name = library.rpartition("/")[2]
    stem, sign, version = name.partition(".so")
    if sign and version:
        return any(name == file or name.startswith(f"{file}.") for file in parts("apt_libraries", package, None))
    stem = stem if sign else f"lib{stem}"
    return any(file.startswith(f"{stem}.so.") for file in parts("apt_libraries", package, None))


def equivalents(libraries: Iterable[str]) -> frozenset[str]:
    """The packages with the shared libraries that these packages of Debian hold: themselves."""
    return frozenset(libraries)


@cache
def known_packages() -> frozenset[str]:
    """The packages that were looked up in Debian's indices, of whichever release has them."""
    data = table("apt_commands")
    return frozenset(data["packages"]) | frozenset(data["without"]["packages"].split())


def known_suites() -> tuple[str, ...]:
    """The Debian releases that the table of runtime libraries covers, oldest first."""
    return tuple(table("apt_runtime")["indices"])


def runtime_libraries(
    package: str, suites: frozenset[str] | None, *, python_base: bool = True
) -> tuple[str, ...] | None:
    """The packages that stand in for a -dev package once everything is compiled.

    ``suites`` are the Debian releases that the base may be of (None: it may be any, or no Debian at all). The result
    is empty where nothing is needed: the package holds headers alone, or every official Debian-based Python image
    carries the library (``python_base``: pass False for any other base). It is None where nothing is certain: the
    package or a release is unknown, or the names differ between the releases.
    """
    if not suites:
        return None
    if python_base and _group("in_python_base", package):
        return ()
    line = table("apt_runtime")["packages"].get(package)
    if line is None or not suites.issubset(known_suites()):
        return None
    values = [value.strip() for value in line.split("|")]
    by_suite = dict(zip(known_suites(), values * (1 if "|" in line else len(known_suites())), strict=True))
    names = {by_suite[suite] for suite in suites}
    return tuple(names.pop().split()) if len(names) == 1 and "-" not in names else None


def loaded_from(package: str, suites: frozenset[str] | None) -> tuple[str, ...] | None:
    """A package of libraries that a program loads; those that stand in for it where it is a -dev one, None where they are not certain."""
    return runtime_libraries(package, suites, python_base=False) if package.endswith("-dev") else (package,)


@lru_cache(maxsize=4096)
def parts(name: str, package: str, suites: frozenset[str] | None) -> frozenset[str]:
    """What a line of a table says for any of the releases: what they have in common, and what each of them adds."""
    data = table(name)
    common, *added = data["packages"].get(package, "").split("|")
    by_suite = dict(zip(data["indices"], added, strict=True)) if added else {}
    asked = suites if suites and suites.issubset(data["indices"]) else frozenset(by_suite)
    words = f"{common} {' '.join(by_suite.get(suite, '') for suite in asked)}"
    return frozenset(words.split()) - {"-"}


def _group(kind: str, package: str) -> dict[str, Any] | None:
    exact, patterns, expression = _index(kind)
    if group := exact.get(package):
        return group
    if expression.fullmatch(package):
        return next(group for pattern, group in patterns.items() if matcher([pattern]).fullmatch(package))
    return None


@cache
def _index(kind: str) -> tuple[dict[str, dict[str, Any]], dict[str, dict[str, Any]], re.Pattern[str]]:
    exact: dict[str, dict[str, Any]] = {}
    patterns: dict[str, dict[str, Any]] = {}
    for name, group in _entries(kind):
        (patterns if is_pattern(name) else exact)[name] = group
    return exact, patterns, matcher(patterns)


def _entries(kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for group in table("apt_roles")[kind]:
        for name in group["packages"].split():
            yield name, group
