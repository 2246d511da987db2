"""Where each step of a single stage goes when the stage is split: to the builder, the runtime stage, or both."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dockfix.facts import Facts
from dockfix.facts.leftovers import drop_covered, drop_idle_refresh, drop_removed
from dockfix.facts.packages import Division, divide
from dockfix.facts.slim import Slim, slim
from dockfix.knowledge import manager_in, package_manager
from dockfix.managers.protocol import LanguageManager
from dockfix.managers.registry import system_managers
from dockfix.managers.verbs import by_system, language_install, system_install
from dockfix.model.actions import Action, Clean, Install, Make, Remove, ShellState
from dockfix.model.artefact import Environment
from dockfix.model.effects import overlap
from dockfix.model.reason import Reason, at
from dockfix.model.stages import Step, Unit
from dockfix.runtimes.registry import runtime_of

_RUNTIME_ONLY = {"LABEL", "EXPOSE", "CMD", "ENTRYPOINT", "HEALTHCHECK", "STOPSIGNAL", "VOLUME", "MAINTAINER"}
_SETTINGS = {"ENV", "ARG", "WORKDIR", "SHELL", "USER"}


@dataclass(frozen=True)
class Placement:
    """``builder`` and ``runtime`` map a step to the indices of the units that go there (all of a step without units: ()).

    A step that a mapping lacks does not go there. ``division`` says what becomes of the apt packages; ``installs`` are the
    steps that fill the virtual environment, in order. ``dropped`` are commands that only removed again what the builder
    alone has now. ``doubt`` is why the split may bring nothing, or not work: it is made for the sake of a smaller base alone.
    """

    builder: dict[Step, tuple[int, ...]]
    runtime: dict[Step, tuple[int, ...]]
    division: Division
    installs: tuple[Step, ...]
    environment: Environment
    dropped: tuple[str, ...] = ()
    doubt: Reason | None = None


def place(facts: Facts) -> Placement | Reason:
    """Places every step of a single-stage file, or says why it stays as it is.

    Before the ``virtualenv`` transform has run, the placement is the one that there will be after it.
    """
    refusal = _precondition(facts)
    if refusal:
        return refusal
    stage = facts.final
    environment = facts.installs[0][2].into
    if environment.carried is None:
        language = runtime_of(environment.runtime)
        blocker = language.holds_back(facts) if language is not None else at("what runs these packages is not known")
        if blocker:
            return blocker
    installs = tuple(dict.fromkeys(step for step, _, _ in facts.installs))
    last = stage.steps.index(installs[-1])
    first = stage.steps.index(installs[0])
    for step in installs:
        mixed = next((unit for unit in step.units if unit.effects.unbounded), None)
        if mixed:
            return at(
                f"the RUN mixes pip install with a command whose effects are unknown: "
                f"{mixed.effects.opaque or mixed.command.text}",
                step.line,
            )
    builder = _builder(stage.steps[: last + 1], facts)
    runtime: dict[Step, tuple[int, ...]] = {}
    staying: list[tuple[Step, Unit]] = []
    for number, step in enumerate(stage.steps):
        stays = tuple(index for index, unit in enumerate(step.units) if not _is_install(unit))
        if step.units and not [
            index for index in stays if not isinstance(step.units[index].effects.action, ShellState)
        ]:
            continue
        runtime[step] = stays
        staying += [(step, step.units[index]) for index in stays]
        unbounded = next((step.units[index] for index in stays if step.units[index].effects.unbounded), None)
        if unbounded and first <= number <= last and len(installs) > 1:
            return at("it runs between two pip installs, and what it needs of the first is unknown", step.line)
        if unbounded and number <= last and manager_in(unbounded.command.text, "python"):
            return at("it may install Python packages in a way that dockfix does not know", step.line)
    early = _needs_environment_early(facts, environment, staying, first)
    if early:
        return early
    division = divide(
        facts, [pair for step in stage.steps for pair in _system_installs(step)], staying, _units(builder)
    )
    smaller = slim(facts, staying) if "base" in facts.hints.facets else None
    if not division.replaced and not isinstance(smaller, Slim) and not facts.hints.always:
        return _no_gain(facts, division)
    drop_covered(facts, builder, runtime)
    dropped = drop_removed(facts, builder, runtime)
    drop_idle_refresh(runtime, division)
    return Placement(
        builder,
        runtime,
        division,
        installs,
        environment,
        dropped,
        smaller.doubt if isinstance(smaller, Slim) and not division.replaced and not facts.hints.always else None,
    )


def doubts(facts: Facts, placement: Placement) -> tuple[Reason, ...]:
    """Why a split could be wrong."""
    return tuple(filter(None, (facts.unknown or facts.requirements_unknown, placement.doubt)))


def _units(placed: dict[Step, tuple[int, ...]]) -> list[tuple[Step, Unit]]:
    return [(step, step.units[index]) for step, indices in placed.items() for index in indices]


def _needs_environment_early(
    facts: Facts, environment: Environment, staying: list[tuple[Step, Unit]], first: int
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
    between = set(steps[made:first])
    for step, unit in staying:
        effects = unit.effects
        if step in between and (effects.unbounded or overlap((*effects.reads, *effects.writes), (environment.root,))):
            return at("it may use the virtual environment before anything is installed in it", step.line)
    return None


def _no_gain(facts: Facts, division: Division) -> Reason:
    if division.kept:
        package, reason = next(iter(division.kept.items()))
        return at(
            f"no gain, because every package has to stay in the image ({package.name}: {reason.text})", reason.line
        )
    return at("no gain, because no apt package that only building needs is installed")


def _precondition(facts: Facts) -> Reason | None:
    model, stage = facts.model, facts.final
    if len(model.stages) > 1:
        return at("it is multi-stage already", stage.start.line)
    if stage.image is None:
        base = stage.base or "whose name depends on an ARG without a default"
        return at(f"the base image {base} is not an official Python image", stage.start.line)
    if stage.image.variant not in {"full", "slim"}:
        return at(f"the base image is not Debian-based ({stage.image.variant})", stage.start.line)
    if stage.of("ONBUILD"):
        return at("ONBUILD instructions run in other people's builds", stage.of("ONBUILD")[0].line)
    if not facts.installs:
        return _without_pip(facts)
    for step, _, install in facts.installs:
        reason = install.blocked or _install_blocker(facts, install)
        if reason:
            return reason.at(step.line)
    if len({install.into.root for _, _, install in facts.installs}) > 1:
        return at("pip installs into more than one place", facts.installs[-1][0].line)
    for step, unit in stage.units:
        if isinstance(unit.effects.action, Remove) and by_system(unit.effects.action):
            return at("the file removes packages again by itself", step.line)
    if facts.installer and facts.installer.runs:
        return at(f"{facts.installer.reason}, and what that needs is unknown")
    return None


def _without_pip(facts: Facts) -> Reason:
    for step, unit in facts.final.units:
        name = manager_in(unit.command.text, "python")
        if name and unit.effects.opaque:
            manager = package_manager(name)
            modelled = manager is not None and manager.title == "pip"
            what = "pip is used in a way that" if modelled else f"{name} is used, which"
            return at(f"{what} dockfix does not split yet", step.line)
    return at("no gain, because no pip install was found")


def _install_blocker(facts: Facts, install: Install) -> Reason | None:
    if install.editable:
        return at("an editable install leaves build results in the source folder")
    named = next(iter(facts.manifests[install].editable), None)
    return at(f"{named.file} asks for an editable install ({named.path})") if named is not None else None


def _is_install(unit: Unit) -> bool:
    action = unit.effects.action
    return isinstance(action, Install | Make | Clean) and not by_system(action)


def _system_installs(step: Step) -> Iterable[tuple[Step, Unit]]:
    return ((step, unit) for unit in step.units if system_install(unit.effects.action) is not None)


def _builder(steps: tuple[Step, ...], facts: Facts) -> dict[Step, tuple[int, ...]]:
    """The steps that the installs may need: a backward slice over what they read."""
    wanted: list[str] = []
    everything = False
    chosen: dict[Step, tuple[int, ...]] = {}
    for step in reversed(steps):
        if step.keyword in _RUNTIME_ONLY:
            continue
        if step.keyword in _SETTINGS:
            chosen[step] = ()
            continue
        if step.copy is not None:
            effects = step.all_effects[0]
            if everything or effects.opaque or overlap(effects.writes, wanted):
                chosen[step] = ()
            continue
        indices: list[int] = []
        for index in reversed(range(len(step.units))):
            effects = step.units[index].effects
            action = effects.action
            if isinstance(action, Make) or language_install(action) is not None:
                wanted += [*effects.reads, *_reads(facts, action)]
            elif by_system(action):
                wanted += [path for manager in system_managers() for path in manager.reads]
            elif isinstance(action, Clean):
                pass
            elif isinstance(action, ShellState):
                if not indices:
                    continue
            elif effects.unbounded:
                everything = True
            elif everything or overlap(effects.writes, wanted):
                wanted += effects.reads
            else:
                continue
            indices.insert(0, index)
        if indices:
            chosen[step] = tuple(indices)
    return {step: chosen[step] for step in steps if step in chosen}


def _reads(facts: Facts, action: Action | None) -> tuple[str, ...]:
    """What an install reads that its command does not name: included files, local projects, tools and headers."""
    managers = [install.manager for _, _, install in facts.installs]
    tools = tuple(path for each in managers if isinstance(each, LanguageManager) for path in each.reads)
    install = language_install(action)
    return (*facts.manifests[install].reads, *tools) if install is not None else tools
