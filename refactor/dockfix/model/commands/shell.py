"""The shell's own commands: what they change lasts as long as the RUN."""

from __future__ import annotations

import posixpath
from dataclasses import replace

from dockfix.lazy import regex
from dockfix.model.actions import ShellState
from dockfix.model.commands.protocol import CommandModel
from dockfix.model.effects import Effects, opaque
from dockfix.model.state import State
from dockfix.syntax.shell import Command

_STATE = Effects(action=ShellState())
# What only the shell knows, and is no matter: a secret, a version that a program is asked for
_SECRET = regex(
    r'"?(?:\$\(cat /run/secrets/[\w.-]+\)|\$\([\w.-]+[_-]config(?: --[\w-]+)+\)|`[\w.-]+[_-]config(?: --[\w-]+)+`)"?'
)


def assignment(command: Command, state: State) -> Effects:
    """The effects of a command that is only assignments."""
    return (
        _STATE
        if all(
            value is None or state.value(value) is not None or _SECRET.fullmatch(value.text)
            for _, value in command.assignments
        )
        else opaque("a variable gets a value that only the shell knows")
    )


def state_after(command: Command, state: State) -> State:
    """The state after one command in the same shell."""
    name = command.name
    if name == "cd":
        values = [state.value(word) for word in command.args]
        return state.with_workdir(values[0] if len(values) == 1 and values[0] != "-" else None if values else "~")
    if name == "export" or not command.words:
        known = {key: state.value(value) for key, value in command.assignments if value is not None}
        return replace(state, env={**state.env, **{key: value for key, value in known.items() if value is not None}})
    if name in {".", "source"} and command.args:
        path = state.path(state.value(command.args[0]) or "")
        return replace(state, activated=posixpath.dirname(posixpath.dirname(path or "")))
    return state


def _cd(command: Command, state: State) -> Effects:
    if state_after(command, state).workdir is None:
        return opaque("cd goes to a folder that only the shell knows")
    return _STATE


def _export(command: Command, state: State) -> Effects:
    return (
        _STATE
        if all(
            value is None or state.value(value) is not None or _SECRET.fullmatch(value.text)
            for _, value in command.assignments
        )
        else opaque("export gives a value that only the shell knows")
    )


def _source(command: Command, state: State) -> Effects:
    if len(command.args) == 1:
        path = state.path(state.value(command.args[0]) or "") or ""
        if path.endswith("/bin/activate") and posixpath.dirname(posixpath.dirname(path)) in {
            each.root for each in state.environments
        }:
            return _STATE
    return opaque("what a sourced file does is unknown")


def _nothing(command: Command, state: State) -> Effects:
    return Effects()


def _state(command: Command, state: State) -> Effects:
    return _STATE


def _test(command: Command, state: State) -> Effects:
    paths = [state.path(value) for word in command.args if (value := state.value(word)) and not value.startswith("-")]
    return Effects(reads=tuple(path for path in paths if path))


MODELS: dict[str, CommandModel] = {
    "cd": _cd,
    "export": _export,
    ".": _source,
    "source": _source,
    **dict.fromkeys(("set", "umask", "shopt"), _state),
    **dict.fromkeys((":", "true", "pwd", "whoami", "id", "date", "uname", "sleep", "hostname", "nproc"), _nothing),
    **dict.fromkeys(("[", "test"), _test),
}
