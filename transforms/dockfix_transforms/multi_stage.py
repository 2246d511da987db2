"""The ``multi-stage`` transform."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import takewhile
from typing import Any, ClassVar

from dockfix.engine.options import PACKAGE, Option
from dockfix.engine.transform import Edit, Outcome, Transform, refuse
from dockfix.facts import Facet, Facts, from_context
from dockfix.facts.broken_builds import broken_builds
from dockfix.facts.rejected import cannot_pass, rejected
from dockfix.facts.wasteful_builds import wasteful_builds
from dockfix.knowledge import known_suites, reader_of
from dockfix.lazy import regex
from dockfix.managers.verbs import system_install
from dockfix.model.artefact import Artefact
from dockfix.model.effects import within
from dockfix.model.reason import Declared, Reason
from dockfix.model.stages import Step
from dockfix.placement.decision import place
from dockfix.placement.order import BESIDE, ENVIRONMENT, runtime_order
from dockfix.placement.plan import Part, Placement
from dockfix.syntax import Blank, Comment, Instruction, Node, snippet
from dockfix.syntax.rewrite import with_image, without_flag, without_variables

from ._layout import enumerated, leading, twin
from ._runs import Trim, trim

_CLAUSES = regex(r"[,;.]\s+|\s+and\s+")
ALWAYS = Option("multi-stage.always", False, "split even where nothing leaves the image", hint="always")
KEEP = Option(
    "multi-stage.keep",
    frozenset[str](),
    "packages that the runtime stage has to have, such as libpq5",
    hint="keep",
    form=PACKAGE,
)
DROP = Option(
    "multi-stage.drop",
    frozenset[str](),
    "packages that only the builder needs, whatever else is known of them",
    hint="drop",
    form=PACKAGE,
)
SUITE = Option(
    "multi-stage.suite",
    "",
    "the Debian release of the base image, where its tag does not say, such as bookworm",
    choices=known_suites,
    hint="release",
)


class MultiStage(Transform):
    """Split the image into a builder and a runtime stage.

    What it does
        The builder installs the Python packages into the virtual environment, with the compilers and headers that this
        takes. The runtime stage copies the environment and keeps everything else as it was, in its order. Packages that
        only build are left out of it; a ``-dev`` package gives way to its runtime library. With the Python of Debian or Ubuntu
        what is copied is ``/usr/local``, which only pip fills there; python3 stays, and python3-pip with its compilers goes.
        With Alpine's, which has apk's packages where pip puts its own, what apk brings stays and what pip fills is copied. A
        folder that pip is told to fill (``--target``, ``--prefix``, ``--user``) is copied as it is.
        For Node.js ``node_modules`` is copied. Where something is built (``npm run build``) or packages for development are
        installed, it is the whole working directory, after ``npm prune --omit=dev --no-save`` in the builder; of a page that
        ``serve`` or the like hands out, the folder that the build makes, and nothing else.

        A file that has several stages already stays as it is. What it cannot run with, or has for nothing, is pointed out: packages,
        libraries, programs and files that stay in another stage, links of pnpm's that lead nowhere, packages in a home folder
        that the user cannot enter, compilers in a last stage that builds nothing, a stage that nothing takes anything from.

    Why
        Compilers and headers make an image hundreds of megabytes larger and give an intruder tools to work with. The program
        needs neither.

    Example
        FROM python:3.11-slim                   FROM python:3.11-slim AS builder
        RUN apt-get install -y gcc curl         RUN apt-get install -y gcc
        RUN pip install -r requirements.txt     RUN pip install -r requirements.txt
                                                FROM python:3.11-slim AS runtime
                                                RUN apt-get install -y curl
                                                COPY --from=builder /opt/venv /opt/venv

    Fix safety
        Safe where the application's code could be read. A package goes only if it is known to be needed for building alone, and
        no command that stays, no CMD, ENTRYPOINT, HEALTHCHECK, script or code of the application names what it brings. A step
        whose effects are unknown stays in the runtime stage with everything before it. Where nothing would leave the image, no
        split is made (``multi-stage.always`` makes it all the same). Unsafe where the code is not at hand.
        Packages for development leave only where nothing names one of them that stays: the commands behind CMD and its scripts, the
        code, the configurations that are loaded at the start. Where that is in doubt alone (somebody may run tests over a mounted
        source), they stay by default, and the rest is done. Unsafe where it is not known what install scripts of packages, or a
        script of the project's own, leave outside of the working directory.
    """

    title: ClassVar[str] = "split into a builder and a runtime stage"
    after: ClassVar[frozenset[str]] = frozenset({"virtualenv"})
    facets: ClassVar[frozenset[Facet]] = frozenset({"parts"})
    may_break: ClassVar[tuple[str, ...]] = ("libraries", "commands", "modules", "packages", "files")
    options: ClassVar[tuple[Option[Any], ...]] = (ALWAYS, KEEP, DROP, SUITE)
    sees_to: ClassVar[frozenset[str]] = frozenset({"stages", "leftovers"})

    def apply(self, facts: Facts) -> Outcome:
        """Rebuilds the stage as two."""
        broken = facts.ask(cannot_pass)
        if broken is not None:
            return Outcome(refusals=(broken,), warnings=_told(facts))
        placement = facts.decide(place)
        if isinstance(placement, Reason):
            if placement.about == Declared("FROM"):
                placement = replace(placement, text=f"{placement.text}; with slim-base it would gain")
            return Outcome(refusals=(placement, *_hints(facts)), warnings=_told(facts))
        carried = placement.environment.carried or facts.installs[0][2].into.carried
        if carried is None and not placement.only_base:
            return refuse("it needs the virtualenv transform, which was not applied")
        outcome = self._of(facts, placement, carried)
        if placement.certain is None:
            return outcome
        return replace(outcome, certain=self._of(facts, placement.certain, carried))

    def _of(self, facts: Facts, placement: Placement, carried: Artefact | None) -> Outcome:
        """What carries a placement out; nothing where slim-base does all of it."""
        if placement.only_base or carried is None:
            return Outcome(refusals=(*placement.notes, *_hints(facts)), warnings=_told(facts))
        return _Splitter(facts, placement.on(facts.final), carried).outcome()


def _told(facts: Facts) -> tuple[Reason, ...]:
    """What the user should know of the build, and of the stages, as they stand."""
    found = (*facts.ask(rejected), *facts.ask(broken_builds), *facts.ask(wasteful_builds))
    if len(facts.model.stages) < 2:
        return found
    from dockfix.placement.as_it_stands import as_it_stands  # few files need it

    return (*facts.ask(as_it_stands), *found)


def _hints(facts: Facts) -> tuple[Reason, ...]:
    """What would take more out of the image, and is the author's to set."""
    if not facts.is_javascript:
        return ()
    from dockfix.placement.gathered import could_gather

    found = facts.ask(could_gather)
    return (found,) if found is not None else ()


