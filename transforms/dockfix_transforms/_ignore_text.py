"""The text of a ``.dockerignore``: a new one, and one that is completed where its author would have written the lines."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from dockfix.context.dockerignore import parse_ignore
from dockfix.knowledge.ignore_groups import IgnoreGroup

HEADER = "# Keeps out of the build context what the image does not need"


def new_text(chosen: Mapping[IgnoreGroup, Sequence[str]], titles: bool) -> str:
    """A file with these patterns below one another, or in groups with titles."""
    lines = [HEADER]
    for group, patterns in chosen.items():
        lines += ["", f"# {group.title}"] * titles + [*patterns]
    return "\n".join(lines) + "\n"


def completed(existing: str, chosen: Mapping[IgnoreGroup, Sequence[str]]) -> str:
    """A file with these patterns added: those of a group below the lines in which it has some of its kind, the others at its end."""
    newline = "\r\n" if "\r\n" in existing else "\n"
    lines = existing.splitlines()
    rest: dict[IgnoreGroup, Sequence[str]] = {}
    for group, patterns in chosen.items():
        place = _place(lines, group)
        if place is None:
            rest[group] = patterns
        else:
            lines[place:place] = patterns
    blocks = any(not line.strip() for line in lines)
    for group, patterns in rest.items():
        titled = blocks and any(line.startswith("#") for line in lines)
        lines += ([""] if blocks and lines and lines[-1].strip() else []) + [f"# {group.title}"] * titled + [*patterns]
    text = newline.join(lines) + newline
    wanted = [probe for group in chosen for pattern, probe in group.patterns if pattern in chosen[group]]
    ignore = parse_ignore(text)
    if all(map(ignore.ignores, wanted)):
        return text
    # a line further down takes back what would be added above it
    start = existing if existing.endswith("\n") or not existing else existing + newline
    return start + newline.join(pattern for patterns in chosen.values() for pattern in patterns) + newline


def _place(lines: Sequence[str], group: IgnoreGroup) -> int | None:
    """The number of the line above which a group's patterns go, None where no lines of the file are of its kind.

    Lines are together where no blank one is between them. Of several such blocks it is the one with the most lines of the kind, or
    with a title that says so.
    """
    best, score, start = None, 0, 0
    for number in range(len(lines) + 1):
        if number < len(lines) and lines[number].strip():
            continue
        found = sum(_is_of(line, group) for line in lines[start:number])
        if found > score:
            last = max(place for place in range(start, number) if _is_of(lines[place], group))
            best, score = _below(lines, last, number), found
        start = number + 1
    return best


def _below(lines: Sequence[str], last: int, end: int) -> int:
    """Where the patterns go that belong below a line: below all patterns that follow it, down to the next comment."""
    place = last + 1
    while place < end and not lines[place].lstrip().startswith("#"):
        place += 1
    return place


def _is_of(line: str, group: IgnoreGroup) -> bool:
    """Whether a line is of the kind of a group: it ignores what the group does, or is a title with its name."""
    text = line.strip()
    if text.startswith("#"):
        return re.search(rf"(?i)\b(?:{'|'.join(group.names)})\b", text) is not None
    ignore = parse_ignore(text)
    if not ignore.patterns or ignore.patterns[0].startswith("!") or ignore.ignores("some/other.file"):
        return False
    return any(map(ignore.ignores, (probe for _, probe in group.patterns)))
