"""PDM: fills the active virtual environment, or the project's ``.venv``."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import ClassVar

from dockfix.context.manifests import pyproject
from dockfix.context.manifests.locked import DEV, MAIN
from dockfix.context.manifests.manifest import Manifest, Named
from dockfix.context.manifests.pinned import pinned
from dockfix.context.manifests.pyproject import PyProject
from dockfix.knowledge import normalise
from dockfix.lazy import regex
from dockfix.managers import _projects as projects
from dockfix.managers._development import groups_of_project, with_development
from dockfix.managers._folders import folder_of
from dockfix.managers._projects import Filled, ProjectManager
from dockfix.managers._variables import given_to, is_on
from dockfix.managers.pip import Pip
from dockfix.managers.protocol import Cache, Call, Developing, Given, Production, Recipe, Script
from dockfix.model.actions import Clean, Configure, Export, Install
from dockfix.model.artefact import Environment
from dockfix.model.commands.protocol import Arguments, parse
from dockfix.model.effects import Effects, opaque
from dockfix.model.reason import Reason
from dockfix.model.state import State

LOCK = "pdm.lock"
SETTINGS = "pdm.toml"
_TOOLS = frozenset({"pdm"})
_TELLS = frozenset({"completion", "info", "list", "search", "show"})
_CONFIGURATION = "/root/.config/pdm"
_PROJECT = frozenset({"-p", "--project"})
# PDM's own options (PDM 2.26, ``pdm install --help``, ``pdm sync --help``)
_VALUED = _PROJECT | {"-G", "--group", "--with", "--without", "-k", "--skip", "-C", "--config-setting"}
_FLAGS = """
--all --check --clean --clean-unselected --dev --fail-fast --frozen-lockfile --help --no-default --no-editable --no-isolation
--no-lock --no-self --no-static-urls --only-keep --prod --production --quiet --reinstall --verbose -d -h -n -q -v -vv -x
"""
_ANEW = "what the project depends on is worked out by its build, and PDM compares that with pdm.lock"
_FROZEN = ("--frozen-lockfile", "--no-lock", "--check")


class Pdm(ProjectManager):
    """PDM: https://pdm-project.org/latest/reference/cli/."""

    id: ClassVar[str] = "pdm"
    lock: ClassVar[str] = LOCK
    alone: ClassVar[str] = "--no-self"
    installs_cached: ClassVar[bool] = True
    title: ClassVar[str] = "PDM"
    programs: ClassVar[frozenset[str]] = frozenset({"pdm"})
    modules: ClassVar[frozenset[str]] = frozenset({"pdm"})
    size: ClassVar[int] = 47_000_000  # measured with PDM 2
    runtime: ClassVar[str] = "python"
    added_by = regex(r"pdm-.*")
    reads: ClassVar[tuple[str, ...]] = (*Pip.reads, "/root/.local", _CONFIGURATION)
    scripts: ClassVar[tuple[Script, ...]] = (
        Script(
            r"https://pdm(?:-project\.org|\.fming\.dev)/(?:dev/)?install(?:-pdm\.py|\.sh)"
            r"|https://raw\.githubusercontent\.com/pdm-project/pdm/[\w./-]*install-pdm\.py",
            "/root/.local/bin",
            leaves=("/root/.local/share/pdm",),
            moved_by={"PDM_HOME": "bin"},
        ),
    )
    caches: ClassVar[tuple[Cache, ...]] = (
        Cache(
            "/root/.cache/pdm",
            around="/root/.cache",
            moved_by=("PDM_CACHE_DIR", "XDG_CACHE_HOME", "HOME"),
            configured_with=r"\S*pdm config .*(?:cache_dir|install\.cache)",
            configured_in=(SETTINGS,),
            configured_by=r"(?m)^\s*cache(?:_dir)?\s*=",
            holds_compiled=True,
        ),
    )

    def effects(self, call: Call, state: State) -> Effects:
        """Whatever fills an environment, what sets something, and what only tells something."""
        arguments = parse(call.words, state, _PROJECT)
        verb = arguments.operands[0].value if arguments.operands else None
        rest = [word.value if word.value is not None else state.value(word) for word in arguments.operands[1:]]
        if not arguments.operands or verb in _TELLS:
            return Effects(tools=_TOOLS)
        root = folder_of(arguments, state, *_PROJECT)
        if root is None:
            return opaque("in which folder PDM works is unknown")
        if verb in self.installs:
            return self._install(parse(call.words, state, _VALUED, frozenset(_FLAGS.split())), call, state, root)
        if verb == "config":
            own = arguments.has("--local", "-l")
            return projects.configure(self, rest, posixpath.join(root, SETTINGS) if own else _CONFIGURATION, state)
        if verb in {"self", "plugin"} and rest[:1] == ["add"]:
            return Effects(writes=(_CONFIGURATION,), tools=_TOOLS, action=Configure(self, {}))
        if verb == "cache":
            return Effects(tools=_TOOLS, action=Clean((self,), frozenset({"cache"})) if "clear" in rest else None)
        if verb == "lock":
            return Effects(reads=_files(root)[:1], writes=_files(root)[1:], tools=_TOOLS)
        if verb == "export":
            exported = parse(call.words, state, _VALUED | {"-f", "--format", "-o", "--output"})
            written = projects.written_by(exported, state, "-o", "--output")
            if written is None:
                return opaque("where PDM exports to is known only to the shell")
            return Effects(reads=_files(root), writes=written, tools=_TOOLS, action=Export(self))
        if verb == "run":
            return self.running(call)
        return opaque(f"pdm {verb} is not modelled")

    def _install(self, arguments: Arguments, call: Call, state: State, root: str) -> Effects:
        odd = arguments.unknown or next((word.text for word in arguments.operands[1:]), "")
        if odd:
            return opaque(f"pdm install {odd} is not modelled")
        filled = _filled(self, call, state, root)
        blocked = filled.blocked or ("" if state.is_root else "PDM installs as another user than root")
        blocked = blocked or ("--no-isolation builds with other packages" if arguments.has("--no-isolation") else "")
        needs = arguments.operands[0].value == "sync" or arguments.has(*_FROZEN)
        project = () if arguments.has("--no-self") else (root,)
        fixed = arguments.has("--no-editable")
        action = Install(
            self,
            filled.environment,
            manifests=_files(root) if needs else _files(root)[:1],
            projects=project if fixed else (),
            editable=() if fixed else project,
            groups=frozenset(_groups(arguments)),
            chosen_by=state.placed_by(filled.environment.root),
            blocked=Reason(blocked) if blocked else None,
        )
        # what else it reads, its manifest says: whether the project itself is installed, only pyproject.toml tells
        return Effects(reads=action.manifests, writes=(filled.environment.root,), tools=_TOOLS, action=action)

    def manifest(self, install: Install, given: Given) -> Manifest:
        """What pyproject.toml and pdm.lock name."""
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
        local = _local(project)
        builds = bool(install.projects or install.editable) and is_distribution(project)
        kept = beside[0] in install.manifests  # what cannot do without the lock takes it as it is
        return Manifest(
            install.uncertain,
            closures,
            packages,
            frozenset() if packages else given.words(root),
            folders=tuple(Named(each, name) for each in local),
            reads=(root,) if builds or local else tuple(beside),
            build_requirements=project.build_requirements,
            builds=(root,) if builds else (),
            blocked=_held_back(install, given, project, root) or None,
            locked=projects.taken(install.groups, given.context, lock, LOCK, kept=kept),
            programs=project.named("project", "scripts") if builds else frozenset(),
            scripts=project.named("tool", "pdm", "scripts"),
            needs_source=_ANEW if project.works_out_dependencies and not kept else "",
            development=_development(install, project),
        )

    def developing(self, install: Install, given: Given) -> Developing | Reason:
        """Without ``--prod``."""
        project = given.project(posixpath.dirname(install.manifests[0]))
        names = {
            *groups_of_project(project, "dependency-groups"),
            *groups_of_project(project, "tool", "pdm", "dev-dependencies"),
        }
        recipe = with_development(given.call, self.installs, "--prod --production --no-dev", "")
        if isinstance(recipe, Reason):
            return recipe
        return (
            Developing(recipe, frozenset(names)) if names else Reason("pyproject.toml names no group for development")
        )

    def production(self, install: Install, given: Given, manifest: Manifest, told: str) -> Production | Reason:
        """``--prod``."""
        verb = next((word for word in given.call.words if word.value in self.installs), None)
        asked = next((word.text for word in given.call.words if word.value in {"-d", "--dev", "--no-default"}), "")
        if verb is None or asked:
            return Reason(f"{asked or 'the call'} chooses groups itself")
        return Production(Recipe(insert=((verb, "--prod"),)), frozenset({DEV}))


