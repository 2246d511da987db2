"""Stages beside the image's that are built by their names: which pieces the builder falls into, and what each new stage gets.

They start from what the builder has: a stage to test or to develop in is what the image was before it was parted, with the packages for
development. Nothing of it goes into the image.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from dockfix.context.manifests.locked import DEV
from dockfix.dataclass import dataclass
from dockfix.facts import Facts, from_context
from dockfix.facts.between_stages import handed, names_of
from dockfix.knowledge.targets import BASE, DEVELOPMENT
from dockfix.managers.protocol import Developing, LanguageManager
from dockfix.managers.verbs import by_system, language_install, of_language, only_installers, system_install
from dockfix.model.actions import Clean, Install, Make, Remove, ShellState
from dockfix.model.effects import within
from dockfix.model.reason import Reason, at
from dockfix.model.stages import Stage, Step, Unit
from dockfix.syntax import pairs

# What only a container of the image has to do with
_OF_CONTAINERS = frozenset({"CMD", "ENTRYPOINT", "HEALTHCHECK", "EXPOSE", "STOPSIGNAL", "VOLUME"})


@dataclass(frozen=True, eq=False)
class Pieces:
    """What a builder falls into. ``first`` is the step with which packages begin.

    Where its install brings what only development needs, what stands behind it up to ``built`` has all, and the rest is without;
    ``developing`` is then None. Otherwise that says how an install of its own brings it.
    """

    builder: Stage
    step: Step
    unit: Unit
    install: Install
    first: Step
    behind: Step | None
    pruned: Step | None
    developing: Developing | None

    @property
    def is_built(self) -> bool:
        """Whether something is built, or copied, between the install and what takes packages away again."""
        return self.behind is not None and self.behind is not self.pruned


def pieces(facts: Facts) -> Pieces | Reason:
    """How the builder of two stages is parted; why it isn't."""
    builder, final = facts.model.stages[0], facts.final
    if not builder.name or builder.name.lower() in {BASE, DEVELOPMENT}:
        return at("the stage that builds has no name, or that of another one", builder.start.line)
    if not handed(facts, builder):
        return at("nothing of the packages comes from another stage", final.start.line)
    installs = [
        (step, unit, install)
        for step, unit in builder.units
        if (install := language_install(unit.effects.action)) is not None and install in facts.manifests
    ]
    if not installs:
        return at("no install of the project's packages is seen in the builder", builder.start.line)
    every = [each for each in installs if facts.is_javascript and DEV in facts.groups_of(each[2])]
    step, unit, install = (every or installs)[-1]
    manager = install.manager
    if not isinstance(manager, LanguageManager):
        return at("nobody knows what the install brings", step.line)
    developing = manager.developing(install, facts.given[install])
    if isinstance(developing, Reason):
        return at(f"nothing is known to serve development alone: {developing.text}", step.line)
    steps = builder.steps
    first = next(each for each in steps if _begins(each, install))
    behind = steps[steps.index(step) + 1 :]
    pruned = next((each for each in behind if any(_takes_away(facts, unit, install) for unit in each.units)), None)
    stays = "what only serves to develop stays in the image, so that nothing parts it from the others"
    if every:
        if pruned is None and any(within(install.into.root, each.source) for each in handed(facts, builder)):
            return at(stays, step.line)
        return Pieces(builder, step, unit, install, first, next(iter(behind), None), pruned, None)
    if facts.every_manifest[install].development:
        return at(stays, step.line)
    return Pieces(builder, step, unit, install, first, None, None, developing)


def _begins(step: Step, install: Install) -> bool:
    """Whether packages of the project begin with a step: their manifests, their environment, an install; managers come before."""
    if from_context(step):
        return True
    for action in (unit.effects.action for unit in step.units):
        own = language_install(action)
        if own is not None and not only_installers(own):
            return True
        if isinstance(action, Make) and action.environment.root == install.into.root:
            return True
    return False


def _takes_away(facts: Facts, unit: Unit, install: Install) -> bool:
    """Whether a command takes what only serves to develop away again: it removes packages, or installs all but that."""
    action = unit.effects.action
    again = language_install(action)
    if again is not None:
        return again.into.root == install.into.root and DEV not in facts.groups_of(again)
    return isinstance(action, Remove) and of_language(action)


def repeated(facts: Facts, found: Pieces, *, container: bool) -> Iterator[Step]:
    """The steps of the image that a stage needs, too, which starts from the builder; with ``container`` all about containers as well."""
    builder = found.builder
    there = [step for step in builder.steps if step is not found.pruned]
    texts = {step.instruction.text.strip() for step in there}
    copied = {(step.copy.sources, step.copy.target) for step in there if step.copy is not None}
    commands = {unit.command.text for step in there for unit in step.units}
    asked = {name for step in there for unit in step.units for name in _asked(unit)}
    workdir, env = builder.end.workdir, dict(builder.end.env)
    for step in facts.final.steps:
        keyword = step.keyword
        if keyword in _OF_CONTAINERS:
            if container:
                yield step
        elif keyword == "WORKDIR":
            after = facts.final.after(step).workdir
            if after != workdir:
                yield step
            workdir = after
        elif keyword == "ENV":
            own = dict(pairs(step.instruction, step.state.variables))
            if any(env.get(name) != value for name, value in own.items()):
                yield step
            env |= {name: value or "" for name, value in own.items()}
        elif step.copy is not None:
            origin = (step.copy.origin or "").lower()
            if origin not in names_of(builder) and (step.copy.sources, step.copy.target) not in copied:
                yield step
        elif keyword == "RUN":
            there_too = all(unit.command.text in commands for unit in step.units)
            if not there_too and not _only_asks(facts, step, asked):
                yield step
        elif keyword == "ARG" or (
            keyword not in {"LABEL", "MAINTAINER"} and step.instruction.text.strip() not in texts
        ):
            yield step


def _asked(unit: Unit) -> tuple[str, ...]:
    install = system_install(unit.effects.action)
    return tuple(package.name for package in install.asked) if install is not None else ()


def _only_asks(facts: Facts, step: Step, there: Collection[str]) -> bool:
    """Whether a RUN only installs packages of the system that are there, or that came along with those."""
    if not all(
        by_system(unit.effects.action) or isinstance(unit.effects.action, Clean | ShellState) for unit in step.units
    ):
        return False
    return {name for unit in step.units for name in _asked(unit)} <= {*there, *_instead(facts)}


def _instead(facts: Facts) -> frozenset[str]:
    """The libraries that took the place of packages which the builder has."""
    from dockfix.placement.decision import place
    from dockfix.placement.plan import Placement

    decided = facts.decided(place)
    replaced = decided.parts[-1].packages if isinstance(decided, Placement) else {}
    return frozenset(name for instead in replaced.values() for name in instead)