class _Splitter:
    """Writes the stages of one placement."""

    def __init__(self, facts: Facts, placement: Placement, carried: Artefact) -> None:
        self.facts = facts
        self.tree = facts.tree
        self.placement = placement
        self.carried = carried

    def outcome(self) -> Outcome:
        """The edits: FROM is renamed, every other node goes, and the last one is replaced by the bodies of all parts."""
        steps, start, parts = self.facts.final.steps, self.facts.final.start, self.placement.parts
        heads = [with_image(start, name=part.name) for part in parts]
        if start.inner_comments or None in heads or len({part.name for part in parts}) < len(parts):
            return refuse("the FROM instruction could not be taken apart", start.line)
        written: list[dict[Step, list[Node]]] = [{} for _ in parts]
        carried: dict[str, tuple[Node, ...]] = {}
        environment = self._environment_step()
        apart: tuple[
            Node, ...
        ] = ()  # what stands above the last step that is gone from the runtime stage, and was set apart
        every = {step: [*(self._built(step, part) for part in parts[:-1]), _text(step, parts[-1])] for step in steps}
        for step, texts in every.items():
            above = leading(self.tree, step.instruction)
            if step.instruction not in parts[-1].steps and any(isinstance(node, Blank) for node in above):
                apart = above
            if None in texts:
                return refuse("its text could not be divided without loss", step.line)
            beside = self.placement.beside
            if step is environment:
                own = {
                    path: to for path, to in self.carried.paths.items() if not any(within(to, each) for each in beside)
                }
                carried[ENVIRONMENT] = self._copied(own, step, above)
            if step.instruction is self.placement.beside_at:
                carried[BESIDE] = self._copied(beside, step, apart)
            commented = False
            for body, text, part in zip(written, texts, parts, strict=True):
                # what no part gets leaves its comments to the last one
                if text or (not commented and body is written[-1]):
                    shared = _named(step, part) if _installs_in_each(step, parts) else None
                    lines = (
                        _without_comments(above, commented, shared, again=step.keyword in {"ENV", "RUN"})
                        if not self._speaks_of_runtime(step, above, every)
                        else above
                        if body is written[-1]
                        else _right_above(above)
                    )
                    body[step] = [*lines, *(text or ())]
                    commented = True
        bodies = [[node for nodes in body.values() for node in nodes] for body in written[:-1]]
        for made, part in zip(bodies, parts, strict=False):
            if part.tail:
                made.extend(snippet(self.tree, "".join(f"RUN {each}\n" for each in part.tail), steps[-1].line))
        order = runtime_order(self.facts, self.placement, environment)
        bodies.append(
            [node for each in order for node in (carried[each] if isinstance(each, str) else written[-1].get(each, ()))]
        )
        last = steps[-1].instruction
        gone = [node for step in steps for node in (*leading(self.tree, step.instruction), step.instruction)]
        edits = [Edit(node, (), node.line, "") for node in gone if node is not last]
        edits.append(Edit(start, tuple(filter(None, heads[:1])), start.line, self._reason()))
        edits.append(Edit(last, self._joined(bodies, heads), steps[-1].line, ""))
        refusals = [
            replace(reason, text=f"{package.name} stays: {reason.text}")
            for package, reason in self.placement.kept.items()
        ]
        refusals += (*self.placement.notes, *_hints(self.facts))
        return Outcome(
            edits,
            refusals=refusals,
            doubts=self.placement.doubts,
            declares=self.placement.declares,
            warnings=_told(self.facts),
            saves=self.placement.gain.parts,
        )

    def _speaks_of_runtime(
        self, step: Step, above: tuple[Node, ...], every: Mapping[Step, Sequence[tuple[Node, ...] | None]]
    ) -> bool:
        """Whether a comment that is set apart above a step of several stages is about what comes below it in the last one alone."""
        if all(isinstance(node, Blank) for node in above[: len(above) - len(_right_above(above))]) or not all(
            every[step]
        ):
            return False
        following = list(every)[list(every).index(step) + 1 :]
        group = takewhile(lambda each: not leading(self.tree, each.instruction), following)
        texts = [every[each] for each in group if not all(every[each])]
        return any(each[-1] for each in texts) and not any(any(each[:-1]) for each in texts)

    def _built(self, step: Step, part: Part) -> tuple[Node, ...] | None:
        """What a part that builds gets of a step: where root builds files are given to no user, who need not be there.

        None where it can't be written.
        """
        nodes = _text(step, part)
        steps = self.facts.final.steps
        users = [
            each for each in steps[: steps.index(step)] if each.instruction in part.steps and each.keyword == "USER"
        ]
        if nodes is None or (users and not step.state.is_root) or self._keeps_owner(step):
            return nodes
        written = [without_flag(node, "chown") if isinstance(node, Instruction) else node for node in nodes]
        return None if None in written else tuple(filter(None, written))

    def _keeps_owner(self, step: Step) -> bool:
        """Whether what a step copies comes along from the builder, and so has to be whose it was there already."""
        target = step.copy.target if step.copy is not None else None
        return target is not None and any(within(target, each) for each in self.placement.beside)

    def _joined(self, bodies: list[list[Node]], heads: Sequence[Instruction | None]) -> tuple[Node, ...]:
        """The bodies with their FROM lines, the first of which stands already; a node that stands in several is several nodes."""
        there: set[Node] = set()
        nodes: list[Node] = []
        for number, (body, head) in enumerate(zip(bodies, heads, strict=True)):
            while number < len(bodies) - 1 and body and isinstance(body[-1], Blank):
                body.pop()
            if number and head is not None:
                nodes += [*snippet(self.tree, "\n", head.line), head]
            nodes += [twin(node) if node in there else node for node in body]
            there |= set(body)
        return tuple(nodes)

    def _reason(self) -> str:
        replaced = {
            package: instead
            for package, instead in self.placement.parts[-1].packages.items()
            if package not in self.placement.of_the_base
        }
        gone = [package.name for package, instead in replaced.items() if not instead]
        gone += [manager for manager in self.placement.managers if manager not in gone]
        swapped = [f"{self.placement.lightened} leave the image"] if self.placement.lightened else []
        swapped += [
            f"{package.name} {'becomes' if package.name.endswith('-dev') else 'leaves behind'} {' '.join(instead)}"
            for package, instead in replaced.items()
            if instead
        ]
        parts = [f"{enumerated(gone)} {'stay' if len(gone) > 1 else 'stays'} in the builder"] if gone else []
        arguments = sorted(each.name for each in self.placement.declares if each.part == "ARG")
        if arguments:
            swapped.append(f"{enumerated(arguments)} {'go' if len(arguments) > 1 else 'goes'} to the builder alone")
        return "; ".join(parts + swapped) or self._without_gain()

    def _without_gain(self) -> str:
        base = " and slim-base takes the compilers out" if self.placement.of_the_base else ""
        return f"the packages are installed in a builder{base}"

    def _copied(self, paths: Mapping[str, str], step: Step, above: tuple[Node, ...]) -> tuple[Node, ...]:
        """The COPY of what is carried, at the place where a step stood that makes it."""
        if not paths:
            return ()
        first = self.placement.parts[0].name
        spelled = {step.state.spelled(path): step.state.spelled(target) for path, target in paths.items()}
        lines = "".join(f"COPY --from={first} {path} {target}\n" for path, target in spelled.items())
        blank = tuple(node for node in above if isinstance(node, Blank))[:1]
        return (*blank, *snippet(self.tree, lines, step.line))

    def _environment_step(self) -> Step:
        """The step that makes the environment, if only settings and manifests stand between it and the first install."""
        steps = self.facts.final.steps
        builder, runtime = self.placement.parts[0].steps, self.placement.parts[-1].steps
        first = next(number for number, step in enumerate(steps) if step.instruction is self.placement.installs[0])
        for step in reversed(steps[:first]):
            if step.instruction not in runtime and step.units:
                return step
            if step.keyword != "ENV" and not (from_context(step) and step.instruction in builder):
                break
        return steps[first]


