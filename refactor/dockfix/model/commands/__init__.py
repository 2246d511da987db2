"""Programs that every image knows: what one call of them needs and leaves behind. The managers of packages are elsewhere."""

from __future__ import annotations

from dataclasses import replace

from dockfix.knowledge import python_program
from dockfix.model.actions import Action, Configure, Install, Make, Provide
from dockfix.model.commands import files, find, net, node, python, shell, users
from dockfix.model.commands.protocol import CommandModel
from dockfix.model.commands.python import module_of
from dockfix.model.effects import Effects
from dockfix.model.state import VERSION, State
from dockfix.syntax.shell import Command

MODELS: dict[str, CommandModel] = {}
for _module in (files, find, net, node, python, shell, users):
    MODELS.update(_module.MODELS)
# Programs that run code of others: what a script or a sourced file says
RUNS_OTHERS = frozenset({*node.MODELS, *python.MODELS, ".", "source"})


def command_model(program: str) -> CommandModel | None:
    """The model of a program that is no manager of packages; None where there is none."""
    of_python = python_program(program)
    runs_application = of_python is not None and of_python.application
    return MODELS.get(program, python.application if runs_application else None)


def brought_by(action: Action | None, state: State) -> State:
    """The state once an install, or what brings a manager, has brought what runs the programs of more languages."""
    new = action.runtimes if isinstance(action, Install | Provide) else frozenset()
    return state if new <= state.added else replace(state, added=state.added | new)


def state_after(command: Command, effects: Effects, state: State) -> State:
    """The state for the next command of the same RUN."""
    action = effects.action
    made = action.environment if isinstance(action, Make) else action.into if isinstance(action, Install) else None
    state = brought_by(action, state)
    there = {state.own_prefix, *(each.root for each in state.environments)}
    if made is not None and made.carried is not None and made.root not in there:
        return replace(state, environments=(*state.environments, made))
    if command.name in net.FETCHERS:
        return replace(state, fetched={**state.fetched, **net.fetched(command, effects)})
    if isinstance(action, Configure):
        own = {(action.manager.id, name): value for name, value in action.settings.items()}
        return replace(state, settings={**state.settings, **own})
    if isinstance(action, Provide) and action.paths:
        told = {(program, VERSION): version for program, version in action.versions.items()}
        brought = {**state.brought, action.manager.id: action.paths[0]}
        return replace(state, brought=brought, settings={**state.settings, **told})
    if command.simple:
        return shell.state_after(command, state)
    return state


__all__ = ["MODELS", "RUNS_OTHERS", "brought_by", "command_model", "module_of", "shell", "state_after"]
