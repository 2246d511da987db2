"""Pipenv: fills the active virtual environment, the interpreter's own, the project's ``.venv``, or one that it names itself."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from typing import ClassVar

from dockfix.context.manifests.locked import DEV
from dockfix.context.manifests.manifest import Manifest, Named
from dockfix.context.manifests.pinned import pinned_in_sections
from dockfix.context.manifests.pyproject import PyProject
from dockfix.lazy import regex
from dockfix.managers import _projects as projects
from dockfix.managers._development import with_development
from dockfix.managers._pip_settings import settings_of
from dockfix.managers._projects import Filled, ProjectManager
from dockfix.managers._variables import given_to, is_on
from dockfix.managers.pip import PREFIX, Pip
from dockfix.managers.protocol import Cache, Call, Developing, Given, Production, Recipe
from dockfix.model.actions import Clean, Export, Install
from dockfix.model.artefact import Environment
from dockfix.model.commands.protocol import Arguments, parse
from dockfix.model.effects import Effects, opaque
from dockfix.model.reason import Reason
from dockfix.model.state import State

NAME = "Pipfile"
LOCK = "Pipfile.lock"
_TOOLS = frozenset({"pipenv"})
_TELLS = frozenset({"graph", "check", "verify", "scripts", "audit"})
# Pipenv's own options (pipenv 2026, ``pipenv install --help``); those of older versions as well
_VALUED = frozenset({"--python", "--categories", "--extra-pip-args", "--pypi-mirror", "--index", "-i"})
_FLAGS = """
--bare --clear --deploy --dev --help --ignore-pipfile --keep-outdated --pre --quiet --selective-upgrade --sequential --site-packages
--skip-lock --system --three --two --verbose -d -h -q -v
"""
_WORKON = "/root/.local/share/virtualenvs"


class Pipenv(ProjectManager):
    """Pipenv: https://pipenv.pypa.io/en/latest/commands.html."""

    id: ClassVar[str] = "pipenv"
    lock: ClassVar[str] = LOCK
    title: ClassVar[str] = "Pipenv"
    programs: ClassVar[frozenset[str]] = frozenset({"pipenv"})
    modules: ClassVar[frozenset[str]] = frozenset({"pipenv"})
    size: ClassVar[int] = 44_000_000  # measured with pipenv 2026
    runtime: ClassVar[str] = "python"
    added_by = regex(r"virtualenv(?:-clone)?")
    reads: ClassVar[tuple[str, ...]] = (*Pip.reads, "/root/.local")
    reads_settings: ClassVar[bool] = True
    # pip, which it runs, is told to keep its own cache there, too
    caches: ClassVar[tuple[Cache, ...]] = (
        Cache(
            "/root/.cache/pipenv",
            around="/root/.cache",
            moved_by=("PIPENV_CACHE_DIR", "XDG_CACHE_HOME", "HOME"),
            off_by=("PIP_NO_CACHE_DIR",),
            holds_compiled=True,
        ),
    )

    def effects(self, call: Call, state: State) -> Effects:
        """Whatever fills an environment, what writes requirements, and what only tells something."""
        arguments = parse(call.words, state, _VALUED, frozenset(_FLAGS.split()))
        verb = arguments.operands[0].value if arguments.operands else None
        if not arguments.operands:
            if arguments.has("--rm"):
                return opaque("pipenv --rm takes an environment away")
            return Effects(
                tools=_TOOLS, action=Clean((self,), frozenset({"cache"})) if arguments.has("--clear") else None
            )
        if verb in _TELLS:
            return Effects(tools=_TOOLS)
        root = _root(call, state)
        if root is None:
            return opaque("in which folder Pipenv works is unknown")
        if verb in self.installs:
            return self._install(arguments, call, state, root)
        if verb == "requirements" or (verb == "lock" and arguments.has("-r", "--requirements")):
            return Effects(reads=_files(root), tools=_TOOLS, action=Export(self))
        if verb == "lock":
            return Effects(reads=_files(root)[:1], writes=_files(root)[1:], tools=_TOOLS)
        if verb == "run":
            return self.running(call)
        return opaque(f"pipenv {verb} is not modelled")

    def _install(self, arguments: Arguments, call: Call, state: State, root: str) -> Effects:
        odd = arguments.unknown or next((word.text for word in arguments.operands[1:]), "")
        if odd:
            return opaque(f"pipenv install {odd} is not modelled")
        variables = given_to(call.command, state)
        filled = _filled(arguments, call, state, root)
        changes, read = settings_of(state)
        blocked = filled.blocked or ("" if state.is_root else "Pipenv installs as another user than root")
        blocked = blocked or (f"{changes} may change where pip installs" if changes else "")
        switches = [("--deploy", "PIPENV_DEPLOY"), ("--ignore-pipfile", "PIPENV_IGNORE_PIPFILE")]
        needs = arguments.operands[0].value == "sync" or any(_has(arguments, variables, *each) for each in switches)
        dev = _has(arguments, variables, "--dev", "PIPENV_DEV") or arguments.has("-d")
        extra = [f"--categories {names or '?'}" for names in arguments.values("--categories")]
        action = Install(
            self,
            filled.environment,
            manifests=_files(root) if needs else _files(root)[:1],
            groups=frozenset({"main", *(("dev",) if dev else ()), *extra}),
            chosen_by=state.placed_by(filled.environment.root),
            blocked=Reason(blocked) if blocked else None,
        )
        reads = (*action.manifests, *read)
        return Effects(reads=reads, writes=(filled.environment.root,), tools=_TOOLS, action=action)

    def manifest(self, install: Install, given: Given) -> Manifest:
        """What Pipfile and Pipfile.lock name."""
        path = install.manifests[0]
        root = posixpath.dirname(path)
        found = given.settings(path)
        if isinstance(found, str):
            return Manifest(found)
        name, read = found
        lock = given.at(posixpath.join(root, LOCK))
        closures = given.closures(_files(root))
        packages = pinned_in_sections(given.context.read(lock) or "", install.groups) if lock is not None else ()
        local = list(_local(read))
        return Manifest(
            install.uncertain,
            closures,
            packages,
            frozenset() if packages else given.words(root),
            folders=tuple(Named(each, name) for each, _ in local),
            reads=(root,) if local else (posixpath.join(root, LOCK),),
            blocked=_held_back(given, local, root) or None,
            moved=_unnamed(install.into.root, root) if _is_unnamed(install.into) else None,
            locked=projects.taken(install.groups, given.context, lock, LOCK, kept=len(install.manifests) > 1),
            scripts=read.named("scripts"),
            development=install.groups & {DEV},
        )

    def developing(self, install: Install, given: Given) -> Developing | Reason:
        """With ``--dev``."""
        recipe = with_development(given.call, ("install", "sync"), "", "", ("--dev",))
        return recipe if isinstance(recipe, Reason) else Developing(recipe, frozenset({DEV}))

    def production(self, install: Install, given: Given, manifest: Manifest, told: str) -> Production | Reason:
        """Without ``--dev``."""
        words = tuple(word for word in given.call.words if word.value in {"--dev", "-d"})
        return Production(Recipe(remove=words), frozenset({DEV})) if words else Reason("PIPENV_DEV asks for the group")


