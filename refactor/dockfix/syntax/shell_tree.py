"""The trees that the shell grammar makes of scripts, and what all who read them ask of a node."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from dockfix.lazy import regex
from dockfix.syntax.encoding import decode
from dockfix.syntax.languages import language

if TYPE_CHECKING:
    from tree_sitter import Node, Parser, Tree

# What the shell works out when it runs
COMPUTED = frozenset(
    {
        "simple_expansion",
        "expansion",
        "command_substitution",
        "process_substitution",
        "arithmetic_expansion",
        "ansi_c_string",
        "translated_string",
    }
)
_BEYOND = regex(rb"[\xf0-\xf7][\x80-\xbf]{3}")


@cache
def parser() -> Parser:
    """The parser for shell scripts, made when first needed."""
    import tree_sitter

    return tree_sitter.Parser(language("tree_sitter_bash"))


def script_tree(data: bytes) -> Tree:
    """The tree of a script.

    Each character beyond the basic plane counts as four letters, as many as it has bytes: the grammar's scanner gives it to ``isalnum``,
    which reads beyond its table, and now and then that ends the process.
    """
    return parser().parse(_BEYOND.sub(b"xxxx", data))


def walk(root: Node) -> Iterator[Node]:
    """All nodes in the order of the text, without recursion: scripts may be nested deeply."""
    pending = [root]
    while pending:
        node = pending.pop()
        yield node
        pending.extend(reversed(node.children))


def is_broken(root: Node) -> bool:
    """Whether a script can't be read.

    The grammar misses a semicolon in ``f() { if x; then y; fi }``, which bash does not.
    """
    if not root.has_error:
        return False
    return any(node.is_error or (node.is_missing and node.type != ";") for node in walk(root))


def text_of(node: Node | None) -> str:
    """The text of a node, "" for none."""
    return decode(node.text) if node is not None and node.text is not None else ""


def is_computed(node: Node) -> bool:
    """Whether the shell works out a part of it."""
    return any(each.type in COMPUTED for each in walk(node))
