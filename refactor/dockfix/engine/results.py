"""What a run over one Dockerfile gives back: values only, ready to be sent between processes and reported."""

from __future__ import annotations

from dataclasses import field

from dockfix.dataclass import dataclass
from dockfix.model.reason import Declared, Reason


@dataclass(frozen=True)
class Note:
    """One sentence about one place: why something was changed, was not, or could be.

    ``transform`` is the id of the transform that speaks ("" for the engine itself); ``line`` is the 1-based line in the
    file as the user wrote it (0 for the file as a whole); ``message`` is plain text without a full stop. ``reason`` is what it is made
    of where it is a refusal, or a doubt about a change that was made or could be.
    """

    transform: str
    line: int
    message: str
    reason: Reason | None = None


@dataclass(frozen=True)
class Failure:
    """Why a file could not be handled: where (1-based, 0 where there is no place), what, and what to do about it."""

    message: str
    line: int = 0
    column: int = 0
    hint: str = ""


@dataclass(frozen=True)
class FileChange:
    """A text file to be written: ``before`` is None where it is new. Paths are those that the caller gave, or lie beside them."""

    path: str
    before: str | None
    after: str


@dataclass(frozen=True)
class Made:
    """What one transform did: the parts of the image that it ``declares`` to alter on purpose, and why it could be wrong.

    ``saves`` is by about how many bytes the image becomes smaller, None where that is not known.
    """

    transform: str
    declares: frozenset[Declared] = frozenset()
    doubts: tuple[Reason, ...] = ()
    saves: int | None = None


@dataclass(frozen=True)
class Item:
    """One item of the checklist: ``status`` is met, would be met (by the transforms ``by``), not met, open or no matter; why, and where.

    ``limit`` is the size in bytes below which an image is to stay that an open item speaks of, 0 for none.
    """

    id: str
    title: str
    status: str
    why: str = ""
    line: int = 0
    by: tuple[str, ...] = ()
    limit: int = 0


@dataclass(frozen=True)
class FileResult:
    """The outcome for one Dockerfile.

    ``files`` holds the Dockerfile itself first (where it changes), then files beside it, such as ``.dockerignore``.
    ``changes`` say what was done and why, ``unsafe`` what ``--unsafe`` would add, ``refusals`` what was left and why,
    ``warnings`` what the user should look at. ``made`` says of each transform that changed something what it did (see
    ``transform.Outcome``). With ``failures`` nothing is ever written. ``checklist`` is there where it was asked for.
    """

    path: str
    files: tuple[FileChange, ...] = ()
    changes: tuple[Note, ...] = ()
    unsafe: tuple[Note, ...] = ()
    refusals: tuple[Note, ...] = ()
    warnings: tuple[Note, ...] = ()
    made: tuple[Made, ...] = ()
    failures: tuple[Failure, ...] = field(default=())
    checklist: tuple[Item, ...] = ()

    @property
    def declares(self) -> frozenset[Declared]:
        """The parts of the image that the changes alter on purpose."""
        return frozenset().union(*(each.declares for each in self.made))

    @property
    def saves(self) -> int | None:
        """By about how many bytes the image becomes smaller, as far as that is known; None where nothing is."""
        known = [each.saves for each in self.made if each.saves is not None]
        return sum(known) if known else None

    @property
    def changed(self) -> bool:
        """Whether anything would be written."""
        return bool(self.files) and not self.failures
