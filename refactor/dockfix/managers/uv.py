"""uv: ``uv sync`` fills a project's own environment, ``uv pip`` any other."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import ClassVar

from dockfix.context.manifests import pyproject
from dockfix.context.manifests.manifest import PROJECT, Manifest
from dockfix.context.manifests.pinned import pinned
from dockfix.context.manifests.pyproject import PyProject
from dockfix.managers import _projects as projects
from dockfix.managers import _uv_pip, _uv_python, _uv_tool, venv
from dockfix.managers._development import beside_requirements
from dockfix.managers._uv_groups import development, groups_of, in_development, without_development
from dockfix.managers._uv_lock import empty, installed
from dockfix.managers._uv_options import FLAGS, VALUED
from dockfix.managers._uv_project import Workspace, is_package, local_sources, other_python, workspace_above
from dockfix.managers._uv_run import cached_for, differs, parse_run, run_by, started_by
from dockfix.managers._variables import given_to, is_on
from dockfix.managers.pip import PREFIX, Pip
from dockfix.managers.protocol import (
    Cache,
    Call,
    Developing,
    Given,
    LanguageManager,
    OwnRuntime,
    Production,
    Recipe,
    Script,
    Started,
)
from dockfix.model.actions import Clean, Configure, Export, Install, Make
from dockfix.model.artefact import Environment
from dockfix.model.commands.protocol import Arguments, parse
from dockfix.model.effects import Effects, opaque, within
from dockfix.model.reason import Reason
from dockfix.model.state import State

LOCK = "uv.lock"
_TOOLS = frozenset({"uv"})
_OF_LIBUV = frozenset({"UV_THREADPOOL_SIZE", "UV_USE_IO_URING"})
_LEAVES_PROJECT = ("--no-install-project", "--no-install-workspace", "--no-install-local")
_BESIDE = (LOCK, "uv.toml", ".python-version")


class Uv(LanguageManager):
    """uv, with its projects and as pip's substitute: https://docs.astral.sh/uv/reference/cli/."""

    id: ClassVar[str] = "uv"
    title: ClassVar[str] = "uv"
    programs: ClassVar[frozenset[str]] = frozenset({"uv", "uvx"})
    without_cache: ClassVar[frozenset[str]] = frozenset({"--no-cache", "--no-cache-dir", "-n"})
    size: ClassVar[int] = 45_000_000  # measured with uv 0.8 and 0.13
    runtime: ClassVar[str] = "python"
    reads: ClassVar[tuple[str, ...]] = (*Pip.reads, "/root/.local", "/root/.cargo", "/root/.config", "/etc/uv")
    images: ClassVar[frozenset[str]] = frozenset({"ghcr.io/astral-sh/uv", "astral/uv"})
    scripts: ClassVar[tuple[Script, ...]] = (
        Script(
            r"https://(?:astral\.sh|releases\.astral\.sh|github\.com/astral-sh)/\S*uv\S*\.sh|https://astral\.sh/uv(?:/[\d.]+)?/install\.sh",
            "/root/.local/bin",
            moved_by={"UV_INSTALL_DIR": "", "UV_UNMANAGED_INSTALL": "", "XDG_BIN_HOME": ""},
        ),
    )
    # https://docs.astral.sh/uv/concepts/python-versions/#requiring-or-disabling-managed-python-versions
    own_runtime: ClassVar[OwnRuntime] = OwnRuntime(
        by=r"(?:^|[\s/;&|])uv\s+(?:sync|venv|pip)\b",
        off_by=r"UV_PYTHON_DOWNLOADS[= ][\"']?(?:never|0|false)|UV_NO_MANAGED_PYTHON|UV_PYTHON_PREFERENCE[= ][\"']?(?:only-)?system"
        r"|--no-managed-python|--no-python-downloads|--python-preference[= ](?:only-)?system",
        folder="/root/.local/share/uv/python",
        moved_by="UV_PYTHON_INSTALL_DIR",
    )
    caches: ClassVar[tuple[Cache, ...]] = (
        Cache(
            "/root/.cache/uv",
            around="/root/.cache",
            moved_by=("UV_CACHE_DIR", "XDG_CACHE_HOME", "HOME"),
            off_by=("UV_NO_CACHE",),
            option="--cache-dir",
            holds_compiled=True,
            printed_by=r"uv cache dir",
            # a cache that is mounted is another file system, in which uv cannot make hard links to it
            env={"UV_LINK_MODE": "copy"},
        ),
    )

    def effects(self, call: Call, state: State) -> Effects:
        """Whatever fills an environment, and what only tells something."""
        arguments = parse(call.words, state, VALUED["sync"])
        verb = arguments.operands[0].value if arguments.operands else None
        if verb in {"version", "help", "tree", "self"} or (verb is None and not arguments.operands):
            return (
                opaque("uv self update fetches another uv") if "update" in _plain(arguments) else Effects(tools=_TOOLS)
            )
        if call.command.name is not None and posixpath.basename(call.command.name) == "uvx":
            return opaque("uvx installs what it runs")
        if "symlink" in (*arguments.values("--link-mode"), given_to(call.command, state).get("UV_LINK_MODE")):
            return opaque("uv links to its cache, without which the packages are nothing")
        if verb == "pip":
            return _uv_pip.effects(self, call, state)
        if verb == "venv":
            return self._venv(call, state)
        if verb == "tool":
            return _uv_tool.effects(self, call, state)
        if verb == "cache":
            removes = not {"clean", "prune"}.isdisjoint(_plain(arguments))
            return Effects(tools=_TOOLS, action=Clean((self,), frozenset({"cache"})) if removes else None)
        if verb == "python":
            return self._python(arguments, call, state)
        root = _root(arguments, state)
        if root is None:
            return opaque("in which folder uv works is unknown")
        if verb == "sync":
            return self._sync(parse(call.words, state, VALUED["sync"], FLAGS["sync"]), call, state, root)
        if verb == "lock":
            return Effects(reads=(_manifest(root),), writes=(posixpath.join(root, LOCK),), tools=_TOOLS)
        if verb == "export":
            return _export(parse(call.words, state, VALUED["export"]), state, root)
        if verb == "run":
            inner = run_by(parse_run(call, state))
            return Effects(tools=_TOOLS | {posixpath.basename(inner)}, application=True)
        return opaque(f"uv {verb} is not modelled")

    # --- what fills environments --------------------------------------------------------------------------------------

    def _sync(self, arguments: Arguments, call: Call, state: State, root: str) -> Effects:
        if arguments.unknown or len(arguments.operands) > 1:
            return opaque(f"uv sync {arguments.unknown or arguments.operands[1].text} is not modelled")
        if arguments.has("--script", "--active"):
            return opaque("uv sync fills the environment of a script, or the active one")
        settings = given_to(call.command, state)
        named = settings.get("UV_PROJECT_ENVIRONMENT", ".venv")
        folder = None if named is None else posixpath.normpath(posixpath.join(root, named))
        if folder is None:
            return opaque("which environment uv sync fills is known only to the shell")
        blocked = "" if state.is_root else "uv installs as another user than root"
        if folder in _uv_pip.SYSTEM:
            blocked = "UV_PROJECT_ENVIRONMENT has uv fill the base image's own Python"
        frozen = arguments.has("--frozen", "--locked") or any(map(is_on, map(settings.get, ("UV_FROZEN", "UV_LOCKED"))))
        alone = arguments.has(*_LEAVES_PROJECT) or any(is_on(settings.get(_variable(name))) for name in _LEAVES_PROJECT)
        alone = alone or arguments.has("--only-group", "--only-dev")
        fixed = arguments.has("--no-editable") or is_on(settings.get("UV_NO_EDITABLE"))
        project = () if alone else (root,)
        own = venv.environment(folder, seeded=False)
        action = Install(
            self,
            PREFIX if folder in _uv_pip.SYSTEM else _uv_python.carried_with(own, arguments, state, settings),
            manifests=(_manifest(root), *((posixpath.join(root, LOCK),) if frozen else ())),
            projects=project if fixed else (),
            editable=() if fixed else project,
            groups=frozenset(groups_of(arguments, settings)),
            chosen_by=state.chosen_by(call.command.text) or state.placed_by(folder),
            cache_off=arguments.words(self.without_cache),
            blocked=Reason(blocked) if blocked else None,
        )
        # what else it reads, its manifest says: whether the project's own source is installed, only pyproject.toml tells
        return Effects(reads=action.manifests, writes=(folder,), tools=_TOOLS, action=action)

    def _venv(self, call: Call, state: State) -> Effects:
        arguments = parse(call.words, state, VALUED["venv"])
        targets = [state.value(word) for word in arguments.operands[1:]] or [".venv"]
        path = state.path(targets[0]) if len(targets) == 1 and targets[0] is not None else None
        if path is None:
            return opaque("where the virtual environment goes could not be worked out")
        chosen_by = state.chosen_by(call.command.text)
        if chosen_by:
            return opaque(f"the build argument {chosen_by} chooses where the virtual environment goes")
        if not state.is_root:
            return opaque("the virtual environment is made by another user than root")
        variables = given_to(call.command, state)
        managed = _uv_python.is_there(arguments, state, variables)
        if managed and _uv_python.folder_of(state, variables) is None:
            return opaque("where uv keeps the Pythons that it fetches is unknown")
        if arguments.has("-p", "--python") and not managed:
            return opaque("uv venv --python may fetch a Python of its own")
        made = venv.environment(path, seeded=arguments.has("--seed"))
        made = _uv_python.carried_with(made, arguments, state, variables)
        return Effects(writes=(path,), tools=_TOOLS, action=Make(self, made))

    def _python(self, arguments: Arguments, call: Call, state: State) -> Effects:
        """``uv python install`` and others that work on the Pythons which uv fetches."""
        verb = arguments.operands[1].value if len(arguments.operands) > 1 else None
        folder = _uv_python.folder_of(state, given_to(call.command, state))
        if verb in {"list", "find", "dir"}:
            return Effects(tools=_TOOLS)
        if verb == "pin" and state.workdir is not None:
            return Effects(writes=(posixpath.join(state.workdir, ".python-version"),), tools=_TOOLS)
        if verb != "install" or folder is None or arguments.has("-i", "--install-dir", "--default"):
            return opaque(f"what uv python {verb or ''} does is not modelled")
        return Effects(writes=(folder,), tools=_TOOLS, action=Configure(self, {_uv_python.FETCHED: folder}))

    # --- what they are given ------------------------------------------------------------------------------------------

    def manifest(self, install: Install, given: Given) -> Manifest:
        """What pyproject.toml and uv.lock name; for ``uv pip`` what pip is given."""
        if not _is_sync(given.call):
            asked = _uv_pip.manifest(install, given)
            links = _links_tools(given) if _is_tool(given.call) else ""
            return replace(asked, blocked=asked.blocked or links) if links else asked
        path = install.manifests[0]
        root = posixpath.dirname(path)
        found = given.settings(path)
        if isinstance(found, str):
            return Manifest(found)
        name, project = found
        space = Workspace.of(project, root, name, given)
        closures = given.closures((path, *(posixpath.join(root, each) for each in _BESIDE)))
        closures[path] += tuple(space.members.values()) if space is not None else ()
        lock = given.at(posixpath.join(root, LOCK))
        packages = pinned(given.context.read(lock) or "") if lock is not None else ()
        local = bool(install.projects or install.editable) and (is_package(project) or space is not None)
        return Manifest(
            install.uncertain,
            closures,
            packages,
            frozenset() if packages else given.words(root),
            reads=(root,) if local or local_sources(project) else (),
            build_requirements=project.build_requirements,
            builds=(root,) if local else (),
            blocked=_held_back(install, given, project, space, root) or None,
            locked=installed(install.groups, given.context, lock, project),
            programs=project.named("project", "scripts") if local else frozenset(),
            elsewhere=_below_root(given, project, root) or None,
            needs_source=_needs_source(given, project, space),
            development=development(install.groups, project),
            empty=empty(given, lock, project) if space is None and not workspace_above(given, root) else frozenset(),
        )

    def developing(self, install: Install, given: Given) -> Developing | Reason:
        """Without ``--no-dev``, and with the groups and extras for development that are not there unasked."""
        if not _is_sync(given.call):
            return beside_requirements(install, given)
        return in_development(given.call, given.state, given.project(posixpath.dirname(install.manifests[0])))

    def production(self, install: Install, given: Given, manifest: Manifest, told: str) -> Production | Reason:
        """``--no-dev``."""
        return without_development(given.call)

    def into(self, install: Install, call: Call, wanted: Environment) -> Recipe | Reason:
        """A project has its own environment; ``uv pip`` takes the active one, unless it is told to take the system's."""
        if install.blocked is not None or install.into.carried is not None:
            return install.blocked or Recipe()
        # --system and UV_SYSTEM_PYTHON pass over every virtual environment, and --python comes before both
        system = tuple(word for word in call.words if word.value == "--system")
        verb = next(word for word in call.words if word.value in {"install", "sync"})
        return Recipe(insert=((verb, f"--python {wanted.root}/bin/python"),), remove=system)

    def without_project(self, install: Install, call: Call, manifest: Manifest) -> Recipe | Reason:
        """``--no-install-project``, or for a workspace ``--no-install-workspace``; it runs once more if there is a project to install."""
        if manifest.unknown is not None:
            return Reason(manifest.unknown)
        if manifest.needs_source:
            return Reason(manifest.needs_source)
        if not _is_sync(call):
            if install.projects or install.editable:
                return Reason("uv pip install builds the project itself")
            local = manifest.local
            return Reason(f"{local.file} names a local project or folder") if local is not None else Recipe()
        files = [name for names in manifest.closures.values() for name in names]
        if not any(posixpath.basename(name) == LOCK for name in files):
            return Reason("there is no uv.lock, so that uv would choose the versions twice")
        if manifest.reads and not manifest.builds:
            return Reason("pyproject.toml names a local project")
        if not manifest.builds:
            return Recipe()
        members = len(manifest.closures[install.manifests[0]]) > 1
        verb = next(word for word in call.words if word.value == "sync")
        return Recipe(insert=((verb, "--no-install-workspace" if members else "--no-install-project"),), again=True)

    def at_start(self, call: Call, installed: frozenset[str], state: State) -> bool:
        """``uv run`` syncs before it runs anything, unless told not to: nothing, where all that it asks for is there."""
        arguments, settings = parse_run(call, state), given_to(call.command, state)
        if not arguments.operands or arguments.operands[0].value != "run":
            return True
        if arguments.has("--no-sync", "--no-project") or is_on(settings.get("UV_NO_SYNC")):
            return False
        more = arguments.has(
            "--with", "-w", "--with-editable", "--with-requirements", "--isolated", "--script", "-s", "--upgrade", "-U"
        )
        return more or not {*groups_of(arguments, settings), PROJECT} <= installed

    def cached_for_start(self, install: Install, given: Given, start: Given, beside: Collection[Install]) -> str:
        """``uv run`` may build the project again, or install what it lacks."""
        return cached_for(install, given, start, beside)

    def owns(self, variable: str) -> bool:
        """Some are libuv's, which Node.js and uvloop read: https://docs.libuv.org/en/v1.x/threadpool.html."""
        return variable.startswith(self.variables) and variable not in _OF_LIBUV

    def starts(self, call: Call) -> Started | None:
        """The words behind ``uv run``, where no option says what the program is to find."""
        return started_by(call)

    def differs_at_start(self, install: Install, given: Given, start: Given) -> Reason | None:
        """``uv run`` takes the project that it finds, and brings the environment up to date with what lies there then."""
        return differs(self, install, given, start)


