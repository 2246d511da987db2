"""Yarn: version 1, and Berry (from 2 on), which fills ``node_modules`` as well or, with Plug'n'Play, leads to archives in its cache."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import ClassVar, Literal

from dockfix.context.javascript.package_json import NAME
from dockfix.context.manifests.locked import DEV, MAIN
from dockfix.context.manifests.manifest import Manifest
from dockfix.dataclass import dataclass
from dockfix.lazy import regex
from dockfix.managers import _node as node
from dockfix.managers._folders import folder_of
from dockfix.managers._node import NodeManager
from dockfix.managers._node_development import in_development
from dockfix.managers._node_production import for_production
from dockfix.managers._variables import is_on
from dockfix.managers._yarn_options import CHANGING, FLAGS, HARMLESS, KEPT, ODD, OTHERS, TELLS, VALUED
from dockfix.managers.protocol import Cache, Call, Developing, Given, Production
from dockfix.model.actions import Clean, Configure, Install, Remove
from dockfix.model.commands.protocol import Arguments, parse
from dockfix.model.effects import Effects, opaque
from dockfix.model.reason import Reason
from dockfix.model.state import State

LOCK = "yarn.lock"
SETTINGS = ".yarnrc.yml"
_OLD_SETTINGS = ".yarnrc"
_TOOLS = frozenset({"yarn", "node"})
_CLASSIC = "/usr/local/share/.cache/yarn"  # root's, wherever its home is
_BERRY = "/root/.yarn/berry"
_BRINGS_FOCUS = 4  # the version from which on Yarn can install for production alone without a plugin
# What an install leaves beside package.json
_WRITTEN = (
    ".pnp.cjs",
    ".pnp.loader.mjs",
    ".yarn/cache",
    ".yarn/unplugged",
    ".yarn/install-state.gz",
    ".yarn/build-state.yml",
)
_RELEASE = regex(r"(?:.*/)?yarn-(\d+)\.[\w.-]+\.c?js")
_MOVES = regex(
    r"(?m)^\s*\"?(?:yarn-offline-mirror|--(?:[\w*]+\.)?modules-folder|--install\.\S+|--cwd|plugnplay\S*|workspaces-experimental)\b"
)
_OLD_CACHE = regex(r"(?m)^\s*\"?cache-folder\b")
_OLD_RELEASE = regex(r"(?m)^\s*\"?yarn-path\"?\s+\"?([^\s\"]+)")
# Scripts after an install that leave no file of a package changed, or such as an install keeps
_LEAVES = regex(r"(?:is-ci \|\| )?husky(?: install)?(?: \|\| (?:true|exit 0))?|(?:npx )?prisma generate|true|exit 0|:")


@dataclass(frozen=True)
class _Release:
    """Which Yarn runs for a project: its major version (None: not known, from 2 on), and how it links.

    With ``shared`` its cache is one for all projects, outside of this one.
    """

    major: int | None
    linker: Literal["node-modules", "pnp", "pnpm", "?"] = "node-modules"
    shared: bool = True

    @property
    def classic(self) -> bool:
        return self.major is not None and self.major < 2


class Yarn(NodeManager):
    """Yarn: https://classic.yarnpkg.com/lang/en/docs/cli, https://yarnpkg.com/cli."""

    id: ClassVar[str] = "yarn"
    title: ClassVar[str] = "Yarn"
    programs: ClassVar[frozenset[str]] = frozenset({"yarn", "yarnpkg"})
    locks: ClassVar[tuple[str, ...]] = (LOCK,)
    told_for_all: ClassVar[tuple[str, ...]] = (".npmrc", SETTINGS, _OLD_SETTINGS)
    server: ClassVar[str] = r"https?://dl\.yarnpkg\.com/"
    beside: ClassVar[tuple[str, ...]] = (SETTINGS, _OLD_SETTINGS)
    caches: ClassVar[tuple[Cache, ...]] = (
        Cache(
            _CLASSIC,
            around="/usr/local/share/.cache",
            option="--preferred-cache-folder",
            printed_by=r"yarn cache dir",
            configured_with=r"yarn config set (?:cache-folder|preferred-cache-folder|cacheFolder|globalFolder|enableGlobalCache)\b",
        ),
    )

    def for_all(self, call: Call, state: State) -> tuple[str, ...]:
        """Those of ``yarn global add``."""
        operands = parse(call.words, state, VALUED, None).operands
        return (
            tuple(map(node.name_of, operands[2:])) if [word.value for word in operands[:2]] == ["global", "add"] else ()
        )

    def on_node(self, call: Call, state: State) -> Effects:
        """Installs, scripts, the cache, and what only tells something."""
        arguments = parse(call.words, state, VALUED, None)
        verb = arguments.operands[0].value if arguments.operands else "install"
        rest = [word.value for word in arguments.operands[1:]]
        if verb is None or verb in TELLS or arguments.has("--version", "-v", "--help", "-h"):
            return opaque("yarn with a variable is not modelled") if verb is None else Effects(tools=_TOOLS)
        folder = folder_of(arguments, state, "--cwd")
        if folder is None:
            return opaque("in which folder Yarn works is unknown")
        if verb in {"install", "add"}:
            return self._install(call, state, folder)
        if verb == "workspaces" and rest[:1] == ["focus"]:
            return self._focus(arguments, state, folder)
        if verb == "global":
            return _global(arguments, rest, state)
        if verb == "cache":
            clean = rest[:1] in (["clean"], ["clear"]) and not arguments.has("--mirror", "--all")
            return Effects(tools=_TOOLS, action=Clean((self,), frozenset({"cache"})) if clean else None)
        if verb == "config":
            return self._configured(rest, state)
        if verb in OTHERS:
            names_version = verb == "set" and rest[:1] == ["version"]
            written = (posixpath.join(folder, SETTINGS),) if names_version else ()
            return replace(opaque(f"yarn {verb} is not modelled"), writes=written)
        return node.runs_script(call, state, folder)

    def needs_lock(self, call: Call) -> bool:
        """With ``--immutable`` it does; ``--frozen-lockfile`` installs without one, too."""
        return any(word.value in {"--immutable", "--immutable-cache"} for word in call.words)

    def manifest(self, install: Install, given: Given) -> Manifest:
        """What package.json, the lock and the settings name, the patches and the plugins; what NODE_ENV leaves out."""
        found = super().manifest(install, given)
        folder = posixpath.dirname(install.into.root)
        settings, old = _settings(folder, given), _old_settings(folder, given)
        if settings is None or old is None:
            return replace(found, unknown=found.unknown or "the settings of Yarn could not be read")
        release = _release(install, given, settings)
        unknown = f"{_OLD_SETTINGS} changes what is installed, or where" if _MOVES.search(old) else None
        if release.linker in {"?", "pnpm"}:
            unknown = f"how Yarn links the packages is not known (nodeLinker: {settings.get('nodeLinker', '')})"
        packed = any(posixpath.dirname(name).endswith(".yarn/cache") for name in _below(folder, given))
        groups = None
        if release.classic and DEV in install.groups and node.is_production(given.call, given.state) is True:
            groups = install.groups if _is_off(given.call, given.state) else install.groups - {DEV}
        outside = release.linker == "pnp" and release.shared
        return replace(
            found,
            unknown=found.unknown or unknown,
            closures={**found.closures, **given.closures(_named(folder, given, old))},
            groups=groups,
            elsewhere=_leads_to_cache(given) if outside else None,
            needs_source=found.needs_source or (".yarn/cache has packages" if packed else ""),
        )

    def caches_of(self, install: Install, given: Given) -> tuple[Cache, ...] | Reason:
        """Where Yarn 1 keeps what it fetches, or Berry what no program finds there."""
        folder = posixpath.dirname(install.into.root)
        settings, old = _settings(folder, given), _old_settings(folder, given)
        if settings is None or old is None or _OLD_CACHE.search(old):
            return Reason("a file of the project moves Yarn's cache")
        release = _release(install, given, settings)
        variables = {**given.state.args, **given.state.env}
        if release.classic:
            option = parse(given.call.words, given.state, VALUED, None).values("--cache-folder")
            moved = option[-1] if option else variables.get("YARN_CACHE_FOLDER", "")
            path = given.state.path(moved) if moved else _CLASSIC
            if moved is None or path is None:
                return Reason("where Yarn's cache lies is known only to the shell")
            return (self.caches[0] if path == _CLASSIC else replace(self.caches[0], folder=path, around=""),)
        if release.linker == "?":
            beneath = f": what builds the base image {given.beneath}" if given.beneath is not None else ""
            return Reason(f"which Yarn there is, or how it links the packages, is not known{beneath}")
        if release.linker != "node-modules":
            return Reason("the program finds its packages in Yarn's cache itself")
        if not release.shared:
            return Reason("Yarn's cache lies in the project")
        moves = next((name for name in ("globalFolder", "cacheFolder") if name in settings), "")
        if moves or "YARN_GLOBAL_FOLDER" in variables:
            return Reason(f"{moves or 'YARN_GLOBAL_FOLDER'} moves Yarn's cache")
        return (
            Cache(f"{_BERRY}/cache", around=_BERRY, moved_by=("HOME",), configured_with=self.caches[0].configured_with),
        )

    def without_development(self, install: Install, given: Given) -> str | Reason:
        """Yarn 1 has no command for it but an install that leaves them out; Berry, from 4 on, has ``workspaces focus``."""
        folder = posixpath.dirname(install.into.root)
        settings, package = _settings(folder, given), node.package_at(install, given)
        if settings is None or package is None:
            return Reason("the settings of Yarn could not be read")
        release = _release(install, given, settings)
        words = [word.value or "" for word in given.call.words]
        members = node.members_of(folder, package, given)
        if "--frozen-lockfile" not in words and "--immutable" not in words:
            stale = node.stale_lock(install, given, LOCK)
            if stale:
                return Reason(stale)
        if release.classic:
            written = (
                "--frozen-lockfile" not in words and "--pure-lockfile" not in words and "--no-lockfile" not in words
            )
            if not given.lies_at(posixpath.join(folder, LOCK)) and not written:
                return Reason(f"there is no {LOCK}, and Yarn would choose the versions again")
            for each in (package, *members):
                for script in each.lifecycle:
                    if _LEAVES.fullmatch(script.command.strip()) is None:
                        where = f"{each.file}:{script.line}" if script.line else each.file
                        return Reason(
                            f"{where}: what the {script.name} script changes in node_modules, Yarn would put back as it was"
                        )
            kept = [word for word in words if word in KEPT]
            return " ".join(["yarn install --production --frozen-lockfile --ignore-scripts --prefer-offline", *kept])
        if release.linker != "node-modules":
            return Reason("Yarn is not known to take packages away where there is no node_modules")
        if release.major is None or release.major < _BRINGS_FOCUS:
            return Reason("Yarn before version 4 has no command that leaves out what only development needs")
        for each in (package, *members):
            ran = next(
                (script for script in each.lifecycle if script.name in {"preinstall", "install", "postinstall"}), None
            )
            if ran is not None:
                return Reason(
                    f"{each.file}:{ran.line}: its {ran.name} script would run again where packages are taken away"
                )
        return f"yarn workspaces focus{' --all' if members else ''} --production"

    def developing(self, install: Install, given: Given) -> Developing | Reason:
        """Without ``--production``; ``--production=false`` where NODE_ENV says otherwise."""
        return in_development(install, given, "--production --prod --production=true", "", "--production=false")

    def production(self, install: Install, given: Given, manifest: Manifest, told: str) -> Production | Reason:
        """``--production``, which Berry does not know: https://classic.yarnpkg.com/lang/en/docs/cli/install."""
        folder = posixpath.dirname(install.into.root)
        settings, package = node.yaml_at(given, posixpath.join(folder, SETTINGS)), node.package_at(install, given)
        if settings is None or package is None or not _release(install, given, settings).classic:
            return Reason("only Yarn 1 has an option that leaves out what only development needs")
        return for_production(install, given, package, "--production", ("install",))

    def gave_up(self, install: Install, given: Given, told: str) -> str:
        """Berry fails with ``--production`` (YN0050)."""
        settings = _settings(posixpath.dirname(install.into.root), given)
        asks = any(word.value == "--production" for word in given.call.words)
        if (
            not asks
            or settings is None
            or (release := _release(install, given, settings)).classic
            or release.linker == "?"
        ):
            return ""
        return (
            "from version 2 on Yarn has no such option; yarn workspaces focus --production installs without development"
        )

    def _install(self, call: Call, state: State, folder: str) -> Effects:
        arguments = parse(call.words, state, VALUED, FLAGS)
        adds = bool(arguments.operands) and arguments.operands[0].value == "add"
        named = arguments.operands[1:]
        mode = arguments.values("--mode")
        odd = arguments.unknown or next(
            (name for name in ODD if arguments.has(name) and not (adds and name == "--dev")), ""
        )
        odd = odd or next((f"--mode={each}" for each in mode if each != "skip-build"), "")
        odd = odd or next((name for name in node.settings(call, state, "yarn_") if CHANGING.fullmatch(name)), "")
        odd = odd or ("packages" if named and not adds else "")
        if odd:
            return opaque(f"yarn install with {odd} is not modelled")
        production = arguments.has("--production", "--prod") and not _is_off(call, state)
        groups = {MAIN, *(() if production else (DEV,))}
        if arguments.has("--ignore-optional"):
            groups.add("without optional")
        asked = self.asks_for(call, state, arguments, folder, groups)
        action = replace(asked, cached=not arguments.has("--offline"), scripts=asked.scripts and not mode)
        kept = arguments.has("--frozen-lockfile", "--pure-lockfile", "--no-lockfile", "--immutable")
        beside = (*_WRITTEN, *(() if kept else (LOCK,)), *((NAME,) if adds else ()))
        writes = (action.into.root, *(posixpath.join(folder, each) for each in beside))
        return Effects(reads=action.manifests, writes=writes, tools=_TOOLS, action=action)

    def _focus(self, arguments: Arguments, state: State, folder: str) -> Effects:
        """What ``workspaces focus`` does: with packages for development there already, it takes them away."""
        if not arguments.has("--production") or len(arguments.operands) > 2:
            return opaque("yarn workspaces focus is modelled with --production and for all that is there only")
        root = node.environment(folder).root
        return Effects(
            reads=(posixpath.join(folder, NAME), root),
            writes=(root, *(posixpath.join(folder, each) for each in _WRITTEN)),
            tools=_TOOLS,
            action=Remove(self, frozenset({DEV})),
        )

    def _configured(self, rest: list[str | None], state: State) -> Effects:
        if rest[:1] != ["set"]:
            return Effects(tools=_TOOLS)
        name = next((word for word in rest[1:] if word is None or not word.startswith("-")), None)
        if name is None or HARMLESS.fullmatch(name) is None or not state.is_root:
            return opaque(f"yarn config set {name or ''} is not modelled".replace("  ", " "))
        return Effects(
            writes=("/root/.yarnrc", "/usr/local/share/.yarnrc"), tools=_TOOLS, action=Configure(self, {name: None})
        )


