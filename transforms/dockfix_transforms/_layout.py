"""How transforms lay out what they move: comments travel with the instruction below them."""

from __future__ import annotations

from dockfix.syntax import Blank, Comment, Dockerfile, Instruction, Node


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


def with_leading(tree: Dockerfile, instruction: Instruction) -> tuple[tuple[Node, ...], tuple[Node, ...]]:
    """The comments that belong to an instruction, and they and it as they go elsewhere: after a blank line if one was above."""
    comments = own_comments(tree, instruction)
    above = leading(tree, instruction)
    blank = tuple(node for node in above[: len(above) - len(comments)] if isinstance(node, Blank))[-1:]
    return comments, (*blank, *comments, instruction)
