"""Takes commands and words out of an instruction's text, and leaves its layout as a person would."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence

from dockfix.syntax.shell import Command

_SEPARATOR = re.compile(r"&&|;|\n")
Span = tuple[int, int]


def command_spans(
    text: str, script: str, commands: Sequence[Command], dropped: Collection[int], raw: Callable[[int, int], Span]
) -> list[Span]:
    """The spans in an instruction's ``text`` to take out so that the commands with these indices are gone, separators included.

    ``raw`` turns a span of ``script`` into one of ``text``. Of the two separators around a dropped command the one that
    stands on its own line goes: ``&& b \\`` loses the leading one, ``b && \\`` the trailing one.
    """
    spans: list[Span] = []
    kept = [index for index in range(len(commands)) if index not in dropped]
    for index in sorted(dropped):
        start, end = raw(commands[index].start, commands[index].end)
        spans.append((start, end))
        before = _separator(script, commands, index, raw)
        after = _separator(script, commands, index + 1, raw)
        any_before = any(each < index for each in kept)
        any_after = any(each > index for each in kept)
        if any_before and any_after:
            leading = before is not None and "\n" not in text[before[1] : start]
            trailing = after is not None and "\n" not in text[end : after[0]]
            chosen = after if trailing and not leading else before
        else:
            chosen = before if any_before else after
        if chosen is not None:
            spans.append(chosen)
    return spans


def _separator(script: str, commands: Sequence[Command], index: int, raw: Callable[[int, int], Span]) -> Span | None:
    """The span in the text of the separator before the command with this index."""
    if not 0 < index < len(commands):
        return None
    match = _SEPARATOR.search(script, commands[index - 1].end, commands[index].start)
    return raw(match.start(), match.end()) if match and match[0] != "\n" else None


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
    lines = _lines(text)
    touched: set[int] = set()
    result: list[str] = []
    for number, (start, end) in enumerate(lines):
        line, changed = _edit_line(text, start, end, edits)
        if changed:
            touched.add(number)
        result.append(line)
    drop: set[int] = set()
    for number in touched:
        if _is_empty(result[number], escape):
            drop.add(number)
            above = number - 1
            while not keep_comments and above > 0 and result[above].lstrip(" \t").startswith("#"):
                drop.add(above)
                above -= 1
    kept = [line for number, line in enumerate(result) if number not in drop]
    if lines and len(lines) - 1 in drop | touched:
        kept = _close(kept, escape)
    return _join_keyword("".join(kept), escape)


def _lines(text: str) -> list[Span]:
    spans: list[Span] = []
    start = 0
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end + 1
        spans.append((start, end))
        start = end
    return spans


def _edit_line(text: str, start: int, end: int, edits: Sequence[tuple[int, int, str]]) -> tuple[str, bool]:
    """One line with its share of the edits, and whether anything was taken out of it."""
    line, position, changed = "", start, False
    for first, last, new in edits:
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
    if changed and line and not line[-1].isspace() and rest and rest[0] not in " \t\r\n;":
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
        if stripped.lstrip().startswith("#"):
            continue
        if stripped.endswith(escape):
            ending = lines[number][len(lines[number].rstrip("\r\n")) :]
            lines[number] = stripped.removesuffix(escape).rstrip() + ending
        break
    return lines


def _join_keyword(text: str, escape: str) -> str:
    r"""``RUN \`` alone on its line takes up the line below, unless that is a comment."""
    pattern = re.compile(r"^(\s*[A-Za-z]+)[ \t]+" + re.escape(escape) + r"[ \t]*\r?\n[ \t]*(?!#|[ \t\r\n])")
    return pattern.sub(r"\1 ", text, count=1)
