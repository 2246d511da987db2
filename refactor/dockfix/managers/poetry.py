"""Poetry: fills the active virtual environment, the interpreter's own, the project's ``.venv``, or one that it names itself."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import ClassVar

from dockfix.context.manifests import pyproject
from dockfix.context.manifests.manifest import Manifest, Named
from dockfix.context.manifests.pinned import pinned
from dockfix.context.manifests.pyproject import PyProject
from dockfix.lazy import regex
from dockfix.managers import _projects as projects
from dockfix.managers._folders import folder_of
from dockfix.managers._poetry_groups import development, has_lost_no_dev, in_development, without_development
from dockfix.managers._poetry_options import FLAGS, TELLS, VALUED
from dockfix.managers._projects import Filled, ProjectManager
from dockfix.managers._variables import SWITCHED, given_to, is_on
from dockfix.managers.pip import Pip
from dockfix.managers.protocol import Cache, Call, Developing, Given, Production, Script
from dockfix.model.actions import Clean, Configure, Export, Install
from dockfix.model.artefact import Environment
from dockfix.model.commands.protocol import Arguments, parse
from dockfix.model.effects import Effects, opaque
from dockfix.model.reason import Reason
from dockfix.model.state import State

LOCK = "poetry.lock"
SETTINGS = "poetry.toml"
_TOOLS = frozenset({"poetry"})
_CONFIGURATION = "/root/.config/pypoetry"
_CACHE = "/root/.cache/pypoetry"
_CREATE = ("virtualenvs.create", "POETRY_VIRTUALENVS_CREATE")
_IN_PROJECT = ("virtualenvs.in-project", "POETRY_VIRTUALENVS_IN_PROJECT")
# What poetry-core, which Poetry installs every project with, reads of pyproject.toml and of the project
_BACKEND = "poetry.core.masonry.api"


class Poetry(ProjectManager):
    """Poetry, from 1.0 on: https://python-poetry.org/docs/cli/."""

    id: ClassVar[str] = "poetry"
    lock: ClassVar[str] = LOCK
    settings_file: ClassVar[str] = SETTINGS
    alone: ClassVar[str] = "--no-root"
    installs_cached: ClassVar[bool] = True
    title: ClassVar[str] = "Poetry"
    programs: ClassVar[frozenset[str]] = frozenset({"poetry"})
    without_cache: ClassVar[frozenset[str]] = frozenset({"--no-cache"})
    modules: ClassVar[frozenset[str]] = frozenset({"poetry"})
    size: ClassVar[int] = 83_000_000  # measured with Poetry 2
    runtime: ClassVar[str] = "python"
    added_by = regex(r"poetry-(?:plugin-.*|core|dynamic-versioning|bumpversion|multiproject-plugin)")
    reads: ClassVar[tuple[str, ...]] = (*Pip.reads, "/root/.local", "/root/.poetry", _CONFIGURATION)
    scripts: ClassVar[tuple[Script, ...]] = (
        Script(
            r"https://install\.python-poetry\.org/?|https://raw\.githubusercontent\.com/python-poetry/(?:install\.python-poetry\.org|poetry)"
            r"/[\w./-]*install-poetry\.py",
            "/root/.local/bin",
            leaves=("/root/.local/share/pypoetry",),
            moved_by={"POETRY_HOME": "bin"},
        ),
        Script(
            r"https://raw\.githubusercontent\.com/(?:python-poetry|sdispater)/poetry/[\w./-]*get-poetry\.py",
            "/root/.poetry/bin",
            leaves=("/root/.poetry",),
            moved_by={"POETRY_HOME": "bin"},
        ),
    )
    # never the folder around them: in it lie the environments that Poetry names itself
    caches: ClassVar[tuple[Cache, ...]] = tuple(
        Cache(
            f"{_CACHE}/{name}",
            around=_CACHE,
            moved_by=("POETRY_CACHE_DIR", "XDG_CACHE_HOME", "HOME"),
            configured_with=r"\S*poetry config .*cache-dir",
            configured_in=(SETTINGS,),
            configured_by=r"(?m)^\s*cache-dir\s*=",
            holds_compiled=name == "artifacts",
        )
        for name in ("cache", "artifacts")
    )

    def effects(self, call: Call, state: State) -> Effects:
        """Whatever fills an environment, what sets something, and what only tells something."""
        arguments = parse(call.words, state, VALUED["other"])
        verb = arguments.operands[0].value if arguments.operands else None
        rest = [word.value if word.value is not None else state.value(word) for word in arguments.operands[1:]]
        if verb in TELLS or not arguments.operands:
            return Effects(tools=_TOOLS)
        root = folder_of(arguments, state, "-C", "--directory", "-P", "--project")
        if root is None:
            return opaque("in which folder Poetry works is unknown")
        if verb in self.installs:
            return self._install(parse(call.words, state, VALUED["install"], FLAGS), call, state, root)
        if verb == "config":
            own = arguments.has("--local")
            return projects.configure(self, rest, posixpath.join(root, SETTINGS) if own else _CONFIGURATION, state)
        if verb == "self" and rest[:1] == ["add"]:
            return Effects(writes=(_CONFIGURATION,), tools=_TOOLS, action=Configure(self, {}))
        if verb == "env" and rest[:1] in (["info"], ["list"]):
            return Effects(tools=_TOOLS)
        if verb == "cache":
            return Effects(tools=_TOOLS, action=Clean((self,), frozenset({"cache"})) if "clear" in rest else None)
        if verb == "lock":
            return Effects(reads=(_manifest(root),), writes=(posixpath.join(root, LOCK),), tools=_TOOLS)
        if verb == "export":
            written = projects.written_by(parse(call.words, state, VALUED["export"]), state, "-o", "--output")
            if written is None:
                return opaque("where Poetry exports to is known only to the shell")
            reads = (_manifest(root), posixpath.join(root, LOCK))
            return Effects(reads=reads, writes=written, tools=_TOOLS, action=Export(self))
        if verb == "run":
            return self.running(call)
        return opaque(f"poetry {verb} is not modelled")

    def told(self, text: str) -> Mapping[str, str]:
        """Whether it makes an environment, and where."""
        found = pyproject.read(text)
        values = {key: found.at(*key.split(".")) for key, _ in (_CREATE, _IN_PROJECT)} if found is not None else {}
        return {key: str(value).lower() for key, value in values.items() if isinstance(value, bool)}

    def _install(self, arguments: Arguments, call: Call, state: State, root: str) -> Effects:
        chosen = [word for word in arguments.operands[1:] if SWITCHED.fullmatch(word.text.strip('"'))]
        odd = next((word.text for word in arguments.operands[1:] if word not in chosen), arguments.unknown)
        if odd:
            return opaque(f"poetry install {odd} is not modelled")
        filled = _filled(self, call, state, root)
        blocked = filled.blocked or ("" if state.is_root else "Poetry installs as another user than root")
        without = arguments.has("--no-root", "--dry-run", "--dev-only")
        action = Install(
            self,
            filled.environment,
            manifests=(_manifest(root),),
            editable=() if without else (root,),
            groups=frozenset((*_groups(arguments), *(word.text for word in chosen))),
            chosen_by=state.placed_by(filled.environment.root),
            cache_off=arguments.words(self.without_cache),
            blocked=Reason(blocked) if blocked else None,
        )
        return Effects(reads=action.manifests, writes=(filled.environment.root,), tools=_TOOLS, action=action)

    def manifest(self, install: Install, given: Given) -> Manifest:
        """What pyproject.toml and poetry.lock name."""
        path = install.manifests[0]
        root = posixpath.dirname(path)
        found = given.settings(path)
        if isinstance(found, str):
            return Manifest(found)
        name, project = found
        beside = [posixpath.join(root, each) for each in (LOCK, SETTINGS)]
        closures = given.closures((path, *beside))
        lock = given.at(posixpath.join(root, LOCK))
        packages = pinned(given.context.read(lock) or "") if lock is not None else ()
        local = list(_local(project))
        builds = bool(install.editable) and _is_package(project)
        named = project.named("project", "scripts") | project.named("tool", "poetry", "scripts")
        return Manifest(
            install.uncertain,
            closures,
            packages,
            frozenset() if packages else given.words(root),
            folders=tuple(Named(each, name) for each, _ in local),
            reads=(root,) if builds or local else tuple(beside),
            build_requirements=project.build_requirements,
            builds=(root,) if builds else (),
            blocked=_held_back(self, install, given, project, root) or None,
            moved=_moved(self, install, given, root),
            locked=projects.taken(install.groups, given.context, lock, LOCK, kept=True),
            programs=named if builds else frozenset(),
            # without the project Poetry runs its functions itself
            scripts=frozenset() if builds else named,
            needs_source=_switched(install) or _versioned(project),
            development=development(install.groups, project),
        )

    def gave_up(self, install: Install, given: Given, told: str) -> str:
        """``--no-dev``, from Poetry 2.0 on."""
        asks = any(word.value == "--no-dev" for word in given.call.words)
        said = "from version 2 on Poetry has no such option; --only main installs without development"
        return said if asks and has_lost_no_dev(told) else ""

    def developing(self, install: Install, given: Given) -> Developing | Reason:
        """Without ``--only main`` and the like, with the groups and extras for development that are not there unasked."""
        project = given.project(posixpath.dirname(install.manifests[0]))
        return in_development(given.call, self.installs, project)

    def production(self, install: Install, given: Given, manifest: Manifest, told: str) -> Production | Reason:
        """``--without dev``, before Poetry 1.2 ``--no-dev``."""
        verb = next((word for word in given.call.words if word.value in self.installs), None)
        if verb is None or _switched(install):
            return Reason(_switched(install) or "its verb is unknown")
        return without_development(manifest.development, verb, told)


