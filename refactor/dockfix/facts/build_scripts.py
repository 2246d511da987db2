"""What a script of a project's own makes that a build runs with Node.js: ``node scripts/copy-files.js``."""

from __future__ import annotations

import posixpath

from dockfix.context.javascript import Files, Started
from dockfix.context.program.model import UNKNOWN, Write
from dockfix.knowledge.node_programs import is_node
from dockfix.model.effects import within

# Packages that write nothing by themselves, and the one of which the reader of JavaScript knows what it writes
_HARMLESS = frozenset(["fs-extra", "glob", "globby", "fast-glob", "chalk", "minimist", "yargs", "js-yaml", "yaml"])


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
