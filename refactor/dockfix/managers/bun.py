"""Bun: its installs and its cache; it has an option that leaves out what only development needs, and nothing that takes it away again."""

from __future__ import annotations

import posixpath
from dataclasses import replace
from typing import ClassVar

from dockfix.context.javascript.package_json import NAME
from dockfix.context.manifests.locked import DEV, MAIN
from dockfix.context.manifests.manifest import Manifest
from dockfix.context.manifests.node_locks import read_node_lock
from dockfix.context.manifests.package_lock import needs_of_project
from dockfix.context.manifests.package_tree import PackageTree
from dockfix.managers import _node as node
from dockfix.managers._folders import folder_of
from dockfix.managers._node import NodeManager
from dockfix.managers._node_development import in_development
from dockfix.managers._node_production import for_production
from dockfix.managers.protocol import Cache, Call, Developing, Given, Production
from dockfix.model.actions import Clean, Install
from dockfix.model.commands.protocol import parse
from dockfix.model.effects import Effects, opaque
from dockfix.model.reason import Reason
from dockfix.model.state import State

_TOOLS = frozenset({"bun"})
_INSTALLS = frozenset({"install", "i", "add", "a", "ci"})
_OTHERS = frozenset(
    {"link", "unlink", "remove", "rm", "update", "upgrade", "init", "create", "c", "patch", "publish", "discord"}
)
_TELLS = frozenset({"outdated", "why", "audit", "info"})
# The options of an install: https://bun.sh/docs/cli/install
_WITH_VALUE = """
--backend --cafile --cache-dir --concurrent-scripts --config -c --cwd --filter -F --network-concurrency --registry --linker --omit
"""
_ALONE = """
--dev -d -D --development --exact -E --force -f --frozen-lockfile --ignore-scripts --no-cache --no-progress --no-save --no-summary
--no-verify --optional -p --production --save --silent --trust --verbose -y --yarn --save-text-lockfile --peer --lockfile-only
--dry-run -g --global
"""
_VALUED, _FLAGS = frozenset(_WITH_VALUE.split()), frozenset(_ALONE.split())
_ODD = ("--lockfile-only", "--dry-run", "--global", "-g", "--filter", "-F")
_LOCK = "bun.lock"


class Bun(NodeManager):
    """Bun: https://bun.sh/docs/cli/install."""

    id: ClassVar[str] = "bun"
    title: ClassVar[str] = "Bun"
    programs: ClassVar[frozenset[str]] = frozenset({"bun", "bunx"})
    without_cache: ClassVar[frozenset[str]] = frozenset({"--no-cache"})
    configured_in: ClassVar[tuple[str, ...]] = (".npmrc", "bunfig.toml")
    locks: ClassVar[tuple[str, ...]] = (_LOCK, "bun.lockb")
    lifecycle: ClassVar[frozenset[str]] = frozenset(
        {"preinstall", "install", "postinstall", "preprepare", "prepare", "postprepare"}
    )
    caches: ClassVar[tuple[Cache, ...]] = (
        Cache(
            "/root/.bun/install/cache",
            around="/root/.bun/install",
            moved_by=("BUN_INSTALL_CACHE_DIR", "BUN_INSTALL", "XDG_CACHE_HOME", "HOME"),
            option="--cache-dir",
            configured_in=("bunfig.toml",),
            configured_by=r"(?m)^\s*(?:\[install\.cache\]|cache\b|dir\s*=|disable\w*\s*=)",
        ),
    )

    def on_node(self, call: Call, state: State) -> Effects:
        """Installs, scripts and programs, the cache, and what only tells something."""
        if posixpath.basename(call.command.name or "") == "bunx":
            return node.runs_script(call, state)
        arguments = parse(call.words, state, _VALUED, None)
        verb = arguments.operands[0].value if arguments.operands else ""
        second = arguments.operands[1].value if len(arguments.operands) > 1 else None
        if verb is None or verb in _OTHERS:
            return opaque(f"bun {verb or 'with a variable'} is not modelled")
        if not verb or verb in _TELLS:
            return Effects(tools=_TOOLS)
        folder = folder_of(arguments, state, "--cwd")
        if folder is None:
            return opaque("in which folder Bun works is unknown")
        if verb in _INSTALLS:
            return self._install(call, state, folder)
        if verb == "pm":
            clean = second == "cache" and any(word.value == "rm" for word in arguments.operands[2:])
            return Effects(tools=_TOOLS, action=Clean((self,), frozenset({"cache"})) if clean else None)
        return node.runs_script(call, state, folder)

    def without_development(self, install: Install, given: Given) -> str | Reason:
        """Another install leaves what is there, with --production, too (Bun 1.4)."""
        return Reason("most releases of Bun have no command that takes away what only development needs")

    def developing(self, install: Install, given: Given) -> Developing | Reason:
        """Without ``--production``."""
        return in_development(install, given, "--production --production=true -p --omit=dev", "--omit", "")

    def production(self, install: Install, given: Given, manifest: Manifest, told: str) -> Production | Reason:
        """``--production``, which fails where the lock does not fit: it is taken as it is."""
        package = node.package_at(install, given)
        name = given.at(posixpath.join(posixpath.dirname(install.into.root), _LOCK))
        tree = read_node_lock(given.context, name) if name is not None else None
        older = given.at(posixpath.join(posixpath.dirname(install.into.root), "bun.lockb"))
        if package is None or older is not None or not isinstance(tree, PackageTree):
            return Reason(
                "Bun takes its lock as it is where it leaves out what only development needs: it has to be read"
            )
        if tree.members or package.workspaces or set(tree.roots.get("", ())) != set(needs_of_project(package.text)):
            return Reason(f"{name} does not fit {package.file}, or is that of a workspace")
        return for_production(install, given, package, "--production", ("install", "i"))

    def _install(self, call: Call, state: State, folder: str) -> Effects:
        arguments = parse(call.words, state, _VALUED, _FLAGS)
        odd = arguments.unknown or next((name for name in _ODD if arguments.has(name)), "")
        if odd:
            return opaque(f"bun install with {odd} is not modelled")
        production = arguments.has("--production", "-p") or DEV in arguments.values("--omit")
        action = replace(
            self.asks_for(call, state, arguments, folder, {MAIN, *(() if production else (DEV,))}),
            cache_off=arguments.words(self.without_cache),
        )
        beside = (*((NAME,) if action.asked else ()), *(() if arguments.has("--frozen-lockfile") else self.locks))
        writes = (action.into.root, *(posixpath.join(folder, each) for each in beside))
        return Effects(reads=action.manifests, writes=writes, tools=_TOOLS, action=action)


BUN = Bun()
