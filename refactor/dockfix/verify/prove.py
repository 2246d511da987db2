"""Proves one rewrite: builds the original once, then any number of rewritten images, and compares each with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from dockfix.facts import Facts
from dockfix.facts.manager_starts import started_off_path
from dockfix.runtimes.needs import needed
from dockfix.syntax import Instruction
from dockfix.verify import compare
from dockfix.verify.asking import asked_of, proposal, wanted_of
from dockfix.verify.build import BuildArguments, Builder, BuildResult, Outcome, Recipe, named_secrets, with_own_caches
from dockfix.verify.compare.leaving import left_behind
from dockfix.verify.doubts import Asking, Seen, unanswered
from dockfix.verify.engines import Engine
from dockfix.verify.image import Image, RuntimeFacts
from dockfix.verify.look import files_of, find_tool, look
from dockfix.verify.manner import Manner, manner_of
from dockfix.verify.measure import Candidate, Ended, Original, Plan, Proof
from dockfix.verify.running import Tool, run_smoke
from dockfix.verify.smoke import Smoke
from dockfix.verify.snapshot import Snapshot
from dockfix.verify.starting import Start, Wanted, start
from dockfix.verify.taken_away import folders, taken_away
from dockfix.verify.verdict import Built, Check, Checked, Finding, Verdict

Say = Callable[[str], None]
Find = Callable[[], Tool | None]
Smoked = tuple[Smoke, bool, str]  # a smoke check, whether it was passed, and what was said

_AT_ONCE = 8  # threads, most of which wait for containers
KEPT_BASES = 8  # some megabytes each
_FAULTS = {Outcome.NETWORK: Verdict.NETWORK, Outcome.TIMED_OUT: Verdict.TIMED_OUT}


class Prover:
    """Builds and compares for one Dockerfile. Methods raise process.Cancelled and engines.EngineError."""

    def __init__(self, engine: Engine, facts: Facts, plan: Plan, folder: Path, say: Say) -> None:
        self.engine, self.facts, self.plan = engine, facts, plan
        self._say = say
        self._doing = ""
        secret = named_secrets((*plan.conditions.environment, *manner_of(facts).environment))
        self.builder = Builder(engine, folder, plan.arguments, plan.timeout, self._tell_step, secret)
        self.before = as_it_is(facts)
        self._commands = tuple(smoke for smoke in plan.smokes if not smoke.port)
        self._requests = tuple(smoke for smoke in plan.smokes if smoke.port)
        self._number = 0
        self._pool = ThreadPoolExecutor(_AT_ONCE)

    def close(self) -> None:
        """Wait for what still runs; images stay."""
        self._pool.shutdown()

    def say(self, what: str) -> None:
        """Tell what is done now."""
        self._doing = what
        self._say(what)

    def _tell_step(self, step: str) -> None:
        if not self._doing.startswith("looking"):  # the base image is made on the way
            self._say(f"{self._doing}: {step}")

    def original(self) -> Original:
        """Build and watch the original. Raises Ended where it does not build or fails its own checks."""
        self.say("building the original")
        result = self._build("before", self.before)
        if result.outcome is not Outcome.OK:
            raise Ended(_not_built(result, Verdict.ORIGINAL_BROKEN))
        notes = [result.note] if result.note else []
        self.say("looking at the original and starting it")
        submit = self._pool.submit
        below = submit(self._base, notes)
        looked = submit(self._look, result.image, below.result)
        finding = submit(find_tool, self.engine, result.image, self.plan.conditions)
        smoking = submit(self._smokes, result.image)
        wanted = wanted_of(self.engine, result.image, self.facts, self._requests, self.plan.conditions.wait)
        began, manner = self._begin(result.image, finding.result, wanted, notes)
        tool, smoked = finding.result(), smoking.result()
        if self._requests and tool is None:
            reason = f"{self._requests[0].name} cannot be asked: {looked.result().silence}"
            raise Ended(Proof(Verdict.ORIGINAL_FAILS, reason))
        for smoke, good, said in [*smoked, *zip(self._requests, began.good, began.answers, strict=True)]:
            if not good:
                hide = self.builder.hide
                tail = tuple(hide(began.output).splitlines()[-20:])
                raise Ended(Proof(Verdict.ORIGINAL_FAILS, hide(f"{smoke.name}: {_short(said)}"), tail))
        return Original(result.image, self._built(result), looked, below, began, tool, wanted, manner, notes=notes)

    def _begin(self, reference: str, tool: Find, wanted: Wanted, notes: list[str]) -> tuple[Start, Manner]:
        """Start the original as a Compose file says, or as it is where that shows nothing."""
        manner = manner_of(self.facts)
        published = replace(wanted, ports=wanted.ports | manner.ports)
        began = self._start(reference, tool, published, manner)
        if not manner.where:
            return began, manner
        lack = self._lack(began, published)
        if lack:
            plain = self._start(reference, tool, wanted, Manner())
            if not self._lack(plain, wanted):
                notes.append(f"run without what {manner.where} says, with which {lack}")
                return plain, Manner()
        notes.append(f"run as {manner.where} says" + f", but without {', '.join(manner.left)}" * bool(manner.left))
        return began, manner

    @staticmethod
    def _lack(began: Start, wanted: Wanted) -> str:
        """Why a start is a poor measure, "" where it is a good one."""
        if not all(began.good):
            return "a smoke check fails"
        silent = bool(wanted.ports) and began.looked and not began.ports
        return compare.shows_nothing(began) or "nothing answers on its ports" * silent

    def _start(self, reference: str, tool: Find, wanted: Wanted, manner: Manner) -> Start:
        return start(self.engine, reference, tool, wanted, self.plan.conditions, manner)

    def check(self, original: Original, candidate: Candidate) -> Proof:
        """Build a candidate and compare it with the original."""
        self._number += 1
        self.say("building the new image")
        result = self._build(
            f"after-{self._number}", replace(candidate, dockerfile=with_own_caches(candidate.dockerfile))
        )
        if result.outcome is not Outcome.OK:
            return _not_built(result, Verdict.AFTER_BROKEN)
        self.say("starting the new image and comparing it")
        smoking = self._pool.submit(self._smokes, result.image)
        wanted = original.start.again(original.wanted)
        starting = self._pool.submit(self._start, result.image, lambda: original.tool, wanted, original.manner)
        image = self._look(result.image, original.below.result, lambda: original.image.runtimes)
        began, smoked = starting.result(), smoking.result()
        return self._compare(original, candidate, result, image, began, smoked)

    def _compare(
        self,
        original: Original,
        candidate: Candidate,
        result: BuildResult,
        image: Image,
        began: Start,
        smoked: Iterable[Smoked],
    ) -> Proof:
        before, made, declared = original.image, _Findings(), candidate.declares
        made.add("config", compare.compare_config(before, image, declared))
        asked = asked_of(self.facts, declared)
        made.add("packages", compare.compare_packages(before, image, declared, asked))
        made.add("modules", compare.compare_modules(before, image, declared, asked), before.silence)
        broken = compare.broken_interpreters(before, image)
        made.add("interpreter", [*compare.compare_interpreters(before, image, declared), *broken])
        unchecked = "" if before.missing is not None and image.missing is not None else "an image has no ldd"
        made.add("libraries", [] if unchecked else compare.compare_libraries(before, image), unchecked)
        gone = compare.lost_programs(before, image)
        made.add("commands", compare.compare_commands(before, image, self._wanted(before, gone), declared))
        made.add("user", compare.compare_user(before, image))
        if original.base is None:
            made.add("files", [], "the base image could not be read")
            made.add("writes", [], "the base image could not be read")
        else:
            ignored = taken_away(self.facts, before.snapshot, candidate.ignore)
            ignored |= left_behind(before.snapshot.entries, declared)
            found = compare.compare_files(original.base, before, image, declared, ignored)
            if any(text in finding.message for finding in found for text in ("another content", "is missing")):
                changing = ignored | self._changing(original)
                found = compare.compare_files(original.base, before, image, declared, changing)
            made.add("files", found)
            made.add(
                "writes",
                compare.compare_access(original.base, before, image, _leaves(original.start.written), declared),
            )
        found = compare.compare_start(original.start, began, original.again, declared)
        if found and not made.found and original.again is None:  # is that only what changes from one run to the next?
            self.say("starting the original once more")
            wanted = original.start.again(original.wanted)
            original.again = self._start(original.reference, lambda: original.tool, wanted, original.manner)
            found = compare.compare_start(original.start, began, original.again, declared)
        nothing = compare.shows_nothing(original.start)
        made.add("start", found, f"{nothing}; --env and --smoke give it more to do" if nothing else "")
        smoked = [*smoked, *zip(self._requests, began.good, began.answers, strict=True)]
        made.add("smoke", _failed(smoked), "" if self.plan.smokes else f"none was given{proposal(original.start)}")
        verdict = Verdict.DIFFERS if made.found else Verdict.EQUAL
        reason = made.found[0].message if made.found else ""
        return Proof(
            verdict,
            self.builder.hide(reason),
            (),
            tuple(self._hidden(made.found)),
            tuple(made.checks),
            self._built(result),
            result.image,
            tuple(gone),
            unanswered(candidate.made, Seen(before, image, began, self.asking(original))),
        )

    def asking(self, original: Original) -> Asking:
        """What a new image will be asked."""
        start = original.start
        asked = {**(start.routes or {}), **({"/": (start.roots or {}).get(start.web, 0)} if start.web else {})}.items()
        answered = frozenset(path for path, status in asked if 0 < status < compare.SERVER_ERROR)
        return Asking(not compare.shows_nothing(original.start), self.plan.smokes, answered)

    def _changing(self, original: Original) -> frozenset[str]:
        """What is another one each time that the original is built: a database with dates, a folder whose name is the build's number."""
        if original.changing is None:
            self.say("building the original once more")
            result = self._build("before-again", self.before, replace(self.plan.arguments, no_cache=True, pull=False))
            built = result.outcome is Outcome.OK
            entries = files_of(self.engine, result.image, original.base).entries if built else {}
            old = original.image.snapshot.entries
            original.changing = frozenset(
                path
                for path, entry in old.items()
                if built and (path not in entries or entries[path].digest != entry.digest)
            )
        return original.changing

    def _hidden(self, findings: Iterable[Finding]) -> list[Finding]:
        return [
            replace(finding, subject=self.builder.hide(finding.subject), message=self.builder.hide(finding.message))
            for finding in findings
        ]

    def _build(self, name: str, candidate: Candidate, arguments: BuildArguments | None = None) -> BuildResult:
        return self.builder.build(
            name, Recipe(candidate.dockerfile, candidate.ignore, self.facts.context.root), arguments
        )

    def _built(self, result: BuildResult) -> Built:
        known = self.engine.image(result.image)
        layers = tuple(
            replace(layer, instruction=self.builder.hide(layer.instruction))
            for layer in self.engine.layers(result.image)
        )
        return Built(
            int(known["Size"]), layers, result.seconds, str(result.log), str(known["Config"].get("User") or "root")
        )

    def _base(self, notes: list[str]) -> Snapshot | None:
        """The file system below the first step: of the Dockerfile cut after the FROM of the stage that is built."""
        stage = self._stage_start()
        if stage is None:
            return None
        nodes = self.facts.tree.nodes
        text = "".join(node.text for node in nodes[: nodes.index(stage) + 1])
        plain = replace(self.plan.arguments, target="", no_cache=False, pull=False)
        result = self._build("base", Candidate(text, self.before.ignore), plain)
        if result.outcome is not Outcome.OK:
            notes.append("the base image could not be built by itself, so files were not compared")
            return None
        return self._shared(result.image)

    def _shared(self, reference: str) -> Snapshot:
        """The file system of a base image, which is read once for all the Dockerfiles that start from the same layers."""
        layers = tuple((self.engine.image(reference).get("RootFS") or {}).get("Layers") or ())
        if not layers:
            return files_of(self.engine, reference, None)
        with self.engine.reading:  # who needs the same one waits for it
            if layers not in self.engine.bases:
                while len(self.engine.bases) >= KEPT_BASES:
                    del self.engine.bases[next(iter(self.engine.bases))]
                self.engine.bases[layers] = files_of(self.engine, reference, None)
            return self.engine.bases[layers]

    def _stage_start(self) -> Instruction | None:
        wanted = self.plan.arguments.target
        stages = self.facts.model.stages
        chosen = (
            [stage for number, stage in enumerate(stages) if wanted in (stage.name, str(number))] if wanted else stages
        )
        return chosen[-1].start if chosen else None

    def _look(
        self,
        reference: str,
        base: Callable[[], Snapshot | None],
        before: Callable[[], Mapping[str, RuntimeFacts]] = dict,
    ) -> Image:
        inside = self.facts.ask(started_off_path)
        return look(self.engine, reference, base, self.plan.conditions, self.builder.hide, before, inside)

    def _smokes(self, reference: str) -> list[Smoked]:
        return [(smoke, *run_smoke(self.engine, reference, smoke, self.plan.conditions)) for smoke in self._commands]

    def _wanted(self, before: Image, gone: list[str]) -> dict[str, str]:
        """Programs that the new image must have, with who needs them."""
        wanted = {
            **needed(self.facts, gone, ()),
            **{name: f"{where} runs it" for name, where in self.facts.startup.programs.items()},
        }
        return {**wanted, **compare.wanted_by_config(before.config)}