UV = Uv()


def _held_back(install: Install, given: Given, project: PyProject, space: Workspace | None, root: str) -> str:
    """Why the environment of a project cannot be handed on, "" where it can."""
    above = workspace_above(given, root)
    if above:
        return f"the project belongs to the workspace of {above}, where its environment lies"
    arguments, variables = _asked(given)
    managed = _fetched(given, project, root)
    if managed:
        return managed
    if _uv_python.is_there(arguments, given.state, variables) and _uv_python.folder_of(given.state, variables) is None:
        return "where uv keeps the Pythons that it fetches is unknown"
    if not install.editable:
        return ""
    projects = {root: project} if is_package(project) else {}
    for folder, each in (*projects.items(), *(space.projects(given) if space is not None else ())):
        reason = given.left_beside_source(folder, each)
        if reason:
            return reason
    return ""


def _asked(given: Given) -> tuple[Arguments, Mapping[str, str | None]]:
    """What the call and the variables that it sees ask for."""
    return parse(given.call.words, given.state, VALUED["sync"]), given_to(given.call.command, given.state)


def _fetched(given: Given, project: PyProject, root: str) -> str:
    """Why uv may fetch a Python with the packages, "" where it takes one that is there."""
    arguments, variables = _asked(given)
    if _uv_python.is_there(arguments, given.state, variables):
        return ""
    asked = next(iter(arguments.values("-p", "--python")), "managed" if arguments.has("--managed-python") else "")
    return other_python(given, project, root, variables, asked)


