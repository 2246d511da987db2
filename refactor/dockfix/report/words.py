"""What is said about one file, in short lines for people."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from dockfix.engine.results import FileResult, Note
from dockfix.report.terminal import one_line
from dockfix.report.totals import Mode

Style = Callable[[str, str], str]


class Issue(Protocol):
    """What an error says; see engine.results.Failure."""

    @property
    def message(self) -> str: ...  # noqa: D102
    @property
    def hint(self) -> str: ...  # noqa: D102
    @property
    def line(self) -> int: ...  # noqa: D102
    @property
    def column(self) -> int: ...  # noqa: D102


def error(place: str, issue: Issue, style: Style) -> Iterator[str]:
    """``error: PATH:LINE:COL: message`` and, where there is one, ``hint: …``."""
    for number in (issue.line, issue.column):
        place += f":{number}" * (number > 0 and bool(place))
    yield style("error:", "red") + " " + one_line(f"{place}: {issue.message}" if place else issue.message)
    if issue.hint:
        yield style("hint:", "cyan") + " " + one_line(issue.hint)


def warning(place: str, message: str, style: Style, line: int = 0) -> str:
    """``warning: PATH:LINE: message``."""
    where = f"{place}{f':{line}' * (line > 0)}: " if place else ""
    return style("warning:", "yellow") + " " + one_line(f"{where}{message}")


def plug_ins(style: Style) -> Iterator[str]:
    """A warning for each plug-in that could not be loaded."""
    from dockfix.engine.registry import broken

    for each in broken():
        yield warning("", str(each), style)


def headline(result: FileResult, label: str, mode: Mode, style: Style) -> str:
    """``Dockerfile: would change (multi-stage, non-root)``."""
    ids = ", ".join(dict.fromkeys(note.transform for note in result.changes if note.transform))
    verb = mode.verb if result.changed else "nothing to change"
    return style(one_line(label), "bold") + one_line(f": {verb}" + f" ({ids})" * bool(ids and result.changed))


def created(path: str) -> str:
    """What is said of a file that was not there: a hook or a review of changes would not show it."""
    return one_line(f"{path}: new; add it to the repository")


def details(result: FileResult) -> Iterator[str]:
    """Why each change is made, what was left and why, and what --unsafe would add; one indented line each."""
    rows = [(f"line {note.line}" if note.line else "", _text(note)) for note in result.changes if result.changed]
    for label, notes in (("left", result.refusals), ("unsafe", result.unsafe)):
        lines: dict[tuple[str, str], list[int]] = {}
        for note in notes:
            lines.setdefault((note.transform, note.message), []).append(note.line)
        said = {(note.transform, note.message, note.line) for note in result.changes} if label == "unsafe" else set()
        for (transform, message), numbers in lines.items():
            left = sorted({line for line in numbers if (transform, message, line) not in said})
            rows += [(label, _text(Note(transform, 0, message), *filter(None, left)))] if left else []
    rows = list(dict.fromkeys(rows))
    width = max((len(label) for label, _ in rows), default=0)
    for label, text in rows:
        yield f"  {label:<{width}}  {one_line(text)}"


def _listed(lines: Sequence[int]) -> str:
    *most, last = map(str, lines)
    return f"{', '.join(most)} and {last}" if most else last


def told(note: Note) -> str:
    """A note with the transform that speaks."""
    return f"{note.transform}: {note.message}" if note.transform else note.message


def _text(note: Note, *lines: int) -> str:
    where = f" (line{'s' * (len(lines) > 1)} {_listed(lines)})" if lines else ""
    return f"{note.transform}{where}: {note.message}" if note.transform else f"{note.message}{where}"