YARN = Yarn()


def _release(install: Install, given: Given, settings: Mapping[str, object]) -> _Release:
    """Which Yarn a project is installed with: the one that it names, the one that was brought, or what its lock was written by."""
    folder = posixpath.dirname(install.into.root)
    path = settings.get("yarnPath")
    match = _RELEASE.fullmatch(path) if isinstance(path, str) else None
    locks = (given.at(posixpath.join(each, LOCK)) for each in node.upwards(folder))
    lock = next((each for each in locks if each is not None), None)
    text = given.context.read(lock) or "" if lock is not None else ""
    major = int(match[1]) if match else node.version_of(YARN.id, install, given)
    berry = major is None and ("__metadata:" in text or isinstance(path, str))
    if major is None and not berry:
        chosen = given.state.settings.get((YARN.id, "version"))
        unseen = given.beneath is not None and lock is None
        unseen = unseen or any(given.made(posixpath.join(each, SETTINGS)) for each in node.upwards(folder))
        return _Release(None, "?") if chosen or unseen else _Release(1)
    if major is not None and major < 2:
        return _Release(major)
    if major is None and (written := regex(r"(?m)^__metadata:\s*\n\s+version: (\d+)").search(text)):
        major = 4 if int(written[1]) >= 8 else 3 if int(written[1]) >= 5 else 2
    told = given.state.variables.get("YARN_NODE_LINKER") or settings.get("nodeLinker") or "pnp"
    linker: Literal["node-modules", "pnp", "pnpm", "?"] = (
        "node-modules" if told == "node-modules" else "pnp" if told == "pnp" else "pnpm" if told == "pnpm" else "?"
    )
    own = given.state.variables.get("YARN_ENABLE_GLOBAL_CACHE") or settings.get("enableGlobalCache")
    shared = is_on(own) if isinstance(own, str) else major is None or major >= _BRINGS_FOCUS
    return _Release(major, linker, shared)


