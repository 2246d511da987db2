"""The nodes of a Dockerfile: each owns its exact source text, and works out everything else when first asked."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from operator import itemgetter

from dockfix.dataclass import dataclass
from dockfix.lazy import cached_property, regex
from dockfix.namedtuple import NamedTuple
from dockfix.syntax import grammar
from dockfix.syntax.grammar import KEYWORDS, SEPARATOR, SPACES
from dockfix.syntax.heredoc import Heredoc, bodies, openers
from dockfix.syntax.lexer import LexError
from dockfix.syntax.words import BadPairs, NotStrings, json_array, key_values, quoted_words, split_flags

_HEREDOC_KEYWORDS = frozenset(("ADD", "COPY", "RUN"))
_JSON_KEYWORDS = frozenset(("ADD", "CMD", "COPY", "ENTRYPOINT", "RUN", "SHELL", "VOLUME"))
_LISTS = frozenset(("ADD", "COPY", "EXPOSE", "FROM", "VOLUME"))
_PAIRS = frozenset(("ENV", "LABEL"))
_TYPE = regex(r"([^\t\n\v\f\r ]+)[\t\n\v\f\r ]*")


@dataclass(frozen=True, eq=False)
class Node:
    """A piece of the file: its exact text, line ends included, and the 1-based line where the user's file has it."""

    text: str
    line: int


class Blank(Node):
    """One line of nothing but white space."""


class Comment(Node):
    """One comment on a line of its own."""

    @cached_property
    def content(self) -> str:
        """What follows the ``#``, stripped."""
        return self.text.partition("#")[2].strip()


class Directive(Node):
    """A parser directive, such as ``# syntax=docker/dockerfile:1``; only above everything else."""

    @cached_property
    def name(self) -> str:
        """``syntax``, ``escape`` or ``check``."""
        return self._match["name"].lower()

    @cached_property
    def value(self) -> str:
        """What follows the ``=``, stripped."""
        return self._match["value"]

    @property
    def _match(self) -> re.Match[str]:
        match = grammar.DIRECTIVE.match(self.text)
        if match is None:
            raise ValueError(f"not a parser directive: {self.text!r}")
        return match


class Logical(NamedTuple):
    """A logical line: continuations joined, comments and blank lines inside it dropped, heredoc bodies left out.

    ``segments`` are (offset here, offset in the node's text, length), in order.
    """

    text: str
    segments: tuple[tuple[int, int, int], ...]

    def raw(self, offset: int) -> int:
        """The offset in the node's text of the character at ``offset``; for an end offset use ``raw(end - 1) + 1``."""
        if not self.segments:
            return 0
        index = bisect_right(self.segments, offset, key=itemgetter(0)) - 1
        here, there, length = self.segments[max(index, 0)]
        return there + min(offset - here, length)


class Flag(NamedTuple):
    """``--name=value`` with quotes and escapes removed; ``start`` and ``end`` are offsets in the instruction's text.

    ``name`` is without its dashes; ``value`` is None where there is no ``=``.
    """

    name: str
    value: str | None
    start: int
    end: int


class _Split(NamedTuple):
    """Where the parts of a logical line are, as offsets in it."""

    keyword_start: int
    keyword_end: int
    flags: tuple[Flag, ...]
    args_start: int
    args: str