PDM = Pdm()


def _files(root: str) -> tuple[str, ...]:
    return (posixpath.join(root, pyproject.NAME), posixpath.join(root, LOCK))


def _development(install: Install, project: PyProject) -> frozenset[str]:
    """The groups that are there unasked, where nothing is asked for but what the project needs."""
    told = [project.at("dependency-groups"), project.at("tool", "pdm", "dev-dependencies")]
    named = {normalise(name) for table in told if isinstance(table, dict) for name in table}
    return frozenset(named) if install.groups == {MAIN, DEV} else frozenset()


def _groups(arguments: Arguments) -> Iterator[str]:
    """ "main", "dev" for the groups that are there unasked, others by their names and by the options that choose them."""
    if not arguments.has("--no-default"):
        yield "main"
    if not arguments.has("--prod", "--production"):
        yield "dev"
    for names in arguments.values("-G", "--group", "--with"):
        yield from (names or "?").split(",")
    yield from (f"--without {names or '?'}" for names in arguments.values("--without"))


def _filled(manager: Pdm, call: Call, state: State, root: str) -> Filled:
    """The environment that an install fills: https://pdm-project.org/latest/usage/venv/."""
    variables = given_to(call.command, state)
    used = projects.setting(manager, "python.use_venv", "PDM_USE_VENV", variables, state)
    inside = projects.setting(manager, "venv.in_project", "PDM_VENV_IN_PROJECT", variables, state)
    if used is None or inside is None:
        return Filled(Environment(root, "python"), "which environment PDM fills is known only to the shell")
    if used and not is_on(used):
        folder = posixpath.join(root, "__pypackages__")
        return Filled(Environment(folder, "python"), f"PDM installs into {folder}, where only PDM's own programs look")
    found = projects.active(call, state)
    if found is not None and not is_on(variables.get("PDM_IGNORE_ACTIVE_VENV")):
        return found
    if inside and not is_on(inside):
        text = "PDM makes the environment in a folder whose name it works out, as venv.in_project says"
        return Filled(Environment("/root/.local/share/pdm/venvs", "python"), text)
    return Filled(projects.in_project(root, state))


