"""Which packages bring something needed by recommendation only."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from dockfix.knowledge.tables import table


def needed_recommends(packages: Iterable[str]) -> str:
    """Why ``--no-install-recommends`` may take something needed away from an install, "" where it does not.

    It may take away ``recommended_programs``, of which only the caller knows whether something calls them.
    """
    for package in packages:
        if package not in _harmless():
            return f"{package} may bring something needed by recommendation only"
    return ""


def recommended_programs(packages: Iterable[str]) -> dict[str, str]:
    """The programs that come by recommendation only, each with the package that brings it."""
    programs = table("apt_no_recommends")["programs"]
    return {program: package for package in packages for program in str(programs.get(package, "")).split()}


@cache
def _harmless() -> frozenset[str]:
    return frozenset(str(table("apt_no_recommends")["harmless"]).split())
