"""The line grammar of a Dockerfile as regular expressions, and the names that it knows.

After https://github.com/moby/buildkit, frontend/dockerfile/parser (parser.go, directives.go).
"""

from __future__ import annotations

import re
from functools import lru_cache

from dockfix.lazy import regex

# Go's unicode.IsSpace without the line feed. Python's own notion of space has \x1c to \x1f too, BuildKit's hasn't.
SPACES = (
    " \t\v\f\r\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
# Between a keyword and its arguments, and between the words of COPY or FROM, only these count.
SEPARATOR = regex(r"[\t\v\f\r ]+")
KEYWORDS = frozenset(
    (
        "ADD",
        "ARG",
        "CMD",
        "COPY",
        "ENTRYPOINT",
        "ENV",
        "EXPOSE",
        "FROM",
        "HEALTHCHECK",
        "LABEL",
        "MAINTAINER",
        "ONBUILD",
        "RUN",
        "SHELL",
        "STOPSIGNAL",
        "USER",
        "VOLUME",
        "WORKDIR",
    )
)
_BLANKS = r"[\t\f\r ]*"
DIRECTIVE = regex(
    rf"[{SPACES}]*#[{SPACES}]*(?P<name>[a-zA-Z][a-zA-Z0-9]*){_BLANKS}={_BLANKS}(?P<value>[^\n]+?){_BLANKS}(?:\n|\Z)"
)


def _head_pattern(escape: str) -> str:
    e = re.escape(escape)
    ignored = rf"(?:[{SPACES}]*+(?:#[^\n]*+)?+\n)*+"
    return rf"(?:[^\n]*{e}(?<!{e}{e})[ \t]*\r*\n{ignored})*+[^\n]*+\n?"


@lru_cache(maxsize=2)
def node(escape: str) -> re.Pattern[str]:
    """One node: no group for a blank line, group 1 for a comment, group 2 for an instruction without heredoc bodies.

    A continuation is the escape character, not preceded by another, then blanks only; comments and blank lines after it
    belong to the instruction and don't end it.
    """
    return regex(rf"[{SPACES}]*+(?:(?:\n|\Z)|(#)[^\n]*+\n?|({_head_pattern(escape)}))")


@lru_cache(maxsize=2)
def head(escape: str) -> re.Pattern[str]:
    """An instruction without heredoc bodies, whatever its first line looks like."""
    return regex(_head_pattern(escape))


@lru_cache(maxsize=2)
def continuation(escape: str) -> re.Pattern[str]:
    """The escape character that continues a line; for a line without its line end."""
    e = re.escape(escape)
    return regex(rf"{e}(?<!{e}{e})[ \t]*\r*$")


@lru_cache(maxsize=2)
def dangling(escape: str) -> re.Pattern[str]:
    """The escape character after which an instruction has only comments and blank lines; group 1 is what follows it."""
    e = re.escape(escape)
    ignored = rf"[{SPACES}]*+(?:#[^\n]*+)?+"
    return regex(rf"{e}(?<!{e}{e})[ \t]*(\r*(?:\n(?:{ignored}\n)*+(?:{ignored})?+)?\Z)")
