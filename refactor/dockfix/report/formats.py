"""What goes to standard output, by ``--format``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from dockfix.engine.results import FileResult, Note
from dockfix.report.diff import painted
from dockfix.report.terminal import Screen
from dockfix.report.totals import Mode, Totals
from dockfix.report.words import headline

if TYPE_CHECKING:
    from dockfix.verify.verdict import Verification

JSON_VERSION = 1  # rises when a key changes its meaning or goes away


class Format(Protocol):
    """One way to report a run on standard output."""

    talks: bool  # whether the report in words goes to standard error beside it

    def file(self, result: FileResult, label: str, diff: str, verification: Verification | None = None) -> None:
        """Report one file; ``diff`` is empty where nothing changes, ``verification`` there with --verify. Raises OutputError."""

    def end(self, totals: Totals) -> None:
        """Report the whole. Raises OutputError."""


class DiffFormat:
    """The diffs, as they come; nothing where the changes are written."""

    talks = True

    def __init__(self, screen: Screen, mode: Mode, quiet: bool) -> None:
        self._screen = screen
        self._silent = mode is Mode.APPLY or (mode is Mode.CHECK and quiet)

    def file(self, result: FileResult, label: str, diff: str, verification: Verification | None = None) -> None:
        """Print the diff."""
        if diff and not self._silent:
            self._screen.clear()
            out = self._screen.out
            if out.terminal:
                out.words(painted(diff, out))
            else:
                out.product(painted(diff, out) if out.colour else diff)

    def end(self, totals: Totals) -> None:
        """Nothing more: the summary is for standard error."""


class SummaryFormat:
    """One line for each file that changes, and the counts."""

    talks = False

    def __init__(self, screen: Screen, mode: Mode) -> None:
        self._screen = screen
        self._mode = mode

    def file(self, result: FileResult, label: str, diff: str, verification: Verification | None = None) -> None:
        """Print the line of a file that changes."""
        if result.changed:
            self._line(headline(result, label, self._mode, self._screen.out.style))

    def end(self, totals: Totals) -> None:
        """Print the counts."""
        self._line(totals.sentence(self._mode))

    def _line(self, text: str) -> None:
        self._screen.clear()
        self._screen.out.words(text + "\n")


class JsonFormat:
    """One JSON object, in ASCII, when all is done; its keys are stable."""

    talks = False

    def __init__(self, screen: Screen, mode: Mode) -> None:
        self._screen = screen
        self._mode = mode
        self._files: list[dict[str, object]] = []

    def file(self, result: FileResult, label: str, diff: str, verification: Verification | None = None) -> None:
        """Keep what is to be said of a file."""
        status = "failed" if result.failures else self._mode.verb.replace(" ", "-") if result.changed else "unchanged"
        self._files.append(
            {
                "path": label,
                "status": status,
                "changes": _notes(result.changes),
                "unsafe": _notes(result.unsafe),
                "refusals": _notes(result.refusals),
                "warnings": _notes(result.warnings),
                "failures": [
                    {"message": item.message, "line": item.line, "column": item.column, "hint": item.hint}
                    for item in result.failures
                ],
                "writes": [{"path": item.path, "new": item.before is None} for item in result.files if result.changed],
                "diff": diff,
                **_verification(verification),
            }
        )

    def end(self, totals: Totals) -> None:
        """Print the object."""
        import json

        from dockfix import __version__

        whole = {
            "version": JSON_VERSION,
            "dockfix": __version__,
            "mode": self._mode.value,
            "files": self._files,
            "summary": {
                "files": totals.files,
                "changed": totals.changed,
                "edits": totals.edits,
                "unsafe": totals.unsafe,
                "failed": totals.failed,
                **_sizes(totals),
            },
        }
        self._screen.clear()
        self._screen.out.product(json.dumps(whole, indent=2) + "\n")


def _sizes(totals: Totals) -> dict[str, int]:
    """The bytes of the images that builds have proved."""
    return dict(zip(("bytes_before", "bytes_after"), totals.sizes, strict=True)) if totals.sizes[0] else {}


def _verification(found: Verification | None) -> dict[str, object]:
    if found is None:
        return {}
    from dockfix.report.verification import record

    return {"verification": record(found)}


def _notes(notes: tuple[Note, ...]) -> list[dict[str, object]]:
    return [{"transform": note.transform, "line": note.line, "message": note.message} for note in notes]


def chosen(name: str, screen: Screen, mode: Mode, quiet: bool) -> Format:
    """The format of this name, which is one of report.FORMATS."""
    if name == "json":
        return JsonFormat(screen, mode)
    if name.startswith("checklist"):
        from dockfix.report.checklist import ChecklistFormat

        return ChecklistFormat(screen, mode, as_json=name.endswith("json"))
    return SummaryFormat(screen, mode) if name == "summary" else DiffFormat(screen, mode, quiet)
