"""What Poetry, Pipenv and PDM share: they install what a project's files name, and fill the virtual environment that is active."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Collection, Mapping
from typing import ClassVar

from dockfix.context.build_context import BuildContext
from dockfix.context.manifests.locked import MAIN, Locked, Unread
from dockfix.context.manifests.locks import read_lock
from dockfix.context.manifests.manifest import Manifest
from dockfix.dataclass import dataclass
from dockfix.lazy import regex
from dockfix.managers import venv
from dockfix.managers._variables import given_to
from dockfix.managers.pip import PREFIX
from dockfix.managers.protocol import Call, Given, LanguageManager, Recipe, Started
from dockfix.model.actions import Configure, Install
from dockfix.model.artefact import Environment
from dockfix.model.commands.protocol import Arguments
from dockfix.model.effects import Effects, opaque
from dockfix.model.reason import Reason
from dockfix.model.state import State

_TELLS = frozenset({"--version", "-V", "about", "check", "config", "env", "info", "list", "show", "version", "venv"})

# Variables that say how a manager comes and how it installs, and not which environment a program is run in
_IDLE = regex(
    r"[A-Z]+_(?:VERSION|HOME|NO_INTERACTION|YES|CACHE_DIR|TIMEOUT|INSTALL(?:ER)?_\w+|MAX_\w+|REQUESTS_\w+|REPOSITORIES_\w+|HTTP_BASIC_\w+"
    r"|PYPI_\w+|KEYRING_\w+|SOLVER_\w+|WARNINGS_\w+|CHECK_UPDATE|NO_?SPIN|HIDE_EMOJIS|COLORBLIND|QUIET|VERBOS\w+|SKIP_LOCK|NO_LOCK)"
)


@dataclass(frozen=True)
class Filled:
    """The environment that an install fills, and why it cannot be handed on ("" where it can)."""

    environment: Environment
    blocked: str = ""


class ProjectManager(LanguageManager):
    """A manager of projects that takes the active virtual environment before any of its own.

    ``lock`` is the name of its lock, ``installs`` are the verbs that install, ``alone`` is the option that leaves the project itself out.
    With ``installs_cached`` it needs no index for what its cache has.
    """

    lock: ClassVar[str]
    installs: ClassVar[frozenset[str]] = frozenset({"install", "sync"})
    alone: ClassVar[str] = ""
    installs_cached: ClassVar[bool] = False
    told_where: ClassVar[str] = "VIRTUAL_ENV"

    def into(self, install: Install, call: Call, wanted: Environment) -> Recipe | Reason:
        """VIRTUAL_ENV names the environment to fill; the command stays as it is."""
        if install.blocked is not None or install.into.carried is not None:
            return install.blocked or Recipe()
        return Recipe(env={self.told_where: wanted.root})

    def without_project(self, install: Install, call: Call, manifest: Manifest) -> Recipe | Reason:
        """With the option that leaves the project out; it runs once more if there is a project to install."""
        if manifest.unknown is not None:
            return Reason(manifest.unknown)
        if manifest.needs_source:
            return Reason(manifest.needs_source)
        if manifest.local is not None:
            return Reason(f"{manifest.local.file} names a local project or folder")
        if not manifest.builds:
            return Recipe()
        if not any(posixpath.basename(name) == self.lock for name in manifest.files):
            return Reason(f"there is no {self.lock}, so that {self.title} would choose the versions twice")
        verb = next((word for word in call.words if word.value in self.installs), None)
        return Recipe(insert=((verb, self.alone),), again=True) if verb is not None else Reason("its verb is unknown")

    def at_start(self, call: Call, installed: frozenset[str], state: State) -> bool:
        """``run`` installs nothing, but makes an environment where there is none."""
        return not installed or not call.words or call.words[0].value != "run"

    def cached_for_start(self, install: Install, given: Given, start: Given, beside: Collection[Install]) -> str:
        """What installs may take packages from the cache; nothing does that only tells something, or runs what is there."""
        there = frozenset(group for each in beside for group in each.groups)
        tells = bool(start.call.words) and start.call.words[0].value in _TELLS
        return (
            "may install from its cache"
            if self.installs_cached and not tells and self.at_start(start.call, there, start.state)
            else ""
        )

    def starts(self, call: Call) -> Started | None:
        """The words behind ``run``, where nothing stands before it and no option between them.

        A script of the project may have the program's name.
        """
        words = call.words
        if len(words) < 2 or words[0].value != "run" or not words[1].value or words[1].value.startswith("-"):
            return None
        return Started(tuple(words[1:]))

    def differs_at_start(self, install: Install, given: Given, start: Given) -> Reason | None:
        """It takes the environment of the project that it finds, as the settings say that hold then."""
        return another_project(self, install, start) or other_settings(self, given, start)

    def running(self, call: Call) -> Effects:
        """What ``run`` does in a RUN."""
        started = self.starts(call)
        program = started.program if started is not None else ""
        return Effects(tools=frozenset({self.id, posixpath.basename(program)}), application=True)


def taken(groups: frozenset[str], context: BuildContext, lock: str | None, name: str, *, kept: bool) -> Locked | Unread:
    """What an install of these groups takes from a project's lock; why it may be something else, where it may.

    With ``kept`` the lock is taken as it is, or the install fails. Unless "main" is all that is asked for, every group counts.
    """
    if lock is None:
        return Unread(name, 0, "it is not in the build context")
    if not kept:
        return Unread(lock, 0, "it is made anew where the project's own file has changed")
    found = read_lock(context, lock)
    if isinstance(found, Unread):
        return found
    return found.only({MAIN} if groups == {MAIN} else found.groups)


def active(call: Call, state: State) -> Filled | None:
    """The virtual environment that is active, None where none is."""
    root = (given_to(call.command, state).get("VIRTUAL_ENV") or state.activated).rstrip("/")
    if not root:
        return None
    made = next((each for each in state.environments if each.root == root), None)
    if made is not None:
        return Filled(made)
    return Filled(PREFIX, f"how the virtual environment {root} is made is unknown")


def unnamed(manager: LanguageManager, folder: str, setting: str, root: str) -> str:
    """Why packages in an environment which a manager names itself can't be handed on, and may not be found if they move."""
    said = f"{manager.title} makes the environment in a folder below {folder} whose name it works out"
    return f"{said}; with {setting} it would be {root}/.venv"


