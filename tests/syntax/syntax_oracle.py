"""What BuildKit's own parser (v0.12.5, in the package ``dockerfile``) says of a file, and what the tree says, side by side.

Newer BuildKits read a few things otherwise, and the tree follows them: ``# check=`` is a directive, a JSON array may not be
followed by anything, blanks may stand after ``<<``, and flags follow the escape directive.
"""

from __future__ import annotations

import json
import re

import dockerfile

from dockfix.syntax import Dockerfile, Flag, Instruction, parse, problems
from dockfix.syntax.grammar import KEYWORDS


def written(flag: Flag) -> str:
    return f"--{flag.name}" + ("" if flag.value is None else f"={flag.value}")


def exec_form(node: Instruction) -> bool:
    """Whether the oracle calls it JSON: it says so of HEALTHCHECK and ONBUILD where what they hold is."""
    inner = node.inner
    return node.json is not None if inner is None else exec_form(inner)


def row(node: Instruction) -> tuple[object, ...]:
    """What the oracle tells of an instruction."""
    words = node.words
    sub = None
    if node.keyword == "ONBUILD" and node.inner is not None:
        sub, *rest = words
        words = tuple(rest)
        if node.inner.keyword not in KEYWORDS or (node.inner.keyword == "ONBUILD" and node.inner.args):
            words = ("",)
    if node.keyword not in KEYWORDS:
        words = ("",)
    original = node.original
    # The oracle's binding loses the heredocs of ONBUILD; the spans and the lines after them still show that it read them.
    heredocs = [] if node.keyword == "ONBUILD" else list(node.heredocs)
    if heredocs:
        original += "\n" + "".join(f"{heredoc.body}{heredoc.name}\n" for heredoc in heredocs)
    flags = tuple(map(written, node.flags))
    bodies = [(heredoc.name, heredoc.fd, heredoc.body) for heredoc in heredocs]
    return node.keyword, sub, exec_form(node), original, node.line, node.end_line, flags, words, bodies


def is_newer(node: Instruction) -> bool:
    """Whether newer BuildKits read the instruction otherwise than the oracle."""
    if node.inner is not None and is_newer(node.inner):
        return True
    if node.escape == "`" and "--" in node.original and any(mark in node.original for mark in "`\\"):
        return True
    if re.search(r"<<[ \t\r]", node.original):
        return True
    try:
        _, end = json.JSONDecoder().raw_decode(node.args)
    except ValueError:
        return False
    return node.args.startswith("[") and end < len(node.args)


def oracle_row(command: dockerfile.Command) -> tuple[object, ...]:
    heredocs = [(heredoc.name, heredoc.file_descriptor, heredoc.content) for heredoc in command.heredocs]
    keyword, original = (command.cmd or "").upper(), command.original or ""
    span = command.start_line, command.end_line
    return keyword, command.sub_cmd, command.json, original, *span, command.flags, command.value, heredocs


def assert_agrees(text: str) -> Dockerfile:
    tree = parse(text)
    assert str(tree) == text
    try:
        commands = dockerfile.parse_string(text)
    except dockerfile.GoParseError:
        assert problems(tree)
        return tree
    assert [row(node) for node in tree.instructions] == [oracle_row(command) for command in commands]
    return tree
