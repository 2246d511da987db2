"""npm: fills ``node_modules`` beside package.json, runs scripts, and takes away again what only development needs."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from dockfix.context.javascript.package_json import NAME
from dockfix.context.manifests.locked import DEV, MAIN
from dockfix.context.manifests.manifest import Manifest
from dockfix.lazy import regex
from dockfix.managers import _node as node
from dockfix.managers._folders import folder_of
from dockfix.managers._node import HARMLESS, NodeManager
from dockfix.managers._node_development import in_development
from dockfix.managers._npm_options import CLEAN_INSTALLS, FLAGS, INSTALLS, RUNS, TELLS, VALUED
from dockfix.managers.corepack import brought_by
from dockfix.managers.protocol import Cache, Call, Developing, Given, Production, Recipe, Script
from dockfix.managers.registry import by_program
from dockfix.model.actions import Clean, Install, Provide, Remove
from dockfix.model.commands.protocol import Arguments, parse
from dockfix.model.effects import Effects, opaque, within
from dockfix.model.reason import Reason
from dockfix.model.stages import Copy
from dockfix.model.state import State
from dockfix.syntax.shell import Word

_TOOLS = frozenset({"npm", "node"})
_HOME = "/root/.npm"
# What NodeSource's script leaves for apt: https://github.com/nodesource/distributions
_OF_NODESOURCE = ("/etc/apt/sources.list.d", "/etc/apt/keyrings", "/usr/share/keyrings", "/etc/apt/preferences.d")
# Where the images of Node.js have it, by the folder that may be copied as a whole
_PROGRAMS = ("node", "nodejs", "npm", "npx", "corepack", "yarn", "yarnpkg")
_OF_IMAGE = {
    "/usr/local/bin": tuple(f"bin/{name}" for name in _PROGRAMS),
    "/usr/local/lib": ("lib/node_modules",),
    "/usr/local/include": ("include/node",),
}
# What of a manager the registry's `latest` stays at: later releases of Yarn come by other ways
_NEWEST = {"yarn": "1"}
_OMITS = 15  # the version of Node.js whose npm knows --omit
# Options that say which groups are installed
_CHOOSES = regex(r"--(?:(?:no-)?production|include|also|omit|only|dev)\b")
# Options that a removal has to be given as the install was: it works out the same tree
_OF_PRUNE = frozenset({"--legacy-peer-deps", "--force", "-f", "--strict-peer-deps", "--no-audit", "--no-fund"})


class Npm(NodeManager):
    """npm: https://docs.npmjs.com/cli/v11/commands."""

    id: ClassVar[str] = "npm"
    title: ClassVar[str] = "npm"
    programs: ClassVar[frozenset[str]] = frozenset({"npm", "npx"})
    # a cache in ./false: https://github.com/npm/cli/issues/390
    without_cache: ClassVar[frozenset[str]] = frozenset({"--no-cache"})
    locks: ClassVar[tuple[str, ...]] = ("npm-shrinkwrap.json", "package-lock.json")
    images: ClassVar[frozenset[str]] = frozenset({"node"})
    scripts: ClassVar[tuple[Script, ...]] = (Script(r"https?://deb\.nodesource\.com/setup_[\w.]+", "", _OF_NODESOURCE),)
    server: ClassVar[str] = r"https?://deb\.nodesource\.com/"
    lies_in: ClassVar[tuple[str, ...]] = (
        "/usr/local/lib/node_modules/npm",
        "/usr/local/lib/node_modules/corepack",
        "/usr/local/include/node",
    )
    caches: ClassVar[tuple[Cache, ...]] = (
        Cache(
            _HOME,
            moved_by=("npm_config_cache", "NPM_CONFIG_CACHE", "HOME"),
            option="--cache",
            configured_in=(".npmrc",),
            configured_by=r"(?m)^\s*cache\s*=",
            configured_with=r"npm (?:config )?set cache\b|npm config set\b.*\bcache=",
            at_home=True,
            printed_by=r"npm (?:config )?get cache",
        ),
    )

    def on_node(self, call: Call, state: State) -> Effects:
        """Installs, scripts, the removal of what only development needs, the cache, and what only tells something."""
        if posixpath.basename(call.command.name or "") == "npx":
            return node.runs_script(call, state)
        arguments = parse(call.words, state, VALUED, None)
        verb = arguments.operands[0].value if arguments.operands else ""
        if arguments.has("--version", "-v", "--help", "-h") or verb in TELLS:
            return opaque("npm audit fix is not modelled") if _fixes(arguments) else Effects(tools=_TOOLS)
        folder = folder_of(arguments, state, "--prefix", "-C")
        if folder is None:
            return opaque("in which folder npm works is unknown")
        if verb in INSTALLS or verb in CLEAN_INSTALLS:
            return self._install(call, state, folder, verb in CLEAN_INSTALLS)
        if verb in {"rebuild", "rb"}:
            return node.rebuilds(call, state, arguments, folder)
        if verb in RUNS:
            return node.runs_script(call, state, folder)
        if verb == "prune":
            root = node.environment(folder).root
            dev = self._without_dev(arguments, call, state)
            if dev is None:
                return opaque("what npm prune removes is known only to the shell")
            gone = Remove(self, frozenset({DEV} if dev else ()))
            return Effects(reads=(posixpath.join(folder, NAME), root), writes=(root,), tools=_TOOLS, action=gone)
        if verb == "cache":
            action = Clean((self,), frozenset({"cache"})) if _second(arguments) == "clean" else None
            return Effects(tools=_TOOLS, action=action)
        if verb in {"config", "set", "c"}:
            return node.configured(self, arguments, state, "/root/.npmrc")
        if verb == "init" and len(arguments.operands) > 1:
            return opaque("npm init runs a package that it fetches")  # https://docs.npmjs.com/cli/commands/npm-init
        if verb in {"pkg", "version", "init"}:
            path = posixpath.join(folder, NAME)
            return Effects(reads=(path,), writes=(path,), tools=_TOOLS)
        if verb == "build" and len(arguments.operands) == 1:
            # up to npm 6 it builds the folders that it is given, of which there are none; later there is no such command:
            # https://github.com/npm/cli/blob/v6.14.18/lib/build.js
            return Effects(tools=_TOOLS)
        return opaque(f"npm {verb} is not modelled")

    def taken_from(self, copy: Copy) -> Provide | None:
        """Node.js with its managers, of what the image has in ``/usr/local``: nothing else of it is known."""
        paths: list[str] = []
        for source in map(posixpath.normpath, copy.sources):
            found = _brought_from(source, copy)
            if found is None:
                return None
            paths += found
        return Provide(self, tuple(paths), runtimes=frozenset({node.NODE}))

    def fetches(self, call: Call, state: State) -> bool:
        """A global install fills the cache, and no project."""
        arguments = parse(call.words, state, VALUED, None)
        installs = bool(arguments.operands) and arguments.operands[0].value in INSTALLS
        return state.runs(node.NODE) and installs and _is_global(arguments)

    def for_all(self, call: Call, state: State) -> tuple[str, ...]:
        """Those of a global install."""
        arguments = parse(call.words, state, VALUED, None)
        installs = bool(arguments.operands) and arguments.operands[0].value in INSTALLS and _is_global(arguments)
        return tuple(map(node.name_of, arguments.operands[1:])) if installs else ()

    def needs_lock(self, call: Call) -> bool:
        """``npm ci`` does."""
        return any(word.value in CLEAN_INSTALLS for word in call.words[:1])

    def without_development(self, install: Install, given: Given) -> str | Reason:
        """``npm prune``: unlike another install it runs none of the project's scripts, and leaves what was generated.

        With ``--no-save`` it leaves the lock as it is, which it would write in the form of its own version. By a lock that the install
        did not see, and that came with the source, it would put other versions in place of those that are there.
        """
        words = [word.value for word in given.call.words]
        if "--no-save" in words or "--no-package-lock" in words:
            return Reason("npm prune would take away what package.json and the lock do not name")
        kept = [word for word in words if word in _OF_PRUNE]
        package = node.package_at(install, given) if self.unlocked(install, given) else None
        if package is not None and any(
            given.context.read(f"{package.folder}/{each}".lstrip("/")) for each in self.locks
        ):
            kept.append("--no-package-lock")
        return " ".join(["npm prune", _omit(given), "--no-save", *(word for word in kept if word)])

    def developing(self, install: Install, given: Given) -> Developing | Reason:
        """Without ``--omit=dev``; ``--include=dev`` where NODE_ENV says otherwise."""
        return in_development(install, given, "--production --production=true", "--omit --only", "--include=dev")

    def production(self, install: Install, given: Given, manifest: Manifest, told: str) -> Production | Reason:
        """``--omit=dev``, which older releases call ``--production``."""
        verb, *others = given.call.words
        chosen = next((word.text for word in others if _CHOOSES.match(word.text)), "")
        if chosen or verb.value not in INSTALLS | CLEAN_INSTALLS:
            return Reason(f"{chosen or verb.text} chooses groups itself")
        return Production(Recipe(insert=((verb, _omit(given)),)), frozenset({DEV}))

    def _install(self, call: Call, state: State, folder: str, clean: bool) -> Effects:
        arguments = parse(call.words, state, VALUED, FLAGS)
        if _is_global(arguments):
            return _global(arguments, call, state)
        # the project itself is what is installed anyway: https://github.com/npm/cli/blob/latest/lib/commands/install.js
        others = tuple(word for word in arguments.operands[1:] if not _is_project(word, state, folder))
        arguments = replace(arguments, operands=(*arguments.operands[:1], *others))
        odd = arguments.unknown or next(
            (f"--only={each}" for each in arguments.values("--only") if not _is_main(each)), ""
        )
        odd = odd or next(
            (name for name in ("--dry-run", "--package-lock-only", "--workspace", "-w") if arguments.has(name)), ""
        )
        changing = next((name for name in node.settings(call, state) if not HARMLESS.fullmatch(name)), "")
        if odd or changing:
            return opaque(f"npm install with {odd or changing} is not modelled")
        without = self._without_dev(arguments, call, state)
        if without is None:
            without = node.is_production_by_default(call, state)
        if without is None:
            return opaque("whether npm installs what only development needs is known only to the shell")
        groups = {
            MAIN,
            *(() if without else (DEV,)),
            *(f"without {each}" for each in self._omitted(arguments) if each != DEV),
        }
        action = replace(
            self.asks_for(call, state, arguments, folder, groups), cache_off=arguments.words(self.without_cache)
        )
        beside = () if clean else (*((NAME,) if action.asked else ()), *self.locks)
        writes = (action.into.root, *(posixpath.join(folder, each) for each in beside))
        return Effects(reads=action.manifests, writes=writes, tools=_TOOLS, action=action)

    def _omitted(self, arguments: Arguments) -> frozenset[str]:
        told = frozenset(each for each in arguments.values("--omit") if each)
        return told | {"optional"} if arguments.has("--no-optional") else told

    def _without_dev(self, arguments: Arguments, call: Call, state: State) -> bool | None:
        """Whether what only development needs is left out: https://docs.npmjs.com/cli/v11/using-npm/config#omit; None: not known."""
        given = node.settings(call, state)
        include = (*arguments.values("--include", "--also"), given.get("npm_config_include", ""))
        if any(each in {DEV, "development"} for each in include) or _is_off(arguments, "--production", given):
            return False
        told = (
            *arguments.values("--omit", "--only"),
            *(given.get(f"npm_config_{name}", "") for name in ("omit", "only")),
        )
        if None in told or None in include:
            return None
        if any(each == DEV or _is_main(each) for value in told for each in (value or "").split()):
            return True
        if arguments.has("--production") or given.get("npm_config_production", "") == "true":
            return True
        return node.is_production(call, state)