PIPENV = Pipenv()


def _root(call: Call, state: State) -> str | None:
    """The folder of the Pipfile; None: unknown."""
    variables = given_to(call.command, state)
    if "PIPENV_PIPFILE" not in variables:
        return state.workdir
    named = variables["PIPENV_PIPFILE"]
    path = state.path(named) if named is not None else None
    return posixpath.dirname(path) if path is not None and posixpath.basename(path) == NAME else None


def _files(root: str) -> tuple[str, ...]:
    return (posixpath.join(root, NAME), posixpath.join(root, LOCK))


def _has(arguments: Arguments, variables: Mapping[str, str | None], option: str, variable: str) -> bool:
    return arguments.has(option) or is_on(variables.get(variable))


def _filled(arguments: Arguments, call: Call, state: State, root: str) -> Filled:
    """The environment that an install fills: https://pipenv.pypa.io/en/latest/virtualenv.html."""
    variables = given_to(call.command, state)
    passed_over = is_on(variables.get("PIPENV_IGNORE_VIRTUALENVS"))
    found = projects.active(call, state)
    if found is not None and not passed_over:
        return found
    if _has(arguments, variables, "--system", "PIPENV_SYSTEM"):
        blocked = "PIPENV_IGNORE_VIRTUALENVS has Pipenv pass over every virtual environment" if passed_over else ""
        return Filled(projects.its_own(PIPENV, state), blocked)
    inside = variables.get("PIPENV_VENV_IN_PROJECT", "")
    beside = projects.in_project(root, state)
    if inside is not None and not projects.is_off(inside) and (inside or beside in state.environments):
        return Filled(beside)
    folder = variables.get("WORKON_HOME") or _WORKON
    if inside is not None and not passed_over and not state.environments:
        return Filled(Environment(folder, "python"))  # it can move to an active one
    return Filled(Environment(folder, "python"), _unnamed(folder, root))


def _unnamed(folder: str, root: str) -> str:
    return projects.unnamed(PIPENV, folder, "PIPENV_VENV_IN_PROJECT=1", root)


def _is_unnamed(environment: Environment) -> bool:
    """Whether Pipenv works out the environment's name."""
    return environment.carried is None and environment.root != PREFIX.root


def _held_back(given: Given, local: list[tuple[str, bool]], root: str) -> str:
    """Why the environment cannot be handed on, "" where it can."""
    for path, editable in local:
        folder = posixpath.normpath(posixpath.join(root, path))
        reason = given.left_beside_source(folder, given.project(folder)) if editable else ""
        if reason:
            return reason
    return ""


def _local(file: PyProject) -> Iterator[tuple[str, bool]]:
    """The local folders and archives that packages come from, each with whether it is used from where it lies."""
    for table in file.settings.values():
        for each in table.values() if isinstance(table, dict) else ():
            place = (each.get("path") or each.get("file")) if isinstance(each, dict) else None
            if isinstance(place, str) and "://" not in place:
                yield place, each.get("editable") is True
