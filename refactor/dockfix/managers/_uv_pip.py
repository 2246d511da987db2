"""``uv pip``: what pip does, for the environment that uv chooses."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import replace

from dockfix.context.manifests.locks import is_lock
from dockfix.context.manifests.manifest import NO_LOCK, Manifest
from dockfix.managers import _pip_places, venv
from dockfix.managers._projects import written_by
from dockfix.managers._uv_options import BLOCKERS, FLAGS, VALUED
from dockfix.managers._variables import given_to, is_on
from dockfix.managers.pip import install_of, manifest_of, prefix
from dockfix.managers.protocol import Call, Given, LanguageManager
from dockfix.model.actions import Install
from dockfix.model.artefact import Environment
from dockfix.model.commands.protocol import Arguments, parse
from dockfix.model.effects import Effects, opaque
from dockfix.model.state import State

# The base image's own Python, in the official images and in Debian's
SYSTEM = frozenset({"/usr", "/usr/local"})


def effects(manager: LanguageManager, call: Call, state: State) -> Effects:
    """What a call of ``uv pip`` needs and leaves behind."""
    arguments = parse(call.words, state, VALUED["pip"], FLAGS["pip"])
    verb = arguments.operands[1].value if len(arguments.operands) > 1 else None
    if verb in {"list", "show", "freeze", "check", "tree"}:
        return Effects(tools=frozenset({manager.id}))
    if verb == "compile":
        return _compile(manager, arguments, state)
    if verb not in {"install", "sync"}:
        return opaque(f"uv pip {verb} is not modelled")
    if arguments.unknown:
        return opaque(f"uv pip {verb} {arguments.unknown} is not modelled")
    # PIP_… variables are nothing to uv
    told = _pip_places.place(arguments, state, {"HOME": state.env.get("HOME", "/root")})
    into = told if isinstance(told, Environment) else _environment(arguments, given_to(call.command, state), state)
    if isinstance(into, str):
        return opaque(into)
    blocked = told if isinstance(told, str) else ""
    blocked = blocked or ("" if state.is_root else "uv installs as another user than root")
    operands = arguments.operands[2:]
    if verb == "sync":  # its operands are requirements files
        given = tuple(("-r", state.value(word), (word,)) for word in operands)
        arguments, operands = Arguments((*arguments.options, *given), ()), ()
    return install_of(manager, _as_pip(arguments), operands, state, into, blockers=BLOCKERS, blocked=blocked)


# what uv calls otherwise than pip
_PIP_NAMES = {
    "--requirements": "-r",
    "--constraints": "-c",
    "-b": "-c",
    "--build-constraint": "-c",
    "--build-constraints": "-c",
    "--override": "-c",
    "--overrides": "-c",
    "-n": "--no-cache",
}


def _as_pip(arguments: Arguments) -> Arguments:
    """The same with the names of options that pip has."""
    options = tuple((_PIP_NAMES.get(name, name), value, words) for name, value, words in arguments.options)
    return replace(arguments, options=options)


def manifest(install: Install, given: Given) -> Manifest:
    """What requirements files name, as pip's; of pyproject.toml and the like every word may."""
    projects = [path for path in install.manifests if path.endswith((".toml", ".py", ".cfg")) and not is_lock(path)]
    found = manifest_of(
        replace(install, manifests=tuple(path for path in install.manifests if path not in projects)), given
    )
    for path in projects:
        name = given.at(path)
        if name is None:
            return replace(found, unknown=found.unknown or f"nothing of the build context lies at {path}")
        words = given.words(posixpath.dirname(path))
        closures = {**found.closures, path: (name,)}
        found = replace(found, closures=closures, maybe=found.maybe | words, locked=NO_LOCK)
    return found


def _compile(manager: LanguageManager, arguments: Arguments, state: State) -> Effects:
    values = [state.value(word) for word in arguments.operands[2:]]
    reads = [None if value is None else state.path(value) for value in values]
    written = written_by(arguments, state, "-o", "--output-file")
    if None in reads or written is None:
        return opaque("what uv pip compile works on is known only to the shell")
    return Effects(tuple(path for path in reads if path), written, frozenset({manager.id}))


def _environment(arguments: Arguments, settings: Mapping[str, str | None], state: State) -> Environment | str:
    """The environment that ``uv pip`` fills (https://docs.astral.sh/uv/pip/environments/); a sentence where it is unknown."""
    made = {each.root: each for each in state.environments}
    python = next(iter(arguments.values("-p", "--python")), settings.get("UV_PYTHON", ""))
    if python:
        root = posixpath.dirname(posixpath.dirname(state.path(python) or "")) if "/" in python else ""
        if root in SYSTEM:
            return prefix(state)
        return made.get(root) or made.get(state.path(python) or "") or f"which Python {python} is, is unknown"
    if python is None:
        return "for which Python uv installs is known only to the shell"
    if arguments.has("--system") or is_on(settings.get("UV_SYSTEM_PYTHON")):
        return prefix(state)
    active = (settings.get("VIRTUAL_ENV") or "").rstrip("/")
    if active:
        return made.get(active) or f"how the virtual environment {active} is made is unknown"
    beside = made.get(state.path(".venv") or "")
    if beside is not None:
        return beside
    first = venv.active(state)
    return made[first] if first else "uv pip install finds no virtual environment here"
