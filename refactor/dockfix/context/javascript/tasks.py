"""The tasks of a workspace that a program runs for its members: their scripts of these names, as a file of its own puts them in order."""

from __future__ import annotations

import json
from collections.abc import Sequence

from dockfix.context.javascript.files import Files, below
from dockfix.context.javascript.package_json import Package
from dockfix.context.javascript.tsconfig import without_comments
from dockfix.knowledge.node_programs import NodeProgram


def tasks(program: NodeProgram, words: Sequence[str | None], root: Package, files: Files) -> frozenset[str] | None:
    """The names of all scripts that may run: those that are asked for, and those that these wait for. None where that is not known.

    A member with such a file of its own may have other tasks. https://turborepo.com/docs/reference/configuration
    """
    said = files.read(below(root.folder, program.tasks_in)) if files.has(below(root.folder, program.tasks_in)) else None
    known = [word for word in words if word is not None]
    if said is None or len(known) < len(words):
        return None
    if any(files.has(below(each.folder, program.tasks_in)) for each in files.members(root).values()):
        return None
    try:
        data = json.loads(without_comments(said))
    except (ValueError, RecursionError):
        return None
    there = data.get("tasks") or data.get("pipeline") if isinstance(data, dict) else None
    if not isinstance(there, dict):
        return None
    asked = program.plain(known)
    asked = asked[1:] if asked[:1] == ["run"] else asked
    wanted = {_name(each) for each in asked}
    if not wanted or not wanted <= {_name(each) for each in there}:
        return None
    waiting = [*wanted]
    while waiting:
        name = waiting.pop()
        for key, about in there.items():
            if _name(key) != name or not isinstance(about, dict):
                continue
            if about.get("with"):
                return None
            before = {
                _name(each.lstrip("^"))
                for each in about.get("dependsOn") or ()
                if isinstance(each, str) and each[:1] != "$"
            }
            waiting += before - wanted
            wanted |= before
    return frozenset(wanted)


def _name(task: str) -> str:
    """A task without the member that it is of."""
    return task.rpartition("#")[2]
