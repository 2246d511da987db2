"""One Dockerfile from its rewrite to a verdict: the rewrite as it is, or the largest part of it that a build proves."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from dockfix.engine import FileResult, Settings
from dockfix.engine.registry import ids, setting, transforms
from dockfix.engine.runner import gather, run
from dockfix.facts import Facts
from dockfix.syntax import decode, encode, parse
from dockfix.verify.engines import Engine, EngineError
from dockfix.verify.linters import lint
from dockfix.verify.process import TimedOut
from dockfix.verify.prove import Candidate, Ended, Original, Plan, Proof, Prover, Say
from dockfix.verify.timing import timings
from dockfix.verify.trace import missing_packages
from dockfix.verify.verdict import Built, Dropped, Learned, Offer, Verdict, Verification

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
    """The result that was verified, and what came of it; ``verification`` is None where the file itself could not be handled."""

    result: FileResult
    verification: Verification | None


@dataclass(frozen=True)
class _Attempt:
    settings: Settings
    result: FileResult
    proof: Proof

    @property
    def applied(self) -> tuple[str, ...]:
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


def applied(result: FileResult) -> tuple[str, ...]:
    """The transforms whose changes a result holds, in order."""
    return tuple(dict.fromkeys(note.transform for note in result.changes if note.transform))


def rewritten(before: Candidate, result: FileResult) -> Candidate:
    """What a result makes of the original."""
    dockerfile, ignore = before.dockerfile, before.ignore
    for change in result.files:
        if Path(change.path) == Path(result.path):
            dockerfile = change.after
        else:
            ignore = change.after  # the one file beside the Dockerfile that transforms write
    return Candidate(dockerfile, ignore, result.declares)


def verify(engine: Engine, task: Task, say: Say) -> Verified:
    """Verify one Dockerfile. Raises process.Cancelled; faults of the engine become verdicts."""
    began = time.monotonic()
    found = _Search(engine, task, say)
    try:
        verified = found.run()
    except EngineError as error:
        verified = found.ended(Proof(Verdict.ENGINE_FAULT, str(error)))
    except TimedOut as error:
        verified = found.ended(Proof(Verdict.TIMED_OUT, str(error)))
    finally:
        if not task.keep:
            found.prover.builder.remove()
    if verified.verification is None:
        return verified
    seconds = time.monotonic() - began
    return replace(
        verified, verification=replace(verified.verification, seconds=seconds, builds=found.prover.builder.count)
    )


@dataclass
class _Search:
    engine: Engine
    task: Task
    say: Say
    original: Original | None = None
    attempts: dict[tuple[str, str | None], _Attempt] = field(default_factory=dict)
    learned: list[Learned] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.facts: Facts = gather(self.task.path, parse(decode(self.task.data)), self.task.context, self.task.settings)
        self.prover = Prover(self.engine, self.facts, self.task.plan, self.task.folder, self.say)
        self.settings = replace(self.task.settings, provable=self.task.search)
        self.first = self._result(self.settings)

    def run(self) -> Verified:
        if self.first.failures:
            return Verified(self.first, None)
        if not self.first.changed:
            return self.ended(Proof(Verdict.UNCHANGED))
        try:
            self.original = self.prover.original()
        except Ended as error:
            return self.ended(error.proof)
        if not self.task.search:
            return self._report(self._attempt(self.settings), ())
        return self._searched(self.settings)

    def ended(self, proof: Proof) -> Verified:
        """Nothing was compared: nothing is to be written."""
        return self._report(_Attempt(self.settings, self.first, proof), ())

    # --- the search -------------------------------------------------------------------------------------------------

    def _searched(self, settings: Settings) -> Verified:
        full = self._taught(self._with_suite(settings))
        best, dropped = self._largest(full) if full.proof.verdict.blames_rewrite else (full, ())
        if best.proof.verdict is Verdict.EQUAL:
            best = self._without_doubted(best)
        self.learned = self._effective(best)
        verified = self._report(best, dropped)
        offers = tuple(self._offers(best)) if best.proof.verdict is Verdict.EQUAL else ()
        if verified.verification is not None and offers:
            verified = replace(verified, verification=replace(verified.verification, offers=offers))
        return verified

    def _with_suite(self, settings: Settings) -> Settings:
        """The base image's own release, where its tag does not say it."""
        assert self.original is not None
        suite = self.original.base.suite if self.original.base else ""
        system = self.facts.system
        if system is None or suite not in system.manager.packages.known_suites() or settings.hints.release:
            return settings
        more = _told(settings, "release", suite)
        if _texts(self._result(more)) == _texts(self._result(settings)):
            return settings
        self.learned.append(Learned(setting("release"), suite, "the base image says so"))
        return more

    def _effective(self, best: _Attempt) -> list[Learned]:
        """What was learned and makes the result what it is: the rest spoke of a part of the change that was dropped."""
        settings, kept = best.settings, list[Learned]()
        hints = {setting(hint): hint for hint in settings.told}
        for each in self.learned:
            told = {hint: value for hint, value in settings.told.items() if hint != hints[each.key]}
            less = replace(settings, told=told)
            if _texts(self._result(less)) == _texts(best.result):
                settings = less
            else:
                kept.append(each)
        return kept

    def _taught(self, settings: Settings) -> _Attempt:
        """Build, and where libraries or programs are missing, add the packages that bring them, and build again."""
        assert self.original is not None
        attempt = self._attempt(settings)
        while attempt.proof.verdict is Verdict.DIFFERS and self._may_build():
            missing = missing_packages(self.engine, self.original, attempt.proof, self.task.plan.conditions)
            keep = attempt.settings.hints.keep | set(missing)
            again = _told(attempt.settings, "keep", keep)
            if not missing or _texts(self._result(again)) == _texts(attempt.result):
                break
            self.say(f"adding {' '.join(sorted(missing))}")
            next_one = self._attempt(again)
            better = next_one.proof.verdict is Verdict.DIFFERS and len(next_one.proof.findings) < len(
                attempt.proof.findings
            )
            if better or next_one.proof.verdict is Verdict.EQUAL:
                self.learned = [each for each in self.learned if each.key != setting("keep")]  # which this one holds
                self.learned.append(
                    Learned(setting("keep"), " ".join(sorted(keep)), "; ".join(sorted(set(missing.values()))))
                )
                attempt = next_one
            else:
                break
        return attempt

    def _largest(self, full: _Attempt) -> tuple[_Attempt, tuple[Dropped, ...]]:
        """The largest set of transforms that holds: without those whose loss makes it better, or else one after the other."""
        current, reasons = full, dict[str, str]()
        while (better := self._without_one(current)) is not None:
            name, attempt = better
            reasons[name] = current.proof.reason
            if not attempt.proof.verdict.blames_rewrite:
                return attempt, self._dropped(
                    full.applied, attempt, reasons
                ) if attempt.proof.verdict is Verdict.EQUAL else ()
            current = attempt
        return self._one_by_one(full)

    def _without_one(self, current: _Attempt) -> tuple[str, _Attempt] | None:
        """The first transform whose loss leaves less to complain of, with what is left then."""
        for name in self._suspected(current):
            if not self._may_build():
                return None
            attempt = self._attempt(replace(current.settings, ignore=current.settings.ignore | {name}))
            if attempt.faults < current.faults:
                return name, attempt
        return None

    def _one_by_one(self, full: _Attempt) -> tuple[_Attempt, tuple[Dropped, ...]]:
        best: _Attempt | None = None
        kept: set[str] = set()
        reasons: dict[str, str] = {}
        for name in full.applied:
            without = full.settings.ignore | (set(ids()) - kept - {name})
            attempt = self._attempt(replace(full.settings, ignore=frozenset(without)))
            if name in attempt.applied and attempt.proof.verdict is Verdict.EQUAL:
                kept.add(name)
                best = attempt
            elif attempt.proof.verdict is Verdict.NETWORK:
                return attempt, ()
            elif attempt.proof.verdict is not Verdict.UNCHANGED:
                reasons[name] = attempt.proof.reason
        if best is None:
            return self._give_up(full)
        return best, self._dropped(full.applied, best, reasons)

    def _give_up(self, full: _Attempt) -> tuple[_Attempt, tuple[Dropped, ...]]:
        return full, tuple(Dropped(name, full.proof.reason) for name in full.applied)

    def _dropped(self, names: tuple[str, ...], best: _Attempt, reasons: Mapping[str, str]) -> tuple[Dropped, ...]:
        gone = [name for name in names if name not in best.applied]
        first = next((name for name in gone if name in reasons), "")
        otherwise = f"it needs {first}" if first else "the build budget ended before it (--max-builds)"
        return tuple(Dropped(name, reasons.get(name, otherwise)) for name in gone)

    def _suspected(self, attempt: _Attempt) -> list[str]:
        """The applied transforms, the likeliest culprits first: those that say that they may break what was found."""
        made = [transform for transform in transforms() if transform.id in attempt.applied]
        first = [
            transform.id
            for finding in attempt.proof.findings
            for transform in sorted(
                (each for each in made if finding.check in each.may_break),
                key=lambda each, check=finding.check: each.may_break.index(check),  # type: ignore[misc]
            )
        ]
        return list(dict.fromkeys([*first, *reversed(attempt.applied)]))

    def _without_doubted(self, best: _Attempt) -> _Attempt:
        """Without the -dev packages that stayed only because no table names their libraries."""
        system = self.facts.system
        known = system.manager.packages if system is not None else None
        doubted = {package for package in _doubted(best) if known is not None and known.role(package) == "dev"}
        if not doubted or not self._may_build():
            return best
        learned = list(self.learned)
        drop = best.settings.hints.drop | doubted
        attempt = self._taught(_told(best.settings, "drop", drop))
        if attempt.proof.verdict is not Verdict.EQUAL or set(attempt.applied) != set(best.applied):
            self.learned = learned
            return best
        self.learned.append(Learned(setting("drop"), " ".join(sorted(drop)), "the image works without"))
        return attempt

    def _offers(self, best: _Attempt) -> Iterator[Offer]:
        """Packages that stay because nothing shows what they are for, and that the image works without."""
        for package in sorted(_doubted(best)):
            if self._may_build() and best.proof.built is not None:
                attempt = self._attempt(_told(best.settings, "drop", best.settings.hints.drop | {package}))
                if attempt.proof.verdict is Verdict.EQUAL and attempt.proof.built is not None:
                    saved = best.proof.built.size - attempt.proof.built.size
                    yield Offer(
                        package,
                        saved,
                        f"nothing in the image links to it or calls it; --set {setting('drop')}={package} leaves it out",
                    )

    # --- one attempt ------------------------------------------------------------------------------------------------

    def _may_build(self) -> bool:
        return len(self.attempts) < self.task.max_builds

    def _result(self, settings: Settings) -> FileResult:
        return run(self.task.path, settings, data=self.task.data, context=self.task.context)

    def _attempt(self, settings: Settings) -> _Attempt:
        """Build and compare what some settings give; nothing is built twice."""
        assert self.original is not None
        result = self._result(settings)
        if not result.changed:
            return _Attempt(settings, result, Proof(Verdict.UNCHANGED))
        candidate = rewritten(self.prover.before, result)
        key = (candidate.dockerfile, candidate.ignore)
        if key in self.attempts:
            return replace(self.attempts[key], settings=settings, result=result)
        if not self._may_build():
            return _Attempt(
                settings, result, Proof(Verdict.NOT_COMPARED, "the build budget ended before it (--max-builds)")
            )
        attempt = _Attempt(settings, result, self.prover.check(self.original, candidate))
        self.attempts[key] = attempt
        return attempt

    # --- the report -------------------------------------------------------------------------------------------------

    def _report(self, attempt: _Attempt, dropped: tuple[Dropped, ...]) -> Verified:
        proof, original, result = attempt.proof, self.original, attempt.result
        notes = list(original.notes) if original else []
        before, after = original.built if original else None, proof.built
        if original is not None and before is not None and after is not None:
            candidate = rewritten(self.prover.before, result)
            before = self._linted(before, self.prover.before.dockerfile, original.reference, notes)
            after = self._linted(after, candidate.dockerfile, proof.reference, notes)
            if self.task.timings and proof.verdict is Verdict.EQUAL:
                measured = timings(self.prover, self.prover.before, candidate)
                before, after = replace(before, timing=measured[0]), replace(after, timing=measured[1])
        if self.task.keep and self.prover.builder.images:
            notes.append(f"kept: {' '.join(self.prover.builder.images)}")
        holds = proof.verdict.holds
        written = result if holds else replace(result, files=(), changes=())
        if holds and not self.task.settings.unsafe:  # a build has answered these
            written = replace(written, warnings=tuple(note for note in written.warnings if note.reason is None))
        return Verified(
            written if self.task.search else result,
            Verification(
                str(self.task.path),
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
                tuple(self.learned),
                (),
                proof.gone,
                logs=str(self.task.folder) if self.prover.builder.count else "",
            ),
        )

    def _linted(self, built: Built, text: str, image: str, notes: list[str]) -> Built:
        found, said = lint(encode(text), image, self.engine.environment, LINT_WITHIN, self.engine.stop)
        notes += said
        return replace(built, linters=found)


def _told(settings: Settings, hint: str, value: object) -> Settings:
    return replace(settings, told={**settings.told, hint: value})


def _doubted(attempt: _Attempt) -> set[str]:
    """The packages that stay for want of knowledge, and not because something was seen to need them."""
    reasons = [note.reason for note in attempt.result.refusals if note.reason is not None]
    return {
        reason.about.name
        for reason in reasons
        if reason.weight == "doubts" and reason.about is not None and reason.about.part == "PACKAGE"
    }


def _texts(result: FileResult) -> list[tuple[str, str]]:
    return [(change.path, change.after) for change in result.files]
