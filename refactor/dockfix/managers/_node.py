"""What npm, Yarn and pnpm share: they fill ``node_modules`` beside package.json, and run what its scripts say."""

from __future__ import annotations

import posixpath
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import ClassVar

from dockfix.context.javascript import Package, files_of, parse_package
from dockfix.context.javascript.package_json import LIFECYCLE, NAME, local_path
from dockfix.context.manifests.locked import Unread
from dockfix.context.manifests.manifest import Manifest, Named
from dockfix.context.manifests.node_locks import read_node_lock
from dockfix.lazy import regex
from dockfix.managers._install_reads import read_by_scripts
from dockfix.managers._own_scripts import leaves_source_alone
from dockfix.managers._variables import given_to
from dockfix.managers.protocol import Call, Given, LanguageManager, Recipe
from dockfix.model.actions import Build, Configure, Install
from dockfix.model.actions import Package as Asked
from dockfix.model.artefact import Artefact, Environment
from dockfix.model.commands.protocol import Arguments
from dockfix.model.effects import Effects, opaque
from dockfix.model.reason import Reason
from dockfix.model.state import VERSION, State
from dockfix.syntax.shell import Word

NODE = "node"
LATEST = "latest"  # what a tool that is asked for without a version is
# The major version that the latest release of a manager has at least, and the Node.js that it needs: the registry, in November 2026
_AT_LEAST = {"pnpm": (12, 18)}
MODULES = "node_modules"
# What compiling a native package, and a script of one, may read: https://github.com/nodejs/node-gyp#installation
BUILD_READS = ("/usr", "/opt", "/lib", "/bin", "/sbin", "/tmp", "/etc", "/root", "/home/node")


# Settings of .npmrc that change what is installed, or where: https://docs.npmjs.com/cli/v11/using-npm/config
_CHANGING = """
omit include production only dev also prefix global location install-strategy global-style legacy-bundling workspace workspaces
ignore-scripts script-shell node-linker hoist shamefully-hoist modules-dir virtual-store-dir store-dir
"""
CHANGING = frozenset(_CHANGING.split())
# Options and settings that have an install leave the lock aside: https://docs.npmjs.com/cli/v11/using-npm/config#package-lock
# (a backslash, quotes or a variable in a name are none of npm's)
_NAMED = regex(r"[\"']?([^$\"'`\\=\s]+=)")
_WITHOUT_LOCK = regex(r"--no-(?:package-lock|shrinkwrap|lockfile)|--(?:package-lock|shrinkwrap|lockfile)=false")
_LOCK_OFF = regex(r"(?m)^[ \t]*(?:package-lock|shrinkwrap|lockfile)[ \t]*=[ \t]*false\b")
# Variables that change neither what is installed nor where, or that are read elsewhere
HARMLESS = regex(
    r"npm_config_(?:audit|fund|loglevel|progress|update_notifier|registry|color|maxsockets|network_\w+|fetch_\w+|legacy_peer_deps|strict_ssl"
    r"|cafile|ca|proxy|https_proxy|noproxy|yes|unsafe_perm|cache|prefer_offline|userconfig|_\w+|python|jobs|build_from_source|node_gyp|nodedir"
    r"|foreground_scripts|omit|include|only|production|sharp_\w+|disturl|arch|platform|libc|target_\w+|user_agent)"
)


