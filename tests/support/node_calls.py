"""What single commands of the managers of Node.js do in the working directory of an image that has it."""

from __future__ import annotations

from dockfix.managers.commands import effects_of
from dockfix.model.actions import Install
from dockfix.model.effects import Effects
from dockfix.model.state import State
from dockfix.syntax.shell import parse_script

APP = State(workdir="/app", runtime="node")


def effects(script: str, state: State = APP) -> Effects:
    """The effects of the last command of a script."""
    return effects_of(parse_script(script).commands[-1], state)


def install(script: str, state: State = APP) -> Install:
    """The install that it is."""
    action = effects(script, state).action
    assert isinstance(action, Install), effects(script, state).opaque
    return action
