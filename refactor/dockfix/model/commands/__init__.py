"""Command models: what one invocation of a program needs and leaves behind. What no model covers is opaque."""

from __future__ import annotations

import posixpath
import re
from dataclasses import replace

from dockfix.knowledge import python_program
from dockfix.model.commands import apt, files, net, pip, python, shell, users
from dockfix.model.commands.protocol import CommandModel
from dockfix.model.effects import Effects, PipInstall, VenvCreate, opaque
from dockfix.model.state import State
from dockfix.syntax.shell import Command

_MODELS: dict[str, CommandModel] = {}
for _module in (apt, files, net, pip, python, shell, users):
    _MODELS.update(_module.MODELS)

_RUNS_MORE = re.compile(r"\$\((?!\()|`|<\(|>\(")
# Substitutions that only ask the system what it is, or read a secret that is mounted
_HARMLESS = re.compile(
    r"\$\((?:uname|arch|date|nproc|whoami|id|pwd|lsb_release|getconf|dpkg --print|cat /run/secrets)\b[^()`$]*\)"
)
# Programs that run code of others: what a script, a sourced file or a maintainer wrote
_RUNS_OTHERS = frozenset({*apt.MODELS, *python.MODELS, ".", "source"}) - {"virtualenv"}
_VERSIONED = re.compile(r"^(python|pip)[0-9.]*$")


def runs_alone(name: str) -> bool:
    """Whether a program, named as in a shell, is known to start none but its own: what it does to files may still be unknown."""
    program = _VERSIONED.sub(r"\1", posixpath.basename(name))
    return program in _MODELS and program not in _RUNS_OTHERS


def effects_of(command: Command, state: State) -> Effects:
    """The effects of one command of a RUN in ``state``."""
    if not command.simple:
        return opaque("the shell decides what it does")
    if not command.words:
        return shell.assignment(command, state)
    name = command.name
    if name is None:
        return opaque(f"{command.words[0].text} is known only to the shell")
    program = posixpath.basename(name)
    program = _VERSIONED.sub(r"\1", program)
    model = _MODELS.get(program)
    of_python = python_program(program) if model is None else None
    if of_python is not None and of_python.application:
        model = python.application
    if model is None:
        return opaque(f"{program} is not a program that dockfix knows")
    if _RUNS_MORE.search(_HARMLESS.sub("", command.text)):
        return opaque("what its command substitution runs is unknown")
    effects = model(command, state)
    if effects.opaque:
        return effects
    return _redirected(command, state, effects)


def _redirected(command: Command, state: State, effects: Effects) -> Effects:
    """Adds the files that the command's redirections read and write."""
    reads, writes = list(effects.reads), list(effects.writes)
    for redirect in command.redirects:
        if redirect.target is None or redirect.operator.endswith("&"):
            continue
        value = state.value(redirect.target)
        path = None if value is None else state.path(value)
        if path is None:
            return opaque(f"{redirect.target.text} is known only to the shell")
        if path != "/dev/null":
            (reads if redirect.operator == "<" else writes).append(path)
    return replace(effects, reads=tuple(reads), writes=tuple(writes))


def state_after(command: Command, effects: Effects, state: State) -> State:
    """The state for the next command of the same RUN."""
    if isinstance(effects.action, VenvCreate):
        return replace(state, venvs=(*state.venvs, effects.action.path))
    if command.simple:
        return shell.state_after(command, state)
    return state


__all__ = ["PipInstall", "effects_of", "runs_alone", "state_after"]
