"""The Pythons that uv fetches itself: https://docs.astral.sh/uv/concepts/python-versions/#managed-and-system-python-installations."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import replace

from dockfix.managers._variables import is_on
from dockfix.model.artefact import Environment
from dockfix.model.commands.protocol import Arguments
from dockfix.model.state import State

# How it is kept in the state that ``uv python install`` has fetched one
FETCHED = "python"


def folder_of(state: State, variables: Mapping[str, str | None]) -> str | None:
    """Where they lie, None where only the shell knows it."""
    return named_by(
        state, variables, (("UV_PYTHON_INSTALL_DIR", ""), ("XDG_DATA_HOME", "uv/python")), ".local/share/uv/python"
    )


def named_by(
    state: State, variables: Mapping[str, str | None], names: tuple[tuple[str, str], ...], at_home: str
) -> str | None:
    """The folder below what the first of these variables names, or else one at home; None where only the shell knows it."""
    for name, below in (*names, ("HOME", at_home)):
        if name in variables:
            value = variables[name]
            return None if not value or state.chosen_by(f"${name}") else state.path(posixpath.join(value, below))
    return posixpath.join("/root", at_home) if state.is_root else None


def carried_with(
    environment: Environment, arguments: Arguments, state: State, variables: Mapping[str, str | None]
) -> Environment:
    """An environment that uv fills, together with the folder of uv's own Pythons where one of them lies there for certain."""
    folder = folder_of(state, variables) if is_there(arguments, state, variables) else None
    if folder is None or environment.carried is None:
        return environment
    carried = replace(environment.carried, paths={**environment.carried.paths, folder: folder})
    return replace(environment, carried=carried)


def is_there(arguments: Arguments, state: State, variables: Mapping[str, str | None]) -> bool:
    """Whether uv has fetched a Python, or takes no other one, so that the folder of its own is there after a call."""
    if arguments.has("--no-managed-python", "--no-python-downloads") or is_on(variables.get("UV_NO_MANAGED_PYTHON")):
        return False
    only = arguments.has("--managed-python") or is_on(variables.get("UV_MANAGED_PYTHON"))
    preferred = {variables.get("UV_PYTHON_PREFERENCE"), *arguments.values("--python-preference")}
    return only or "only-managed" in preferred or state.settings.get(("uv", FETCHED)) is not None
