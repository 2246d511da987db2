"""What one Dockerfile's verification was asked, and what came of it: the attempt that was chosen, told as values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from dockfix.dataclass import dataclass
from dockfix.engine import FileResult, Settings
from dockfix.knowledge.seen import Seen
from dockfix.syntax import encode
from dockfix.verify.attempts import Attempt, rewritten
from dockfix.verify.linters import lint
from dockfix.verify.measure import Original, Plan
from dockfix.verify.prove import Prover
from dockfix.verify.timing import timings
from dockfix.verify.verdict import Built, Dropped, Learned, Verdict, Verification

LINT_WITHIN = 300.0  # seconds


@dataclass(frozen=True)
class Task:
    """One Dockerfile to verify.

    ``data`` are its bytes; ``folder`` is where logs go. With ``search``, unsafe transforms count too, and what does not hold
    is dropped; ``max_builds`` bounds the new images built for that. ``timings`` asks for the build times with warm caches.
    With ``keep``, the images stay.
    """

    path: Path
    data: bytes
    settings: Settings
    context: Path | None
    plan: Plan
    folder: Path
    search: bool = False
    max_builds: int = 12
    timings: bool = False
    keep: bool = False


@dataclass(frozen=True)
class Verified:
    """The result that was verified, and what came of it; ``verification`` is None where the file itself could not be handled.

    ``seen`` is what the original holds of packages.
    """

    result: FileResult
    verification: Verification | None
    seen: tuple[Seen, ...] = ()


def told(
    task: Task,
    prover: Prover,
    original: Original | None,
    attempt: Attempt,
    dropped: tuple[Dropped, ...] = (),
    learned: Iterable[Learned] = (),
) -> Verified:
    """An attempt as the result of a task, linted and, where the task asks for it, with the times of its builds."""
    proof, result = attempt.proof, attempt.result
    notes = list(original.notes) if original else []
    before, after = original.built if original else None, proof.built
    if original is not None and before is not None and after is not None:
        candidate = rewritten(prover.before, result)
        before = _linted(prover, before, prover.before.dockerfile, original.reference, notes)
        after = _linted(prover, after, candidate.dockerfile, proof.reference, notes)
        if task.timings and proof.verdict is Verdict.EQUAL:
            measured = timings(prover, prover.before, candidate)
            before, after = replace(before, timing=measured[0]), replace(after, timing=measured[1])
    if task.keep and prover.builder.images:
        notes.append(f"kept: {' '.join(prover.builder.images)}")
    holds = proof.verdict.holds
    written = result if holds else replace(result, files=(), changes=())
    if holds and not task.settings.unsafe:  # a build has answered these
        written = replace(written, warnings=tuple(note for note in written.warnings if note.reason is None))
    return Verified(
        written if task.search else result,
        Verification(
            str(task.path),
            proof.verdict,
            proof.reason,
            proof.tail,
            proof.findings,
            proof.checks,
            tuple(dict.fromkeys(notes)),
            before,
            after,
            attempt.applied if holds else (),
            dropped,
            tuple(learned),
            (),
            proof.gone,
            proof.unanswered if holds else (),
            logs=str(task.folder) if prover.builder.count else "",
            estimate=result.saves,
        ),
    )


def _linted(prover: Prover, built: Built, text: str, image: str, notes: list[str]) -> Built:
    found, said = lint(encode(text), image, prover.engine.environment, LINT_WITHIN, prover.engine.stop)
    notes += said
    return replace(built, linters=found)
