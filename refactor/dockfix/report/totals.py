"""What a run amounts to."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from dockfix.engine.results import FileResult
from dockfix.report.sizes import megabytes, share
from dockfix.report.terminal import one_line

if TYPE_CHECKING:
    from dockfix.verify.verdict import Verification


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
    """Counts over a run: files, those with changes, edits in these, edits that wait for --unsafe, and failed files.

    ``sizes`` are those, in bytes, of all images before and after that builds have proved.
    """

    def __init__(self) -> None:
        self.files: int = 0
        self.changed: int = 0
        self.edits: int = 0
        self.unsafe: int = 0
        self.failed: int = 0
        self.sizes: tuple[int, int] = (0, 0)
        self._provable: dict[str, None] = {}

    def add(self, result: FileResult, verification: Verification | None = None) -> None:
        """Count one more result, with what builds have shown of it."""
        self.files += 1
        if verification is not None and verification.verdict.holds and verification.before and verification.after:
            self.sizes = self.sizes[0] + verification.before.size, self.sizes[1] + verification.after.size
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
        """The counts in words: "Would change 3 of 41 files (5 edits; 2 more with --unsafe; 518 MB -> 218 MB, -58 %; 1 failed)"."""
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
        if self.sizes[0]:
            before, after = map(megabytes, self.sizes)
            details.append(f"{before} -> {after}, {share(self.sizes)}")
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
