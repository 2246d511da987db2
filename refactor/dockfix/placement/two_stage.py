"""The usual shape: a builder that installs and builds, and a runtime stage that gets what was made.

Everything stays in the runtime stage but installs and what only they need; the builder gets, by a backward slice, what
they may need.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from dockfix.facts import Facts
from dockfix.facts.callers import caller_with_unknown_path
from dockfix.facts.install_scripts import filled, left_elsewhere
from dockfix.facts.installs import cannot_move, only_brought, runs_a_maker
from dockfix.facts.own_environment import missed
from dockfix.knowledge import manager_in
from dockfix.managers.verbs import by_system
from dockfix.model.actions import Clean, Install, Make, Provide, ShellState
from dockfix.model.artefact import Environment
from dockfix.model.effects import overlap
from dockfix.model.reason import Reason, at, doubt
from dockfix.model.stages import Step, Unit
from dockfix.placement.conditions import precondition
from dockfix.placement.finish import Draft, finish
from dockfix.placement.idle_programs import drop_idle_programs
from dockfix.placement.leftovers import Placed, drop_units
from dockfix.placement.only_fetching import drop_exports, drop_settings
from dockfix.placement.plan import Placement
from dockfix.placement.providers import drop_managers
from dockfix.placement.removals import removals
from dockfix.placement.slices import builder_of, title, units_of
from dockfix.placement.whole import not_whole
from dockfix.runtimes.registry import runtime_of


def place(facts: Facts) -> Placement | Reason:
    """Places every step of a single-stage file, or says why it stays as it is.

    Where packages have to be moved into an environment first, the placement is the one that there will be after that.
    """
    reason = precondition(facts, install_blocker) or environment_blocker(facts)
    if reason is not None:
        return reason
    removed = removals(facts)
    if isinstance(removed, Reason):
        return removed
    stage = facts.final
    environment = facts.installs[0][2].into
    installs = tuple(dict.fromkeys(step for step, _, _ in facts.installs))
    last = stage.steps.index(installs[-1])
    builder = builder_of(stage.steps[: last + 1], facts)
    drop_idle_programs(facts, builder)
    runtime = but_installs(facts, environment)
    exports = drop_exports(facts, builder, runtime)
    managers = drop_managers(facts, runtime, environment)
    left = drop_units(removed.commands, builder, runtime)
    settings = drop_settings(facts, builder, runtime)
    dropped = (
        *managers.texts,
        *left,
        *settings.texts,
        *exports,
    )
    reason = _unclear(facts, runtime, installs) or lost_by_moving(facts, environment, runtime, installs)
    if reason is not None:
        return reason
    moved = tuple(doubts_of_moving(facts, environment))
    beside = facts.ask(filled) if facts.is_javascript else ()
    if isinstance(beside, Reason):
        return beside
    if environment.carried is not None and beside:
        paths = {**environment.carried.paths, **{each.folder: each.folder for each in beside}}
        environment = replace(environment, carried=replace(environment.carried, paths=paths))
    elsewhere = facts.ask(left_elsewhere) if facts.is_javascript else None
    moved += (elsewhere,) if elsewhere is not None else ()
    draft = Draft(builder, runtime, installs, environment, removed, managers, dropped, moved, settings.declares)
    return finish(facts, draft)


def lost_by_moving(
    facts: Facts, environment: Environment, runtime: Placed, installs: tuple[Step, ...]
) -> Reason | None:
    """Why an environment that the ``installs`` fill in a builder would not be for the runtime stage what it was."""
    staying = units_of(runtime)
    reason = (
        _needed_early(facts, environment, staying, installs[0])
        or not_whole(facts, environment, runtime, installs)
        or runs_a_maker(facts, (unit for _, unit in staying))
        or _works_on_packages(facts, environment, runtime, installs)
    )
    if reason is None and (environment.carried is None or environment.beside_base):
        actions = [unit.effects.action for _, unit in facts.final.units]
        return only_brought(facts, [each for each in actions if isinstance(each, Provide) and each.shared])
    return reason


def doubts_of_moving(facts: Facts, environment: Environment) -> Iterable[Reason]:
    """Why packages that are moved into an environment could not be found there."""
    if environment.carried is not None:
        return ()
    reason = facts.ask(caller_with_unknown_path)
    runtime = runtime_of(environment.runtime)
    moved = dict.fromkeys(
        manifest.moved
        for install, manifest in facts.manifests.items()
        if manifest.moved is not None and missed(facts, install) is not None
    )
    reasons = (*((reason,) if reason is not None else ()), *map(doubt, moved))
    return (*reasons, *(runtime.doubts(facts) if runtime is not None else ()))


# --- why a stage is not split ---------------------------------------------------------------------------------------


def environment_blocker(facts: Facts) -> Reason | None:
    """Why the packages cannot be handed on; then, which RUN is not to be taken apart."""
    environment = facts.installs[0][2].into
    if environment.carried is None and facts.final.image is not None and not facts.final.image.makes_environments:
        return at("the base image has other things in the folder of its Python's packages")
    if environment.carried is None:
        runtime = runtime_of(environment.runtime)
        reason = runtime.holds_back(facts) if runtime is not None else at("what runs these packages is not known")
        if reason:
            return reason
    for step, _, install in facts.installs:
        mixed = next((unit for unit in step.units if unit.effects.unbounded), None)
        if mixed:
            what = mixed.effects.opaque or mixed.command.text
            return at(
                f"the RUN mixes {title(install)} install with a command whose effects are unknown: {what}", step.line
            )
    return None


def install_blocker(facts: Facts) -> Reason | None:
    """Why what an install fills cannot be handed on."""
    for step, _, install in facts.installs:
        blocked = facts.manifests[install].blocked
        reason = install.blocked or (at(blocked) if blocked is not None else cannot_move(facts, install))
        if reason is not None:
            return reason.at(step.line)
    places = dict.fromkeys(install.into.root for _, _, install in facts.installs)
    if len(places) > 1:
        step = next(step for step, _, install in facts.installs if install.into.root != next(iter(places)))
        return at(f"packages are installed into more than one place, {' and '.join(places)}", step.line)
    return None


def _unclear(facts: Facts, runtime: Placed, installs: tuple[Step, ...]) -> Reason | None:
    """Refuses where a command that stays may install packages itself, or need some of them in between."""
    steps = facts.final.steps
    first, last = steps.index(installs[0]), steps.index(installs[-1])
    for step, indices in runtime.items():
        number = steps.index(step)
        unbounded = next((step.units[index] for index in indices if step.units[index].effects.unbounded), None)
        if unbounded is None or number > last:
            continue
        if first <= number and len(installs) > 1:
            name = title(facts.installs[0][2])
            return at(f"it runs between two {name} installs, and what it needs of the first is unknown", step.line)
        if manager_in(unbounded.command.text, "python"):
            return at("it may install Python packages in a way that dockfix does not know", step.line)
    return None


def _works_on_packages(
    facts: Facts, environment: Environment, runtime: Placed, installs: tuple[Step, ...]
) -> Reason | None:
    """Refuses where a command beside an install works on the folder of a project's packages, which the runtime stage gets only later."""
    if environment.carried is None or environment.carried.kind != "environment" or environment.carried.env:
        return None  # an environment of its own is made before, and is looked at apart
    if facts.final.image is not None and environment.root == facts.final.image.own_prefix:
        return None  # a folder of the base image's, which is there in any case
    for step in installs:
        for index in runtime.get(step, ()):
            unit = step.units[index]
            if overlap((*unit.effects.reads, *unit.effects.writes), (environment.root,)):
                return at(f"{unit.command.shown} works on {environment.root} in the RUN of the install", step.line)
    return None