def _text(step: Step, part: Part) -> tuple[Node, ...] | None:
    """What one part gets of a step: () where nothing, None where its text cannot be divided."""
    indices = part.steps.get(step.instruction)
    gone = part.without.get(step.instruction)
    if indices is not None and gone:
        less = without_variables(step.instruction, gone)
        return (less,) if less is not None else None
    return trim(step, Trim(indices, part.packages)) if indices is not None else ()


def _installs_in_each(step: Step, parts: Sequence[Part]) -> bool:
    """Whether every part installs packages of the system by a step, so that what is said of them holds for each."""
    return all(
        any(
            package not in part.packages or part.packages[package]
            for index in part.steps.get(step.instruction, ())
            if (install := system_install(step.units[index].effects.action)) is not None
            for package in install.asked
        )
        for part in parts
    )


def _named(step: Step, part: Part) -> tuple[frozenset[str], frozenset[str]]:
    """The names of the system packages that a part gets by a step, and of those that it doesn't get."""
    there: set[str] = set()
    lost: set[str] = set()
    for index in part.steps.get(step.instruction, ()):
        install = system_install(step.units[index].effects.action)
        for package in install.asked if install is not None else ():
            instead = part.packages.get(package, (package.name,))
            there.update(instead)
            lost.update({package.name} - {*instead})
    return frozenset(there), frozenset(lost)