class NodeManager(LanguageManager):
    """A manager of packages for Node.js. It is modelled only where Node.js is known to be: the base image's, or brought to another one.

    ``configured_in`` are the files beside package.json that say how it works, in lines of a name and a value, ``beside`` others that an
    install reads, ``locks`` the names of its locks, the first that is there counts. ``changing`` are the settings that change what
    is installed, or where. ``lifecycle`` are the scripts of the project itself that an install runs.
    """

    runtime: ClassVar[str] = NODE
    runs_others: ClassVar[bool] = True
    starts_as_any_user: ClassVar[bool] = True
    needs_runtime: ClassVar[bool] = True
    reads: ClassVar[tuple[str, ...]] = BUILD_READS
    configured_in: ClassVar[tuple[str, ...]] = (".npmrc",)
    beside: ClassVar[tuple[str, ...]] = ()
    locks: ClassVar[tuple[str, ...]] = ()
    changing: ClassVar[frozenset[str]] = CHANGING
    lifecycle: ClassVar[frozenset[str]] = frozenset(LIFECYCLE)

    def effects(self, call: Call, state: State) -> Effects:
        """What one call does, where Node.js is known to be."""
        if not state.runs(NODE):
            return opaque(f"{posixpath.basename(call.command.name or '')} is not a program that dockfix knows")
        return self.on_node(call, state)

    @abstractmethod
    def on_node(self, call: Call, state: State) -> Effects:
        """The same where it is."""

    def manifest(self, install: Install, given: Given) -> Manifest:
        """What package.json, the lock and the files beside them name."""
        folder = posixpath.dirname(install.into.root)
        if not install.manifests:
            return Manifest("what the named packages bring is in no lock")
        path = install.manifests[0]
        file = given.at(path)
        if file is None:
            return Manifest(f"nothing of the build context lies at {path}")
        package = parse_package(file, given.context.read(file) or "")
        if package is None:
            return Manifest(f"{file} could not be read")
        locks = () if _leaves_lock(self, folder, given) else self.locks
        beside = (*self.configured_in, *self.beside, *locks, *_patches(package))
        closures = given.closures((path, *(posixpath.normpath(posixpath.join(folder, each)) for each in beside)))
        members = members_of(folder, package, given)
        if members:
            closures |= given.closures(posixpath.join(folder, _below(each, package), NAME) for each in members)
        scripts = read_by_scripts(
            [(package, folder), *((each, posixpath.join(folder, _below(each, package))) for each in members)],
            next((lock for name in locks if (lock := given.at(posixpath.join(folder, name))) is not None), ""),
            given,
        )
        if install.scripts:
            closures |= given.closures(scripts.paths)
        local = [(each.file, path) for each in (package, *members) for path in each.local.values()]
        unknown = install.uncertain or _settings_beside(self, folder, given)
        return Manifest(
            unknown,
            closures,
            folders=tuple(Named(path, file) for file, path in local),
            reads=(folder,),
            blocked=_left_outside(folder, package, members),
            needs_source=self._needs_source(package, members, given, folder, install)
            or (scripts.any_file if install.scripts else ""),
            runs=None if install.scripts else frozenset(),
            runs_own=install.scripts
            and any(script.name in self.lifecycle for each in (package, *members) for script in each.lifecycle),
        )

    def _needs_source(
        self, package: Package, members: tuple[Package, ...], given: Given, folder: str, install: Install
    ) -> str:
        """Why the source has to be there for an install, "" where it need not."""
        root = _workspace_above(folder, package, given)
        if root:
            return f"{root} makes {package.file} part of a workspace, whose lock and members lie around it"
        if not install.scripts:
            return ""
        for each in (package, *members):
            for script in each.lifecycle:
                if script.name in self.lifecycle and not leaves_source_alone(each, script.command):
                    where = f"{each.file}:{script.line}" if script.line else each.file
                    return f"{where}: its {script.name} script runs with every install, and may read the source"
        if given.lies_at(posixpath.join(folder, "binding.gyp")):
            return "binding.gyp has the project itself compiled"
        return ""

    def into(self, install: Install, call: Call, wanted: Environment) -> Recipe | Reason:
        """node_modules lies beside package.json, and can be carried from there."""
        return install.blocked or Recipe()

    def unlocked(self, install: Install, given: Given) -> tuple[str, ...]:
        """Its locks, where none lies in the folder of the project or above it; an install that takes the lock as it is fails then."""
        folder = posixpath.dirname(install.into.root)
        if self.needs_lock(given.call) or _leaves_lock(self, folder, given):
            return ()
        seen = any(given.at(posixpath.join(each, name)) for each in upwards(folder) for name in self.locks)
        return () if seen else self.locks

    def without_project(self, install: Install, call: Call, manifest: Manifest) -> Recipe | Reason:
        """The command as it is: the project itself is not installed, but for what its own scripts do then."""
        if manifest.unknown is not None:
            return Reason(manifest.unknown)
        if manifest.needs_source:
            return Reason(manifest.needs_source)
        if manifest.local is not None:
            return Reason(f"{manifest.local.file} names a local package, {manifest.local.path}")
        return Recipe()

    def asks_for(self, call: Call, state: State, arguments: Arguments, folder: str, groups: Iterable[str]) -> Install:
        """The install of the project in a folder, and of the packages that are named beside it."""
        named = arguments.operands[1:]
        local = next((word.text for word in named if is_path(word)), "")
        return Install(
            self,
            environment(folder),
            asked=tuple(Asked(name_of(word), word) for word in named),
            manifests=(posixpath.join(folder, NAME),),
            groups=frozenset(groups),
            dynamic=any(word.value is None for word in named),
            chosen_by=state.chosen_by(call.command.text) or state.chosen_by("$NODE_ENV") or state.workdir_chosen,
            scripts=not arguments.has("--ignore-scripts"),
            blocked=Reason(f"{self.title} installs from {local}") if local else None,
        )

    def at_start(self, call: Call, installed: frozenset[str], state: State) -> bool:
        """Whether it may fetch packages: a program that is not there."""
        return not call.words or call.words[0].value not in {"start", "run", "run-script", "test"}


