"""The decision on a stage that is split: its parts, what is in each of them, and what is carried from one to the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace

from dockfix.dataclass import dataclass
from dockfix.facts import Decision, Facts
from dockfix.facts.cached_for_start import cache_left_behind
from dockfix.facts.installs import installs_again, requirements_unknown
from dockfix.facts.javascript import only_hands_out
from dockfix.facts.without_use import without_use
from dockfix.model.actions import Make, Package
from dockfix.model.artefact import Environment
from dockfix.model.reason import Declared, Reason, doubt
from dockfix.model.stages import Stage, Step
from dockfix.placement.gain import Gain
from dockfix.placement.smaller_base import SmallerBase
from dockfix.syntax import Instruction, pairs

Steps = Mapping[Instruction, tuple[int, ...]]


@dataclass(frozen=True, eq=False)
class Part:
    """One stage to write.

    ``steps`` maps an instruction to the indices of the commands that go there (one without commands: ()); what it lacks does
    not go there. ``packages`` are the system packages that it loses, each with those that it gets instead. ``tail`` are commands that
    are run at its end, each in a RUN of its own. ``without`` are the variables that it loses of an ENV which goes there.
    """

    name: str
    steps: Steps
    packages: Mapping[Package, tuple[str, ...]]
    tail: tuple[str, ...] = ()
    without: Mapping[Instruction, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Placement(Decision):
    """``parts`` come in the order in which they are written; the last one becomes the image.

    ``installs`` are the instructions that fill ``environment``, in order, which is carried from the first part to the last one;
    where it cannot be carried yet, installs have to be moved into one that can. ``kept`` says why a package that only builds
    stays in the image. ``smaller`` is the base that the last part could have. ``doubts`` say why the split could be wrong,
    ``declares`` what it alters on purpose. ``of_the_base`` are packages that leave the last part in vain as long as its base, which
    brings them, is the same. ``managers`` are those that only the builder gets, by what people call them. ``gain`` is about how much
    leaves the image. With ``managed`` a manager that installs stays in the last part. With ``bare``
    an environment that is made for them gets no installer of its own. ``lightened`` are what
    people call the packages that a ``tail`` takes away, "" for none; ``notes`` say why others stay that would leave otherwise. With
    ``only_base`` nothing leaves but by the smaller base, which can do all that is done here: then the image stays one stage, and ``parts``
    are not written. ``beside`` is what is carried besides, which is whole after the step ``beside_at``; the environment may lie in it.
    ``certain`` is what is left of it without the part that all ``doubts`` are about; None where that is nothing.
    """

    parts: tuple[Part, ...]
    installs: tuple[Instruction, ...]
    environment: Environment
    kept: Mapping[Package, Reason]
    smaller: SmallerBase | Reason | None
    doubts: tuple[Reason, ...]
    declares: frozenset[Declared]
    known: frozenset[Instruction]
    of_the_base: frozenset[Package] = frozenset()
    managers: tuple[str, ...] = ()
    gain: Gain = Gain()
    managed: bool = False
    bare: bool = False
    lightened: str = ""
    notes: tuple[Reason, ...] = ()
    only_base: bool = False
    beside: Mapping[str, str] = field(default_factory=dict)
    beside_at: Instruction | None = None
    certain: Placement | None = None

    def stands(self, facts: Facts) -> bool:
        """Whether every instruction is there still, and others only make an environment or set something."""
        steps = {step.instruction: step for step in facts.final.steps}
        added = [step for node, step in steps.items() if node not in self.known]
        return len(facts.model.stages) == 1 and self.known <= steps.keys() and all(map(_prepares, added))

    def on(self, stage: Stage) -> Placement:
        """The same on a tree in which others have prepared an environment: what makes it goes to the first part.

        So does what a manager is told, unless a manager stays in the last one.
        """
        added = [step for step in stage.steps if step.instruction not in self.known]
        if not added:
            return self
        kept = {name for each in stage.end.environments if each.carried is not None for name in each.carried.env}
        told = {step: _variables(step) for step in added if step.keyword == "ENV"}
        alone = [step for step, names in told.items() if not self.managed and kept.isdisjoint(names)]
        everywhere: Steps = {step.instruction: () for step in added if not step.units and step not in alone}
        once: Steps = {step.instruction: () for step in alone}
        made: Steps = {step.instruction: tuple(range(len(step.units))) for step in added if step.units}
        first, *others = self.parts
        parts = (
            replace(first, steps={**first.steps, **everywhere, **once, **made}),
            *(replace(part, steps={**part.steps, **everywhere}) for part in others),
        )
        gone = frozenset(Declared("ENV", name) for step in alone for name in told[step])
        return replace(self, parts=parts, declares=self.declares | gone)


def _variables(step: Step) -> frozenset[str]:
    return frozenset(name for name, _ in pairs(step.instruction, step.state.variables))


def _prepares(step: Step) -> bool:
    return all(isinstance(unit.effects.action, Make) for unit in step.units) and step.copy is None


def doubts(facts: Facts) -> tuple[Reason, ...]:
    """Why any placement could be wrong: what is not known of the code and of what is installed."""
    code = facts.unlocated if facts.is_javascript else facts.unknown
    if code is not None and facts.is_javascript and facts.located.certain and facts.ask(only_hands_out):
        code = None  # whatever is missing, none of it runs
    reason = code or facts.ask(requirements_unknown)
    again = facts.ask(installs_again)
    starts = (
        doubt(f"{again}, and finds all that it asks for as long as its files are those of the image") if again else None
    )
    asked = (cache_left_behind, without_use)
    return tuple(each for each in (reason, starts, *map(facts.ask, asked)) if each is not None)