POETRY = Poetry()


def _manifest(root: str) -> str:
    return posixpath.join(root, pyproject.NAME)


def _groups(arguments: Arguments) -> Iterator[str]:
    """ "main", "dev" for the groups that are there unasked, others by their names and by the options that choose them."""
    only = arguments.values("--only")
    if not only and not arguments.has("--dev-only"):
        yield "main"
    if not only and not arguments.has("--no-dev", "--default"):
        yield "dev"
    yield from (group for names in only for group in (names or "?").split(","))
    for option in ("--without", "--with"):
        yield from (f"{option} {names or '?'}" for names in arguments.values(option))
    yield from (f"extra {names or '?'}" for names in arguments.values("-E", "--extras"))
    yield from (option for option in ("--all-extras", "--all-groups") if arguments.has(option))


def _versioned(project: PyProject) -> str:
    """Why Poetry works on nothing without the repository: a plug-in asks it for the version before every command."""
    on = project.at("tool", "poetry-dynamic-versioning", "enable")
    return "Poetry's plug-in poetry-dynamic-versioning asks git for the version" if on is True else ""


def _switched(install: Install) -> str:
    """Why nothing can be added to an install: a build argument may add options of its own."""
    switched = next((group for group in install.groups if SWITCHED.fullmatch(group.strip('"'))), "")
    return f"what {switched} gives is known only to the shell" if switched else ""


