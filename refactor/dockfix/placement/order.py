"""The order of the runtime stage: packages of the system, what is carried, manifests and source."""

from __future__ import annotations

import posixpath

from dockfix.facts import Facts, from_context
from dockfix.facts.covered import brings_environment
from dockfix.managers.protocol import LanguageManager
from dockfix.managers.registry import by_program
from dockfix.managers.systems import System
from dockfix.managers.verbs import by_system
from dockfix.model.actions import Clean, ShellState
from dockfix.model.effects import overlap
from dockfix.model.stages import Step
from dockfix.placement.plan import Placement
from dockfix.placement.smaller_javascript import for_all
from dockfix.placement.whole import writes_there
from dockfix.syntax import pairs

# Where in the order of the last part what is carried comes
ENVIRONMENT, BESIDE = "environment", "beside"

# What an install of programs for all reads: https://docs.npmjs.com/cli/v11/configuring-npm/npmrc (the project's own is not read for it)
_OF_PROGRAMS = ("/usr/local", "/root")
# Variables that no manager of the system's packages reads
_OF_PYTHON = "PYTHON"
# What is said of the image, and of no step
_SAID = {"LABEL", "EXPOSE", "STOPSIGNAL", "MAINTAINER"}


def runtime_order(facts: Facts, placement: Placement, environment: Step) -> tuple[Step | str, ...]:
    """The steps of the last part, with ``ENVIRONMENT`` for what is carried there, at ``environment`` first of all.

    What is carried besides comes as ``BESIDE`` where the last step stood that had to do with it.

    A RUN that only installs packages of the system, or programs for all, comes before it, past the copies that it does not read:
    those change with every release, and what is carried with every dependency. A copy that an install came after, and that may
    bring an environment of the developer's machine, comes before it, too.
    """
    part = placement.parts[-1].steps
    order: list[Step | str] = []
    place = 0
    passing = passing_programs = False
    steps = facts.final.steps
    last = max(number for number, step in enumerate(steps) if step.instruction in placement.installs)
    over = [step for step in steps[:last] if brings_environment(facts, step, placement.environment.root)]
    start = over[-1] if over and steps.index(over[-1]) > steps.index(environment) else None
    for step in steps:
        indices = part.get(step.instruction)
        if step is environment and start is None:
            place, passing, passing_programs = len(order), True, True
            order.append(ENVIRONMENT)
            if indices and writes_there(step, indices, placement.environment):
                order.insert(place, step)  # what it does there has been done in what is carried
                place += 1
                continue
        if indices and (
            (passing and _is_of_the_system(step, indices)) or (passing_programs and _is_for_all(facts, step, indices))
        ):
            order.insert(place, step)
            place += 1
            continue
        order.append(step)
        if step is start:
            if indices is None:  # it came to the builder alone
                place, passing, passing_programs = len(order), True, True
            order.append(ENVIRONMENT)
        if step.instruction is placement.beside_at:
            order.append(BESIDE)
        passing = passing and (indices is None or _lets_pass(facts.system, step, placement))
        passing_programs = passing_programs and (indices is None or _lets_pass(None, step, placement))
    return tuple(order)


def _is_of_the_system(step: Step, indices: tuple[int, ...]) -> bool:
    actions = [step.units[index].effects.action for index in indices]
    return any(map(by_system, actions)) and all(
        by_system(action) or isinstance(action, ShellState) for action in actions
    )


def _is_for_all(facts: Facts, step: Step, indices: tuple[int, ...]) -> bool:
    """Whether a RUN only installs programs of packages for all, and no setting of the project's says how."""
    units = [step.units[index] for index in indices]
    managers = [by_program().get(unit.command.name or "") for unit in units if for_all(unit)]
    project = facts.javascript.project if facts.is_javascript else None
    if not managers or (project is not None and project.manager):
        return False
    folder = step.state.workdir or "/"
    names = {name for each in managers if isinstance(each, LanguageManager) for name in each.told_for_all}
    if any(facts.layout.at(posixpath.join(folder, name), step) is not None for name in names):
        return False
    return all(for_all(unit) or isinstance(unit.effects.action, ShellState | Clean) for unit in units)


def _lets_pass(system: System | None, step: Step, placement: Placement) -> bool:
    """Whether packages of the system, or programs for all where there is none, may as well be installed before a step."""
    if from_context(step) and step.copy is not None and step.copy.target is not None:
        reads = system.manager.reads if system is not None else _OF_PROGRAMS
        return step.copy.target != "/" and not overlap((step.copy.target,), reads)
    if step.keyword == "ENV" and (names := [name for name, _ in pairs(step.instruction, {})]):
        return step.instruction not in placement.known or all(name.startswith(_OF_PYTHON) for name in names)
    return step.keyword in _SAID or step.instruction not in placement.known
