"""node itself: it is asked which one it is, or runs code."""

from __future__ import annotations

from dockfix.model.commands.protocol import CommandModel
from dockfix.model.effects import Effects, opaque
from dockfix.model.state import State
from dockfix.syntax.shell import Command

_TELLS = frozenset({"--version", "-v", "--help", "-h"})


def _node(command: Command, state: State) -> Effects:
    if command.args and all(word.value in _TELLS for word in command.args):
        return Effects(tools=frozenset({command.name or ""}))
    return opaque(f"what {command.name} runs is unknown")


MODELS: dict[str, CommandModel] = dict.fromkeys(("node", "nodejs"), _node)