def _held_back(install: Install, given: Given, project: PyProject, root: str) -> str:
    """Why the environment cannot be handed on, "" where it can."""
    name = given.at(posixpath.join(root, SETTINGS))
    told = pyproject.read(given.context.read(name) or "") if name is not None else None
    if told is not None:
        for keys in (("python", "use_venv"), ("venv", "in_project")):
            if told.at(*keys) is False:
                return f"{name} says that {'.'.join(keys)} is false, so that the environment lies elsewhere"
    folder = posixpath.join(root, "__pypackages__")
    beside = posixpath.join(posixpath.dirname(given.at(install.manifests[0]) or ""), "__pypackages__")
    if given.context.exists(beside) or given.made(folder):
        return f"PDM takes {folder} for the environment"
    return given.left_beside_source(root, project) if install.editable and is_distribution(project) else ""


def is_distribution(project: PyProject) -> bool:
    """Whether PDM installs the project itself: https://pdm-project.org/latest/reference/pep621/#is-distribution."""
    told = project.at("tool", "pdm", "distribution")
    kind = project.at("tool", "pdm", "package-type")
    return told if isinstance(told, bool) else kind != "application"


def _local(project: PyProject) -> tuple[str, ...]:
    """The local folders and archives that requirements name: https://pdm-project.org/latest/usage/dependency/#local-dependencies."""
    groups = [project.texts("project", "dependencies")]
    for keys in (("project", "optional-dependencies"), ("dependency-groups",), ("tool", "pdm", "dev-dependencies")):
        table = project.at(*keys)
        groups += [project.texts(*keys, name) for name in table] if isinstance(table, dict) else []
    texts = [text for group in groups for text in group]
    return tuple(match[1] for text in texts if (match := _FILE.search(text)))


_FILE = regex(r"file:(?://)?(?:/?\$\{PROJECT_ROOT\}/)?([^\s#;]+)")