def _below_root(given: Given, project: PyProject, root: str) -> str:
    """The same, where the Python would come to lie in root's home, or nobody knows where; "" elsewhere."""
    folder = _uv_python.folder_of(given.state, _asked(given)[1])
    return _fetched(given, project, root) if folder is None or within(folder, "/root") else ""


def _needs_source(given: Given, project: PyProject, space: Workspace | None) -> str:
    """Why uv has to build metadata before it installs anything: it compares them with the lock, unless told to take that as it is."""
    variables = given_to(given.call.command, given.state)
    if any(word.value == "--frozen" for word in given.call.words) or is_on(variables.get("UV_FROZEN")):
        return ""
    members = [each for _, each in space.projects(given)] if space is not None else []
    if any(each is not None and each.works_out_dependencies for each in (project, *members)):
        return "what the project depends on is worked out by its build, and uv compares that with uv.lock"
    return ""


def _plain(arguments: Arguments) -> frozenset[str]:
    return frozenset(word.value or "" for word in arguments.operands)


def _is_sync(call: Call) -> bool:
    return next((word.value for word in call.words if word.value in {"sync", "pip"}), None) == "sync"


def _is_tool(call: Call) -> bool:
    return next((word.value for word in call.words if word.value in {"pip", "sync", "tool"}), None) == "tool"


def _links_tools(given: Given) -> str:
    """That an image of uv's own has programs linked where those of the image lie, "" for any other."""
    own = given.image is not None and any(posixpath.basename(path) in UV.programs for path in given.image.tools)
    told = "UV_TOOL_BIN_DIR" in given_to(given.call.command, given.state)
    return "uv tool install links the programs into /usr/local/bin, where others lie" if own and not told else ""


def _variable(option: str) -> str:
    return "UV_" + option.removeprefix("--").upper().replace("-", "_")


def _root(arguments: Arguments, state: State) -> str | None:
    """The folder in which uv looks for the project; None: unknown."""
    given = arguments.values("--project", "--directory")
    if not given:
        return state.env.get("UV_PROJECT") or state.workdir
    return state.path(given[-1]) if given[-1] is not None else None


def _manifest(root: str) -> str:
    return posixpath.join(root, pyproject.NAME)


def _export(arguments: Arguments, state: State, root: str) -> Effects:
    written = projects.written_by(arguments, state, "-o", "--output-file")
    if written is None:
        return opaque("where uv exports to is known only to the shell")
    reads = (_manifest(root), posixpath.join(root, LOCK))
    return Effects(reads=reads, writes=written, tools=_TOOLS, action=Export(UV))