def environment(folder: str) -> Environment:
    """The packages of the project in a folder."""
    root = posixpath.join(folder, MODULES)
    return Environment(root, NODE, Artefact("environment", {root: root}, NODE))


def runs_script(call: Call, state: State, folder: str | None = None) -> Effects:
    """What a script of the project does, or a program of its packages: its output lies in the folder in which it runs."""
    where = folder or state.workdir
    if where is None:
        return opaque("in which folder it works is unknown")
    output = Artefact("output", {where: where}, NODE)
    tools = frozenset({posixpath.basename(call.command.name or ""), NODE})
    return Effects(reads=(where,), writes=(where,), tools=tools, action=Build(output))


def rebuilds(call: Call, state: State, arguments: Arguments, folder: str) -> Effects:
    """What compiling installed packages again does: where they are named it works on these alone, else it may run any script."""
    named = arguments.operands[1:]
    odd = arguments.has("-g", "--global", "--workspace", "-w", "--workspaces", "-ws", "-r", "--recursive", "-F")
    if odd or arguments.has("--filter") or not named or any(word.value is None or is_path(word) for word in named):
        return runs_script(call, state, folder)
    root = environment(folder).root
    effects = runs_script(call, state, folder)
    output = Build(Artefact("output", {root: root}, NODE))
    return replace(effects, reads=(posixpath.join(folder, NAME), root), writes=(root,), action=output)


def is_production(call: Call, state: State) -> bool | None:
    """Whether NODE_ENV says that nothing but what the program needs is installed; None where only the shell knows."""
    value = given_to(call.command, state).get("NODE_ENV", "")
    if state.chosen_by("$NODE_ENV"):
        return None
    return None if value is None else value.strip() == "production"


def is_production_by_default(call: Call, state: State) -> bool | None:
    """The same where a build argument chooses: what its default says. None where none does."""
    if not state.chosen_by("$NODE_ENV"):
        return None
    return (given_to(call.command, state).get("NODE_ENV") or "").strip() == "production"


def settings(call: Call, state: State, prefix: str = "npm_config_") -> Mapping[str, str | None]:
    """The variables that a manager takes for settings, by names in lower case."""
    given = given_to(call.command, state).items()
    return {name.lower(): value for name, value in given if name.lower().startswith(prefix)}


def _up_to_what_is_filled_in(word: Word) -> str | None:
    """The value of a word, or the NAME= of one whose value only the shell knows."""
    named = _NAMED.match(word.text) if word.value is None else None
    return named[1] if named is not None else word.value


