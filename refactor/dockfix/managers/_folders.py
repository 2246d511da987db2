"""In which folder a manager works."""

from __future__ import annotations

from dockfix.model.commands.protocol import Arguments
from dockfix.model.state import State


def folder_of(arguments: Arguments, state: State, *options: str) -> str | None:
    """The folder that the last of these options names, or else the working directory; None: unknown."""
    given = arguments.values(*options)
    if not given:
        return state.workdir
    return state.path(given[-1]) if given[-1] is not None else None
