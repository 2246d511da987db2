"""Packages that the author removes again by a command of its own: they build and nothing else, and leave with the builder."""

from __future__ import annotations

from dataclasses import dataclass, field

from dockfix.facts import Facts
from dockfix.managers.verbs import by_system, system_install
from dockfix.model.actions import Remove
from dockfix.model.reason import Reason, at
from dockfix.model.stages import Step


@dataclass(frozen=True)
class Removals:
    """``commands`` are those that remove, by step and index; ``packages`` are the names that they remove."""

    commands: frozenset[tuple[Step, int]] = frozenset()
    packages: frozenset[str] = frozenset()


@dataclass
class _Found:
    asked: set[str] = field(default_factory=set)
    commands: set[tuple[Step, int]] = field(default_factory=set)
    packages: set[str] = field(default_factory=set)


def removals(facts: Facts) -> Removals | Reason:
    """What the file removes again; why the file is in order as it is, or cannot be split, where it does so in the RUN of the install.

    A removal in a layer of its own frees nothing: the packages are in the layer below still.
    """
    found = _Found()
    for step in facts.final.steps:
        here: set[str] = set()
        for index, unit in enumerate(step.units):
            install, action = system_install(unit.effects.action), unit.effects.action
            if install is not None:
                here |= {package.name for package in install.asked}
            if not isinstance(action, Remove) or not by_system(action):
                continue
            if action.names & here or (not action.names and here):
                return at("the file removes packages again by itself, in the RUN that installs them", step.line)
            if not action.names <= found.asked:
                return at("the file removes packages that it has not installed by itself", step.line)
            found.commands.add((step, index))
            found.packages |= action.names
        found.asked |= here
    return Removals(frozenset(found.commands), frozenset(found.packages))
