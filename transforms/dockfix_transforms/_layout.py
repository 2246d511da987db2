"""How transforms lay out what they move: comments travel with the instruction below them."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence

from dockfix.facts import Facts
from dockfix.knowledge import reader_of
from dockfix.model.reason import Declared
from dockfix.syntax import Blank, Comment, Dockerfile, Instruction, Node, snippet


def twin(node: Node) -> Node:
    """The same once more, to stand elsewhere, too."""
    if isinstance(node, Instruction):
        return Instruction(node.text, node.line, node.escape)
    return type(node)(node.text, node.line)


def enumerated(names: Sequence[str]) -> str:
    """Names as one lists them in a sentence."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def declared_files(facts: Facts, names: Iterable[str]) -> frozenset[Declared]:
    """Where files of the build context that a transform changes lie in the image; those outside of it lie nowhere."""
    own = (posixpath.normpath(name) for name in names if not name.startswith("../"))
    return frozenset(Declared("FILE", path) for name in own for path in facts.layout.of(name))


def leading(tree: Dockerfile, instruction: Instruction) -> tuple[Node, ...]:
    """The blank and comment lines between the instruction before and this one."""
    nodes = tree.nodes
    position = next(index for index, node in enumerate(nodes) if node is instruction)
    start = position
    while start > 0 and isinstance(nodes[start - 1], Blank | Comment):
        start -= 1
    return nodes[start:position]


def own_comments(tree: Dockerfile, instruction: Instruction) -> tuple[Node, ...]:
    """The comment lines right above an instruction, with no blank line between."""
    above = leading(tree, instruction)
    start = len(above)
    while start > 0 and isinstance(above[start - 1], Comment):
        start -= 1
    return above[start:]


def place_above(tree: Dockerfile, instruction: Instruction) -> Node:
    """The node above which something new goes that is to stand before an instruction: the first of its comments, or itself."""
    return next(iter(own_comments(tree, instruction)), instruction)


def put_above(tree: Dockerfile, instruction: Instruction, text: str, line: int) -> tuple[Node, tuple[Node, ...]]:
    """The node above which new text goes that is to stand before an instruction, and what takes its place: the text, and that node.

    A blank line parts it from comments that belong to the instruction.
    """
    target = place_above(tree, instruction)
    blank = "" if target is instruction else "\n"
    return target, (*snippet(tree, f"{text}{blank}", line), target)


def place_right_above(tree: Dockerfile, instruction: Instruction) -> Node:
    """The same for what goes right above an instruction: itself, but for a comment that a linter reads right above it."""
    own = own_comments(tree, instruction)
    return own[-1] if own and _is_read_right_above(own[-1]) else instruction


def before(tree: Dockerfile, node: Node) -> Node | None:
    """The node above another one, None for the first."""
    position = tree.nodes.index(node)
    return tree.nodes[position - 1] if position else None


def with_leading(tree: Dockerfile, instruction: Instruction) -> tuple[tuple[Node, ...], tuple[Node, ...]]:
    """The comments that belong to an instruction, and they and it as they go elsewhere: after a blank line if one was above."""
    comments = own_comments(tree, instruction)
    above = leading(tree, instruction)
    blank = tuple(node for node in above[: len(above) - len(comments)] if isinstance(node, Blank))[-1:]
    return comments, (*blank, *comments, instruction)


def joined_above(
    tree: Dockerfile, first: Instruction, later: Sequence[Comment]
) -> tuple[Node, tuple[Comment, ...]] | None:
    """The node above which comments go that stood above what is joined with ``first``, and the comments in their new order.

    Some linters read no line but the one right above an instruction: such a comment stays there, or comes there. None where
    there are two.
    """
    own = own_comments(tree, first)
    close = own[-1] if own and _is_read_right_above(own[-1]) else None
    wanted = {
        comment.text.strip(): comment
        for comment in (*later, *((close,) if isinstance(close, Comment) else ()))
        if _is_read_right_above(comment)
    }
    if len(wanted) > 1:
        return None
    others = tuple(comment for comment in later if not _is_read_right_above(comment))
    return (first, (*others, *wanted.values())) if close is None else (close, others)


def _is_read_right_above(node: Node) -> bool:
    reader = reader_of(node.content) if isinstance(node, Comment) else None
    return reader is not None and reader.reads == "next line"