def _needed_early(
    facts: Facts, environment: Environment, staying: list[tuple[Step, Unit]], install: Step
) -> Reason | None:
    """Refuses where a command of the runtime stage may use an environment that it would get only later."""
    steps = facts.final.steps
    made = next(
        (
            number
            for number, step in enumerate(steps)
            for unit in step.units
            if isinstance(unit.effects.action, Make) and unit.effects.action.environment.root == environment.root
        ),
        None,
    )
    if made is None:
        return None
    between = set(steps[made : steps.index(install)])
    for step, unit in staying:
        effects = unit.effects
        if step in between and (effects.unbounded or overlap((*effects.reads, *effects.writes), (environment.root,))):
            return at("it may use the virtual environment before anything is installed in it", step.line)
    return None


def but_installs(facts: Facts, environment: Environment) -> Placed:
    """Everything but installs: a RUN goes with the last of its commands that is more than the shell's own.

    An environment that no install fills stays.
    """
    runtime: Placed = {}
    for step in facts.final.steps:
        stays = tuple(index for index, unit in enumerate(step.units) if not _leaves(unit, environment))
        if not step.units or any(not isinstance(step.units[index].effects.action, ShellState) for index in stays):
            runtime[step] = stays
    return runtime


def _leaves(unit: Unit, environment: Environment) -> bool:
    action = unit.effects.action
    if isinstance(action, Make):
        return action.environment.root == environment.root
    return isinstance(action, Install | Clean) and not by_system(action)
