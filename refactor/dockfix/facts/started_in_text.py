"""How the name of a program stands in code that starts it: as a string, or in the middle of a command line."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from functools import cache

from dockfix.knowledge import wrappers
from dockfix.lazy import regex

# A word between what starts a program and its name: an option, a number, a variable
_BETWEEN = rb"(?:-[^\s'\"`]+(?:[ \t]+\w+(?=[ \t]+\w))?|\d[^\s'\"`]*|\$[^\s'\"`]+|\w+=[^\s'\"`]*)"
_QUOTE = rb"['\"`]"
_BEFORE = regex(r"['\"`\s;&|(/]")


def started_in_text(programs: Iterable[str], words: Collection[str]) -> bytes:
    """A pattern of some programs where code may start them, with what stands before.

    Those whose names are ``words`` of any text and code (`exec as run`, `a && file`) only count where they begin a string.
    """
    plain, common = ([name for name in programs if (name in words) is is_word] for is_word in (False, True))
    found = [before + _any(names) for before, names in ((_before(), plain), (_QUOTE, common)) if names]
    return b"(?:" + b"|".join(found) + rb")(?=['\"`\s])"


def _any(names: Iterable[str]) -> bytes:
    return rb"(?:/usr(?:/local)?/bin/|/bin/)?(?:" + b"|".join(re.escape(name.encode()) for name in names) + rb")"


def name_of_started(found: str) -> str:
    """The program in what such a pattern has found."""
    return _BEFORE.split(found)[-1]


@cache
def _before() -> bytes:
    """A quote, or what in a command line ends another command or starts this one."""
    starters = b"|".join(re.escape(name.encode()) for name in sorted(wrappers()))
    return rb"(?:['\"`]|(?:&&|\|\|?|;|\$\()[ \t]*|\b(?:" + starters + rb")(?:[ \t]+" + _BETWEEN + rb")*[ \t]+)"
