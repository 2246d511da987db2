"""What all shapes have in common once it is said which steps go where: packages of the system, the base, what is gained."""

from __future__ import annotations

from collections.abc import Iterable

from dockfix.dataclass import dataclass
from dockfix.facts import Facts
from dockfix.facts.how_it_is_run import by_hand
from dockfix.knowledge.targets import PRODUCTION, RELEASE
from dockfix.managers.protocol import LanguageManager
from dockfix.managers.verbs import system_install
from dockfix.model.actions import Build, Package
from dockfix.model.artefact import Environment
from dockfix.model.reason import Declared, Reason, at
from dockfix.model.stages import Step, Unit
from dockfix.placement.gain import LEAST, gain, of_environment
from dockfix.placement.leftovers import Placed, drop_covered, drop_idle_lists, drop_idle_sources, drop_removed
from dockfix.placement.manager_variables import drop_variables
from dockfix.placement.no_gain import no_gain, too_little, with_setting
from dockfix.placement.only_fetching import drop_arguments
from dockfix.placement.packages import Division, divide
from dockfix.placement.plan import Part, Placement, Steps, doubts
from dockfix.placement.providers import Left
from dockfix.placement.removals import Removals
from dockfix.placement.slices import system_installs, units_of
from dockfix.placement.smaller_base import SmallerBase, smaller_base
from dockfix.placement.smaller_javascript import needs_no_builder
from dockfix.runtimes.registry import runtime_of

# What the stage that builds is called; the second where the author's stage, which keeps its name for who builds it by that, has the first
_BUILDERS = ("builder", "build")


@dataclass(frozen=True)
class Draft:
    """Which steps the two parts get, before packages of the system are divided.

    ``makers`` are the steps that fill ``environment``, which is carried. ``removed`` is what the file removes again, ``managers`` are
    those that leave, ``dropped`` the texts of commands that do, ``size`` the bytes of what leaves besides. ``tail``, ``lightened`` and
    ``notes`` are as for parts and placements.
    """

    builder: Placed
    runtime: Placed
    makers: tuple[Step, ...]
    environment: Environment
    removed: Removals
    managers: Left
    dropped: tuple[str, ...] = ()
    doubts: tuple[Reason, ...] = ()
    declares: frozenset[Declared] = frozenset()
    tail: tuple[str, ...] = ()
    lightened: str = ""
    notes: tuple[Reason, ...] = ()
    size: int = 0


def finish(facts: Facts, draft: Draft) -> Placement | Reason:
    """The placement, or why it would bring nothing."""
    stage, removed, managers = facts.final, draft.removed, draft.managers
    staying = units_of(draft.runtime)
    named = [pair for step in stage.steps for pair in system_installs(step)]
    division = divide(facts, named, staying, units_of(draft.builder), removed.packages)
    for package, reason in division.kept.items():
        if package in removed.packages:
            return at(f"{package.name}, which the file removes again, would have to stay: {reason.text}", reason.line)
    smaller = smaller_base(facts, staying, _installed(staying, division)) if "base" in facts.hints.facets else None
    full = stage.image is not None and stage.image.variant == "full"
    wanted = facts.hints.always or bool(facts.hints.last_image) or bool(facts.hints.stages)
    gains = division.gains or (bool(managers.titles) and not full) or bool(draft.lightened) or wanted
    if not gains and not isinstance(smaller, SmallerBase) and draft.notes:
        return draft.notes[0]
    if not gains and not isinstance(smaller, SmallerBase):
        return with_setting(facts, no_gain(facts, division, smaller))
    only_by_base = smaller.doubt if not gains and isinstance(smaller, SmallerBase) else None
    made = draft.environment.carried is None
    # in one stage, what the base image's installer is told would be the container's, too; another image has not what that one brings
    lean = made and "parts" in facts.hints.facets and not (facts.hints.installer or facts.hints.last_image)
    maker = runtime_of(draft.environment.runtime) if lean else None
    bare = maker is not None and not maker.needs_installer(facts, staying)
    gained = gain(
        facts,
        named,
        division.replaced,
        smaller.packages if isinstance(smaller, SmallerBase) else None,
        sum(manager.size for manager in managers.managers) + draft.size,
        of_environment(stage.image) if made and not bare else 0,
        sum(manager.size for manager in smaller.without) if isinstance(smaller, SmallerBase) else 0,
    )
    asked = wanted or draft.lightened or isinstance(smaller, SmallerBase)
    if division.gains and gained.parts is not None and gained.parts < LEAST and not asked:
        return with_setting(facts, too_little(division, gained.parts))
    drop_covered(facts, draft.runtime)
    dropped = [*draft.dropped, *drop_removed(facts, draft.builder, draft.runtime)]
    drop_idle_lists(draft.runtime, division.stays)
    # stages to test and develop in start from it, and get all that the image had
    idle = frozenset[Package]() if facts.hints.stages else division.runtime_only
    if not facts.hints.stages:
        drop_idle_sources(facts, draft.builder, division)
        drop_idle_lists(draft.builder, lambda package: package not in idle)
    managed = _is_managed(facts, staying)
    arguments = drop_arguments(facts, draft.builder, draft.runtime)
    variables = drop_variables(facts, draft.builder, draft.runtime, managers, draft.environment, managed=managed)
    name = next(each for each in _builders(facts, draft) if each != (stage.name or "").lower())
    parts = (
        Part(name, _by_instruction(draft.builder), dict.fromkeys(idle, ()), draft.tail),
        Part(stage.name or _image(facts), _by_instruction(draft.runtime), division.replaced, without=variables.within),
    )
    return Placement(
        parts,
        tuple(step.instruction for step in draft.makers),
        draft.environment,
        division.kept,
        smaller,
        (
            *doubts(facts),
            *draft.doubts,
            *division.doubts,
            *((only_by_base,) if only_by_base is not None else ()),
        ),
        frozenset(Declared("RUN", text) for text in dropped)
        | frozenset(Declared("ARG", name) for name in arguments)
        | frozenset(Declared("ENV", name) for name in variables.names)
        | _gone(division, named)
        | managers.declares
        | draft.declares,
        frozenset(step.instruction for step in stage.steps),
        division.of_the_base,
        managers.titles,
        gained,
        managed,
        bare,
        draft.lightened,
        draft.notes,
        only_base=not (gains or managers.titles or wanted)
        and facts.is_javascript
        and only_by_base is None
        and needs_no_builder(facts),
    )


def _builders(facts: Facts, draft: Draft) -> tuple[str, ...]:
    """What the first part may be called: what is left in it at the end decides where a stage with just that is wanted."""
    builds = any(isinstance(unit.effects.action, Build) for _, unit in units_of(draft.builder))
    only = draft.tail or not builds
    return (PRODUCTION, *_BUILDERS) if only and PRODUCTION in facts.hints.stages else _BUILDERS


def _image(facts: Facts) -> str:
    return RELEASE if RELEASE in facts.hints.stages else "runtime"


def _is_managed(facts: Facts, staying: Iterable[tuple[Step, Unit]]) -> bool:
    """Whether something that stays runs a manager that installs."""
    run = {
        *facts.startup.programs,
        *facts.ask(by_hand).programs,
        *(tool for _, unit in staying for tool in unit.effects.tools),
    }
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


def _installed(staying: Iterable[tuple[Step, Unit]], division: Division) -> frozenset[str]:
    """The system packages that the runtime stage installs by itself."""
    installs = [install for _, unit in staying if (install := system_install(unit.effects.action)) is not None]
    return frozenset(
        name
        for install in installs
        for package in install.asked
        for name in division.replaced.get(package, (package.name,))
    )
