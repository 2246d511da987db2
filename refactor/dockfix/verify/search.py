"""One Dockerfile from its rewrite to a verdict: the rewrite as it is, or the largest part of it that a build proves."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field, replace

from dockfix.dataclass import dataclass
from dockfix.engine import FileResult, Settings
from dockfix.engine.registry import ids, options, setting, transforms
from dockfix.engine.runner import gather, run
from dockfix.facts import Facts
from dockfix.knowledge.seen import Seen
from dockfix.syntax import decode, parse
from dockfix.verify.attempts import (
    Attempt,
    applied,
    doubted,
    rewritten,
    speaks_no_longer,
    speaks_of,
    standing,
    texts,
    why,
    with_told,
)
from dockfix.verify.doubts import Asking, unanswerable
from dockfix.verify.engines import Engine, EngineError
from dockfix.verify.measure import Ended, Original, Proof
from dockfix.verify.outcome import Task, Verified, told
from dockfix.verify.process import TimedOut
from dockfix.verify.prove import Prover, Say
from dockfix.verify.remembered import installed_in, platform_of, seen_in
from dockfix.verify.trace import missing_packages
from dockfix.verify.verdict import Dropped, Learned, Offer, Verdict


def verify(engine: Engine, task: Task, say: Say) -> Verified:
    """Verify one Dockerfile. Raises process.Cancelled; faults of the engine become verdicts."""
    began = time.monotonic()
    found = _Search(engine, task, say)
    seen: tuple[Seen, ...] = ()
    try:
        verified = found.run()
        seen = seen_in(found.original)
    except EngineError as error:
        verified = found.ended(Proof(Verdict.ENGINE_FAULT, str(error)))
    except TimedOut as error:
        verified = found.ended(Proof(Verdict.TIMED_OUT, str(error)))
    finally:
        found.prover.close()
        if not task.keep:
            found.prover.builder.remove()
    if verified.verification is None:
        return verified
    seconds = time.monotonic() - began
    return replace(
        verified,
        verification=replace(verified.verification, seconds=seconds, builds=found.prover.builder.count),
        seen=seen,
    )


@dataclass
class _Search:
    engine: Engine
    task: Task
    say: Say
    original: Original | None = None
    attempts: dict[tuple[str, str | None], Attempt] = field(default_factory=dict)
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
        verified = self._outcome()
        if noise := self._of_the_original(verified):  # something else went wrong while it was looked at
            self.say("looking at the original once more")
            self.attempts.clear()
            self.learned.clear()
            try:
                self.original = self.prover.original()
            except Ended as error:
                return self.ended(error.proof)
            verified = self._outcome()
            if self._of_the_original(verified):
                return self.ended(Proof(Verdict.ORIGINAL_FAILS, f"it differs from itself each time: {noise}"))
        return verified

    def _outcome(self) -> Verified:
        if not self.task.search:
            return self._report(self._attempt(self.settings), ())
        return self._searched(self.settings)

    def _of_the_original(self, verified: Verified) -> str:
        """The first difference, where the original shows all of them against itself, too; "" where the rewrite has its part."""
        proof = verified.verification
        if self.original is None or proof is None or proof.verdict is not Verdict.DIFFERS or not self._may_build():
            return ""
        itself = self.prover.check(self.original, self.prover.before).findings
        known = {(each.check, each.subject) for each in itself}
        alike = all((each.check, each.subject) in known for each in proof.findings)
        return proof.reason if known and alike else ""

    def ended(self, proof: Proof) -> Verified:
        """Nothing was compared: nothing is to be written."""
        return self._report(Attempt(self.settings, self.first, proof), ())

    # --- the search -------------------------------------------------------------------------------------------------

    def _searched(self, settings: Settings) -> Verified:
        settings, hopeless = self._answerable(settings)
        full = self._taught(self._with_suite(settings))
        best, dropped = self._largest(full) if full.proof.verdict.blames_rewrite else (full, ())
        best, doubtful = self._without_unanswered(best)
        dropped = tuple({each.transform: each for each in (*hopeless, *dropped, *doubtful)}.values())
        best, dropped = self._with_certain(best, dropped)
        if best.proof.verdict is Verdict.EQUAL:
            best = self._without_doubted(best)
        self.learned = self._effective(best)
        verified = self._report(best, dropped)
        offers = tuple(self._offers(best)) if best.proof.verdict is Verdict.EQUAL else ()
        if verified.verification is not None and offers:
            verified = replace(verified, verification=replace(verified.verification, offers=offers))
        return verified

    def _answerable(self, settings: Settings) -> tuple[Settings, tuple[Dropped, ...]]:
        """The settings without the transforms of which a doubt would stand whatever a new image does, and what goes with them."""
        assert self.original is not None
        if settings.unsafe:
            return settings, ()
        asking = self.prover.asking(self.original)
        settings = self._with_installed(settings, asking)
        first = result = self._result(settings)
        reasons: dict[str, Dropped] = {}
        while stand := unanswerable(result.made, asking):
            reasons |= {each.transform: standing(each) for each in stand if each.transform not in reasons}
            settings = replace(settings, ignore=settings.ignore | reasons.keys())
            result = self._result(settings)
        return settings, self._dropped(applied(first), applied(result), reasons)

    def _with_installed(self, settings: Settings, asking: Asking) -> Settings:
        """What the original holds of packages, where a doubt would stand without: as good as a lock, on the platform that is built."""
        assert self.original is not None
        stand = unanswerable(self._result(settings).made, asking)
        seen = installed_in(self.original.image) if stand else ()
        if not seen:
            return settings
        more = with_told(self._with_suite(settings), "installed", seen)
        if not more.hints.release and self.original.base is not None:
            more = with_told(more, "release", self.original.base.suite)
        if not more.hints.platforms:
            more = with_told(more, "platforms", frozenset({platform_of(seen)}) - {""})
        left = unanswerable(self._result(more).made, asking)
        return more if len(left) < len(stand) else settings

    def _without_unanswered(self, best: Attempt) -> tuple[Attempt, tuple[Dropped, ...]]:
        """What holds without the transforms of which a doubt stands that nothing answered."""
        dropped: tuple[Dropped, ...] = ()
        while best.proof.verdict is Verdict.EQUAL and best.proof.unanswered and not best.settings.unsafe:
            reasons = {each.transform: standing(each) for each in reversed(best.proof.unanswered)}
            less = self._taught(replace(best.settings, ignore=best.settings.ignore | reasons.keys()))
            more: tuple[Dropped, ...] = ()
            kept = less
            if less.proof.verdict.blames_rewrite:
                kept, more = self._largest(less)
            dropped = (*dropped, *self._dropped(best.applied, less.applied, reasons), *more)
            best = kept
        return best, dropped

    def _with_certain(self, best: Attempt, dropped: tuple[Dropped, ...]) -> tuple[Attempt, tuple[Dropped, ...]]:
        """With what no doubt is about of the transforms that were left out: they may have been for what is in doubt alone."""
        found: list[Dropped] = []
        doubted = {
            each.transform
            for each in self._result(replace(best.settings, ignore=self.settings.ignore)).made
            if each.doubts
        }
        for each in dropped:
            name = each.transform
            settings = replace(
                best.settings, ignore=best.settings.ignore - {name}, certain=best.settings.certain | {name}
            )
            sole = name in doubted and set(applied(self._result(settings))) == {*best.applied, name}
            if sole and best.proof.verdict in (Verdict.EQUAL, Verdict.UNCHANGED) and self._may_build():
                attempt = self._attempt(settings)
                if attempt.proof.verdict is Verdict.EQUAL:
                    best = attempt
                    found.append(replace(each, reason=f"what is unsafe of it: {each.reason}"))
                    continue
            found.append(each)
        return best, tuple(found)

    def _with_suite(self, settings: Settings) -> Settings:
        """The base image's own release, where its tag does not say it."""
        assert self.original is not None
        suite = self.original.base.suite if self.original.base else ""
        system = self.facts.system
        if system is None or suite not in system.manager.packages.known_suites() or settings.hints.release:
            return settings
        more = with_told(settings, "release", suite)
        if texts(self._result(more)) == texts(self._result(settings)):
            return settings
        self.learned.append(Learned(setting("release"), suite, "the base image says so"))
        return more

    def _effective(self, best: Attempt) -> list[Learned]:
        """What was learned and makes the result what it is: the rest spoke of a part of the change that was dropped."""
        settings, kept = best.settings, list[Learned]()
        hints = {key: option.hint for key, option in options().items() if option.hint in settings.told}
        for each in self.learned:
            told = {hint: value for hint, value in settings.told.items() if hint != hints[each.key]}
            less = replace(settings, told=told)
            if texts(self._result(less)) == texts(best.result):
                settings = less
            else:
                kept.append(each)
        return kept

    def _taught(self, settings: Settings) -> Attempt:
        """Build, and where libraries or programs are missing, add the packages that bring them, and build again."""
        assert self.original is not None
        attempt = self._attempt(settings)
        while attempt.proof.verdict is Verdict.DIFFERS and self._may_build():
            missing = missing_packages(self.engine, self.original, attempt.proof, self.task.plan.conditions)
            keep = attempt.settings.hints.keep | set(missing)
            again = with_told(attempt.settings, "keep", keep)
            if not missing or texts(self._result(again)) == texts(attempt.result):
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

    def _largest(self, full: Attempt) -> tuple[Attempt, tuple[Dropped, ...]]:
        """The largest set of transforms that holds: without those whose loss makes it better, or else one after the other."""
        current, reasons = full, dict[str, Dropped]()
        while (better := self._without_one(current)) is not None:
            name, attempt = better
            reasons[name] = why(current, name)
            if not attempt.proof.verdict.blames_rewrite:
                holds = attempt.proof.verdict.holds
                return attempt, self._dropped(full.applied, attempt.applied, reasons) if holds else ()
            current = attempt
        return self._one_by_one(full)

    def _without_one(self, current: Attempt) -> tuple[str, Attempt] | None:
        """The first transform whose loss leaves less to complain of, with what is left then."""
        for name in self._suspected(current):
            if not self._may_build():
                return None
            attempt = self._attempt(replace(current.settings, ignore=current.settings.ignore | {name}))
            if attempt.faults < current.faults or speaks_no_longer(current, attempt, name):
                return name, attempt
        return None

    def _one_by_one(self, full: Attempt) -> tuple[Attempt, tuple[Dropped, ...]]:
        best: Attempt | None = None
        kept: set[str] = set()
        reasons: dict[str, Dropped] = {}
        for name in full.applied:
            without = full.settings.ignore | (set(ids()) - kept - {name})
            attempt = self._attempt(replace(full.settings, ignore=frozenset(without)))
            if name in attempt.applied and attempt.proof.verdict is Verdict.EQUAL:
                kept.add(name)
                best = attempt
            elif attempt.proof.verdict is Verdict.NETWORK:
                return attempt, ()
            elif attempt.proof.verdict is not Verdict.UNCHANGED:
                reasons[name] = why(attempt, name)
        if best is None:
            return self._give_up(full)
        return best, self._dropped(full.applied, best.applied, reasons)

    def _give_up(self, full: Attempt) -> tuple[Attempt, tuple[Dropped, ...]]:
        return full, tuple(why(full, name) for name in full.applied)

    def _dropped(
        self, names: Iterable[str], left: Iterable[str], reasons: Mapping[str, Dropped]
    ) -> tuple[Dropped, ...]:
        gone = [name for name in names if name not in left]
        first = next((name for name in gone if name in reasons), "")
        otherwise = f"it needs {first}" if first else "the build budget ended before it (--max-builds)"
        return tuple(reasons.get(name) or Dropped(name, otherwise) for name in gone)

    def _suspected(self, attempt: Attempt) -> list[str]:
        """The applied transforms, the likeliest culprits first.

        Those come first that alter what a finding speaks of, then those that say that they may break what was found.
        """
        made = [transform for transform in transforms() if transform.id in attempt.applied]
        named = [
            name for finding in attempt.proof.findings for name in attempt.applied if speaks_of(finding, attempt, name)
        ]
        first = [
            transform.id
            for finding in attempt.proof.findings
            for transform in sorted(
                (each for each in made if finding.check in each.may_break),
                key=lambda each, check=finding.check: each.may_break.index(check),  # type: ignore[misc]
            )
        ]
        return list(dict.fromkeys([*named, *first, *reversed(attempt.applied)]))

    def _without_doubted(self, best: Attempt) -> Attempt:
        """Without the -dev packages that stayed only because no table names their libraries."""
        system = self.facts.system
        known = system.manager.packages if system is not None else None
        doubtful = {package for package in doubted(best) if known is not None and known.role(package) == "dev"}
        if not doubtful or not self._may_build():
            return best
        learned = list(self.learned)
        drop = best.settings.hints.drop | doubtful
        attempt = self._taught(with_told(best.settings, "drop", drop))
        if attempt.proof.verdict is not Verdict.EQUAL or set(attempt.applied) != set(best.applied):
            self.learned = learned
            return best
        self.learned.append(Learned(setting("drop"), " ".join(sorted(drop)), "the image works without"))
        return attempt

    def _offers(self, best: Attempt) -> Iterator[Offer]:
        """Packages that stay because nothing shows what they are for, and that the image works without."""
        for package in sorted(doubted(best)):
            if self._may_build() and best.proof.built is not None:
                attempt = self._attempt(with_told(best.settings, "drop", best.settings.hints.drop | {package}))
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

    def _attempt(self, settings: Settings) -> Attempt:
        """Build and compare what some settings give; nothing is built twice."""
        assert self.original is not None
        result = self._result(settings)
        if not result.changed:
            return Attempt(settings, result, Proof(Verdict.UNCHANGED))
        candidate = rewritten(self.prover.before, result)
        key = (candidate.dockerfile, candidate.ignore)
        if key in self.attempts:
            return replace(self.attempts[key], settings=settings, result=result)
        if not self._may_build():
            return Attempt(
                settings, result, Proof(Verdict.NOT_COMPARED, "the build budget ended before it (--max-builds)")
            )
        attempt = Attempt(settings, result, self.prover.check(self.original, candidate))
        self.attempts[key] = attempt
        return attempt

    def _report(self, attempt: Attempt, dropped: tuple[Dropped, ...]) -> Verified:
        return told(self.task, self.prover, self.original, attempt, dropped, self.learned)
