"""From bytes to the tree and back. Nothing here fails: what BuildKit would refuse is for ``problems`` to find."""

from __future__ import annotations

from functools import lru_cache

from dockfix.syntax import grammar
from dockfix.syntax.heredoc import bodies, openers
from dockfix.syntax.lexer import LexError
from dockfix.syntax.nodes import Blank, Comment, Directive, Dockerfile, Instruction, Node

_BOM = "\ufeff"
_DIRECTIVES = frozenset(("syntax", "escape", "check"))
_ESCAPES = frozenset(("\\", "`"))


def parse(text: str) -> Dockerfile:
    """The tree of any text at all; ``str(parse(text)) == text``.

    Where BuildKit would stop, this goes on: an unterminated heredoc runs to the end of the file, an unknown instruction
    is a node as any other, an invalid escape directive leaves the escape character as it was.
    """
    bom = _BOM if text.startswith(_BOM) else ""
    pos = len(bom)
    nodes: list[Node] = []
    escape = "\\"
    line = 1
    seen = set()
    while (match := grammar.DIRECTIVE.match(text, pos)) is not None and match["name"].lower() in _DIRECTIVES:
        name = match["name"].lower()
        if name == "escape" and name not in seen and match["value"] in _ESCAPES:
            escape = match["value"]
        seen.add(name)
        nodes.append(Directive(match[0], line))
        line += 1
        pos = match.end()
    _split(text, pos, line, escape, nodes)
    return Dockerfile(tuple(nodes), bom, escape)


@lru_cache(maxsize=4)
def reading(text: str) -> Dockerfile:
    """How a text reads, for a comparison: the same tree for the same text, so that its nodes may not come into another one."""
    return parse(text)


def _split(text: str, pos: int, line: int, escape: str, nodes: list[Node]) -> None:
    # A frozen dataclass is slow to make, and there are as many as there are lines: hence the way around __init__.
    match_at = grammar.node(escape).match
    append = nodes.append
    make = object.__new__
    size = len(text)
    split_opener = "<" + escape
    while pos < size:
        match = match_at(text, pos)
        assert match is not None
        end = match.end()
        group = match.lastindex
        node: Node
        if group == 2:
            piece = text[pos:end]
            if "<<" in piece or split_opener in piece:
                end = _with_bodies(text, pos, end, line, escape)
                piece = text[pos:end]
            node = make(Instruction)
            values = node.__dict__
            values["text"] = piece
            values["line"] = line
            values["escape"] = escape
            line += piece.count("\n")
        else:
            node = make(Comment if group else Blank)
            values = node.__dict__
            values["text"] = text[pos:end]
            values["line"] = line
            line += 1
        append(node)
        pos = end


def _with_bodies(text: str, start: int, end: int, line: int, escape: str) -> int:
    head = Instruction(text[start:end], line, escape)
    if not head.may_open_heredocs:
        return end
    try:
        return bodies(text, end, openers(head.logical.text))[1]
    except LexError:
        return end
