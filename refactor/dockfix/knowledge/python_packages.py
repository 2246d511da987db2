"""What Python distributions need at run time that pip does not bring."""

from __future__ import annotations

import re
from functools import cache

from dockfix.knowledge.tables import table


def compiles_at_run_time(distribution: str) -> str | None:
    """Why a distribution needs a compiler when it runs; None where nothing of the kind is known."""
    return _reasons().get(_normal(distribution))


def calls(distribution: str) -> frozenset[str]:
    """The executables that a distribution starts when it runs, as far as is known."""
    return _executables().get(_normal(distribution), frozenset())


def needs_libraries(distribution: str, *, compiled: bool = False) -> tuple[str, ...]:
    """The apt packages with shared libraries that a distribution loads and its wheels do not hold, as far as is known.

    Only libraries that commonly come along with a build package, and would be lost with it, are listed. The names are
    the same in all of Debian 11 to 13. ``compiled`` asks for those, too, that its wheels hold and a compile takes from the
    system.
    """
    return _libraries(compiled).get(_normal(distribution), ())


def needs_dev_packages(distribution: str) -> str | None:
    """Why runtime libraries cannot stand in for -dev packages where a distribution is used; None where they can."""
    return _dev_needed().get(_normal(distribution))


def _normal(name: str) -> str:
    # https://packaging.python.org/en/latest/specifications/name-normalization/
    return re.sub(r"[-_.]+", "-", name).lower()


@cache
def _reasons() -> dict[str, str]:
    groups = table("python_packages")["compiles"]
    return {name: group["why"] for group in groups for name in group["distributions"].split()}


@cache
def _executables() -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for group in table("python_packages")["calls"]:
        for name in group["distributions"].split():
            found[name] = found.get(name, frozenset()) | frozenset(group["executables"].split())
    return found


@cache
def _libraries(compiled: bool) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for group in table("python_packages")["libraries"]:
        if group.get("compiled") and not compiled:
            continue
        for name in group["distributions"].split():
            found[name] = tuple(dict.fromkeys((*found.get(name, ()), *group["packages"].split())))
    return found


@cache
def _dev_needed() -> dict[str, str]:
    groups = table("python_packages")["dlopen"]
    return {name: group["why"] for group in groups if group["dev_needed"] for name in group["distributions"].split()}
