"""What npm, Yarn and pnpm share: they fill ``node_modules`` beside package.json, and run what its scripts say."""

from __future__ import annotations

import posixpath
from abc import abstractmethod
from collections.abc import Iterator
from typing import ClassVar

from dockfix.context.javascript import Files, Package, parse_package
from dockfix.context.javascript.package_json import NAME
from dockfix.context.manifests.manifest import Manifest, Named
from dockfix.managers._variables import given_to
from dockfix.managers.protocol import Call, Given, LanguageManager, Recipe
from dockfix.model.actions import Build, Install
from dockfix.model.artefact import Artefact, Environment
from dockfix.model.effects import Effects, opaque
from dockfix.model.reason import Reason
from dockfix.model.state import State

NODE = "node"
MODULES = "node_modules"
MAIN, DEV = "main", "dev"
# What compiling a native package, and a script of one, may read: https://github.com/nodejs/node-gyp#installation
BUILD_READS = ("/usr", "/opt", "/lib", "/bin", "/sbin", "/tmp", "/etc", "/root", "/home/node")


# Settings of .npmrc that change what is installed, or where: https://docs.npmjs.com/cli/v11/using-npm/config
_SETTINGS = """
omit include production only dev also prefix global location install-strategy global-style legacy-bundling workspace workspaces
ignore-scripts script-shell node-linker hoist shamefully-hoist modules-dir virtual-store-dir store-dir
"""
_CHANGES = frozenset(_SETTINGS.split())


class NodeManager(LanguageManager):
    """A manager of packages for Node.js. It is modelled on images that are known to have Node.js only.

    ``configured_in`` are the files beside package.json that say how it works, ``locks`` the names of its locks, the first that is
    there counts.
    """

    runtime: ClassVar[str] = NODE
    runs_others: ClassVar[bool] = True
    starts_as_any_user: ClassVar[bool] = True
    needs_runtime: ClassVar[bool] = True
    reads: ClassVar[tuple[str, ...]] = BUILD_READS
    configured_in: ClassVar[tuple[str, ...]] = (".npmrc",)
    locks: ClassVar[tuple[str, ...]] = ()

    def effects(self, call: Call, state: State) -> Effects:
        """What one call does, where Node.js is the base image's own."""
        if state.runtime != NODE:
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
            return Manifest(f"{path} was not found in the build context")
        package = parse_package(file, given.context.read(file) or "")
        if package is None:
            return Manifest(f"{file} could not be read")
        beside = (*self.configured_in, *self.locks, *_patches(folder, package, given))
        closures = given.closures((path, *(posixpath.join(folder, each) for each in beside)))
        members = _members(folder, package, given)
        if members:
            closures |= given.closures(posixpath.join(folder, _below(each, package), NAME) for each in members)
        local = [(each.file, path) for each in (package, *members) for path in each.local.values()]
        unknown = install.uncertain or _settings_beside(self, folder, given)
        return Manifest(
            unknown,
            closures,
            folders=tuple(Named(path, file) for file, path in local),
            reads=(folder,),
            blocked=_left_outside(folder, package, members),
            needs_source=_needs_source(package, members, given, folder, install),
        )

    def into(self, install: Install, call: Call, wanted: Environment) -> Recipe | Reason:
        """node_modules lies beside package.json, and can be carried from there."""
        return install.blocked or Recipe()

    def without_project(self, install: Install, call: Call, manifest: Manifest) -> Recipe | Reason:
        """The command as it is: the project itself is not installed, but for what its own scripts do then."""
        if manifest.unknown is not None:
            return Reason(manifest.unknown)
        if manifest.needs_source:
            return Reason(manifest.needs_source)
        if manifest.local is not None:
            return Reason(f"{manifest.local.file} names a local package, {manifest.local.path}")
        return Recipe()

    def at_start(self, call: Call, installed: frozenset[str]) -> bool:
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


def is_production(call: Call, state: State) -> bool | None:
    """Whether NODE_ENV says that nothing but what the program needs is installed; None where only the shell knows."""
    value = given_to(call.command, state).get("NODE_ENV", "")
    if state.chosen_by("$NODE_ENV"):
        return None
    return None if value is None else value.strip() == "production"


def _members(folder: str, package: Package, given: Given) -> tuple[Package, ...]:
    """The package.json of each member of the project's workspace that lies in the image, in alphabetical order."""
    names = frozenset(given.context.files() or ())
    files = given.context.disk.once(("files of JavaScript", names), lambda: Files(names, given.context.read))
    found = sorted(files.members(package).values(), key=lambda each: each.file)
    return tuple(each for each in found if given.at(posixpath.join(folder, _below(each, package), NAME)) == each.file)


def _below(member: Package, root: Package) -> str:
    """The folder of a member, relative to that of the root."""
    return posixpath.relpath(member.folder or ".", root.folder or ".")


def _patches(folder: str, package: Package, given: Given) -> Iterator[str]:
    """The files of patches that an install applies: named in package.json, or in the usual folder."""
    named = package.settings.get("pnpm", {})
    table = named.get("patchedDependencies", {}) if isinstance(named, dict) else {}
    yield from (each for each in table.values() if isinstance(each, str)) if isinstance(table, dict) else ()


def _left_outside(folder: str, package: Package, members: tuple[Package, ...]) -> str | None:
    """Why node_modules alone cannot be handed on: it leads to folders beside it."""
    if members:
        return f"{package.file} has workspaces, to which node_modules leads"
    local = next((path for path in package.local.values()), None)
    return f"{package.file} takes a package from {local}, to which node_modules leads" if local is not None else None


def _needs_source(package: Package, members: tuple[Package, ...], given: Given, folder: str, install: Install) -> str:
    """Why the source has to be there for an install, "" where it need not."""
    if not install.scripts:
        return ""
    for each in (package, *members):
        for script in each.lifecycle:
            where = f"{each.file}:{script.line}" if script.line else each.file
            return f"{where}: its {script.name} script runs with every install, and may read the source"
    if given.lies_at(posixpath.join(folder, "binding.gyp")):
        return "binding.gyp has the project itself compiled"
    return ""


def _settings_beside(manager: NodeManager, folder: str, given: Given) -> str | None:
    """A setting of a file beside package.json that changes what is installed or where, None for none."""
    for name in manager.configured_in:
        file = given.at(posixpath.join(folder, name))
        text = given.context.read(file) if file is not None else ""
        if text is None:
            return f"{file} could not be read"
        for line in text.splitlines():
            key = line.partition("=")[0].strip().rstrip("[]").strip()
            if key in _CHANGES:
                return f"{file} sets {key}, which changes what is installed"
    return None
