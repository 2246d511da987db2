"""``uv run``: what it starts, and what it needs before that of what uv has fetched."""

from __future__ import annotations

import posixpath
from collections.abc import Collection

from dockfix.context.manifests import pyproject
from dockfix.context.manifests.pyproject import PyProject
from dockfix.lazy import regex
from dockfix.managers._uv_groups import groups_of
from dockfix.managers._uv_options import VALUED
from dockfix.managers._uv_project import is_package, local_sources, workspace_above
from dockfix.managers._variables import given_to, is_on
from dockfix.managers.protocol import Call, Given
from dockfix.model.actions import Install
from dockfix.model.commands.protocol import Arguments, parse
from dockfix.model.state import State
from dockfix.syntax.shell import Word

# What tells something, and installs nothing
_TELLS = frozenset({"version", "help", "self"})
_PIP_TELLS = frozenset({"list", "freeze", "show", "check", "tree"})
# Options of ``uv run`` with which it looks for nothing else, and builds nothing else, than without them
_KNOWN = regex(
    r"--(?:frozen|locked|no-sync|no-project|no-cache|offline|quiet|verbose|module|env-file|no-env-file|extra|all-extras|group|no-group"
    r"|only-group|all-groups|no-default-groups|dev|no-dev|only-dev|no-extra|no-editable|no-progress|color)|-[qvmn]"
)
_INLINE = regex(r"(?m)^# /// script\s*$")


def parse_run(call: Call, state: State) -> Arguments:
    """``uv run`` with its own options alone: what stands behind the program that it runs is that one's."""
    own: list[Word] = []
    words = iter(call.words)
    seen = False
    for word in words:
        own.append(word)
        text = word.value or word.text
        if text in VALUED["run"]:
            own += [each for each in (next(words, None),) if each is not None]
        elif not text.startswith("-"):
            if seen:
                break
            seen = True
    return parse(own, state, VALUED["run"])


def run_by(arguments: Arguments) -> str:
    """The program that ``uv run`` starts, "" where it is unknown."""
    word = arguments.operands[1] if len(arguments.operands) > 1 else None
    name = (word.value or "") if word is not None else ""
    return "python" if name.endswith(".py") or arguments.has("-m", "--module") else name


def cached_for(install: Install, given: Given, start: Given, beside: Collection[Install]) -> str:
    """Why what ``start`` calls may need the cache that an install fills, as a clause about uv; "" where it needs nothing of it.

    ``beside`` are all installs of uv in the image. uv builds a local project anew when the file times of its pyproject.toml are others,
    as they are where an image is unpacked on another machine, and asks its build for what pyproject.toml does not say.
    """
    call, variables = start.call, given_to(start.call.command, start.state)
    arguments = parse_run(call, start.state)
    verb, *operands = [word.value for word in arguments.operands] or [None]
    if arguments.has("--no-cache", "-n") or is_on(variables.get("UV_NO_CACHE")):
        return ""
    if verb in _TELLS or (verb == "pip" and operands and operands[0] in _PIP_TELLS):
        return ""
    odd = next((name for name, _, _ in arguments.options if not _KNOWN.fullmatch(name)), "")
    if verb != "run" or odd or posixpath.basename(call.command.name or "") == "uvx":
        return "may install from its cache"
    name = start.at(start.state.path(operands[0]) or "") if operands and operands[0] else None
    if name is not None and _INLINE.search(start.context.read(name) or ""):
        return f"installs what {name} names"
    if arguments.has("--no-sync", "--no-project") or any(
        map(is_on, map(variables.get, ("UV_NO_SYNC", "UV_NO_PROJECT")))
    ):
        return ""
    found = _project(start)
    if found is None and not _syncs(install):
        return ""
    if found is None or not _syncs(install) or given.at(install.manifests[0]) != found[0]:
        return "may install from its cache"
    wanted = frozenset(groups_of(arguments, variables))
    if any(not wanted <= each.groups for each in beside) and len({each.groups for each in beside}) > 1:
        return "may install groups from its cache"
    return _built_again(install, given, found[1], arguments)


def _project(start: Given) -> tuple[str, PyProject] | None:
    """The project that uv finds from the folder in which the container starts."""
    folder = start.state.workdir or "/"
    while True:
        found = start.settings(posixpath.join(folder, pyproject.NAME))
        if not isinstance(found, str):
            return found
        if folder == "/":
            return None
        folder = posixpath.dirname(folder)


def _syncs(install: Install) -> bool:
    return bool(install.manifests) and posixpath.basename(install.manifests[0]) == pyproject.NAME


def _built_again(install: Install, given: Given, project: PyProject, arguments: Arguments) -> str:
    """Why a local project may be built from what the cache of an install has, "" where the install brings nothing for that."""
    root = posixpath.dirname(install.manifests[0])
    again = "may build the project again from its cache"
    whole = bool(install.projects or install.editable)
    if isinstance(project.at("tool", "uv", "workspace"), dict) or workspace_above(given, root):
        return again
    if local_sources(project) or (whole and is_package(project)):
        return again
    frozen = arguments.has("--frozen") or is_on(given_to(given.call.command, given.state).get("UV_FROZEN"))
    return again if project.works_out_dependencies and not frozen else ""
