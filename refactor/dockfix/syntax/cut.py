"""Takes commands and words out of an instruction's text, and leaves its layout as a person would."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import pairwise

from dockfix.lazy import regex
from dockfix.syntax.shell import Command

_SEPARATOR = regex(r"#[^\n]*|&&|;|\n")
Span = tuple[int, int]


def command_spans(
    text: str, script: str, commands: Sequence[Command], dropped: Collection[int], raw: Callable[[int, int], Span]
) -> list[Span]:
    """The spans in an instruction's ``text`` to take out so that the commands with these indices are gone, separators included.

    ``raw`` turns a span of ``script`` into one of ``text``. Between two commands that stay, one separator stays: a weak one (``;``)
    where there is one, else that which stands on a line of its own: ``&& b \\`` loses the leading one, ``b && \\`` the trailing one.
    """
    spans = [raw(commands[index].start, commands[index].end) for index in sorted(dropped)]
    kept = [index for index in range(len(commands)) if index not in dropped]
    for before, after in pairwise([-1, *kept, len(commands)]):
        if after == before + 1:
            continue
        numbers = range(max(before + 1, 1), min(after + 1, len(commands)))
        between = {number: _separator(script, commands, number, raw) for number in numbers}
        if before >= 0 and after < len(commands):
            between.pop(_staying(text, commands, before, after, between, raw), None)
        spans += [span for span in between.values() if span is not None]
    return spans


def _staying(
    text: str,
    commands: Sequence[Command],
    before: int,
    after: int,
    between: Mapping[int, Span | None],
    raw: Callable[[int, int], Span],
) -> int:
    """Which of the separators stays between two commands when all commands between them go; -1 where a line end does the work."""
    weak = [number for number in between if commands[number].separator != "&&"]
    if any(between[number] is None for number in weak):
        return -1
    first, last = before + 1, after
    start, end = raw(commands[first].start, commands[after - 1].end)
    opening, closing = between[first], between[last]
    leading = opening is not None and "\n" not in text[opening[1] : start]
    trailing = closing is not None and "\n" not in text[end : closing[0]]
    liked = first if trailing and not leading else last
    return liked if not weak or liked in weak else weak[0]


def _separator(script: str, commands: Sequence[Command], index: int, raw: Callable[[int, int], Span]) -> Span | None:
    """The span in the text of the separator before the command with this index; None for a line end."""
    for match in _SEPARATOR.finditer(script, commands[index - 1].end, commands[index].start):
        if not match[0].startswith("#"):
            return raw(*match.span()) if match[0] != "\n" else None
    return None


def cut(
    text: str,
    escape: str,
    removed: Iterable[Span],
    replaced: Iterable[tuple[int, int, str]] = (),
    keep_comments: bool = False,
) -> str:
    """``text`` without the spans ``removed`` and with those ``replaced``.

    A line that nothing is left of goes, with the comment lines right above it (unless ``keep_comments``); an escape
    character that then dangles at the end goes too.
    """
    edits = sorted([(start, end, "") for start, end in removed] + list(replaced))
    lines = _lines(text, edits)
    result: list[str] = []
    last_touched = False
    for start, end in lines:
        line, last_touched = _edit_line(text, start, end, edits)
        if not last_touched or not _is_empty(line, escape):
            result.append(line)
            continue
        while not keep_comments and result and result[-1].lstrip(" \t").startswith("#"):
            result.pop()
        if not line.strip():  # it ended what the lines above go on with
            result = _close(result, escape)
    return "".join(_close(result, escape) if last_touched else result)


def _lines(text: str, edits: Iterable[tuple[int, int, str]]) -> list[Span]:
    """The lines; those that an edit reaches across are one."""
    spans: list[Span] = []
    start = 0
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end + 1
        if spans and any(first < spans[-1][1] <= last for first, last, _ in edits):
            start = spans.pop()[0]
        spans.append((start, end))
        start = end
    return spans


def _edit_line(text: str, start: int, end: int, edits: Sequence[tuple[int, int, str]]) -> tuple[str, bool]:
    """One line with its share of the edits, and whether anything was taken out of it."""
    line, position, changed = "", start, False
    for first, last, new in edits:  # in order
        if first > end:
            break
        if last < start:
            continue
        first_here, last_here = max(first, start), min(last, end)
        if first_here >= last_here and not (first_here == last_here == first == last):
            continue
        before = text[position:first_here]
        if not new:
            indentation = not (line + before).strip()
            if indentation:
                last_here = _skip_blanks(text, last_here, end)
            else:
                before = before.rstrip(" \t")
        line += before + (new if first >= start else "")
        position = max(position, last_here)
        changed = True
    rest = text[position:end]
    if changed and line and not line[-1].isspace() and rest and rest[0] not in " \t\r\n;)":
        line += " "
    return line + rest, changed


def _skip_blanks(text: str, position: int, end: int) -> int:
    while position < end and text[position] in " \t":
        position += 1
    return position


def _is_empty(line: str, escape: str) -> bool:
    return not line.strip().removesuffix(escape).strip()


def _close(lines: list[str], escape: str) -> list[str]:
    """The lines with no escape character left dangling at the end of the last one with content."""
    lines = list(lines)
    for number in range(len(lines) - 1, -1, -1):
        stripped = lines[number].rstrip()
        if not stripped or stripped.lstrip().startswith("#"):
            continue
        if stripped.endswith(escape):
            ending = lines[number][len(lines[number].rstrip("\r\n")) :]
            lines[number] = stripped.removesuffix(escape).rstrip() + ending
        break
    return lines


def join_keyword(text: str, escape: str) -> str:
    r"""The text; ``RUN \`` alone on its line takes up the line below, unless that is a comment."""
    pattern = re.compile(r"^(\s*[A-Za-z]+)[ \t]+" + re.escape(escape) + r"[ \t]*\r?\n[ \t]*(?!#|[ \t\r\n])")
    return pattern.sub(r"\1 ", text, count=1)