def its_own(manager: LanguageManager, state: State) -> Environment:
    """The environment that a manager lies in: what it fills where it makes none."""
    root = posixpath.dirname(posixpath.dirname(state.brought.get(manager.id, "")))
    return next((each for each in state.environments if each.root == root), PREFIX)


def in_project(folder: str, state: State) -> Environment:
    """The environment in the folder of a project."""
    root = posixpath.join(folder, ".venv")
    return next((each for each in state.environments if each.root == root), venv.environment(root, seeded=False))


def configure(manager: LanguageManager, words: list[str | None], folder: str, state: State) -> Effects:
    """What ``config KEY VALUE`` does; with one word or none it only tells."""
    tools = frozenset({manager.id})
    if len(words) < 2:
        return Effects(tools=tools)
    if words[0] is None or not state.is_root:
        return opaque(f"what {manager.title} is told is known only to the shell, or it is another user's")
    value = words[1] if len(words) == 2 else None
    return Effects(writes=(folder,), tools=tools, action=Configure(manager, {words[0]: value}))


def setting(
    manager: LanguageManager, name: str, variable: str, variables: Mapping[str, str | None], state: State
) -> str | None:
    """What a manager was told: by a variable first, then by its own command; "" for nothing, None for what is not known."""
    if variable in variables:
        return variables[variable]
    return state.settings.get((manager.id, name), "")


def another_project(manager: LanguageManager, install: Install, start: Given) -> Reason | None:
    """That a manager finds another project, or none, from the folder in which the container starts than the one that it installed."""
    wanted = install.manifests[0] if install.manifests else ""
    folder = start.state.workdir
    if not wanted or folder is None:
        return Reason(f"which project {manager.title} finds when the container starts is not known")
    found = nearest(start, folder, posixpath.basename(wanted))
    if found == wanted:
        return None
    return Reason(f"from {folder} {manager.title} finds {found or 'no project'}, and it installed for {wanted}")


def nearest(start: Given, folder: str, name: str) -> str:
    """The path of the file of this name that lies in a folder or in the nearest one above it, "" where there is none."""
    while not start.lies_at(posixpath.join(folder, name)):
        if folder == "/":
            return ""
        folder = posixpath.dirname(folder)
    return posixpath.join(folder, name)


def other_settings(
    manager: LanguageManager, given: Given, start: Given, idle: Callable[[str], object] = _IDLE.fullmatch
) -> Reason | None:
    """A variable of the manager's that an install was not given as it is when the container starts; ``idle`` ones change nothing then."""
    before, after = given_to(given.call.command, given.state), given_to(start.call.command, start.state)
    for name in sorted({*before, *after}):
        if name.startswith(manager.variables) and not idle(name) and before.get(name) != after.get(name):
            return Reason(f"{name} is not what it was when {manager.title} installed the packages")
    return None


def is_off(value: str | None) -> bool:
    """Whether a setting is off for certain."""
    return value is not None and value.strip().lower() in {"false", "0", "no", "off"}


def written_by(arguments: Arguments, state: State, *options: str) -> tuple[str, ...] | None:
    """The files that options name; None where one is known only to the shell."""
    paths = [None if value is None else state.path(value) for value in arguments.values(*options)]
    return None if None in paths else tuple(path for path in paths if path)
