"""What a run amounts to."""

from __future__ import annotations

from enum import Enum

from dockfix.engine.results import FileResult
from dockfix.report.terminal import one_line


class Mode(Enum):
    """What a run does with the changes."""

    PREVIEW = "preview"
    CHECK = "check"
    APPLY = "apply"

    @property
    def verb(self) -> str:
        """What is said of a file with changes."""
        return "changed" if self is Mode.APPLY else "would change"


class Totals:
    """Counts over a run: files, those with changes, edits in these, edits that wait for --unsafe, and failed files."""

    def __init__(self) -> None:
        self.files: int = 0
        self.changed: int = 0
        self.edits: int = 0
        self.unsafe: int = 0
        self.failed: int = 0
        self._provable: dict[str, None] = {}

    def add(self, result: FileResult) -> None:
        """Count one more result."""
        self.files += 1
        if result.failures:
            self.failed += 1
            return
        self.unsafe += len(result.unsafe)
        waiting = (note for note in result.unsafe if note.reason is not None and note.reason.weight == "doubts")
        self._provable |= dict.fromkeys(note.transform for note in waiting)
        if result.changed:
            self.changed += 1
            self.edits += len(result.changes)

    def sentence(self, mode: Mode) -> str:
        """The counts in words: "Would change 3 of 41 files (5 edits; 2 more with --unsafe; 1 failed)"."""
        noun = "file" if self.files == 1 else "files"
        if self.files and self.failed == self.files:
            return f"{self.files} {noun} failed"
        if self.changed:
            head = f"{mode.verb.capitalize()} {self.changed} of {self.files} {noun}"
        else:
            rest = f"{self.files - self.failed} of " if self.failed else ""
            head = f"Nothing to change in {rest}{self.files} {noun}"
        details = []
        if self.edits:
            details.append(f"{self.edits} edit" + "s" * (self.edits != 1))
        if self.unsafe:
            details.append(f"{self.unsafe} {'more' if self.edits else 'possible'} with --unsafe")
        if self.failed:
            details.append(f"{self.failed} failed")
        return f"{head} ({'; '.join(details)})" if details else head

    def proof(self, path: str) -> str:
        """Which changes real builds could prove, and by what command; "" for none."""
        *others, last = self._provable or ("",)
        names = f"{', '.join(others)} and {last}" if others else last
        verb = "wait" if others else "waits"
        text = f"{names} {verb} for proof: dockfix --apply --verify {path} builds the images and makes what holds"
        return one_line(text) if last else ""
