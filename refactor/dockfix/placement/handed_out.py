"""The folder of a page that a build has made and that a program for all hands out, as ``serve -s build`` does: nothing else is needed."""

from __future__ import annotations

import posixpath

from dockfix.context.javascript import Started
from dockfix.facts import Facts
from dockfix.facts.build_scripts import behind
from dockfix.facts.covered import mounted_over
from dockfix.facts.javascript import only_hands_out
from dockfix.model.actions import Build
from dockfix.model.effects import overlap, within
from dockfix.model.stages import Unit
from dockfix.placement.leftovers import Placed
from dockfix.placement.slices import units_of
from dockfix.placement.smaller_javascript import for_all


def handed_out(facts: Facts, folder: str, staying: Placed) -> str | None:
    """The folder, relative to the working directory ``folder``; None where more of that may be needed.

    ``staying`` are the commands of the runtime stage. That the build makes the folder is known by the program that builds: where it is
    not there, a copy of it would fail, and the server would not.
    """
    project = facts.javascript.project
    if project is None or not facts.ask(only_hands_out):
        return None
    begun = facts.javascript.started.commands
    if len(begun) != 1 or begun[0].known is None or begun[0].runner or begun[0].known.package in project.asked_for:
        return None
    program, words = begun[0].known, begun[0].arguments
    named = program.plain(words)
    options = {word.partition("=")[0] for word in words if word.startswith("-")}
    if len(named) != 1 or "" in words or not options <= program.harmless:
        return None
    inside = posixpath.relpath(posixpath.join(folder, named[0]), folder)
    units = units_of(staying)
    if not any(program.package in for_all(unit) for _, unit in units) or inside not in _made(facts):
        return None
    touched = any(touches(unit, folder) for _, unit in units)
    return None if touched or mounted_over(facts, f"{folder}/{inside}") is not None else inside


def touches(unit: Unit, folder: str) -> bool:
    """Whether a command may need, or change, what lies in a folder: one that only makes the folder does not."""
    effects = unit.effects
    if unit.command.name == "mkdir" and not effects.unbounded and all(within(folder, path) for path in effects.writes):
        return False
    return effects.unbounded or overlap((*effects.reads, *effects.writes), (folder,))


def _made(facts: Facts) -> set[str]:
    """The folders that the builds are known to make in the project's folder."""
    found: set[str] = set()
    for _, unit in facts.final.units:
        if not isinstance(unit.effects.action, Build):
            continue
        commands = behind(facts, unit)
        if commands.unknown is None:
            found |= {output for each in commands.commands if (output := _output(facts, each))}
    return found


def _output(facts: Facts, command: Started) -> str:
    known = command.known
    if known is None or not known.output or not known.only_builds(command.arguments):
        return ""
    return (
        ""
        if any(word.startswith("--") for word in command.arguments) or command.folder != facts.javascript.folder
        else known.output
    )
