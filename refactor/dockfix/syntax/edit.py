"""Editing a tree: new text in the file's own style, and new trees that still parse to their own nodes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from dockfix.lazy import regex
from dockfix.syntax.grammar import SPACES, dangling
from dockfix.syntax.nodes import Blank, Dockerfile, Instruction, Node
from dockfix.syntax.parser import parse, reading

_CONTINUATION = regex(r"\\(?<!\\\\)([ \t]*)$", re.MULTILINE)
_STAGE_NAME = regex(rf"[^{SPACES}]+[\t\v\f\r ]+(AS)[\t\v\f\r ]")
_ESCAPED = regex(r"('[^']*')|\\([\"'$\\ ])|`")
_ASSIGNING = frozenset(("ARG", "ENV", "LABEL"))


def replace_nodes(tree: Dockerfile, edits: Mapping[Node, Sequence[Node]]) -> Dockerfile:
    """A new tree in which each node that ``edits`` names is replaced by its sequence; an empty one removes it.

    Parsing the new tree's text gives the same nodes. Raises KeyError for a node that isn't in this tree.
    """
    missing = set(edits).difference(tree.nodes)
    if missing:
        raise KeyError(f"not in this tree: {missing}")
    nodes: list[Node] = []
    for node in tree.nodes:
        nodes.extend(edits.get(node, (node,)))
    followed = set(tree.nodes[:-1])
    nodes[:-1] = [node if node in followed else _followed(node, tree.newline) for node in nodes[:-1]]
    edited = Dockerfile(tuple(nodes), tree.bom, tree.escape)
    parsed = reading(edited.text)
    if _identities(parsed.nodes) == _identities(nodes):
        return Dockerfile(edited.nodes, edited.bom, parsed.escape)
    return Dockerfile(_kept(parsed.nodes, nodes), parsed.bom, parsed.escape)


def part_heredocs(tree: Dockerfile, before: Dockerfile) -> Dockerfile:
    """The tree with a blank line below each heredoc that something follows directly which did not do so in the tree ``before``.

    Parsers in the field take what follows such a line for a part of the heredoc (hadolint up to 2.12).
    """
    old = set(pairwise(before.nodes))
    edits: dict[Node, Sequence[Node]] = {
        one: (one, *snippet(tree, "\n", one.line))
        for one, two in pairwise(tree.nodes)
        if isinstance(one, Instruction) and one.heredocs and not isinstance(two, Blank) and (one, two) not in old
    }
    return replace_nodes(tree, edits) if edits else tree


def _identities(nodes: Iterable[Node]) -> list[tuple[type[Node], str, str]]:
    """What nodes that read the same have in common."""
    return [(type(node), node.text, node.escape if isinstance(node, Instruction) else "") for node in nodes]


def _followed(node: Node, newline: str) -> Node:
    """The node, changed if need be so that another can follow: a line end, and no continuation that leads nowhere."""
    text = node.text
    if isinstance(node, Instruction) and node.head_end == len(text):
        text = dangling(node.escape).sub(r"\1", text, count=1)
    if not text.endswith("\n"):
        text += newline
    return node if text == node.text else _make(node, text, node.line)


def _make(like: Node, text: str, line: int) -> Node:
    return Instruction(text, line, like.escape) if isinstance(like, Instruction) else type(like)(text, line)


def _kept(parsed: Sequence[Node], nodes: Sequence[Node]) -> tuple[Node, ...]:
    """The parsed nodes, but the given ones where nothing differs, and their line numbers everywhere."""
    starts: dict[int, Node] = {}
    pos = 0
    for node in nodes:
        starts.setdefault(pos, node)
        pos += len(node.text)
    kept = []
    pos = 0
    line = 1
    for node in parsed:
        given = starts.get(pos)
        line = line if given is None else given.line
        same = given is not None and _identities([given]) == _identities([node])
        kept.append(given if given is not None and same else _make(node, node.text, line))
        pos += len(node.text)
    return tuple(kept)


def snippet(tree: Dockerfile, text: str, line: int) -> tuple[Node, ...]:
    r"""Nodes made from ``text``, which is written with ``\n``, ``\`` and upper-case keywords, in the file's style.

    They take over its line ends, its escape character, its indentation and the case of its keywords; each gets ``line`` as its line.
    A heredoc's body gets the file's line ends too.
    """
    if text and not text.endswith("\n"):
        text += "\n"
    keywords = [node.text[slice(*node.keyword_span)] for node in tree.instructions]
    lower = sum(map(str.islower, keywords)) * 2 > len(keywords)
    return tuple([_indented(_restyled(node, tree, line, lower), tree) for node in parse(text).nodes])


def _indented(node: Node, tree: Dockerfile) -> Node:
    """The node as the others of its kind are indented, which are FROM and all the rest."""
    if not isinstance(node, Instruction) or node.heredocs:
        return node
    others = [each for each in tree.instructions if (each.keyword == "FROM") == (node.keyword == "FROM")]
    indents = {each.text[: each.keyword_span[0]] for each in others}
    indent = indents.pop() if len(indents) == 1 else ""
    if not indent:
        return node
    lines = node.text.split("\n")
    return Instruction("\n".join(indent + each if each.strip() else each for each in lines), node.line, node.escape)


def _restyled(node: Node, tree: Dockerfile, line: int, lower: bool) -> Node:
    if not isinstance(node, Instruction):
        return type(node)(node.text.replace("\n", tree.newline), line)
    text = _lowered(node) if lower else node.text
    if tree.escape != node.escape:
        text = _reescaped(text, node, tree.escape)
    return Instruction(text.replace("\n", tree.newline), line, tree.escape)


def _lowered(node: Instruction) -> str:
    start, end = node.keyword_span
    text = node.text[:start] + node.text[start:end].lower() + node.text[end:]
    if node.keyword == "FROM" and (match := _STAGE_NAME.match(node.args)) is not None:
        start, last = (node.logical.raw(node.args_start + offset) for offset in (match.start(1), match.end(1) - 1))
        text = text[:start] + text[start : last + 1].lower() + text[last + 1 :]
    if node.inner is not None:
        text = text[: node.logical.raw(node.args_start)] + _lowered(node.inner)
    return text


def _reescaped(text: str, node: Instruction, escape: str) -> str:
    """Continuations with the file's escape character, and the escapes in values too; a shell's own backslashes stay."""
    head = text[: node.head_end]
    if node.keyword in _ASSIGNING:

        def swap(match: re.Match[str]) -> str:
            if match[1]:
                return match[1]
            if match[2] is None:
                return escape + escape
            return match[2] if match[2] == "\\" else escape + match[2]

        head = _ESCAPED.sub(swap, head)
    return _CONTINUATION.sub(lambda match: escape + match[1], head) + text[node.head_end :]
