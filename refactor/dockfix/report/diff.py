"""Unified diffs that ``git apply`` and ``patch -p1`` take, byte for byte."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dockfix.report.terminal import Sink, visible

_ESCAPES = dict(zip('\a\b\t\n\v\f\r"\\', 'abtnvfr"\\', strict=True))
_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


def unified(name: str, before: str | None, after: str) -> str:
    """The diff of one file from the text ``before`` (None: a new file) to ``after``; ``name`` is relative with slashes.

    The header is git's, since a plain one does not say that a file is new (https://git-scm.com/docs/diff-format).
    """
    old, new = _quoted("a/" + name), _quoted("b/" + name)
    header = f"diff --git {old} {new}\n" + "new file mode 100644\n" * (before is None)
    hunks = "".join(_hunks(_lines(before or ""), _lines(after)))
    if not hunks:
        return header if before is None else ""
    return f"{header}--- {'/dev/null' if before is None else _ended(old)}\n+++ {_ended(new)}\n{hunks}"


def painted(diff: str, out: Sink) -> str:
    """The diff as a terminal may show it: coloured, and with nothing in it that the terminal would obey."""
    return "".join(_painted(diff, out))


def _painted(diff: str, out: Sink) -> Iterator[str]:
    header = True
    for line in _lines(diff):
        text = visible(line.removesuffix("\n"))
        header = text.startswith("diff ") or (header and not text.startswith("@@"))
        style = "bold" if header else _COLOURS.get(text[:1], "")
        yield (out.style(text, style) if style else text) + "\n"


def _lines(text: str) -> list[str]:
    """Split after each line feed and nowhere else; str.splitlines would also split at form feeds and the like."""
    lines = text.split("\n")
    last = lines.pop()
    return [line + "\n" for line in lines] + [last] * bool(last)


def _hunks(old: list[str], new: list[str]) -> Iterator[str]:
    from difflib import unified_diff

    for number, line in enumerate(unified_diff(old, new)):
        if number >= 2:  # the first two are difflib's own header
            yield line if line.endswith("\n") else line + "\n\\ No newline at end of file\n"


def _quoted(name: str) -> str:
    """A name as git quotes it in a patch (quote.c): only where it holds a control character, a quote or a backslash."""
    if not re.search('[\x00-\x1f\x7f"\\\\]', name):
        return name
    return '"' + "".join(_escaped(char) for char in name) + '"'


def _escaped(char: str) -> str:
    if char in _ESCAPES:
        return "\\" + _ESCAPES[char]
    return f"\\{ord(char):03o}" if char < " " or char == "\x7f" else char


def _ended(name: str) -> str:
    """Git ends a name that holds a space with a tab, so that patch does not take what follows the space for a date."""
    return name + "\t" if " " in name and not name.startswith('"') else name
