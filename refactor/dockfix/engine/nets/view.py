"""What the nets look at: one state of a file, two that follow one another, and what of the difference is declared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar, cast

from dockfix.dataclass import dataclass
from dockfix.engine.nets import kinds
from dockfix.facts import Facts
from dockfix.facts.between_stages import names_of, taken_from
from dockfix.lazy import cached_property
from dockfix.model.layout import Layout
from dockfix.model.reason import Declared, Part
from dockfix.model.stages import Stage, Step, Unit
from dockfix.syntax import Instruction, Node

T = TypeVar("T")

REPORT = "please report this"
_UNSEEN: frozenset[Part] = frozenset({"DISTRIBUTION", "MODULE", "PROGRAM"})  # only a build shows them


@dataclass(frozen=True)
class Violation:
    """What an edit broke, in words; ``undeclared`` are the declarations that would have allowed it, none where nothing would."""

    text: str
    undeclared: tuple[Declared, ...] = ()
    advice: str = REPORT

    def __str__(self) -> str:
        """With what the author of the transform, or else the user, can do about it."""
        return told([self])


def told(found: Sequence[Violation]) -> str:
    """The first violation, with all that has to be declared where that would be enough."""
    first = found[0]
    wanted = dict.fromkeys(declared.source for each in found for declared in each.undeclared)
    if wanted and all(each.undeclared for each in found):
        return f"{first.text}; the transform has to declare {' and '.join(wanted)}"
    unallowed = next((each for each in found if not each.undeclared), first)
    return f"{unallowed.text}; {unallowed.advice}" if unallowed.advice else unallowed.text


class Declarations:
    """What an edit declares, and which of it was needed: what is not would hide a later fault."""

    def __init__(self, declares: Iterable[Declared]) -> None:
        self._named: dict[tuple[Part, str], set[Declared]] = {}
        for declared in declares:
            self._named.setdefault((declared.part, declared.name), set()).add(declared)
        self._needed: set[Declared] = set()

    def allow(self, part: Part, name: str = "") -> tuple[str, ...] | None:
        """What a part of the image may be altered for: the packages ``instead``; None where it may not be altered."""
        found = self._named.get((part, name))
        if found is None:
            return None
        self._needed |= found
        return tuple(dict.fromkeys(name for each in found for name in each.instead))

    def allow_file(self, path: str, part: Part = "FILE") -> bool:
        """Whether a file of the image, or a folder that it lies in, may be altered."""
        while path:
            if self.allow(part, path) is not None:
                return True
            path = path.rpartition("/")[0]
        return False

    def idle(self) -> list[Declared]:
        """What was declared and is not altered."""
        every = {each for found in self._named.values() for each in found}
        return sorted((each for each in every - self._needed if each.part not in _UNSEEN), key=str)


@dataclass(frozen=True, eq=False)
class Run:
    """One command of a RUN; ``stage`` is the one that the instruction stands in."""

    stage: Stage
    step: Step
    number: int
    unit: Unit

    @property
    def text(self) -> str:
        """The command as written."""
        return self.unit.command.text

    @property
    def where(self) -> str:
        """The command with its line, for a sentence."""
        return f"{self.text} in line {self.step.line}"

    @cached_property
    def installed(self) -> kinds.Installed | None:
        """See kinds."""
        return kinds.installed(self.unit)

    @cached_property
    def asked(self) -> tuple[tuple[str, str], ...] | None:
        """See kinds."""
        return kinds.asked(self.unit)

    @cached_property
    def cleans(self) -> frozenset[kinds.Leftover]:
        """See kinds."""
        return kinds.cleans(self.unit)


class Seen:
    """One stage of a file with those that it is built on, as the nets see it."""

    def __init__(self, view: View, stage: Stage) -> None:
        self.view, self.stage = view, stage
        self._answers: dict[object, object] = {}

    def ask(self, question: Callable[[Seen], T]) -> T:
        """What a function says of the stage; it is worked out once."""
        if question not in self._answers:
            self._answers[question] = question(self)
        return cast("T", self._answers[question])

    @cached_property
    def runs(self) -> tuple[Run, ...]:
        """The commands, in order."""
        stage = self.stage
        own = [Run(stage, step, number, unit) for step in stage.steps for number, unit in enumerate(step.units)]
        return (*(self.view.stage(stage.parent).runs if stage.parent is not None else ()), *own)

    @cached_property
    def own(self) -> tuple[Run, ...]:
        """Those of the stage itself."""
        return tuple(run for run in self.runs if run.stage is self.stage)

    @property
    def layout(self) -> Layout:
        """Which file lies where in its image."""
        return self.view.facts.layouts.of(self.stage)


class View:
    """One state of a file, as the nets see it; what they ask of it is worked out once."""

    def __init__(self, facts: Facts) -> None:
        self.facts, self.tree = facts, facts.tree
        self._stages: dict[Stage, Seen] = {}

    def stage(self, stage: Stage) -> Seen:
        """What the nets see of a stage."""
        if stage not in self._stages:
            self._stages[stage] = Seen(self, stage)
        return self._stages[stage]

    @cached_property
    def stages(self) -> tuple[Seen, ...]:
        """What they see of all stages; the last one becomes the image."""
        return tuple(map(self.stage, self.facts.model.stages))

    @cached_property
    def named(self) -> Mapping[str, list[Seen]]:
        """The stages by their names, in lower case; a name may stand twice."""
        found: dict[str, list[Seen]] = {}
        for seen in self.stages:
            found.setdefault(seen.stage.name.lower(), []).append(seen)
        return found

    @cached_property
    def nodes(self) -> frozenset[Node]:
        """The nodes of the file; those that an edit leaves are the same ones after it."""
        return frozenset(self.tree.nodes)

    @cached_property
    def installs(self) -> Mapping[kinds.Asked, tuple[Run, ...]]:
        """The commands of all stages that install packages of a language, by what they ask for."""
        found: dict[kinds.Asked, list[Run]] = {}
        for run in (run for seen in self.stages for run in seen.own):
            if run.installed is not None:
                found.setdefault(run.installed.asked, []).append(run)
        return {asked: tuple(runs) for asked, runs in found.items()}


@dataclass(frozen=True, eq=False)
class Change:
    """A file before and after an edit, and what the edit declares."""

    before: View
    after: View
    declared: Declarations

    @cached_property
    def image(self) -> Pair:
        """The stage that becomes the image."""
        return Pair(self, self.before.stages[-1], self.after.stages[-1])

    @cached_property
    def installs(self) -> Mapping[Run, Run]:
        """The commands of all stages that install packages of a language, each with the one that asks for the same after the edit."""
        found: dict[Run, Run] = {}
        now: dict[kinds.Asked, tuple[Run, ...]] = {}
        for asked, runs in self.installs_after.items():
            less = asked.without(self.groups)
            now[less] = (*now.get(less, ()), *runs)
        for asked, runs in self.before.installs.items():
            found.update(zip(runs, now.get(asked.without(self.groups), ()), strict=False))
        return found

    @cached_property
    def installs_after(self) -> Mapping[kinds.Asked, tuple[Run, ...]]:
        """Those after the edit, without the ones of stages that it adds and that nothing which was there takes anything from.

        One that stands nowhere else has moved there: what it leaves is missed elsewhere.
        """
        every = self.after.installs
        added = self._added
        if not added:
            return every
        left = {asked: tuple(run for run in runs if run.stage not in added) for asked, runs in every.items()}
        there = {asked.without(self.groups) for asked, runs in left.items() if runs}
        moved = {asked for asked in every if asked in self.before.installs and asked.without(self.groups) not in there}
        return {asked: runs or every[asked] for asked, runs in left.items() if runs or asked in moved}

    @cached_property
    def _added(self) -> frozenset[Stage]:
        there = [seen.stage for seen in self.after.stages[:-1] if seen.stage.name.lower() in self.before.named]
        waiting, needed = [self.after.stages[-1].stage, *there], set[Stage]()
        while waiting:
            stage = waiting.pop()
            if stage not in needed:
                needed.add(stage)
                names = set(taken_from(stage))
                waiting += (each.stage for each in self.after.stages if not names.isdisjoint(names_of(each.stage)))
                waiting += [stage.parent] if stage.parent is not None else []
        return frozenset(seen.stage for seen in self.after.stages) - needed

    @cached_property
    def groups(self) -> frozenset[str]:
        """The groups of what managers install that may come or go."""
        asked = {*self.before.installs, *self.after.installs}
        named = {group for each in asked for group in each.groups}
        return frozenset(group for group in named if self.declared.allow("GROUP", group) is not None)

    @cached_property
    def written(self) -> frozenset[str]:
        """The files of the build context that the edit writes, with another text than before."""
        old, new = self.before.facts.context, self.after.facts.context
        texts = new.overlay.items() if new is not old else ()
        return frozenset(name for name, text in texts if old.read(name) != text)

    def pair(self, old: Seen) -> Pair | None:
        """A stage that others use, with the one of the same name, or else number; None where that is gone."""
        others = self.after.stages[:-1]
        if not old.stage.name:
            return Pair(self, old, others[old.stage.index]) if old.stage.index < len(others) else None
        name = old.stage.name.lower()
        number = self.before.named[name].index(old)  # a name may stand twice
        after = [each for each in self.after.named.get(name, ()) if each is not self.after.stages[-1]]
        return Pair(self, old, after[number]) if number < len(after) else None


@dataclass(frozen=True, eq=False)
class Pair:
    """One stage before and after an edit."""

    change: Change
    old: Seen
    new: Seen

    @cached_property
    def is_rewritten(self) -> bool:
        """Whether an instruction of the stage is another than before, or stands elsewhere."""
        return self.old.ask(_instructions) != self.new.ask(_instructions)

    @property
    def gets_others(self) -> bool:
        """Whether other files may come into the stage than before, by the same instructions."""
        return bool(self.change.written) or self.old.layout.key != self.new.layout.key

    @cached_property
    def twins(self) -> Mapping[Run, Run]:
        """The commands that have to run in the stage and do, in their order, each with what it has become."""
        following = iter(self.new.ask(_staying))
        found: dict[Run, Run] = {}
        for run in self._staying:
            twin = next((each for each in following if each.text == run.text), None)
            if twin is None:
                break
            found[run] = twin
        return found

    @property
    def lost(self) -> Run | None:
        """The first command that has to run in the stage, and does not."""
        return self._staying[len(self.twins)] if len(self.twins) < len(self._staying) else None

    @cached_property
    def _staying(self) -> tuple[Run, ...]:
        """The commands that have to stay, without those of which it is declared that they go: the first ones of their text."""
        staying = self.old.ask(_staying)
        gone = Counter(run.text for run in staying) - Counter(run.text for run in self.new.ask(_staying))
        kept: list[Run] = []
        for run in staying:
            if gone[run.text] > 0 and self.change.declared.allow("RUN", run.text) is not None:
                gone[run.text] -= 1
                # what it wrote may be declared, too: no net sees that this is missing, a build does
                for path in run.unit.effects.writes:
                    self.change.declared.allow_file(path)
            else:
                kept.append(run)
        return tuple(kept)


def _instructions(seen: Seen) -> list[Instruction]:
    return [node for stage in seen.stage.lineage for node in (stage.start, *(step.instruction for step in stage.steps))]


def _staying(seen: Seen) -> tuple[Run, ...]:
    return tuple(run for run in seen.runs if kinds.stays(run.unit))