NPM = Npm()


def _is_project(word: Word, state: State, folder: str) -> bool:
    """Whether a package that is asked for is the folder of the project."""
    return word.value is not None and node.is_path(word) and state.path(word.value) == folder


def _brought_from(source: str, copy: Copy) -> tuple[str, ...] | None:
    """Where what is Node.js's own of a file or folder of its image comes to lie; None where anything else may come along."""
    target = copy.target or ""
    whole = {folder: [each.partition("/")[2] for each in names] for folder, names in _OF_IMAGE.items()}
    whole["/usr/local"] = [each for names in _OF_IMAGE.values() for each in names]
    if source in whole:
        return tuple(posixpath.join(target, each) for each in whole[source])
    known = [f"/usr/local/{each}" for names in _OF_IMAGE.values() for each in names]
    if source in known[: len(_PROGRAMS)]:
        return (posixpath.join(target, posixpath.basename(source)) if copy.target_is_folder else target,)
    return (target,) if any(within(source, each) for each in known[len(_PROGRAMS) :]) else None


def _omit(given: Given) -> str:
    """The option that leaves out what only development needs, for the npm of the base image."""
    major = (given.image.version if given.image is not None else "").partition(".")[0]
    return "--production" if major.isdecimal() and int(major) < _OMITS else "--omit=dev"