def _failed(smoked: Iterable[Smoked]) -> list[Finding]:
    return [
        Finding("smoke", smoke.name, f"{smoke.name} fails in the new image: {_short(said)}")
        for smoke, good, said in smoked
        if not good
    ]


def as_it_is(facts: Facts) -> Candidate:
    """The original as something to build."""
    return Candidate(str(facts.tree), facts.context.read(facts.context.ignore_name))


class _Findings:
    """Findings and the checks that they came from."""

    def __init__(self) -> None:
        self.found: list[Finding] = []
        self.checks: list[Checked] = []

    def add(self, check: Check, found: list[Finding], unchecked: str = "") -> None:
        self.found += found
        result = "differs" if found else "not checked" if unchecked else "same"
        self.checks.append(Checked(check, result, unchecked if not found else ""))  # type: ignore[arg-type]  # one of the three


def _not_built(result: BuildResult, verdict: Verdict) -> Proof:
    verdict = _FAULTS.get(result.outcome, verdict)
    if verdict is Verdict.TIMED_OUT:
        return Proof(verdict, result.tail[-1], result.tail)
    errors = [line for line in result.tail if re.search(r"(?i)error|failed|denied|not found|no such", line)]
    own = [line for line in errors if "failed to solve" not in line]  # which repeats the whole RUN
    reason = (own or errors or list(result.tail) or ["the build failed without a word"])[-1]
    return Proof(verdict, _short(reason), result.tail)


def _leaves(paths: frozenset[str]) -> frozenset[str]:
    """The paths below which there is no other one: a folder counts as changed when something in it is."""
    return paths - folders(paths)


def _short(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()[:300]
