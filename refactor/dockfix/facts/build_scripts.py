"""What the commands behind a build are, and where they put what they make; scripts of the project's own are read for that."""

from __future__ import annotations

import posixpath

from dockfix.context.javascript import Files, Started, Unfolded, unfold
from dockfix.context.program.model import UNKNOWN, Write
from dockfix.facts import Facts
from dockfix.facts.reading import folder_at
from dockfix.knowledge import file_programs, wrappers
from dockfix.knowledge.node_programs import is_node, node_starters, script_runners
from dockfix.managers.protocol import LanguageManager
from dockfix.managers.registry import by_program
from dockfix.model.actions import Build
from dockfix.model.effects import within
from dockfix.model.reason import Reason, doubt
from dockfix.model.stages import Unit

# Packages that write nothing by themselves, and the one of which the reader of JavaScript knows what it writes
_HARMLESS = frozenset(["fs-extra", "glob", "globby", "fast-glob", "chalk", "minimist", "yargs", "js-yaml", "yaml"])
# Programs that move, copy and remove files of a project, and those that look at it and make nothing
_FILES = frozenset(
    ["rimraf", "copyfiles", "cpx", "cpy", "rm", "mkdirp", "shx", "ncp", "del", "del-cli", "echo", "true", "test"]
)
_CHECKS = frozenset(
    ["tsc-alias", "eslint", "prettier", "jest", "vitest", "mocha", "prisma", "typescript", "tsc", "stylelint"]
)


def script_stays_inside(files: Files, command: Started, project: str) -> bool:
    """Whether all of what such a script does is read, and lies in the folder of the project."""
    if not is_node(command.program) or not command.arguments or command.arguments[0].startswith("-"):
        return False
    from dockfix.context.javascript.read import read_javascript

    program = read_javascript(files, (command,))
    if (
        not program.complete
        or not program.files
        or program.outside
        or any(each.source is None for each in program.entries)
    ):
        return False
    does = program.behaviour
    if does.runs or does.loads or does.downloads or not _HARMLESS.issuperset(program.names):
        return False
    return all(_is_inside(write, command.folder, project) for write in does.writes)


def _is_inside(write: Write, folder: str, project: str) -> bool:
    """Whether a path lies in the project, whatever a part of it that is worked out is: the head of the path has to be known."""
    if write.base not in {"code", "cwd"} or write.path.startswith(UNKNOWN) or write.env:
        return False
    path = posixpath.normpath(posixpath.join("/context", folder if write.base == "cwd" else "", write.path))
    return "../" not in write.path.partition(UNKNOWN)[2] and within(
        path, posixpath.join("/context", project).rstrip("/")
    )


def behind(facts: Facts, unit: Unit) -> Unfolded:
    """The commands behind a command of a RUN: those of the scripts that it names."""
    folder = folder_at(unit.state.workdir or "/", facts.layout.file)
    return unfold(unit.command.text, facts.javascript.files, folder or "", unit.command.text)


def built_elsewhere(facts: Facts) -> Reason | None:
    """A command behind a build of which it is not known that what it makes lies in the working directory."""
    for step, unit in facts.final.units:
        if not isinstance(unit.effects.action, Build):
            continue
        found = behind(facts, unit)
        if found.unknown is not None:
            where = f"{unit.command.shown} in line {step.line}"
            return doubt(f"what {where} makes outside of the working directory is not known: {found.unknown}")
        for each in found.commands:
            if not (_builds_inside(each) or _script_stays_inside(facts, each)):
                said = f"what {each.program} makes outside of the working directory shows only in a build"
                return doubt(f"{said} (line {step.line}: {unit.command.shown})")
    return None


def _script_stays_inside(facts: Facts, command: Started) -> bool:
    project = facts.javascript.folder
    return project is not None and script_stays_inside(facts.javascript.files, command, project)


def _builds_inside(command: Started) -> bool:
    """Whether a command is known to make nothing outside of its project."""
    known = command.known
    # (what runs tasks makes nothing itself but its cache; where it is not known what it runs, that is said)
    if known is not None and (known.only_builds(command.arguments) or known.package in _CHECKS or known.tasks_in):
        return True
    manager = by_program().get(command.program)
    if isinstance(manager, LanguageManager) or command.program in script_runners() or command.program in wrappers():
        return True
    if command.program in node_starters() or command.program in _CHECKS:
        return True
    outside = any(word.startswith(("/", "~", "../")) or "/../" in word for word in command.arguments)
    return command.program in file_programs() | _FILES and not outside
