"""Packages for Node.js that do more than lie in their folder: what their scripts leave elsewhere, which programs they start."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import cache

from dockfix.knowledge.tables import table


@cache
def stays_inside(package: str) -> bool:
    """Whether the install script of a package is known to leave nothing outside of its folder."""
    return package in table("node_packages")["scripts"]["inside"].split()


@cache
def needs_no_library(package: str) -> bool:
    """Whether the compiled code of a package is known to need no library that a slim image lacks."""
    return any(fnmatchcase(package, pattern) for pattern in table("node_packages")["libraries"]["none"].split())


@cache
def fills_elsewhere() -> Mapping[str, str]:
    """The packages whose install script fills a folder elsewhere, each with that folder."""
    return {name: folder for names, folder in table("node_packages")["elsewhere"].items() for name in names.split()}


@cache
def called_by() -> Mapping[str, frozenset[str]]:
    """The programs of the system that packages start, by the packages."""
    calls = table("node_packages")["calls"].items()
    return {name: frozenset(programs.split()) for names, programs in calls for name in names.split()}


@cache
def node_compilers() -> tuple[frozenset[str], frozenset[str]]:
    """The packages of a system that only compile packages for Node.js, unless something calls their programs; and these programs."""
    found = table("node_packages")["compile"]
    return frozenset(found["packages"].split()), frozenset(found["commands"].split())
