"""``uv run``: what it starts, and what it needs before that of what uv has fetched."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Mapping

from dockfix.context.manifests import pyproject
from dockfix.context.manifests.pyproject import PyProject
from dockfix.lazy import regex
from dockfix.managers import _projects as projects
from dockfix.managers._uv_groups import groups_of
from dockfix.managers._uv_lock import fits
from dockfix.managers._uv_options import VALUED
from dockfix.managers._uv_project import is_package, local_sources, workspace_above
from dockfix.managers._variables import given_to, is_on
from dockfix.managers.protocol import Call, Given, LanguageManager, Started
from dockfix.model.actions import Install
from dockfix.model.commands.protocol import Arguments, parse
from dockfix.model.reason import Reason, doubt
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
# Options of ``uv run`` after which the program is the same: which groups they ask for is looked at elsewhere
_SAME = regex(
    r"--(?:frozen|locked|no-cache|no-sync|offline|quiet|verbose|no-progress|color|module|no-env-file|dev|no-dev|extra|all-extras|no-extra"
    r"|group|all-groups|no-group|no-default-groups)|-[qvmn]"
)
# Variables that alter nothing in an environment that is there, or that are looked at where the groups are
_IDLE = {
    "UV_CACHE_DIR",
    "UV_COMPILE_BYTECODE",
    "UV_CONCURRENT_BUILDS",
    "UV_CONCURRENT_DOWNLOADS",
    "UV_CONCURRENT_INSTALLS",
    "UV_FROZEN",
    "UV_HTTP_TIMEOUT",
    "UV_INSTALL_DIR",
    "UV_LINK_MODE",
    "UV_LOCKED",
    "UV_NATIVE_TLS",
    "UV_NO_CACHE",
    "UV_NO_DEFAULT_GROUPS",
    "UV_NO_DEV",
    "UV_NO_PROGRESS",
    "UV_NO_SYNC",
    "UV_OFFLINE",
    "UV_PYTHON_CACHE_DIR",
    "UV_SYSTEM_PYTHON",
    "UV_TOOL_BIN_DIR",
    "UV_TOOL_DIR",
    "UV_VERSION",
}
# What the build of a project reads
_SOURCE = (".py", "/setup.cfg", "/pyproject.toml")
_BEHIND = "uv.lock is not what pyproject.toml asks for, and uv brings both up to date when the container starts"


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


def started_by(call: Call) -> Started | None:
    """The program that ``uv run`` does nothing but start, None where an option says what it is to find."""
    arguments = parse_run(call, State())
    if len(arguments.operands) < 2 or arguments.operands[0].value != "run":
        return None
    words = tuple(call.words)[next(i for i, word in enumerate(call.words) if word is arguments.operands[1]) :]
    name = words[0].value
    if not name or name == "-" or "://" in name or any(not _SAME.fullmatch(each) for each, _, _ in arguments.options):
        return None
    if arguments.has("-m", "--module"):
        return Started(words, ("python", "-m"))
    return Started(words, ("python",) if name.endswith(".py") else ())


def differs(manager: LanguageManager, install: Install, given: Given, start: Given) -> Reason | None:
    """Why ``uv run`` may take another environment when the container starts than an install has filled, or alter it first."""
    arguments, variables = parse_run(start.call, start.state), given_to(start.call.command, start.state)
    script = arguments.operands[1].value if len(arguments.operands) > 1 else None
    name = start.at(start.state.path(script) or "") if script else None
    if name is not None and _INLINE.search(start.context.read(name) or ""):
        return Reason(f"{name} names packages of its own, which uv installs when the container starts")
    other = projects.another_project(manager, install, start) or projects.other_settings(
        manager, given, start, _IDLE.__contains__
    )
    if other is not None or arguments.has("--no-sync") or is_on(variables.get("UV_NO_SYNC")):
        return other
    return _behind(install, given, start, arguments, variables) or _built_before_source(install, given, start)


def _behind(
    install: Install, given: Given, start: Given, arguments: Arguments, variables: Mapping[str, str | None]
) -> Reason | None:
    """Why ``uv run`` may bring the lock, and the environment with it, up to date."""
    if arguments.has("--frozen") or is_on(variables.get("UV_FROZEN")):
        return None
    manifest = install.manifests[0]
    lock = posixpath.join(posixpath.dirname(manifest), "uv.lock")
    found = start.settings(manifest)
    same = given.at(manifest) == start.at(manifest)
    if isinstance(found, str) or not same:
        return doubt(f"whether {manifest} is what uv installed for is not known")
    file = start.at(lock)
    synced = given_to(given.call.command, given.state)
    locked = any(word.value == "--locked" for word in given.call.words) or is_on(synced.get("UV_LOCKED"))
    # without a lock in the build context it is the one that the install has made of this very file
    if file is None or (locked and given.at(lock) == file):
        return None
    fitting = fits(start.context, file, found[1])
    if fitting is None:
        return doubt(f"whether {file} fits pyproject.toml is not known: uv would bring it up to date at the start")
    return None if fitting else Reason(_BEHIND)


def _built_before_source(install: Install, given: Given, start: Given) -> Reason | None:
    """That uv may build a project again, whose source came after the install."""
    manifest = install.manifests[0]
    found = start.settings(manifest)
    project = found[1] if not isinstance(found, str) else None
    own = bool(install.projects or install.editable) and project is not None and is_package(project)
    if project is None or not (
        own or local_sources(project) or isinstance(project.at("tool", "uv", "workspace"), dict)
    ):
        return None
    root, folder = posixpath.dirname(manifest), posixpath.dirname(found[0])
    for name in start.context.files() or ():
        if name.endswith(_SOURCE) and (not folder or name.startswith(f"{folder}/")):
            path = posixpath.join(root, posixpath.relpath(name, folder or "."))
            if start.at(path) == name and given.at(path) != name:
                return doubt(f"{name} came after uv installed the project, which it may build again at the start")
    return None


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