def _right_above(nodes: tuple[Node, ...]) -> tuple[Node, ...]:
    """The lines above an instruction without the comments that are set apart."""
    blanks = [number for number, node in enumerate(nodes) if isinstance(node, Blank)]
    return nodes[max(blanks, default=0) :]


def _without_comments(
    nodes: tuple[Node, ...],
    elsewhere: bool,
    shared: tuple[frozenset[str], frozenset[str]] | None,
    *,
    again: bool = False,
) -> tuple[Node, ...]:
    """The lines above an instruction; without the comments, and with one blank line at most, where the builder has them.

    Comments that a linter reads hold for the instruction wherever it stands, but for those that hold for the whole file. With
    ``shared``, the packages that it installs here and those that it doesn't, the others right above it stand in both stages, too, but
    for those that only speak of what is not here; so they do where the instruction is there ``again``.
    """
    if not elsewhere:
        return nodes
    blanks = [number for number, node in enumerate(nodes) if isinstance(node, Blank)]
    own = max(blanks, default=-1)  # a comment that is apart is about more than the one instruction
    kept = [
        node
        for number, node in enumerate(nodes)
        if isinstance(node, Comment)
        and (
            _holds_again(node, shared if number > own else None)
            or (again and shared is None and number > own and reader_of(node.content) is None)
        )
    ]
    return (*[node for node in nodes if isinstance(node, Blank)][:1], *kept)


def _holds_again(comment: Comment, shared: tuple[frozenset[str], frozenset[str]] | None) -> bool:
    reader = reader_of(comment.content)
    if reader is not None or shared is None:
        return reader is not None and reader.reads != "file"
    there, lost = shared
    clauses = [set(re.findall(r"[\w.+-]*[\w+]", clause)) for clause in _CLAUSES.split(comment.content.lower())]
    return any(words & there for words in clauses) or not all(words & lost for words in clauses)