def configured(manager: NodeManager, arguments: Arguments, state: State, file: str) -> Effects:
    """What ``config set NAME=VALUE`` does, for all installs that follow; without a name it only tells."""
    tools = frozenset({manager.id, NODE})
    words = [_up_to_what_is_filled_in(word) for word in arguments.operands]
    setting = words[words.index("set") + 1 :] if "set" in words else []
    if not setting:
        known = words[1:2] in ([], ["get"], ["list"], ["ls"])
        return Effects(tools=tools) if known else opaque(f"{manager.id} config is modelled for set, get and list only")
    name = (setting[0] or "").partition("=")[0]
    plain = HARMLESS.fullmatch(f"npm_config_{name.replace('-', '_')}") is not None and name not in manager.changing
    if setting[0] is None or not (plain or name.startswith(("//", "@"))):
        return opaque(f"{manager.id} config set {name} is not modelled")
    if not state.is_root:
        return opaque(f"{manager.id} is told something as another user than root")
    return Effects(writes=(file,), tools=tools, action=Configure(manager, {name: None}))


def yaml_at(given: Given, path: str) -> Mapping[str, object] | None:
    """What a file of settings says, {} where there is none; None where it could not be read."""
    file = given.at(path)
    text = given.context.read(file) if file is not None else ""
    if not text:
        return {} if text == "" else None
    from dockfix.context.yaml_tree import documents
    from dockfix.syntax import encode

    try:
        found = next(iter(documents(encode(text))), None)
    except ValueError:
        return None
    return found if isinstance(found, dict) else {}


def version_of(program: str, install: Install, given: Given) -> int | None:
    """The major version of a manager, as the project or a command before says it; None where neither does.

    The nearest package.json that names a manager counts: https://github.com/nodejs/corepack#when-authoring-packages.
    For the latest one it is that which it has been at least since the day that the table below says.
    """
    packages = (package_in(each, given) for each in upwards(posixpath.dirname(install.into.root)))
    named = next((package.manager for package in packages if package is not None and package.manager), "")
    name, _, wanted = named.partition("@")
    version = wanted if name == program else given.state.settings.get((program, VERSION)) or ""
    if version == LATEST:
        return _latest(program, given)
    major = version.partition(".")[0].removeprefix("latest-")
    return int(major) if major.isdecimal() else None


def _latest(program: str, given: Given) -> int | None:
    """The least major version that the latest release can have; None where npm would choose an older one for the image's Node.js."""
    if program not in _AT_LEAST or given.image is None or given.image.runtime != NODE:
        return None
    least, runs_on = _AT_LEAST[program]
    of_node = given.image.version.partition(".")[0]
    moves = (
        not of_node and len(given.image.releases or ()) > 1
    )  # a tag that names no release of a system, such as lts, is moved on
    return least if moves or (of_node.isdecimal() and int(of_node) >= runs_on) else None


def is_path(word: Word) -> bool:
    """Whether a package is asked for by a folder or an archive of its own."""
    text = word.value or word.text
    return text.startswith((".", "/", "~", "file:", "link:")) or text.endswith((".tgz", ".tar.gz"))


def name_of(word: Word) -> str:
    """The name of a package as asked for: ``@scope/name@1.2`` is ``@scope/name``; "" for an address."""
    text = word.value or ""
    if "://" in text or text.startswith(("git+", "github:")) or (text.count("/") == 1 and not text.startswith("@")):
        return ""
    return text[:1] + text[1:].partition("@")[0]


def package_at(install: Install, given: Given) -> Package | None:
    """The package.json that an install is given; None where it is not known."""
    return package_in(posixpath.dirname(install.into.root), given)


def package_in(folder: str, given: Given) -> Package | None:
    """The package.json in a folder of the image; None where it is not known."""
    file = given.at(posixpath.join(folder, NAME))
    return parse_package(file, given.context.read(file) or "") if file is not None else None


def upwards(folder: str) -> Iterator[str]:
    """A folder, and those around it, the nearest first."""
    yield folder
    while folder != posixpath.dirname(folder):
        folder = posixpath.dirname(folder)
        yield folder


