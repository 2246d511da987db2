"""Programs of packages that are installed for all, and that only the container calls: a builder does without them."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Set

from dockfix.context.javascript import unfold_lifecycle
from dockfix.context.javascript.started import Unfolded
from dockfix.facts import Facts
from dockfix.facts.build_scripts import behind
from dockfix.facts.javascript import named_in_code
from dockfix.knowledge import rule_runners
from dockfix.knowledge.node_packages import only_builds
from dockfix.knowledge.node_programs import programs_of, script_runners
from dockfix.managers.verbs import language_install
from dockfix.model.actions import Build, Provide
from dockfix.model.stages import Step, Unit
from dockfix.placement.leftovers import Placed, drop_units
from dockfix.placement.slices import units_of
from dockfix.placement.smaller_javascript import for_all


def drop_idle_programs(facts: Facts, builder: Placed) -> None:
    """Takes the installs out of a builder whose programs nothing there calls."""
    if facts.is_javascript:
        drop_units(
            [(step, index) for step, index in _for_all(builder) if _is_idle(facts, step, index, builder)], builder
        )


def _for_all(builder: Placed) -> Iterator[tuple[Step, int]]:
    for step, indices in builder.items():
        for index in indices:
            if for_all(step.units[index]) and not isinstance(step.units[index].effects.action, Provide):
                yield step, index


def _is_idle(facts: Facts, step: Step, index: int, builder: Placed) -> bool:
    names = for_all(step.units[index])
    programs = {name: programs_of(name) for name in names}
    # what a script of some package may call while it is installed is no program of the container's alone
    if not all(programs.values()) or any(map(only_builds, names)):
        return False
    called = frozenset[str]().union(*programs.values())
    others = [unit for _, unit in units_of(builder) if unit is not step.units[index]]
    return not any(_may_call(facts, unit, called) for unit in others) and not named_in_code(facts, called)


def _may_call(facts: Facts, unit: Unit, programs: Set[str]) -> bool:
    own = {posixpath.basename(unit.command.name or ""), *unit.effects.tools}
    if unit.effects.unbounded or not own.isdisjoint(programs):
        return True
    return any(_starts(each, programs) for each in _started(facts, unit))


def _started(facts: Facts, unit: Unit) -> Iterator[Unfolded]:
    """What a build runs, and the scripts of projects that an install does."""
    if isinstance(unit.effects.action, Build):
        yield behind(facts, unit)
    install = language_install(unit.effects.action)
    if install is not None and install in facts.manifests and facts.manifests[install].runs_own:
        root, files = facts.javascript.project, facts.javascript.files
        for package in (root, *files.members(root).values()) if root is not None else ():
            yield from unfold_lifecycle(package, files).values()


def _starts(found: Unfolded, programs: Set[str]) -> bool:
    return found.unknown is not None or not found.programs.isdisjoint(programs | _rule_runners())


def _rule_runners() -> Set[str]:
    """Programs that run the rules of a file which nobody here reads; what runs package.json's scripts is read."""
    return rule_runners() - script_runners().keys()
