"""The shell commands of a script, with exact offsets, by tree-sitter-bash.

A script is cut at ``&&``, ``;`` and line ends of its top level. What stands between two cuts is a simple command with its
words, or one opaque piece (a pipeline, ``a || b``, a subshell, an ``if`` …) that nobody looks into.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from dockfix.lazy import regex
from dockfix.namedtuple import NamedTuple
from dockfix.syntax.encoding import encode
from dockfix.syntax.shell_tree import COMPUTED, script_tree, walk

if TYPE_CHECKING:
    from tree_sitter import Node as TSNode

_SIMPLE = {"command", "declaration_command", "unset_command", "variable_assignment", "test_command"}
_EXPANSIONS = COMPUTED | {"brace_expression"}

_QUOTED = regex(r"""(?s)'(?P<single>[^']*)'|"(?P<double>(?:[^"\\]|\\.)*)"|\\(?P<escaped>.)""")


class Word(NamedTuple):
    """One word: ``text`` as written; ``value`` with quotes taken off, None where the shell would expand something."""

    text: str
    value: str | None
    start: int
    end: int


class Redirect(NamedTuple):
    """A redirection such as ``> file``; ``target`` is None for heredocs and the like."""

    operator: str
    target: Word | None


_SETS = regex(r"[A-Za-z_]\w*=")
_LONGEST_SHOWN = 80


class Command(NamedTuple):
    """What stands between two cuts of a script. ``start`` and ``end`` are offsets in the script's text.

    ``simple`` is False for an opaque piece, which has no words; ``parts`` are the commands of one that is a pipeline of simple commands,
    or the one of ``a || true``, which may fail.
    ``separator`` is what stands before it: "" for the first
    command, else "&&", ";" or a line end.
    """

    text: str
    start: int
    end: int
    separator: str = ""
    simple: bool = False
    words: tuple[Word, ...] = ()
    assignments: tuple[tuple[str, Word | None], ...] = ()
    redirects: tuple[Redirect, ...] = ()
    parts: tuple[Command, ...] = ()

    @property
    def name(self) -> str | None:
        """The program as written, None where it is not a plain word."""
        return self.words[0].value if self.words else None

    @property
    def args(self) -> tuple[Word, ...]:
        """The words after the program's name."""
        return self.words[1:]

    @property
    def called(self) -> str:
        """What people call it by: the program as written, or else its first word that is no setting."""
        words = self.text.split()
        return self.name or next((word for word in words if not _SETS.match(word)), words[0] if words else "")

    @property
    def shown(self) -> str:
        """The text as people are told of it: in one line, and the beginning where it is long."""
        text = " ".join(self.text.replace("\\\n", " ").split())
        return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN].rsplit(' ', 1)[0]} …"


class Script(NamedTuple):
    """A parsed script."""

    text: str
    commands: tuple[Command, ...]


class _Source:
    """A script's bytes, and the way from tree-sitter's byte offsets back to characters."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.data = encode(text)
        self._chars: list[int] | None = None
        if len(self.data) != len(text):
            self._chars = []
            for index, char in enumerate(text):
                self._chars += [index] * len(encode(char))
            self._chars.append(len(text))

    def span(self, node: TSNode) -> tuple[int, int]:
        if self._chars is None:
            return node.start_byte, node.end_byte
        return self._chars[node.start_byte], self._chars[node.end_byte]

    def of(self, node: TSNode) -> str:
        start, end = self.span(node)
        return self.text[start:end]


@lru_cache(maxsize=4096)
def parse_script(text: str) -> Script:
    """Cuts a script into its commands.

    A script that the grammar cannot read, or in which something runs in the background, is one opaque command.
    """
    source = _Source(text)
    root = script_tree(source.data).root_node
    opaque = Script(text, (_opaque(text, 0, len(text)),)) if text.strip() else Script(text, ())
    if root.has_error:
        return opaque
    commands: list[Command] = []
    for node, separator, redirects in _pieces(root, source):
        if node is None:
            return opaque
        commands.append(_command(node, separator, redirects, source))
    return Script(text, tuple(commands))


def commands_within(script: Script, piece: Command) -> tuple[Command, ...]:
    """The simple commands that a loop, a condition, a list or the like is made of, at any depth, in order.

    What stands in substitutions is none of them.
    """
    source = _Source(script.text)
    found: list[Command] = []
    pending = [script_tree(source.data).root_node]
    while pending:
        node = pending.pop()
        start, end = source.span(node)
        if start >= piece.end or end <= piece.start or node.type in COMPUTED:
            continue
        if node.type == "command" and piece.start <= start and end <= piece.end:
            found.append(_command(node, "", (), source))
        else:
            pending.extend(reversed(node.children))
    return tuple(found)


def tokens_within(script: Script, piece: Command, without: Iterable[Word] = ()) -> tuple[str, ...]:
    """What a piece of a script is made of, down to single tokens, but for some words; where lines end tells nothing."""
    source, gone = _Source(script.text), tuple(without)
    spans = [
        source.span(node)
        for node in walk(script_tree(source.data).root_node)
        if not node.children and piece.start <= source.span(node)[0] and source.span(node)[1] <= piece.end
    ]
    return tuple(
        script.text[start:end].strip()
        for start, end in spans
        if start < end and not any(word.start <= start and end <= word.end for word in gone)
    )


def comment_spans(text: str) -> list[tuple[int, int]]:
    """Where the comments of a script stand, in order."""
    if "#" not in text:
        return []
    source = _Source(text)
    found: list[tuple[int, int]] = []
    pending = [script_tree(source.data).root_node]
    while pending:
        node = pending.pop()
        if node.type == "comment":
            found.append(source.span(node))
        pending += node.children
    return sorted(found)


def _opaque(text: str, start: int, end: int, separator: str = "") -> Command:
    return Command(text[start:end], start, end, separator)


def _pieces(root: TSNode, source: _Source) -> Iterator[tuple[TSNode | None, str, tuple[TSNode, ...]]]:
    """The top level's pieces with the separator before each and the redirections that belong to it; None is "cannot be cut"."""
    separator = ""
    last_row = -1
    for child in root.children:
        if child.type in {";", "\n"}:
            separator = ";"
        elif child.type == "comment":
            continue
        elif not child.is_named:
            yield None, "", ()
        else:
            if last_row >= 0 and separator == "" and child.start_point[0] > last_row:
                separator = "\n"
            yield from _flatten(child, separator, (), source)
            separator = ""
            last_row = child.end_point[0]