@dataclass(frozen=True, eq=False)
class Instruction(Node):
    """An instruction with all its lines: continuations, the comments inside them, heredoc bodies."""

    escape: str = "\\"

    @cached_property
    def keyword(self) -> str:
        """In upper case."""
        start, end = self._split[:2]
        return self.logical.text[start:end].upper()

    @cached_property
    def keyword_span(self) -> tuple[int, int]:
        """Where the keyword stands in the text."""
        return self.span(*self._split[:2])

    @cached_property
    def end_line(self) -> int:
        """The last line, heredoc bodies included."""
        return self.line + max(self.text.count("\n") - self.text.endswith("\n"), 0)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The span in the text of a span of the logical line."""
        raw = self.logical.raw
        return (raw(start), raw(end - 1) + 1) if end > start else (raw(start), raw(start))

    @cached_property
    def head_end(self) -> int:
        """Where the head ends in the text and heredoc bodies begin."""
        match = grammar.head(self.escape).match(self.text)
        return match.end() if match else 0

    @cached_property
    def logical(self) -> Logical:
        """The logical line, as BuildKit joins it before anything else."""
        return self._joined[0]

    @property
    def original(self) -> str:
        """The logical line as BuildKit shows it (its ``Node.Original``)."""
        return self.logical.text

    @property
    def flags(self) -> tuple[Flag, ...]:
        """The ``--x=y`` words before the arguments."""
        return self._split.flags

    @property
    def args(self) -> str:
        """The logical text after keyword and flags, stripped."""
        return self._split.args

    @property
    def args_start(self) -> int:
        """Where ``args`` begins in ``logical.text``."""
        return self._split.args_start

    @cached_property
    def json(self) -> tuple[str, ...] | None:
        """The items of the exec form, a strict JSON array of strings; None for any other form and keyword."""
        if self.keyword not in _JSON_KEYWORDS:
            return None
        try:
            return json_array(self.args)
        except NotStrings:
            return None

    @cached_property
    def heredocs(self) -> tuple[Heredoc, ...]:
        """The heredocs with their bodies; their offsets are in the text."""
        if not self.may_open_heredocs:
            return ()
        try:
            return bodies(self.text, self.head_end, openers(self.logical.text))[0]
        except LexError:
            return ()

    @property
    def may_open_heredocs(self) -> bool:
        """Whether BuildKit looks for heredocs in this instruction at all."""
        logical = self.logical.text
        if "<<" not in logical:
            return False
        node = self.inner if self.keyword == "ONBUILD" else self
        return node is not None and node.keyword in _HEREDOC_KEYWORDS and node.json is None

    @cached_property
    def inner(self) -> Instruction | None:
        """The instruction inside ONBUILD, or HEALTHCHECK's CMD; None otherwise.

        Its text is this one's from ``logical.raw(args_start)`` on: add that to its offsets to get ours.
        """
        if not self.args or self.keyword not in ("ONBUILD", "HEALTHCHECK"):
            return None
        healthcheck = self.keyword == "HEALTHCHECK"
        if healthcheck and self._health_type.upper() != "CMD":
            return None
        start = self.logical.raw(self.args_start)
        line = self.line + self.text.count("\n", 0, start)
        return (_HealthCommand if healthcheck else Instruction)(self.text[start:], line, self.escape)

    @cached_property
    def inner_comments(self) -> tuple[str, ...]:
        """The comment lines between continued lines, ``#`` included, stripped."""
        return self._joined[1]

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The arguments as BuildKit splits them for this keyword.

        The items of the exec form; sources and destination of COPY and ADD; key, value, key, value … of ENV and LABEL
        (still quoted); the words of ARG (still quoted), FROM, EXPOSE and VOLUME; the inner keyword and words of ONBUILD
        and HEALTHCHECK; else the whole argument text as one word. Empty where there are no arguments, or none that
        BuildKit accepts.
        """
        keyword, args = self.keyword, self.args
        if not args or keyword not in KEYWORDS:
            return ()
        if self.json is not None:
            return self.json
        if keyword in _LISTS:
            return tuple(SEPARATOR.split(args))
        if keyword in _PAIRS:
            try:
                return tuple(part for pair in key_values(args, self.escape) for part in pair)
            except BadPairs:
                return ()
        if keyword == "ARG":
            return quoted_words(args, self.escape)
        if keyword == "ONBUILD":
            inner = self.inner
            return () if inner is None else (inner.logical.text[slice(*inner._split[:2])], *inner.words)
        if keyword == "HEALTHCHECK":
            return self._health_words
        return (args,)

    @property
    def _health_type(self) -> str:
        match = _TYPE.match(self.args)
        return match[1] if match else ""

    @property
    def _health_words(self) -> tuple[str, ...]:
        match = _TYPE.match(self.args)
        rest = self.args[match.end() :] if match else ""
        try:
            items = json_array(rest)
        except NotStrings:
            return ()
        return (self._health_type, *(items if items is not None else (rest,) if rest else ()))

    @cached_property
    def _split(self) -> _Split:
        line = self.logical.text
        trimmed = line.rstrip(SPACES)
        start = len(trimmed) - len(trimmed.lstrip(SPACES))
        gap = SEPARATOR.search(trimmed, start)
        if gap is None:
            return _Split(start, len(trimmed), (), len(trimmed), "")
        raw_flags, used = self._cut_flags(trimmed[gap.end() :])
        args_start = gap.end() + used
        args = trimmed[args_start:].lstrip(SPACES)
        flags = []
        for text, flag_start, flag_end in raw_flags:
            name, equals, value = text[2:].partition("=")
            span = self.span(gap.end() + flag_start, gap.end() + flag_end)
            flags.append(Flag(name, value if equals else None, *span))
        return _Split(start, gap.start(), tuple(flags), len(trimmed) - len(args), args)

    def _cut_flags(self, rest: str) -> tuple[Sequence[tuple[str, int, int]], int]:
        return split_flags(rest, self.escape) if rest.lstrip(SPACES).startswith("--") else ((), 0)

    @cached_property
    def _joined(self) -> tuple[Logical, tuple[str, ...]]:
        text = self.text
        first = len(text) - len(text.lstrip(SPACES))
        newline = text.find("\n")
        continuation = grammar.continuation(self.escape)
        if newline < 0 or newline == self.head_end - 1:
            content = text[first : newline if newline >= 0 else len(text)].rstrip("\r")
            if (match := continuation.search(content)) is not None:
                content = content[: match.start()]
            return Logical(content, ((0, first, len(content)),)), ()
        parts: list[str] = []
        segments: list[tuple[int, int, int]] = []
        comments: list[str] = []
        length = 0
        start = first
        while start < self.head_end:
            newline = text.find("\n", start, self.head_end)
            end = newline if newline >= 0 else self.head_end
            content = text[start:end].rstrip("\r")
            stripped = content.lstrip(SPACES)
            if start > first and not stripped:
                pass
            elif start > first and stripped.startswith("#"):
                comments.append(stripped.rstrip(SPACES))
            else:
                if (match := continuation.search(content)) is not None:
                    content = content[: match.start()]
                if content:
                    segments.append((length, start, len(content)))
                    parts.append(content)
                    length += len(content)
            start = end + 1
        return Logical("".join(parts), tuple(segments)), tuple(comments)


class _HealthCommand(Instruction):
    """HEALTHCHECK's CMD: what stands after its keyword is the command as it is, ``--`` words included."""

    def _cut_flags(self, rest: str) -> tuple[Sequence[tuple[str, int, int]], int]:
        return (), 0


