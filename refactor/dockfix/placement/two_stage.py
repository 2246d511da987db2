"""The usual shape: a builder that installs and builds, and a runtime stage that gets what was made.

Everything stays in the runtime stage but installs and what only they need; the builder gets, by a backward slice, what
they may need.
"""

from __future__ import annotations

from collections.abc import Iterable

from dockfix.facts import Facts
from dockfix.facts.beneath import why_unknown
from dockfix.facts.callers import caller_with_unknown_path
from dockfix.facts.installs import cannot_move, installer, missing_manifest, only_brought, runs_a_maker
from dockfix.knowledge import manager_in, why_not_split
from dockfix.lazy import regex
from dockfix.managers.protocol import LanguageManager, SystemManager
from dockfix.managers.registry import system_managers
from dockfix.managers.verbs import by_system, language_install, system_install
from dockfix.model.actions import Action, Clean, Configure, Install, Make, Provide, ShellState
from dockfix.model.artefact import Environment
from dockfix.model.effects import Places, overlap
from dockfix.model.reason import Declared, Reason, at, doubt
from dockfix.model.stages import Step, Unit
from dockfix.placement.gain import gain, of_environment
from dockfix.placement.leftovers import Placed, drop_covered, drop_idle_refresh, drop_removed, drop_units, landed
from dockfix.placement.no_gain import no_gain, with_setting, without_installs
from dockfix.placement.only_fetching import drop_arguments, drop_exports, drop_settings
from dockfix.placement.packages import Division, divide
from dockfix.placement.plan import Part, Placement, Steps, doubts
from dockfix.placement.providers import drop_managers
from dockfix.placement.removals import removals
from dockfix.placement.smaller_base import SmallerBase, smaller_base
from dockfix.placement.whole import not_whole
from dockfix.runtimes.registry import runtime_of
from dockfix.syntax import image as reference_of

BUILDER = "builder"
_RUNTIME_ONLY = {"LABEL", "EXPOSE", "CMD", "ENTRYPOINT", "HEALTHCHECK", "STOPSIGNAL", "VOLUME", "MAINTAINER"}
# Files for programs and people, which nothing that is compiled or installed reads, wherever they lie
_USELESS = regex(
    r".*\.(?:jar|war|ear|ttf|otf|ttc|woff2?|onnx|pt|pth|ckpt|safetensors|gguf|tflite|h5|joblib|traineddata|html?|css|png|jpe?g|gif|svg|ico"
    r"|webp|mp[34]|wav|ogg|pdf|service|timer|crontab)"
)
# What a builder, in which root installs, does without
_GIVES_AWAY = {"chown", "chgrp"}
_SETTINGS = {"ENV", "ARG", "WORKDIR", "SHELL", "USER"}


def place(facts: Facts) -> Placement | Reason:
    """Places every step of a single-stage file, or says why it stays as it is.

    Where packages have to be moved into an environment first, the placement is the one that there will be after that.
    """
    reason = _precondition(facts) or _environment_blocker(facts)
    if reason is not None:
        return reason
    removed = removals(facts)
    if isinstance(removed, Reason):
        return removed
    stage = facts.final
    environment = facts.installs[0][2].into
    installs = tuple(dict.fromkeys(step for step, _, _ in facts.installs))
    last = stage.steps.index(installs[-1])
    builder = _builder(stage.steps[: last + 1], facts)
    runtime = _runtime(facts, environment)
    exports = drop_exports(facts, builder, runtime)
    managers = drop_managers(facts, runtime, environment)
    dropped = [
        *managers.texts,
        *drop_units(removed.commands, builder, runtime),
        *drop_settings(facts, builder, runtime),
        *exports,
    ]
    staying = _units(runtime)
    reason = (
        _unclear(facts, runtime, installs)
        or _needed_early(facts, environment, staying, installs[0])
        or not_whole(facts, environment, runtime, installs)
        or runs_a_maker(facts, (unit for _, unit in staying))
    )
    if environment.carried is None or environment.beside_base:
        actions = [unit.effects.action for _, unit in stage.units]
        reason = reason or only_brought(facts, [each for each in actions if isinstance(each, Provide) and each.shared])
    if reason is not None:
        return reason
    named = [pair for step in stage.steps for pair in _system_installs(step)]
    division = divide(facts, named, staying, _units(builder), removed.packages)
    for package, reason in division.kept.items():
        if package in removed.packages:
            return at(f"{package.name}, which the file removes again, would have to stay: {reason.text}", reason.line)
    smaller = smaller_base(facts, staying, _installed(staying, division)) if "base" in facts.hints.facets else None
    full = stage.image is not None and stage.image.variant == "full"
    gains = division.gains or (bool(managers.titles) and not full) or facts.hints.always
    if not gains and not isinstance(smaller, SmallerBase):
        return with_setting(facts, no_gain(facts, division, smaller))
    only_by_base = smaller.doubt if not gains and isinstance(smaller, SmallerBase) else None
    made = environment.carried is None
    maker = runtime_of(environment.runtime) if made and facts.hints.lean else None
    seeds = maker.seeds(facts, staying) if maker is not None else None
    bare = maker is not None and seeds is None
    drop_covered(facts, runtime)
    dropped += drop_removed(facts, builder, runtime)
    drop_idle_refresh(runtime, division)
    arguments = drop_arguments(facts, builder, runtime)
    parts = (
        Part(BUILDER, _by_instruction(builder), dict.fromkeys(division.runtime_only, ())),
        Part(stage.name or "runtime", _by_instruction(runtime), division.replaced),
    )
    return Placement(
        parts,
        tuple(step.instruction for step in installs),
        environment,
        division.kept,
        smaller,
        (
            *doubts(facts),
            *_moved(facts, environment),
            *division.doubts,
            *((only_by_base,) if only_by_base is not None else ()),
        ),
        frozenset(Declared("RUN", text) for text in dropped)
        | frozenset(Declared("ARG", name) for name in arguments)
        | _gone(division, named)
        | managers.declares,
        frozenset(step.instruction for step in stage.steps),
        division.of_the_base,
        managers.titles,
        gain(
            facts,
            named,
            division.replaced,
            smaller.packages if isinstance(smaller, SmallerBase) else None,
            sum(manager.size for manager in managers.managers),
            of_environment(stage.image) if made and not bare else 0,
        ),
        _is_managed(facts, staying),
        bare,
        seeds,
    )


