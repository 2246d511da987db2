"""Corepack: puts Yarn and pnpm on PATH, and fetches the version that a project names: https://github.com/nodejs/corepack#readme."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

from dockfix.context.javascript.package_json import NAME
from dockfix.managers._node import NODE
from dockfix.managers.protocol import Call, Manager
from dockfix.model.actions import Provide
from dockfix.model.commands.protocol import Arguments, parse
from dockfix.model.effects import Effects, opaque, within
from dockfix.model.state import State
from dockfix.syntax.shell import Word

FOLDER = "/usr/local/bin"
SHIMS: Mapping[str, tuple[str, ...]] = {"pnpm": ("pnpm", "pnpx"), "yarn": ("yarn", "yarnpkg"), "npm": ("npm", "npx")}
_USUAL = ("pnpm", "yarn")  # what it puts on PATH where it is not told
_VALUED = frozenset({"--install-directory", "-o", "--output"})


class Corepack(Manager):
    """Corepack, which comes with the images of Node.js up to version 24."""

    id: ClassVar[str] = "corepack"
    title: ClassVar[str] = "Corepack"
    programs: ClassVar[frozenset[str]] = frozenset({"corepack"})

    def effects(self, call: Call, state: State) -> Effects:
        """What it puts on PATH, and what it fetches to its home."""
        arguments = parse(call.words, state, _VALUED, None)
        verb = arguments.operands[0].value if arguments.operands else ""
        tools = frozenset({"corepack", NODE})
        if not state.runs(NODE):
            return opaque("corepack is not a program that dockfix knows")
        if not verb or arguments.has("--version", "-v", "--help", "-h"):
            return Effects(tools=tools)
        if arguments.has(*_VALUED) or not state.is_root:
            return opaque(f"corepack {verb} works elsewhere than in {FOLDER}")
        home = home_of(state)
        if home is None:
            return opaque("where corepack keeps what it fetches is unknown")
        if verb == "enable":
            names = [word.value or "" for word in arguments.operands[1:]] or [*_USUAL]
            return self._brought(names, {}, home, Effects(writes=(FOLDER,), tools=tools))
        if verb in {"prepare", "install", "hydrate"}:
            return self._prepared(arguments, state, home, Effects(writes=(home,), tools=tools))
        return opaque(f"corepack {verb} is not modelled")

    def _prepared(self, arguments: Arguments, state: State, home: str, effects: Effects) -> Effects:
        named = arguments.operands[1:]
        if not named:  # the one that the project names
            if state.workdir is None:
                return opaque("in which folder corepack works is unknown")
            return self._brought([*_USUAL], {}, home, replace(effects, reads=(posixpath.join(state.workdir, NAME),)))
        split = [_split(word, state) for word in named]
        names = [name for name, _ in split]
        activated = arguments.operands[0].value == "install" or arguments.has("--activate")
        versions = {name: version for name, version in split if activated and version}
        return self._brought(names, versions, home, effects)

    def _brought(self, names: list[str], versions: Mapping[str, str], home: str, effects: Effects) -> Effects:
        odd = next((name for name in names if name not in SHIMS), None)
        if odd is not None:
            return opaque(f"what corepack makes of {odd or 'a variable'} is unknown")
        paths = tuple(posixpath.join(FOLDER, program) for name in names for program in SHIMS[name])
        private = f"Corepack keeps it in {home}, which only root can read" if within(home, "/root") else ""
        return replace(effects, action=Provide(self, paths, versions=versions, home=home, private=private))


COREPACK = Corepack()


def home_of(state: State) -> str | None:
    """Where it keeps what it fetches: https://github.com/nodejs/corepack#environment-variables; None where that is not known."""
    told = state.env.get("COREPACK_HOME") or state.args.get("COREPACK_HOME")
    return state.path(told) if told else "/root/.cache/node/corepack"


def brought_by(manager: Manager) -> frozenset[str]:
    """The programs that are there with a manager besides its own: those that Corepack puts on PATH, which lie in its folder."""
    return (
        frozenset(each for shims in SHIMS.values() for each in shims) - {"npm", "npx"}
        if manager is COREPACK
        else frozenset()
    )


def _split(word: Word, state: State) -> tuple[str, str]:
    """The name and version that a word gives; no version where a build argument chooses it."""
    name, _, version = (state.value(word) or "").partition("@")
    return name, "" if state.chosen_by(word.text) else version.partition("+")[0]