@dataclass(frozen=True, eq=False)
class Dockerfile:
    """A whole file: a byte-order mark if it has one, then nodes whose texts, joined, are the file."""

    nodes: tuple[Node, ...]
    bom: str = ""
    escape: str = "\\"

    def __str__(self) -> str:
        return self.text

    @cached_property
    def text(self) -> str:
        """The file, exactly as it was read."""
        return self.bom + "".join([node.text for node in self.nodes])

    @cached_property
    def newline(self) -> str:
        """The line end that the file mainly uses; a line feed where it has none."""
        ends = self.text.count("\n")
        return "\r\n" if self.text.count("\r\n") * 2 > ends else "\n"

    @cached_property
    def indent(self) -> str:
        """The white space that continued lines mainly begin with; four blanks where there are none."""
        found: Counter[str] = Counter()
        for node in self.instructions:
            for _, start, length in node.logical.segments[1:]:
                line = node.text[start : start + length]
                found[line[: len(line) - len(line.lstrip(" \t"))]] += 1
        return found.most_common(1)[0][0] if found else "    "

    @cached_property
    def directives(self) -> tuple[Directive, ...]:
        """The parser directives."""
        return tuple([node for node in self.nodes if isinstance(node, Directive)])

    @cached_property
    def instructions(self) -> tuple[Instruction, ...]:
        """The instructions."""
        return tuple([node for node in self.nodes if isinstance(node, Instruction)])
