"""What Debian's packages are for: compiling, running, or both."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from dockfix.knowledge.tables import is_pattern, matcher, table

Role = Literal["build", "dev", "run", "git", "unknown"]


@dataclass(frozen=True)
class BuildOnly:
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


def commands(package: str) -> frozenset[str]:
    """The programs that a package is known to bring; an empty set says nothing: it may bring programs all the same."""
    if known := build_only(package):
        return known.commands
    return frozenset(table("apt_roles")["commands"].get(package, "").split())


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