def _filled(manager: Poetry, call: Call, state: State, root: str) -> Filled:
    """The environment that an install fills: https://python-poetry.org/docs/configuration/#virtualenvscreate."""
    found = projects.active(call, state)
    if found is not None:
        return found
    variables = given_to(call.command, state)
    create = projects.setting(manager, *_CREATE, variables, state)
    inside = projects.setting(manager, *_IN_PROJECT, variables, state)
    if create is None or inside is None:
        return Filled(_unnamed(variables), "whether Poetry makes a virtual environment is known only to the shell")
    beside = projects.in_project(root, state)
    if beside in state.environments and not projects.is_off(inside):
        return Filled(beside)
    if projects.is_off(create):
        return Filled(projects.its_own(manager, state))
    return Filled(beside if is_on(inside) else _unnamed(variables))


def _unnamed(variables: Mapping[str, str | None]) -> Environment:
    """Where the environments lie whose names Poetry works out."""
    folder = variables.get("POETRY_VIRTUALENVS_PATH") or f"{variables.get('POETRY_CACHE_DIR') or _CACHE}/virtualenvs"
    return Environment(folder, "python")


def _held_back(manager: Poetry, install: Install, given: Given, project: PyProject, root: str) -> str:
    """Why the environment cannot be handed on, "" where it can."""
    variables = given_to(given.call.command, given.state)
    told, file = _told(given, root, variables)
    state = replace(given.state, settings={**given.state.settings, **told})
    filled = _filled(manager, given.call, state, root).environment
    if filled.carried is None and filled.root == _unnamed(variables).root and given.state.environments:
        return _unnamed_text(manager, filled.root, root)
    if filled.root != install.into.root and (filled.carried is not None or install.into.carried is not None):
        return f"{file} has Poetry fill {filled.root}, which the Dockerfile does not say"
    folders = [root] if install.editable and _is_package(project) else []
    folders += [posixpath.normpath(posixpath.join(root, each)) for each, develop in _local(project) if develop]
    for folder in folders:
        each = project if folder == root else given.project(folder)
        reason = given.left_beside_source(folder, each, _BACKEND if folder == root else "")
        if reason:
            return reason
    return ""