def stale_lock(install: Install, given: Given, lock: str) -> str:
    """Why what a lock names may not be what was installed, "" where it is: where none lies there, an install has written one."""
    package = package_at(install, given)
    name = given.at(posixpath.join(posixpath.dirname(install.into.root), lock))
    if package is None:
        return f"{NAME} was not found in the build context"
    if name is None:
        return ""
    tree = read_node_lock(given.context, name)
    if isinstance(tree, Unread):
        return f"{name} could not be read: {tree.message}"
    needs = {need.name: need for need in tree.roots.get("", ())}
    for each, wanted in {**package.development, **package.optional, **package.dependencies}.items():
        found = tree.resolved("", needs[each]) if each in needs else None
        if found is None and local_path(wanted) is None:
            return f"{name} does not name {each} {wanted}, which {package.file} asks for"
    return ""


def members_of(folder: str, package: Package, given: Given) -> tuple[Package, ...]:
    """The package.json of each member of the project's workspace that lies in the image, in alphabetical order."""
    found = sorted(files_of(given.context).members(package).values(), key=lambda each: each.file)
    return tuple(each for each in found if given.at(posixpath.join(folder, _below(each, package), NAME)) == each.file)


def _workspace_above(folder: str, package: Package, given: Given) -> str:
    """The file in a folder of the image above that opens a workspace with a project: managers look for one; "" for none."""
    while folder != "/":
        folder = posixpath.dirname(folder)
        opened = given.at(posixpath.join(folder, "pnpm-workspace.yaml"))
        if opened is not None:
            return opened
        file = given.at(posixpath.join(folder, NAME))
        root = parse_package(file, given.context.read(file) or "") if file is not None else None
        if root is not None and any(
            each.file == package.file for each in files_of(given.context).members(root).values()
        ):
            return root.file
    return ""


def _below(member: Package, root: Package) -> str:
    """The folder of a member, relative to that of the root."""
    return posixpath.relpath(member.folder or ".", root.folder or ".")


def _patches(package: Package) -> Iterator[str]:
    """The files of patches that an install applies, as package.json names them: to pnpm, to Bun, and to Yarn within a range."""
    pnpm, resolutions = package.settings.get("pnpm", {}), package.settings.get("resolutions", {})
    for settings in (package.settings, pnpm if isinstance(pnpm, dict) else {}):
        table = settings.get("patchedDependencies", {})
        yield from (each for each in table.values() if isinstance(each, str)) if isinstance(table, dict) else ()
    forced = resolutions.values() if isinstance(resolutions, dict) else ()
    for wanted in (*package.asked_for.values(), *(each for each in forced if isinstance(each, str))):
        if wanted.startswith("patch:"):  # https://yarnpkg.com/protocol/patch
            yield wanted.rpartition("#")[2].partition("::")[0].removeprefix("~/")


def _left_outside(folder: str, package: Package, members: tuple[Package, ...]) -> str | None:
    """Why node_modules alone cannot be handed on: it leads to folders beside it."""
    if members:
        return f"{package.file} has workspaces, to which node_modules leads"
    local = next((path for path in package.local.values()), None)
    return f"{package.file} takes a package from {local}, to which node_modules leads" if local is not None else None


def _leaves_lock(manager: NodeManager, folder: str, given: Given) -> bool:
    """Whether an install is told to leave the lock aside, by an option or a file beside package.json."""
    if any(_WITHOUT_LOCK.fullmatch(word.text) for word in given.call.words):
        return True
    return any(_LOCK_OFF.search(text or "") for _, text in _settings_files(manager, folder, given))


def _settings_files(manager: NodeManager, folder: str, given: Given) -> Iterator[tuple[str, str | None]]:
    """The files beside package.json that say how a manager works, with their texts; None for one that could not be read."""
    for name in manager.configured_in:
        file = given.at(posixpath.join(folder, name))
        if file is not None:
            yield file, given.context.read(file)


def _settings_beside(manager: NodeManager, folder: str, given: Given) -> str | None:
    """A setting of a file beside package.json that changes what is installed or where, None for none."""
    for file, text in _settings_files(manager, folder, given):
        if text is None:
            return f"{file} could not be read"
        for line in text.splitlines():
            key = line.partition("=")[0].strip().rstrip("[]").strip()
            if key in manager.changing:
                return f"{file} sets {key}, which changes what is installed"
    return None
