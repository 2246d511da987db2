"""The number that a user or a group of the image has."""

from __future__ import annotations

from collections.abc import Iterator

from dockfix.facts import Facts
from dockfix.facts.user import own_user
from dockfix.model.commands.users import DATABASE, GROUPS, USERS, number_given
from dockfix.model.effects import overlap
from dockfix.model.reason import Reason, at
from dockfix.model.stages import Step, Unit
from dockfix.syntax.shell import Command


def number_of(facts: Facts, name: str, at_step: Step, *, group: bool = False) -> int | Reason:
    """The number of a user, or of a group, at a step of the final stage, or why it is not known.

    It is the one of the base image's own user, or what the one command says that makes it.
    """
    kind = "group" if group else "user"
    before = list(_before(facts, at_step))
    makers = [(step, unit) for step, unit in before if _makes(unit.command, name, group)]
    own = own_user(facts)
    if makers:
        step, unit = makers[-1]
        found = number_given(unit.command, name) if len(makers) == 1 else None
        if found is None:
            return at(f"which number the {kind} {name} gets is not said for certain", step.line)
    elif own is not None and own.name == name:
        found = own.number
    else:
        return at(f"no command is known to make the {kind} {name}", at_step.line)
    altered = next((step for step, unit in before if _alters(unit, name)), None)
    if altered is None:
        targets = ((step, step.copy.target) for step in facts.final.of("COPY", "ADD") if step.copy is not None)
        altered = next((step for step, target in targets if target is not None and overlap([target], DATABASE)), None)
    if altered is not None:
        return at(
            f"the {altered.keyword} in line {altered.line} may give the {kind} {name} another number", altered.line
        )
    return found


def _before(facts: Facts, last: Step) -> Iterator[tuple[Step, Unit]]:
    for stage in facts.final.lineage:
        for step in stage.steps:
            if step is last:
                return
            yield from ((step, unit) for unit in step.units)


def _makes(command: Command, name: str, group: bool) -> bool:
    return command.name in (GROUPS if group else USERS) and name in {word.value for word in command.args}


def _alters(unit: Unit, name: str) -> bool:
    """Whether a command may give a user or a group that is there another number."""
    command = unit.command
    if command.name in USERS | GROUPS:
        return not command.simple
    writes = any(path in DATABASE for path in unit.effects.writes)
    return unit.effects.unbounded or any(path in command.text for path in DATABASE) or (writes and name in command.text)
