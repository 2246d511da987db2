"""What BuildKit would refuse, said so that the user finds the cause."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from difflib import get_close_matches
from functools import lru_cache

from dockfix.lazy import regex
from dockfix.namedtuple import NamedTuple
from dockfix.syntax.encoding import encode
from dockfix.syntax.grammar import KEYWORDS
from dockfix.syntax.heredoc import openers
from dockfix.syntax.lexer import LexError
from dockfix.syntax.nodes import Directive, Dockerfile, Instruction, Node
from dockfix.syntax.rules import faults

# BuildKit reads lines with Go's bufio.Scanner, whose buffer of 64 KiB must hold the line and one byte more.
_LONGEST_LINE = 64 * 1024 - 1


class Problem(NamedTuple):
    """One reason why BuildKit refuses the file: where (1-based; columns count characters), what, and what to do."""

    line: int
    column: int
    message: str
    hint: str


def problems(tree: Dockerfile, sound: Container[Node] = ()) -> tuple[Problem, ...]:
    """What BuildKit would refuse, in the order of the file; empty for a file that it accepts.

    ``sound`` are nodes of a file that it accepts, which are not looked into again.
    """
    text = tree.text
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        hint = "give the path of a Dockerfile that is saved as UTF-8 text"
        return (Problem(line, 1, "this looks like a binary file", hint),)
    found = [*_long_lines(text), *_directives(tree), *_instructions(tree, sound), *_stages(tree)]
    return tuple(sorted(found, key=lambda problem: (problem.line, problem.column)))


def _at(node: Node, offset: int, message: str, hint: str) -> Problem:
    text = node.text
    return Problem(node.line + text.count("\n", 0, offset), offset - text.rfind("\n", 0, offset), message, hint)


def _long_lines(text: str) -> Iterator[Problem]:
    if len(text) * 4 <= _LONGEST_LINE:
        return
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) * 4 > _LONGEST_LINE and len(encode(line)) > _LONGEST_LINE:
            message = f"the line is longer than {_LONGEST_LINE} bytes"
            yield Problem(number, 1, message, "break it up, or copy the data in as a file")


def _directives(tree: Dockerfile) -> Iterator[Problem]:
    seen: dict[str, Directive] = {}
    for node in tree.directives:
        start = node.text.index("#")
        first = seen.setdefault(node.name, node)
        if first is not node:
            yield _at(node, start, f"a second {node.name} directive", f"keep one: line {first.line} has the first")
        elif node.name == "escape" and node.value not in ("\\", "`"):
            yield _at(node, start, f"{node.value} can't be the escape character", "it is either \\ or `")


def _stages(tree: Dockerfile) -> Iterator[Problem]:
    instructions = tree.instructions
    if not instructions:
        empty = "has no instructions" if tree.text.strip() else "is empty"
        yield Problem(1, 1, f"the file {empty}", "a Dockerfile needs at least FROM and the name of an image")
        return
    for node in instructions:
        if node.keyword == "FROM":
            return
        if node.keyword != "ARG" and node.keyword in KEYWORDS:
            hint = "put FROM and the name of an image above it; only ARG may stand before FROM"
            yield _at(node, node.keyword_span[0], f"{node.keyword} stands before the first FROM", hint)
            return
    if any(node.keyword in KEYWORDS for node in instructions):
        yield _at(instructions[0], 0, "the file has no FROM", "a Dockerfile needs FROM and the name of an image")


def _instructions(tree: Dockerfile, sound: Container[Node]) -> Iterator[Problem]:
    before: Instruction | None = None
    in_run = False
    previous: Node | None = None
    for node in tree.nodes:
        if isinstance(node, Instruction):
            if node.keyword in KEYWORDS:
                in_run = False
                yield from _known(node) if node not in sound else ()
            else:
                cause = None if before is None else _comment_after_escape(before)
                if before is not None and cause is not None:
                    if not in_run:
                        yield _at(before, cause, *_broken(before))
                    in_run = True
                else:
                    in_run = False
                    yield _unknown(node, previous)
            before = node
        previous = node


def _known(node: Instruction) -> Iterator[Problem]:
    for fault in faults(node):
        yield _at(node, *fault)
    if "<" not in node.text or not node.may_open_heredocs:
        return
    try:
        openers(node.logical.text)
    except LexError:
        yield _at(node, node.keyword_span[0], "the heredoc's name can't be read", "write it as <<EOF or <<'EOF'")
        return
    for heredoc in node.heredocs:
        if heredoc.body_end == len(node.text):
            message = f"the heredoc {heredoc.name} that line {node.line} opens is never ended"
            hint = f"put {heredoc.name} alone on the line after the heredoc's text"
            yield _at(node, max(node.text.find("<<"), 0), message, hint)
            return


def _broken(node: Instruction) -> tuple[str, str]:
    message = f"a comment after {node.escape} ends the {_name(node)} here: the next line is no longer part of it"
    return message, f"put the comment on a line of its own; nothing but the line end may follow {node.escape}"


def _name(node: Instruction) -> str:
    return f"{node.keyword} instruction" if node.keyword in KEYWORDS else "instruction"


@lru_cache(maxsize=2)
def _escape_and_comment(escape: str) -> re.Pattern[str]:
    e = re.escape(escape)
    return regex(rf"{e}[ \t]+#|(?:^|(?<=[ \t])){e}#", re.MULTILINE)


def _comment_after_escape(node: Instruction) -> int | None:
    """Where the comment stands that follows the escape character on the line that ended the instruction."""
    start = node.text.rstrip("\n").rfind("\n", 0, node.head_end) + 1
    match = _escape_and_comment(node.escape).search(node.text, start, node.head_end)
    return match.end() - 1 if match else None


def _unknown(node: Instruction, previous: Node | None) -> Problem:
    start, end = node.keyword_span
    word = node.text[start:end]
    near = get_close_matches(node.keyword, KEYWORDS, 1, 0.7)
    if near:
        hint = f"did you mean {near[0]}?"
    elif word.startswith("//"):
        hint = "a comment begins with #"
    elif start > 0 and isinstance(previous, Instruction):
        hint = f"if it continues line {previous.end_line}, end that line with {node.escape}"
    else:
        hint = f"a line begins with an instruction, such as RUN or COPY, unless the line above ends with {node.escape}"
    return _at(node, start, f"unknown instruction {word}", hint)