def _flatten(
    node: TSNode, separator: str, redirects: tuple[TSNode, ...], source: _Source
) -> Iterator[tuple[TSNode, str, tuple[TSNode, ...]]]:
    """The commands of one piece, in order, as ``_pieces`` gives them."""
    pending = [(node, separator, redirects)]
    while pending:  # no recursion: a list of a thousand commands is a thousand lists, each within the next
        node, separator, redirects = pending.pop()
        children = node.children if node.type in {"redirected_statement", "list"} else []
        if node.type == "redirected_statement" and children[0].type in {"list", *_SIMPLE}:
            # the grammar hangs `a && b > f` under one redirection; for the shell it belongs to b alone
            pending.append((children[0], separator, tuple(children[1:]) + redirects))
        elif node.type == "list" and len(children) == 3 and children[1].type == "&&":
            pending += [(children[2], "&&", redirects), (children[0], separator, ())]
        else:
            yield node, separator, redirects


def _command(node: TSNode, separator: str, redirects: tuple[TSNode, ...], source: _Source) -> Command:
    start, end = source.span(node)
    if redirects:
        end = max(source.span(redirect)[1] for redirect in redirects)
    if node.type not in _SIMPLE:
        return _opaque(source.text, start, end, separator)._replace(parts=_parts(node, source))
    words: list[Word] = []
    assignments: list[tuple[str, Word | None]] = []
    targets: list[Redirect] = []
    children = [node] if node.type == "variable_assignment" else list(node.children)
    for child in [*children, *redirects]:
        if child.type == "variable_assignment":
            value = child.child_by_field_name("value")
            assignments.append((source.of(child.children[0]), _word(value, source) if value else None))
        elif child.type.endswith("_redirect"):
            operator = next((source.of(part) for part in child.children if not part.is_named), "")
            target = child.child_by_field_name("destination")
            targets.append(Redirect(operator, _word(target, source) if target else None))
        elif child.type in {"heredoc_body", "heredoc_end", "subscript"}:
            return _opaque(source.text, start, end, separator)
        else:
            words.append(_word(child.children[0] if child.type == "command_name" and child.children else child, source))
    return Command(
        source.text[start:end], start, end, separator, True, tuple(words), tuple(assignments), tuple(targets)
    )


def _parts(node: TSNode, source: _Source) -> tuple[Command, ...]:
    """The commands of a pipeline, or the one that may fail; () where it is neither or where one of them is not simple."""
    if node.type == "list" and [child.type for child in node.children[1:]] == ["||", "command"]:
        first, _, second = node.children
        if source.of(second) not in {"true", ":"}:
            return ()
        alone = _part(first, "", (), source)
        return (alone,) if alone.simple else ()
    redirects: tuple[TSNode, ...] = ()
    if node.type == "redirected_statement" and node.children[0].type == "pipeline":
        redirects, node = tuple(node.children[1:]), node.children[0]
    if node.type != "pipeline" or any(child.type == "|&" for child in node.children):
        return ()
    found: list[Command] = []
    pieces = [child for child in node.children if child.is_named]
    for number, piece in enumerate(pieces):
        found.append(_part(piece, "|" if number else "", redirects if number == len(pieces) - 1 else (), source))
    return tuple(found) if all(command.simple for command in found) else ()


def _part(node: TSNode, separator: str, redirects: tuple[TSNode, ...], source: _Source) -> Command:
    """A command within a piece, with its own redirections and these."""
    nested = node.type == "redirected_statement"
    own = (*(node.children[1:] if nested else ()), *redirects)
    return _command(node.children[0] if nested else node, separator, own, source)


def _word(node: TSNode, source: _Source) -> Word:
    start, end = source.span(node)
    text = source.text[start:end]
    return Word(text, None if _expands(node) else unquote(text), start, end)


def _expands(node: TSNode) -> bool:
    return any(each.type in _EXPANSIONS for each in walk(node))


def shebang(text: str) -> tuple[str, ...]:
    """The words of a script's ``#!`` line, folders left out, as in ("env", "bash", "-e"); () where it has none."""
    first = text.split("\n", 1)[0]
    return tuple(posixpath.basename(word) for word in first[2:].split()) if first.startswith("#!") else ()


def quoted(words: Iterable[str]) -> str:
    """The command line that gives a shell exactly these words."""
    return " ".join("'" + word.replace("'", "'\\''") + "'" for word in words)


def unquote(text: str) -> str:
    """A word as the shell sees it once quotes and backslashes have done their work."""

    def replace(match: re.Match[str]) -> str:
        if match["single"] is not None:
            return match["single"]
        if match["double"] is not None:
            return re.sub(r'\\([\\"$`])', r"\1", match["double"].replace("\\\n", ""))
        return match["escaped"].replace("\n", "")

    return _QUOTED.sub(replace, text) if any(char in text for char in "'\"\\") else text