def _settings(folder: str, given: Given) -> Mapping[str, object] | None:
    """What Berry's files of settings say, in a folder and those around it; None where one could not be read."""
    found: dict[str, object] = {}
    for each in node.upwards(folder):
        said = node.yaml_at(given, posixpath.join(each, SETTINGS))
        if said is None:
            return None
        found = {**said, **found}
    return found


def _leads_to_cache(given: Given) -> str:
    where = given.state.variables.get("YARN_GLOBAL_FOLDER", _BERRY)
    said = f"Yarn's Plug'n'Play takes the packages from its cache in {where}, outside of the project"
    return f"{said}; with YARN_ENABLE_GLOBAL_CACHE=false they would lie in its .yarn/cache, and go along"


def _old_settings(folder: str, given: Given) -> str | None:
    file = given.at(posixpath.join(folder, _OLD_SETTINGS))
    return given.context.read(file) if file is not None else ""


def _below(folder: str, given: Given) -> Iterator[str]:
    """The paths in the image of what lies in the project's own folder for Yarn."""
    for name in sorted(given.context.files() or ()):
        head, found, tail = name.rpartition(".yarn/")
        if found and (not head or head.endswith("/")):
            path = posixpath.join(folder, ".yarn", tail)
            if given.at(path) == name:
                yield path


def _named(folder: str, given: Given, old: str) -> Iterator[str]:
    """What an install reads of that, besides the manifests: the releases of Yarn, the plugins, the patches."""
    for path in _below(folder, given):
        if any(part in path for part in ("/.yarn/releases/", "/.yarn/plugins/", "/.yarn/patches/")):
            yield path
    named = _OLD_RELEASE.search(old)
    if named is not None:
        yield posixpath.join(folder, named[1])


def _is_off(call: Call, state: State) -> bool:
    """Whether the switch for production is given as off."""
    texts = [word.value for word in call.words]
    return "--production=false" in texts or "--no-production" in texts or "--prod=false" in texts


def _global(arguments: Arguments, rest: list[str | None], state: State) -> Effects:
    """What ``yarn global add`` does: programs for all, which no project owns."""
    if rest[:1] != ["add"] or None in rest or not state.is_root or arguments.has("--prefix", "--global-folder"):
        return opaque("yarn global is modelled for add only")
    return Effects(
        reads=("/usr/local", "/root"), writes=("/usr/local/share/.config/yarn", "/usr/local/bin"), tools=_TOOLS
    )
