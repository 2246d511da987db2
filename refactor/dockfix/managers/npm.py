"""npm: fills ``node_modules`` beside package.json, runs scripts, and takes away again what only development needs."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import ClassVar

from dockfix.context.javascript.package_json import NAME
from dockfix.knowledge import BaseImage
from dockfix.managers import _node as node
from dockfix.managers._node import DEV, MAIN, NodeManager
from dockfix.managers._npm_options import CLEAN_INSTALLS, FLAGS, HARMLESS, INSTALLS, RUNS, TELLS, VALUED
from dockfix.managers._variables import given_to
from dockfix.managers.protocol import Cache, Call
from dockfix.model.actions import Clean, Configure, Install, Package, Remove
from dockfix.model.commands.protocol import Arguments, parse
from dockfix.model.effects import Effects, opaque
from dockfix.model.reason import Reason
from dockfix.model.state import State
from dockfix.syntax.shell import Word

_TOOLS = frozenset({"npm", "node"})
_HOME = "/root/.npm"
_OMITS = 15  # the version of Node.js whose npm knows --omit
# Options that a removal has to be given as the install was: it works out the same tree
_OF_PRUNE = frozenset({"--legacy-peer-deps", "--force", "-f", "--strict-peer-deps", "--no-audit", "--no-fund"})


class Npm(NodeManager):
    """npm: https://docs.npmjs.com/cli/v11/commands."""

    id: ClassVar[str] = "npm"
    title: ClassVar[str] = "npm"
    programs: ClassVar[frozenset[str]] = frozenset({"npm", "npx"})
    locks: ClassVar[tuple[str, ...]] = ("npm-shrinkwrap.json", "package-lock.json")
    caches: ClassVar[tuple[Cache, ...]] = (
        Cache(
            _HOME,
            moved_by=("npm_config_cache", "NPM_CONFIG_CACHE", "HOME"),
            option="--cache",
            configured_in=(".npmrc",),
            configured_by=r"(?m)^\s*cache\s*=",
            configured_with=r"npm (?:config )?set cache\b|npm config set\b.*\bcache=",
            at_home=True,
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
        folder = _folder(arguments, state)
        if folder is None:
            return opaque("in which folder npm works is unknown")
        if verb in INSTALLS or verb in CLEAN_INSTALLS:
            return self._install(call, state, folder, verb in CLEAN_INSTALLS)
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
            return self._configure(arguments, state)
        if verb in {"pkg", "version", "init"}:
            path = posixpath.join(folder, NAME)
            return Effects(reads=(path,), writes=(path,), tools=_TOOLS)
        return opaque(f"npm {verb} is not modelled")

    def fetches(self, call: Call, state: State) -> tuple[Word, ...] | None:
        """A global install fills the cache, and no project."""
        arguments = parse(call.words, state, VALUED, None)
        installs = bool(arguments.operands) and arguments.operands[0].value in INSTALLS
        return () if state.runtime == node.NODE and installs and _is_global(arguments) else None

    def needs_lock(self, call: Call) -> bool:
        """``npm ci`` does."""
        return any(word.value in CLEAN_INSTALLS for word in call.words[:1])

    def without_development(self, install: Install, call: Call, image: BaseImage | None) -> str | Reason:
        """``npm prune``: unlike another install it runs none of the project's scripts, and leaves what was generated."""
        words = [word.value for word in call.words]
        if "--no-save" in words or "--no-package-lock" in words:
            return Reason("npm prune would take away what package.json and the lock do not name")
        major = (image.version if image is not None else "").partition(".")[0]
        option = "--production" if major.isdecimal() and int(major) < _OMITS else "--omit=dev"
        kept = [word for word in words if word in _OF_PRUNE]
        return " ".join(["npm prune", option, *(word for word in kept if word)])

    def _install(self, call: Call, state: State, folder: str, clean: bool) -> Effects:
        arguments = parse(call.words, state, VALUED, FLAGS)
        named = arguments.operands[1:]
        if _is_global(arguments):
            return _global(arguments, call, state)
        odd = arguments.unknown or next(
            (f"--only={each}" for each in arguments.values("--only") if not _is_main(each)), ""
        )
        odd = odd or next(
            (name for name in ("--dry-run", "--package-lock-only", "--workspace", "-w") if arguments.has(name)), ""
        )
        changing = next((name for name in _settings(call, state) if not HARMLESS.fullmatch(name)), "")
        if odd or changing:
            return opaque(f"npm install with {odd or changing} is not modelled")
        without = self._without_dev(arguments, call, state)
        if without is None:
            return opaque("whether npm installs what only development needs is known only to the shell")
        wanted = node.environment(folder)
        manifest = posixpath.join(folder, NAME)
        groups = {
            MAIN,
            *(() if without else (DEV,)),
            *(f"without {each}" for each in self._omitted(arguments) if each != DEV),
        }
        local = next((word.text for word in named if _is_path(word)), "")
        action = Install(
            self,
            wanted,
            asked=tuple(Package(_name(word), word) for word in named),
            manifests=(manifest,),
            groups=frozenset(groups),
            dynamic=any(word.value is None for word in named),
            chosen_by=state.chosen_by(call.command.text) or state.workdir_chosen,
            scripts=not arguments.has("--ignore-scripts"),
            blocked=Reason(f"npm installs from {local}") if local else None,
        )
        written = (
            () if clean else (*((manifest,) if named else ()), *(posixpath.join(folder, each) for each in self.locks))
        )
        writes = (wanted.root, *written)
        return Effects(reads=(manifest,), writes=writes, tools=_TOOLS, action=action)

    def _omitted(self, arguments: Arguments) -> frozenset[str]:
        told = frozenset(each for each in arguments.values("--omit") if each)
        return told | {"optional"} if arguments.has("--no-optional") else told

    def _without_dev(self, arguments: Arguments, call: Call, state: State) -> bool | None:
        """Whether what only development needs is left out: https://docs.npmjs.com/cli/v11/using-npm/config#omit; None: not known."""
        given = _settings(call, state)
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

    def _configure(self, arguments: Arguments, state: State) -> Effects:
        words = [word.value for word in arguments.operands]
        setting = words[words.index("set") + 1 :] if "set" in words else []
        if not setting:
            known = words[1:2] in ([], ["get"], ["list"], ["ls"])
            return Effects(tools=_TOOLS) if known else opaque("npm config is modelled for set, get and list only")
        name = (setting[0] or "").partition("=")[0]
        if setting[0] is None or not (
            HARMLESS.fullmatch(f"npm_config_{name.replace('-', '_')}") or name.startswith(("//", "@"))
        ):
            return opaque(f"npm config set {name} is not modelled")
        if not state.is_root:
            return opaque("npm is told something as another user than root")
        return Effects(writes=("/root/.npmrc",), tools=_TOOLS, action=Configure(self, {name: None}))


NPM = Npm()


def _settings(call: Call, state: State) -> Mapping[str, str | None]:
    """The variables that npm takes for settings, by names in lower case."""
    given = given_to(call.command, state).items()
    return {name.lower(): value for name, value in given if name.lower().startswith("npm_config_")}


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
    odd = arguments.unknown or next((word.text for word in named if word.value is None or _is_path(word)), "")
    odd = odd or next((name for name in _settings(call, state) if name == "npm_config_prefix"), "")
    if odd or not named or not state.is_root:
        return opaque(f"npm install --global {odd} is not modelled".replace("  ", " "))
    writes = ("/usr/local/lib/node_modules", "/usr/local/bin")
    return Effects(reads=("/usr/local", "/root"), writes=writes, tools=_TOOLS)


def _folder(arguments: Arguments, state: State) -> str | None:
    given = arguments.values("--prefix", "-C")
    if not given:
        return state.workdir
    return state.path(given[-1]) if given[-1] is not None else None


def _second(arguments: Arguments) -> str | None:
    return arguments.operands[1].value if len(arguments.operands) > 1 else None


def _fixes(arguments: Arguments) -> bool:
    return arguments.operands[:1] != () and arguments.operands[0].value == "audit" and _second(arguments) == "fix"


def _is_path(word: Word) -> bool:
    text = word.value or word.text
    return text.startswith((".", "/", "~", "file:", "link:")) or text.endswith((".tgz", ".tar.gz"))


def _name(word: Word) -> str:
    """The name of a package as asked for: ``@scope/name@1.2`` is ``@scope/name``; "" for an address."""
    text = word.value or ""
    if "://" in text or text.startswith(("git+", "github:")) or (text.count("/") == 1 and not text.startswith("@")):
        return ""
    return text[:1] + text[1:].partition("@")[0]
