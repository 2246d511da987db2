"""The ``apt-hygiene`` transform."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any, ClassVar

from dockfix.context.scripts import commands_in_script
from dockfix.dataclass import dataclass
from dockfix.engine.options import Option
from dockfix.engine.transform import Edit, Outcome, Transform
from dockfix.facts import Facts
from dockfix.knowledge import index_packages, index_programs, reader_of
from dockfix.knowledge.no_recommends import needed_recommends, recommended_programs
from dockfix.lazy import cached_property
from dockfix.managers.protocol import SystemManager
from dockfix.managers.verbs import by_system, system_install
from dockfix.model.actions import Clean, Install, Refresh, Upgrade
from dockfix.model.reason import Reason, at
from dockfix.model.stages import Stage, Step, Unit
from dockfix.runtimes.needs import needed
from dockfix.syntax import Comment, Instruction, Node
from dockfix.syntax.shell_form import append, join, shell_form

from ._index import unknown_program
from ._layout import joined_above, leading
from ._runs import plain

_MOST_INSTALLS = 40
_INDEX = "/var/lib/apt/lists"
_REMOVAL = f"rm -rf {_INDEX}/*"
_READS = rb"(?m)^[ \t]*(?:import|from)[ \t]+(?:apt|apt_pkg)\b|/var/lib/apt\b"


NO_RECOMMENDS = Option(
    "apt-hygiene.no-recommends",
    False,
    "adds --no-install-recommends where no recommended package is known to be needed",
)


class AptHygiene(Transform):
    """Update, install and clean up in one RUN.

    What it does
        Joins an ``apt-get update`` that stands alone with the installs right below it, and removes the package lists at the end of
        a RUN that has fetched them. With ``apt-hygiene.no-recommends=true`` adds ``--no-install-recommends`` where nothing
        that may be needed comes by recommendation.

    Why
        An ``apt-get update`` in a layer of its own is not run again when the install below it is changed, which then asks for
        packages that the mirror no longer has. The lists are some 20 MB that nothing in the image uses.

    Example
        RUN apt-get update                      RUN apt-get update && apt-get install -y git \\
        RUN apt-get install -y git                  && rm -rf /var/lib/apt/lists/*

    Fix safety
        Safe where no later step, no script and no code installs packages with these lists or reads them; unsafe where the
        code could not be read. Left alone where a later step may do so, as a program may of which nothing is known; where a
        RUN has mounts on apt's folders, a heredoc or commands that are not joined by ``&&``.
    """

    title: ClassVar[str] = "update, install and clean up in one RUN"
    after: ClassVar[frozenset[str]] = frozenset({"merge-runs"})
    options: ClassVar[tuple[Option[Any], ...]] = (NO_RECOMMENDS,)
    sees_to: ClassVar[frozenset[str]] = frozenset({"leftovers"})

    def apply(self, facts: Facts) -> Outcome:
        """Goes over all stages; only of those whose layers are in the image the lists are removed."""
        work = _Work(facts)
        for stage in facts.model.stages:
            work.stage(stage)
        if work.doubt is None:
            return Outcome(work.edits, refusals=work.refusals)
        # the doubt is about the lists alone: what else there is to do is done, or the next run would find it
        rest = _Work(facts, removes_lists=False)
        for stage in facts.model.stages:
            rest.stage(stage)
        return Outcome(work.edits, refusals=work.refusals, doubts=(work.doubt,), certain=Outcome(rest.edits))


@dataclass
class _Work:
    """The edits as they are collected, with or without the removal of the lists."""

    facts: Facts
    removes_lists: bool = True
    edits: list[Edit] = field(default_factory=list)
    refusals: list[Reason] = field(default_factory=list)
    doubt: Reason | None = None

    def stage(self, stage: Stage) -> None:
        """The edits to one stage."""
        steps = list(stage.steps)
        position = 0
        while position < len(steps):
            step = steps[position]
            position += 1
            if step.keyword != "RUN":
                continue
            run, reasons = step.instruction, []
            units = list(step.units)
            following = steps[position] if position < len(steps) else None
            joined = self.with_install(step, following)
            gone: list[Step] = []
            if joined is not None and following is not None:
                run, gone = self.with_more(joined[0], following, steps[position + 1 :])
                reasons.append("the lists are fetched anew whenever the packages change")
            units += [unit for each in gone for unit in each.units]
            position += len(gone)
            last = gone[-1] if gone else step
            if NO_RECOMMENDS.of(self.facts.options):
                lines = [each.line for each in (step, *gone) for _ in each.units]
                for number, line in enumerate(lines):
                    run = self.without_recommends(units, number, run, line, reasons)
            run = self.without_lists(stage, last, units, run, reasons)
            if not reasons:
                continue
            anchor, above = joined[1:] if joined is not None else (step.instruction, ())
            if anchor is not step.instruction:
                self.edits.append(Edit(anchor, (*above, anchor), anchor.line, ""))
                above = ()
            self.edits.append(Edit(step.instruction, (*above, run), step.line, "; ".join(reasons)))
            self.edits += [
                Edit(node, (), node.line, "")
                for each in gone
                for node in (*leading(self.facts.tree, each.instruction), each.instruction)
            ]

    def with_install(self, step: Step, following: Step | None) -> tuple[Instruction, Node, tuple[Comment, ...]] | None:
        """One RUN for an update that stands alone and the install below it, and where the install's comments go."""
        alone = len(step.units) == 1 and _refreshes(step.units[0])
        if (
            not alone
            or following is None
            or following.keyword != "RUN"
            or not following.units
            or system_install(following.units[0].effects.action) is None
        ):
            return None
        for each in (step, following):
            if not plain(each):
                self.refusals.append(at(f"the RUN in line {each.line} is more than commands joined by &&", step.line))
                return None
        comments = [node for node in leading(self.facts.tree, following.instruction) if isinstance(node, Comment)]
        placed = joined_above(self.facts.tree, step.instruction, comments)
        if placed is None:
            self.refusals.append(at("both RUNs have a comment that a linter reads right above a RUN only", step.line))
            return None
        run = join(self.facts.tree, step.instruction, following.instruction, same_line=True)
        return None if run is None else (run, *placed)

    def with_more(self, run: Instruction, first: Step, below: Sequence[Step]) -> tuple[Instruction, list[Step]]:
        """The RUN with all installs that follow the first right away, each below its comments, and the steps that are in it then."""
        gone = [first]
        for step in below[:_MOST_INSTALLS]:
            comments = [node for node in leading(self.facts.tree, step.instruction) if isinstance(node, Comment)]
            if (
                not plain(step)
                or not all(map(_installs_or_cleans, step.units))
                or any(reader_of(each.content) for each in comments)
            ):
                break
            joined = join(self.facts.tree, run, step.instruction, comments)
            if joined is None:
                break
            run = joined
            gone.append(step)
        return run, gone

    def without_lists(
        self, stage: Stage, step: Step, units: list[Unit], run: Instruction, reasons: list[str]
    ) -> Instruction:
        """The RUN with the removal of the lists at its end, where it fetches and keeps them and nobody needs them."""
        if stage not in self.facts.final.lineage or not self.removes_lists:
            return run
        updates = [index for index, unit in enumerate(units) if _refreshes(unit)]
        if (
            not updates
            or any(_touches_lists(unit) for unit in units[updates[-1] + 1 :])
            or any("apt" in (flag.value or "") for flag in step.instruction.flags)
        ):
            return run
        if not any(_uses_lists(unit) for unit in units[updates[-1] + 1 :]):
            later = self.needs_lists(stage, step) or _not_at_the_end(step)
            self.refusals.append(at(later or "nothing uses the package lists that it fetches: it can go", step.line))
            return run
        reason = self.needs_lists(stage, step) or _not_at_the_end(step)
        new = None if reason else append(self.facts.tree, run, _REMOVAL)
        if new is None:
            self.refusals.append(at(reason or "the removal of the lists could not be added", step.line))
            return run
        unknown = self.facts.unknown
        if self.doubt is None and unknown is not None:
            self.doubt = unknown.behind("whether the program runs apt itself")
        reasons.append("the package lists, which nothing in the image uses, are removed in the layer that fetched them")
        return new

    @cached_property
    def reader(self) -> str:
        """A package of the image that reads the lists, "" for none."""
        names = index_packages("apt-get")
        units = (unit for part in self.facts.final.lineage for _, unit in part.units)
        installs = (install for unit in units if (install := system_install(unit.effects.action)) is not None)
        return next((package.name for install in installs for package in install.asked if package.name in names), "")

    def needs_lists(self, stage: Stage, step: Step) -> str:
        """Who may install packages from the lists later, "" where nobody does."""
        facts = self.facts
        if self.reader:
            return f"the lists stay: {self.reader} reads them"
        for other in facts.model.stages:
            if stage in other.lineage:
                reason = _later(other, stage, step)
                if reason:
                    return reason
        program = next((name for name in sorted(index_programs("apt-get")) if name in facts.startup.programs), "")
        if program:
            return f"{facts.startup.programs[program]} runs {program} when the container starts"
        mention = next(iter(facts.application.mentions(index_programs("apt-get"))), None) or next(
            iter(facts.application.search(_READS)), None
        )
        return f"{mention.file}:{mention.line} names {mention.word}" if mention else ""

    def called(self, programs: Mapping[str, str]) -> str:
        """What calls one of the programs that come with a package by recommendation, "" where nothing does."""
        units = [(step, unit) for stage in self.facts.model.stages for step, unit in stage.units] if programs else []
        uses = {
            name: f"the RUN in line {step.line} runs it"
            for step, unit in units
            if (script := commands_in_script(unit.command.text))
            for name in script.commands
        }
        uses = {**uses, **needed(self.facts, programs, ())} if programs else {}
        found = next((name for name in programs if name in uses), "")
        return f"{programs[found]} brings {found} by recommendation only, and {uses[found]}" if found else ""

    def without_recommends(
        self, units: Sequence[Unit], number: int, run: Instruction, line: int, reasons: list[str]
    ) -> Instruction:
        """The RUN of these units with ``--no-install-recommends`` in one of them, where that takes away nothing that may be needed."""
        install = system_install(units[number].effects.action)
        if install is None or "recommends" in units[number].command.text.lower():
            return run
        names = [package.name for package in install.asked]
        reason = needed_recommends(names) or self.called(recommended_programs(names))
        image = self.facts.final.image
        if install.dynamic or image is None:
            reason = "which packages are installed is known only to the shell"
        elif not image.runtime:
            reason = "what every official Python image has may come by recommendation here"
        new = None if reason else _minimal(run, number - len(units), install)
        if new is None:
            self.refusals.append(at(reason or "the install could not be found again", line))
            return run
        because = "packages that are only recommended, and not needed, stay out"
        reasons += [] if because in reasons else [because]
        return new


def _minimal(run: Instruction, number: int, install: Install) -> Instruction | None:
    """A RUN without what one of its commands, counted from the end, only recommends; None where that can't be done."""
    form = shell_form(run)
    if form is None or not isinstance(install.manager, SystemManager):
        return None
    recipe = install.manager.minimal(install, form.commands[number])
    return None if isinstance(recipe, Reason) else form.edited(insert=recipe.insert, remove=recipe.remove)


def _installs_or_cleans(unit: Unit) -> bool:
    return system_install(unit.effects.action) is not None or (
        isinstance(unit.effects.action, Clean) and by_system(unit.effects.action)
    )


def _uses_lists(unit: Unit) -> bool:
    """Whether a command may need the package lists: it installs, or nothing is known of it."""
    action = unit.effects.action
    return unit.effects.unbounded or (by_system(action) and isinstance(action, Install | Upgrade))


def _refreshes(unit: Unit) -> bool:
    """Whether a command fetches the lists that this is about."""
    action = unit.effects.action
    return isinstance(action, Refresh) and isinstance(action.manager, SystemManager) and action.manager.index == _INDEX


def _touches_lists(unit: Unit) -> bool:
    text = unit.command.text
    return (
        "apt/lists" in text
        or "/var/lib/apt" in text
        or "distclean" in text
        or ("/var/lib" in text and unit.command.name in {"rm", "find"})
    )


def _not_at_the_end(step: Step) -> str:
    """Why nothing can be added to the end of a RUN."""
    node = step.instruction
    if node.heredocs or node.json is not None:
        return "the lists stay: the RUN is not commands joined by &&"
    last = step.units[-1].command
    return "" if node.args.endswith(last.text) and last.simple else f"the lists stay: the RUN ends with {last.called} …"


def _later(stage: Stage, owner: Stage, step: Step) -> str:
    """Who in ``stage``, which ``owner`` is or is the base of, may need the lists that ``step`` has fetched."""
    below = False
    for part in stage.lineage:
        for each in part.steps:
            if each is step:
                below = True
                continue
            if not below:
                continue
            if each.keyword == "ONBUILD" and part is stage:
                return f"the lists stay: ONBUILD in line {each.line} may need them"
            for unit in each.units:
                if _refreshes(unit):
                    return ""
                action = unit.effects.action
                if by_system(action) and isinstance(action, Install | Upgrade):
                    return f"the lists stay: line {each.line} installs packages without an update of its own"
                program = unknown_program(unit)
                if program:
                    return f"the lists stay: {program} in line {each.line} may need them"
    return ""