def _unnamed_text(manager: Poetry, folder: str, root: str) -> str:
    return projects.unnamed(manager, folder, "POETRY_VIRTUALENVS_IN_PROJECT=true", root)


def _moved(manager: Poetry, install: Install, given: Given, root: str) -> str | None:
    """Why packages may not be found that leave an environment which Poetry names itself; None where they don't."""
    variables = given_to(given.call.command, given.state)
    told, _ = _told(given, root, variables)
    state = replace(given.state, settings={**given.state.settings, **told})
    filled = _filled(manager, given.call, state, root).environment
    unnamed = filled.carried is None and filled.root == _unnamed(variables).root
    return _unnamed_text(manager, filled.root, root) if unnamed else None


def _told(
    given: Given, root: str, variables: Mapping[str, str | None]
) -> tuple[dict[tuple[str, str], str | None], str]:
    """What the project's poetry.toml says where no variable does, and its name: it comes before Poetry's own configuration."""
    name = given.at(posixpath.join(root, SETTINGS))
    said = POETRY.told(given.context.read(name) or "") if name is not None else {}
    told: dict[tuple[str, str], str | None] = {
        (Poetry.id, key): said[key]
        for key, variable in (_CREATE, _IN_PROJECT)
        if key in said and variable not in variables
    }
    return told, name or SETTINGS


def _is_package(project: PyProject) -> bool:
    """Whether Poetry installs the project itself: https://python-poetry.org/docs/pyproject/#package-mode."""
    return project.at("tool", "poetry", "package-mode") is not False


def _local(project: PyProject) -> Iterator[tuple[str, bool]]:
    """The local folders and archives that packages come from, each with whether it is used from where it lies."""
    groups = project.at("tool", "poetry", "group")
    tables = [project.at("tool", "poetry", "dependencies"), project.at("tool", "poetry", "dev-dependencies")]
    tables += (
        [each.get("dependencies") for each in groups.values() if isinstance(each, dict)]
        if isinstance(groups, dict)
        else []
    )
    for table in tables:
        for value in table.values() if isinstance(table, dict) else ():
            for each in value if isinstance(value, list) else [value]:
                if isinstance(each, dict) and isinstance(each.get("path"), str):
                    yield each["path"], each.get("develop") is True
    for text in project.texts("project", "dependencies"):
        _, _, place = text.partition("@")
        if place.strip().startswith("file:"):
            yield place.strip().removeprefix("file://").removeprefix("file:"), False
