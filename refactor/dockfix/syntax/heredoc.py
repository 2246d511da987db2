"""Heredocs: which ones a logical line opens, and where their bodies end."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dockfix.lazy import regex
from dockfix.namedtuple import NamedTuple
from dockfix.syntax.lexer import Lexer, LexError

_OPENER = regex(r"(\d*)<<(-?)\s*([^<]*)", re.ASCII)
_ESCAPE = "\\"  # whatever the escape directive says


class Opener(NamedTuple):
    """``3<<-"EOF"``: the word that ends the body, and how the body is to be read."""

    name: str
    expand: bool
    strip_tabs: bool
    fd: int


class Heredoc(NamedTuple):
    """A heredoc; ``body`` is as written, tabs not stripped.

    ``body_start`` and ``body_end`` are offsets in the node's text. The line with the terminator follows ``body_end``;
    a body that nothing ends runs to the end of the file.
    """

    name: str
    body: str
    expand: bool
    strip_tabs: bool
    fd: int
    body_start: int
    body_end: int


def openers(line: str) -> list[Opener]:
    """The heredocs that the logical line opens, in order. Raises LexError where BuildKit refuses a heredoc's word."""
    try:
        _, words = Lexer(line, _ESCAPE, None, raw=True).run()
    except LexError:
        return []
    return [found for found in map(opener, words) if found is not None]


def opener(word: str) -> Opener | None:
    """What a single word opens, None where it is no heredoc. Raises LexError where BuildKit refuses it."""
    match = _OPENER.fullmatch(word)
    if match is None or not match[3]:
        return None
    names = Lexer(match[3], _ESCAPE, None, raw=False).run()[1]
    if len(names) != 1:
        return None
    as_written = Lexer(match[3], _ESCAPE, None, raw=True)
    as_written.raw_escapes = False
    written = as_written.run()[1]
    if len(written) != 1:
        raise LexError(match[3])
    expand = _quotes(names[0]) == _quotes(written[0])
    return Opener(names[0], expand, match[2] == "-", int(match[1] or 0))


def _quotes(word: str) -> int:
    return word.count("'") + word.count('"')


def bodies(text: str, start: int, found: Iterable[Opener]) -> tuple[tuple[Heredoc, ...], int]:
    """The heredocs whose bodies begin at ``start`` in ``text``, and the offset after the last terminator's line."""
    heredocs = []
    for opener in found:
        tabs = r"\t*" if opener.strip_tabs else ""
        # A name that begins with a tab can't be met once the tabs are stripped.
        unreachable = opener.strip_tabs and opener.name.startswith("\t")
        last = re.compile(rf"^{tabs}{re.escape(opener.name)}\r*$", re.MULTILINE)
        match = None if unreachable else last.search(text, start)
        body_end = match.start() if match else len(text)
        heredocs.append(Heredoc(body=text[start:body_end], body_start=start, body_end=body_end, **opener._asdict()))
        start = min(match.end() + 1, len(text)) if match else len(text)
    return tuple(heredocs), start
