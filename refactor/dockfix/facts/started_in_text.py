"""How the name of a program stands in code that starts it: as a string, or in the middle of a command line."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from dockfix.knowledge import wrappers
from dockfix.lazy import regex

# A word between what starts a program and its name: an option, a number, a variable
_BETWEEN = rb"(?:-[^\s'\"`]+(?:[ \t]+\w+(?=[ \t]+\w))?|\d[^\s'\"`]*|\$[^\s'\"`]+|\w+=[^\s'\"`]*)"
_BEFORE = regex(r"['\"`\s;&|(/]")


def started_in_text(programs: Iterable[str]) -> bytes:
    """A pattern of some programs where code may start them, with what stands before."""
    names = b"|".join(re.escape(name.encode()) for name in programs)
    return _before() + rb"(?:/usr(?:/local)?/bin/|/bin/)?(?:" + names + rb")(?=['\"`\s])"


def name_of_started(found: str) -> str:
    """The program in what such a pattern has found."""
    return _BEFORE.split(found)[-1]


@cache
def _before() -> bytes:
    """A quote, or what in a command line ends another command or starts this one."""
    starters = b"|".join(re.escape(name.encode()) for name in sorted(wrappers()))
    return rb"(?:['\"`]|(?:&&|\|\|?|;|\$\()[ \t]*|\b(?:" + starters + rb")(?:[ \t]+" + _BETWEEN + rb")*[ \t]+)"
