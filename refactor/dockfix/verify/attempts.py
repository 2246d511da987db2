"""One attempt of the search: what some settings make of a Dockerfile, and what came of it."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

from dockfix.dataclass import dataclass
from dockfix.engine import FileResult, Settings
from dockfix.engine.registry import setting
from dockfix.verify.measure import Candidate, Proof
from dockfix.verify.verdict import Dropped, Finding, Unanswered, Verdict

_BROUGHT = ("libraries", "commands", "modules")  # checks that miss something that a package of the system may bring


@dataclass(frozen=True)
class Attempt:
    """What some settings give, and what was proved of it."""

    settings: Settings
    result: FileResult
    proof: Proof

    @property
    def applied(self) -> tuple[str, ...]:
        """The transforms whose changes it holds."""
        return applied(self.result)

    @property
    def faults(self) -> float:
        """How much speaks against it: the number of findings; more than any number where it did not build."""
        verdict = self.proof.verdict
        return (
            len(self.proof.findings)
            if verdict in (Verdict.DIFFERS, Verdict.EQUAL)
            else 0.5
            if verdict is Verdict.NETWORK
            else math.inf
        )


def speaks_of(finding: Finding, attempt: Attempt, name: str) -> bool:
    """Whether a finding speaks of what a transform of an attempt alters on purpose."""
    altered = [part for made in attempt.result.made if made.transform == name for part in made.declares]
    return any(part.covers(other) or other.covers(part) for part in finding.about for other in altered)


def speaks_no_longer(before: Attempt, after: Attempt, name: str) -> bool:
    """Whether nothing speaks of what a transform alters any more now that it is gone, whatever else comes to light then."""
    spoke = any(speaks_of(finding, before, name) for finding in before.proof.findings)
    still = any(speaks_of(finding, before, name) for finding in after.proof.findings)
    return after.proof.verdict is Verdict.DIFFERS and spoke and not still


def why(attempt: Attempt, name: str) -> Dropped:
    """Why a transform of an attempt is left out, and what would keep it: as the first finding that speaks of it has it."""
    findings = attempt.proof.findings
    spoken = [finding for finding in findings if speaks_of(finding, attempt, name)]
    if not findings:
        return Dropped(name, attempt.proof.reason)
    first = (spoken or list(findings))[0]
    brings = f"--set {setting('keep')}=PACKAGE with the package that brings it would keep it"
    return Dropped(name, first.message, first.hint or brings * (first.check in _BROUGHT))


def standing(doubt: Unanswered) -> Dropped:
    """Why a transform is left out of which a doubt stands."""
    keep = f"{doubt.answer} would answer it; --unsafe keeps it without"
    return Dropped(doubt.transform, f"{doubt.doubt}, and {doubt.lack}", keep)


def applied(result: FileResult) -> tuple[str, ...]:
    """The transforms whose changes a result holds, in order."""
    return tuple(dict.fromkeys(note.transform for note in result.changes if note.transform))


def rewritten(before: Candidate, result: FileResult) -> Candidate:
    """What a result makes of the original."""
    dockerfile, ignore = before.dockerfile, before.ignore
    for change in result.files:
        if Path(change.path) == Path(result.path):
            dockerfile = change.after
        elif change.path.endswith("ignore"):  # no other file has a part in a build: a Compose file has not
            ignore = change.after
    return Candidate(dockerfile, ignore, result.made)


def with_told(settings: Settings, hint: str, value: object) -> Settings:
    """The settings with what a build has told."""
    return replace(settings, told={**settings.told, hint: value})


def doubted(attempt: Attempt) -> set[str]:
    """The packages that stay for want of knowledge, and not because something was seen to need them."""
    reasons = [note.reason for note in attempt.result.refusals if note.reason is not None]
    return {
        reason.about.name
        for reason in reasons
        if reason.weight == "doubts" and reason.about is not None and reason.about.part == "PACKAGE"
    }


def texts(result: FileResult) -> list[tuple[str, str]]:
    """What a result writes where."""
    return [(change.path, change.after) for change in result.files]