def _is_main(value: str | None) -> bool:
    return value in {"prod", "production"}


def _is_off(arguments: Arguments, name: str, given: Mapping[str, str | None]) -> bool:
    """Whether a switch is given as off."""
    texts = [words[0].text for option, _, words in arguments.options if option == name]
    return f"{name}=false" in texts or arguments.has("--no-production") or given.get("npm_config_production") == "false"


def _is_global(arguments: Arguments) -> bool:
    return arguments.has("-g", "--global") or "global" in arguments.values("--location")


def _global(arguments: Arguments, call: Call, state: State) -> Effects:
    """What an install into the base image's own prefix does: programs for all, which no project owns."""
    named = arguments.operands[1:]
    odd = arguments.unknown or next((word.text for word in named if word.value is None or node.is_path(word)), "")
    odd = odd or next((name for name in node.settings(call, state) if name == "npm_config_prefix"), "")
    if odd or not named or not state.is_root:
        return opaque(f"npm install --global {odd} is not modelled".replace("  ", " "))
    writes = ("/usr/local/lib/node_modules", "/usr/local/bin")
    return Effects(reads=("/usr/local", "/root"), writes=writes, tools=_TOOLS, action=_provided(named))


def _provided(named: Sequence[Word]) -> Provide | None:
    """The manager that these packages are; None for others, and where one of them is none."""
    names = [node.name_of(word) for word in named]
    managers = [by_program().get(name) for name in names]
    first = managers[0]
    if first is None or first is NPM or any(manager is not first for manager in managers):
        return None
    _, _, version = (named[0].value or "")[1:].partition("@")
    versions = {names[0]: version or _NEWEST.get(names[0], node.LATEST)}
    programs = sorted({*first.programs, *brought_by(first)})
    return Provide(first, tuple(f"/usr/local/bin/{each}" for each in programs), shared=True, versions=versions)


def _second(arguments: Arguments) -> str | None:
    return arguments.operands[1].value if len(arguments.operands) > 1 else None


def _fixes(arguments: Arguments) -> bool:
    return arguments.operands[:1] != () and arguments.operands[0].value == "audit" and _second(arguments) == "fix"
