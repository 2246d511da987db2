"""Distributions that only serve to develop a program, and by which names a program would use one."""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import cache
from typing import Any

from dockfix.knowledge.tables import table


@cache
def only_develops(distribution: str) -> bool:
    """Whether a distribution, by its normalised name, serves nothing but development, and no other one uses it where it is there."""
    return any(fnmatchcase(distribution, pattern) for pattern in _data()["tools"].split())


def module_names(distribution: str) -> frozenset[str]:
    """The modules by which code may import a distribution: those that are known, or else what its name gives."""
    known = _data()["modules"].get(distribution)
    if known is not None:
        return frozenset(str(known).split())
    plain = distribution.replace("-", "_")
    return frozenset({plain, plain.removeprefix("python_")})


def program_names(distribution: str) -> frozenset[str]:
    """The programs by which a distribution may be started."""
    return frozenset({distribution, *_data()["programs"].get(distribution, "").split()})


def is_a_word(module: str) -> bool:
    """Whether a module's name is a word that may mean anything else where it stands alone."""
    return module in _data()["words"].split()


def _data() -> dict[str, Any]:
    return table("development")
