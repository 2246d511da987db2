"""The directives of nginx's configuration files."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dockfix.lazy import regex
from dockfix.namedtuple import NamedTuple

_TOKEN = regex(r"""\#[^\n]*|"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([{};])|((?:\$\{\w+\}|[^\s;{}\"'])+)""", re.DOTALL)


class Directive(NamedTuple):
    """A directive with its words. ``block`` is the number of the block that it stands in, 0 for none, and ``kind`` that block's name;
    ``opens`` is the number of the block that it opens.
    """

    name: str
    words: tuple[str, ...]
    line: int
    block: int = 0
    kind: str = ""
    opens: int = 0


def directives(text: str) -> Iterator[Directive]:
    """All directives of a file, a block before what stands in it. Never raises: what is no such file gives nonsense, or nothing."""
    words: list[str] = []
    line, counted, start, blocks = 1, 0, 1, 0
    stack: list[tuple[int, str]] = [(0, "")]
    for match in _TOKEN.finditer(text):
        line += text.count("\n", counted, match.start())
        counted = match.start()
        if match[3] is None:
            if match[0].startswith("#"):
                continue
            start = start if words else line
            words.append(next((group for group in (match[1], match[2], match[4]) if group is not None), ""))
            continue
        blocks += match[3] == "{"
        if words:
            yield Directive(words[0], tuple(words[1:]), start, *stack[-1], blocks if match[3] == "{" else 0)
        if match[3] == "{":
            stack.append((blocks, words[0] if words else ""))
        elif match[3] == "}" and len(stack) > 1:
            stack.pop()
        words = []