def _moved(facts: Facts, environment: Environment) -> Iterable[Reason]:
    """Why packages that are moved into an environment could not be found there."""
    if environment.carried is not None:
        return ()
    reason = facts.ask(caller_with_unknown_path)
    runtime = runtime_of(environment.runtime)
    moved = dict.fromkeys(each.moved for each in facts.manifests.values() if each.moved is not None)
    reasons = (*((reason,) if reason is not None else ()), *map(doubt, moved))
    return (*reasons, *(runtime.doubts(facts) if runtime is not None else ()))


def _is_managed(facts: Facts, staying: Iterable[tuple[Step, Unit]]) -> bool:
    """Whether something that stays runs a manager that installs."""
    run = {*facts.startup.programs, *(tool for _, unit in staying for tool in unit.effects.tools)}
    managers = {install.manager for _, _, install in facts.installs}
    return any(isinstance(each, LanguageManager) and not each.programs.isdisjoint(run) for each in managers)


def _gone(division: Division, named: Iterable[tuple[Step, Unit]]) -> frozenset[Declared]:
    """The packages that leave the image, each with what takes its place."""
    installs = [install for _, unit in named if (install := system_install(unit.effects.action)) is not None]
    left = {package.name for install in installs for package in install.asked if package not in division.replaced}
    left |= {name for instead in division.replaced.values() for name in instead}
    return frozenset(
        Declared("PACKAGE", package.name, instead)
        for package, instead in division.replaced.items()
        if package.name not in left
    )


def _by_instruction(placed: Placed) -> Steps:
    return {step.instruction: indices for step, indices in placed.items()}


def _units(placed: Placed) -> list[tuple[Step, Unit]]:
    return [(step, step.units[index]) for step, indices in placed.items() for index in indices]


def _installed(staying: Iterable[tuple[Step, Unit]], division: Division) -> frozenset[str]:
    """The system packages that the runtime stage installs by itself."""
    installs = [install for _, unit in staying if (install := system_install(unit.effects.action)) is not None]
    return frozenset(
        name
        for install in installs
        for package in install.asked
        for name in division.replaced.get(package, (package.name,))
    )


# --- why a stage is not split ---------------------------------------------------------------------------------------


