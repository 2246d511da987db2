"""pnpm: fills ``node_modules`` with links to a folder in it, ``.pnpm``, in which the packages lie; they come from a store."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

from dockfix.context.javascript.package_json import LIFECYCLE, NAME
from dockfix.context.manifests.locked import DEV, MAIN
from dockfix.context.manifests.manifest import Manifest
from dockfix.lazy import regex
from dockfix.managers import _node as node
from dockfix.managers._folders import folder_of
from dockfix.managers._node import HARMLESS, NodeManager
from dockfix.managers._node_development import in_development
from dockfix.managers._node_production import for_production
from dockfix.managers._pnpm_options import FLAGS, INSTALLS, ODD, OTHERS, TELLS, VALUED
from dockfix.managers.protocol import Cache, Call, Developing, Given, Production, Recipe
from dockfix.model.actions import Clean, Install, Remove
from dockfix.model.commands.protocol import parse
from dockfix.model.effects import Effects, opaque
from dockfix.model.reason import Reason
from dockfix.model.state import State

LOCK = "pnpm-lock.yaml"
WORKSPACE = "pnpm-workspace.yaml"
HOOKS = ".pnpmfile.cjs"
_TOOLS = frozenset({"pnpm", "node"})
_STORE = "/root/.local/share/pnpm/store"
_PRODUCTION = ("--prod", "--production", "-P")
# The release from which on NODE_ENV says nothing of what is installed, and that from which on a prune can leave the scripts out
_DEAF, _PRUNES = 10, 8
_ASKS = 10  # from which on a package's own scripts run only where the project allows it
# What lets scripts of packages run: https://pnpm.io/settings#dangerouslyallowallbuilds
_ALLOWS = regex(r"(?i)dangerously|allow[-_]?builds?\b|(?:only|never)[-_]?built")
# Settings that change what is installed, or where: https://pnpm.io/settings. How the links are laid out does not matter here
_CHANGING = """
modules-dir virtual-store-dir store-dir enable-global-virtual-store lockfile lockfile-dir shared-workspace-lockfile
production dev only omit optional ignore-scripts ignore-pnpmfile ignore-workspace global-dir prefix script-shell
"""


class Pnpm(NodeManager):
    """pnpm: https://pnpm.io/pnpm-cli."""

    id: ClassVar[str] = "pnpm"
    title: ClassVar[str] = "pnpm"
    programs: ClassVar[frozenset[str]] = frozenset({"pnpm", "pnpx"})
    size: ClassVar[int] = 17_000_000  # measured with pnpm 9
    locks: ClassVar[tuple[str, ...]] = (LOCK,)
    beside: ClassVar[tuple[str, ...]] = (WORKSPACE, HOOKS)
    changing: ClassVar[frozenset[str]] = frozenset(_CHANGING.split())
    lifecycle: ClassVar[frozenset[str]] = frozenset({*LIFECYCLE, "pnpm:devPreinstall"})
    caches: ClassVar[tuple[Cache, ...]] = (
        Cache(
            _STORE,
            around="/root/.local/share/pnpm",
            moved_by=("HOME",),
            printed_by=r"pnpm store path",
            configured_with=r"pnpm (?:config )?set\b.*\bstore-?[dD]ir\b|pnpm (?:env|setup)\b",
        ),
    )

    def on_node(self, call: Call, state: State) -> Effects:
        """Installs, scripts, the removal of what only development needs, the store, and what only tells something."""
        if posixpath.basename(call.command.name or "") == "pnpx":
            return node.runs_script(call, state)
        arguments = parse(call.words, state, VALUED, None)
        verb = arguments.operands[0].value if arguments.operands else ""
        second = arguments.operands[1].value if len(arguments.operands) > 1 else None
        if not verb or verb in TELLS or arguments.has("--version", "-v", "--help", "-h"):
            unknown = verb is None or (verb == "audit" and arguments.has("--fix"))
            return opaque(f"pnpm {verb or 'with a variable'} is not modelled") if unknown else Effects(tools=_TOOLS)
        folder = folder_of(arguments, state, "--dir", "-C")
        if folder is None:
            return opaque("in which folder pnpm works is unknown")
        if verb in INSTALLS:
            return self._install(call, state, folder)
        if verb == "fetch":  # into the store, and from there into node_modules/.pnpm: https://pnpm.io/cli/fetch
            root = node.environment(folder).root
            return Effects(reads=(posixpath.join(folder, LOCK),), writes=(root,), tools=_TOOLS)
        if verb == "prune":
            root = node.environment(folder).root
            dev = arguments.has(*_PRODUCTION)
            gone = Remove(self, frozenset({DEV} if dev else ()))
            return Effects(reads=(posixpath.join(folder, NAME), root), writes=(root,), tools=_TOOLS, action=gone)
        if verb in {"store", "cache"}:
            action = Clean((self,), frozenset({"cache"})) if second in {"prune", "delete"} else None
            return Effects(tools=_TOOLS, action=action)
        if verb in {"config", "set", "c", "get"}:
            return node.configured(self, arguments, state, "/root/.config/pnpm")
        if verb in {"recursive", "multi", "m"}:
            verb = second
        if verb in {"rebuild", "rb"}:
            return node.rebuilds(call, state, arguments, folder)
        if verb in OTHERS or verb in INSTALLS:
            return opaque(f"pnpm {verb} is not modelled")
        return node.runs_script(call, state, folder)

    def fetches(self, call: Call, state: State) -> bool:
        """``pnpm deploy`` installs once more what the store has: https://pnpm.io/cli/deploy."""
        arguments = parse(call.words, state, VALUED, None)
        return state.runs(node.NODE) and bool(arguments.operands) and arguments.operands[0].value == "deploy"

    def needs_lock(self, call: Call) -> bool:
        """With ``--frozen-lockfile`` it does."""
        return any(word.value == "--frozen-lockfile" for word in call.words)

    def manifest(self, install: Install, given: Given) -> Manifest:
        """What package.json, the lock, the file of the workspace and the patches name; what NODE_ENV leaves out."""
        found = super().manifest(install, given)
        folder = posixpath.dirname(install.into.root)
        settings = node.yaml_at(given, posixpath.join(folder, WORKSPACE))
        if settings is None:
            return replace(found, unknown=found.unknown or f"{WORKSPACE} could not be read")
        changes = next((name for name in settings if _kebab(name) in self.changing), "")
        patches = settings.get("patchedDependencies")
        named = [each for each in patches.values() if isinstance(each, str)] if isinstance(patches, dict) else []
        hooks = given.at(posixpath.join(folder, HOOKS))
        calls = hooks is not None and "require(" in (given.context.read(hooks) or "require(")
        unknown = f"{WORKSPACE} sets {changes}, which changes what is installed" if changes else None
        if given.lies_at(posixpath.join(folder, WORKSPACE)) and settings.get("nodeLinker") == "pnp":
            unknown = f"{WORKSPACE} sets nodeLinker, and there is no node_modules"
        return replace(
            found,
            unknown=found.unknown or unknown,
            closures={**found.closures, **given.closures(posixpath.join(folder, each) for each in named)},
            groups=self._groups(install, given),
            runs=self._runs(install, given, settings),
            needs_source=found.needs_source or (f"{hooks} loads other files with every install" if calls else ""),
        )

    def caches_of(self, install: Install, given: Given) -> tuple[Cache, ...] | Reason:
        """The store where the settings say it lies: https://pnpm.io/settings#storedir."""
        folder = posixpath.dirname(install.into.root)
        settings = node.yaml_at(given, posixpath.join(folder, WORKSPACE))
        npmrc = given.at(posixpath.join(folder, ".npmrc"))
        text = given.context.read(npmrc) if npmrc is not None else ""
        if settings is None or text is None or "storeDir" in settings or "store-dir" in text:
            return Reason("a file of the project moves pnpm's store")
        if settings.get("enableGlobalVirtualStore") == "true":
            return Reason("the packages lie in pnpm's store itself")
        store = self._store(given)
        if store is None:
            return Reason("where pnpm's store lies is known only to the shell")
        usual = self.caches[0]
        return (usual if store == _STORE else replace(usual, folder=store, around="", moved_by=()),)

    def without_project(self, install: Install, call: Call, manifest: Manifest) -> Recipe | Reason:
        """Where no workspace is opened, ``-r`` works in all folders that have a package.json: https://pnpm.io/cli/recursive."""
        every = any(word.value in {"-r", "--recursive", "recursive", "multi", "m"} for word in call.words)
        if every and not any(posixpath.basename(name) == WORKSPACE for name in manifest.files):
            return Reason(f"there is no {WORKSPACE}, so that pnpm looks for projects in all folders")
        return super().without_project(install, call, manifest)

    def without_development(self, install: Install, given: Given) -> str | Reason:
        """``pnpm prune``, which takes no package from the store, and without the scripts that would run again."""
        package = node.package_at(install, given)
        major = self._major(install, given)
        words = [word.value for word in given.call.words]
        if package is None or node.members_of(posixpath.dirname(install.into.root), package, given):
            return Reason("pnpm makes the packages of each member of a workspace anew where it takes some away")
        if major is not None and major < _PRUNES:
            return Reason(f"pnpm {major} runs the project's own scripts again where it takes packages away")
        if "--no-lockfile" in words:
            return Reason("there is no lock, and pnpm would choose the versions again")
        stale = "" if "--frozen-lockfile" in words else node.stale_lock(install, given, LOCK)
        return Reason(stale) if stale else "pnpm prune --prod --ignore-scripts"

    def developing(self, install: Install, given: Given) -> Developing | Reason:
        """Without ``--prod``; ``--prod=false`` where NODE_ENV says otherwise."""
        return in_development(install, given, "--prod --production -P --prod=true", "", "--prod=false")

    def production(self, install: Install, given: Given, manifest: Manifest, told: str) -> Production | Reason:
        """``--prod``: https://pnpm.io/cli/install#--prod--p."""
        package = node.package_at(install, given)
        if package is None:
            return Reason(f"{NAME} was not found in the build context")
        return for_production(install, given, package, "--prod", ("install", "i"))

    def _install(self, call: Call, state: State, folder: str) -> Effects:
        arguments = parse(call.words, state, VALUED, FLAGS)
        odd = "" if arguments.unknown.startswith("--config.") else arguments.unknown
        odd = odd or next((name for name in ODD if arguments.has(name) and arguments.operands[0].value != "add"), "")
        odd = odd or next((name for name in ("--global", "-g") if arguments.has(name)), "")
        odd = odd or next((name for name in node.settings(call, state) if not _is_harmless(name)), "")
        if odd:
            return opaque(f"pnpm install with {odd} is not modelled")
        groups = {
            MAIN,
            *(() if arguments.has(*_PRODUCTION) else (DEV,)),
            *(("without optional",) if arguments.has("--no-optional") else ()),
        }
        asked = self.asks_for(call, state, arguments, folder, groups)
        action = replace(asked, cached=not arguments.has("--offline"))
        beside = (*((NAME,) if action.asked else ()), *(() if arguments.has("--frozen-lockfile") else (LOCK,)))
        writes = (action.into.root, *(posixpath.join(folder, each) for each in beside))
        return Effects(reads=action.manifests, writes=writes, tools=_TOOLS, action=action)

    def _groups(self, install: Install, given: Given) -> frozenset[str] | None:
        """Without what only development needs where NODE_ENV says so, and this pnpm listens; None where the command alone decides."""
        if DEV not in install.groups or node.is_production(given.call, given.state) is not True:
            return None
        major = self._major(install, given)
        return install.groups - {DEV} if major is not None and major < _DEAF else None

    def _runs(self, install: Install, given: Given, settings: Mapping[str, object]) -> frozenset[str] | None:
        """The packages that may run scripts: https://pnpm.io/settings#onlybuiltdependencies; None where any may."""
        if not install.scripts:
            return frozenset()
        major, package = self._major(install, given), node.package_at(install, given)
        if major is None or major < _ASKS or package is None or self._allows_more(install, given):
            return None
        own = package.settings.get("pnpm")
        found: set[str] = set()
        for table in (settings, own if isinstance(own, dict) else {}):
            if (
                "dangerouslyAllowAllBuilds" in table
                or "neverBuiltDependencies" in table
                or "configDependencies" in table
            ):
                return None
            for name in ("onlyBuiltDependencies", "allowBuilds"):
                given_names = table.get(name, ())
                found |= (
                    {each for each in given_names if isinstance(each, str)}
                    if isinstance(given_names, list | dict)
                    else set()
                )
        return frozenset(found)

    def _allows_more(self, install: Install, given: Given) -> bool:
        """Whether the command, a variable or .npmrc may let scripts of packages run that no file of the project names."""
        file = given.at(posixpath.join(posixpath.dirname(install.into.root), ".npmrc"))
        told = (given.context.read(file) or "dangerously") if file is not None else ""
        words = (*(word.text for word in given.call.words), *given.state.variables, told)
        return any(_ALLOWS.search(word) for word in words)

    def _major(self, install: Install, given: Given) -> int | None:
        """The major version of pnpm that runs; None where it is not known."""
        told = node.version_of(self.id, install, given)
        if told is not None:
            return told
        lock = given.at(posixpath.join(posixpath.dirname(install.into.root), LOCK))
        first = (given.context.read(lock) or "").partition("\n")[0] if lock is not None else ""
        return next(
            (major for version, major in _WRITES if f"lockfileVersion: {version}" in first.replace("'", "")), None
        )

    def _store(self, given: Given) -> str | None:
        variables = {**given.state.args, **given.state.env}
        options = parse(given.call.words, given.state, VALUED, None).values("--store-dir")
        told: Mapping[str, str | None] = {
            "store": options[-1]
            if options
            else variables.get("npm_config_store_dir", variables.get("NPM_CONFIG_STORE_DIR", "")),
            "home": variables.get("PNPM_HOME", ""),
            "data": variables.get("XDG_DATA_HOME", ""),
        }
        if None in told.values():
            return None
        for name, below in (("store", ""), ("home", "store"), ("data", "pnpm/store")):
            if told[name]:
                return given.state.path(posixpath.join(told[name] or "", below).rstrip("/"))
        return _STORE


PNPM = Pnpm()

# The version of a lock, and the major version of pnpm that writes it last: https://pnpm.io/git#lockfiles
_WRITES = (("5.4", 7), ("5.3", 6), ("6.0", 8), ("6.1", 8))


def _kebab(name: str) -> str:
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name)


def _is_harmless(name: str) -> bool:
    """Whether a variable does not change what pnpm installs; those of npm that say what is left out are not its own."""
    left_out = {"npm_config_omit", "npm_config_include", "npm_config_only", "npm_config_production"}
    return name == "npm_config_store_dir" or (HARMLESS.fullmatch(name) is not None and name not in left_out)