def _precondition(facts: Facts) -> Reason | None:
    model, stage = facts.model, facts.final
    if len(model.stages) > 1:
        return at("it is multi-stage already", stage.start.line)
    if stage.image is None:
        base = stage.base or "whose name depends on an ARG without a default"
        reference = reference_of(stage.base) if stage.base else None
        own = why_not_split(reference.registry, reference.repository) if reference is not None else ""
        said = own or "is not an official Python image, nor Debian or Ubuntu"
        return at(f"the base image {base} {said}", stage.start.line)
    if stage.beneath is not None and (why := why_unknown(stage.beneath.stage)) is not None:
        return at(f"{stage.beneath.dockerfile}, which builds the base image, {why}", stage.start.line)
    if facts.system is None:
        return at(
            f"how packages are installed in the base image is not known ({stage.image.variant})", stage.start.line
        )
    for step, unit in stage.units:
        system = system_install(unit.effects.action)
        if system is not None and system.manager is not facts.system.manager:
            said = f"{_title(system)} installs packages, and the base image has {facts.system.manager.title}"
            return at(said, step.line)
    if stage.of("ONBUILD"):
        return at("ONBUILD instructions run in other people's builds", stage.of("ONBUILD")[0].line)
    if not facts.installs:
        return without_installs(facts)
    for step, _, install in facts.installs:
        reason = install.blocked or _install_blocker(facts, install)
        if reason:
            return reason.at(step.line)
    if len({install.into.root for _, _, install in facts.installs}) > 1:
        step, _, install = facts.installs[-1]
        return at(f"{_title(install)} installs into more than one place", step.line)
    missing = missing_manifest(facts)
    if missing is not None:
        return missing
    found = facts.ask(installer)
    return at(f"{found}, and what that needs is unknown") if found else None


def _environment_blocker(facts: Facts) -> Reason | None:
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
                f"the RUN mixes {_title(install)} install with a command whose effects are unknown: {what}", step.line
            )
    return None


def _install_blocker(facts: Facts, install: Install) -> Reason | None:
    blocked = facts.manifests[install].blocked
    if blocked is not None:
        return at(blocked)
    return cannot_move(facts, install)


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
            title = _title(facts.installs[0][2])
            return at(f"it runs between two {title} installs, and what it needs of the first is unknown", step.line)
        if manager_in(unbounded.command.text, "python"):
            return at("it may install Python packages in a way that dockfix does not know", step.line)
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


# --- what goes where ------------------------------------------------------------------------------------------------


def _title(install: Install) -> str:
    return install.manager.title if isinstance(install.manager, LanguageManager | SystemManager) else install.manager.id


def _system_installs(step: Step) -> Iterable[tuple[Step, Unit]]:
    return ((step, unit) for unit in step.units if system_install(unit.effects.action) is not None)


def _runtime(facts: Facts, environment: Environment) -> Placed:
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


def _builder(steps: tuple[Step, ...], facts: Facts) -> Placed:
    """The steps that the installs may need: a backward slice over what they read."""
    wanted = Places()
    there: frozenset[str] = frozenset()
    managers = {install.manager for _, _, install in facts.installs}
    tools = [path for each in managers if isinstance(each, LanguageManager) for path in each.reads]
    everything = False
    chosen: Placed = {}
    for step in reversed(steps):
        if step.keyword in _RUNTIME_ONLY:
            continue
        if step.keyword in _SETTINGS:
            if everything or step.keyword != "USER" or _is_root(step):
                chosen[step] = ()
            continue
        if step.copy is not None:
            effects = step.all_effects[0]
            if isinstance(step.action, Provide):
                chosen[step] = ()
                continue
            useless = _USELESS.fullmatch(step.copy.target or "") or all(map(_USELESS.fullmatch, step.copy.sources))
            there_by_it = landed(facts, step)
            needs = wanted.without(there).overlap(effects.writes if there_by_it is None else there_by_it)
            if everything or effects.opaque or (needs and not useless):
                chosen[step] = ()
                there |= there_by_it or frozenset()
            continue
        indices: list[int] = []
        for index in reversed(range(len(step.units))):
            effects = step.units[index].effects
            action = effects.action
            if isinstance(action, Make | Provide | Configure) or language_install(action) is not None:
                wanted.add((*effects.reads, *tools, *_reads(facts, action)))
            elif by_system(action):
                wanted.add(path for manager in system_managers() for path in manager.reads)
            elif isinstance(action, Clean):
                pass
            elif isinstance(action, ShellState):
                if not indices:
                    continue
            elif effects.unbounded:
                everything = True
            elif not everything and step.units[index].command.name in _GIVES_AWAY:
                continue
            elif everything or (wanted.overlap(effects.writes) and not all(map(_USELESS.fullmatch, effects.writes))):
                wanted.add(effects.reads)
            else:
                continue
            indices.insert(0, index)
        if indices:
            chosen[step] = tuple(indices)
    return {step: chosen[step] for step in steps if step in chosen}


def _is_root(step: Step) -> bool:
    """Whether a USER instruction switches to root."""
    return step.instruction.args.partition(":")[0].strip("\"'") in {"root", "0"}


def _reads(facts: Facts, action: Action | None) -> tuple[str, ...]:
    """What an install reads that its command does not name: included files and local projects."""
    install = language_install(action)
    return facts.manifests[install].reads if install is not None and install in facts.manifests else ()
