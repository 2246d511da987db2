"""Packages that the author removes again by a command of its own: they build and nothing else, and leave with the builder."""

from __future__ import annotations

from dataclasses import field

from dockfix.dataclass import dataclass
from dockfix.facts import Facts
from dockfix.managers.verbs import by_system, system_install
from dockfix.model.actions import Package, Remove
from dockfix.model.reason import Reason, at
from dockfix.model.stages import Step


@dataclass(frozen=True)
class Removals:
    """``commands`` are those that remove, by step and index; ``packages`` are what they remove."""

    commands: frozenset[tuple[Step, int]] = frozenset()
    packages: frozenset[Package] = frozenset()


@dataclass
class _Found:
    """``asked`` are the packages so far, by the name that removes them: their own, or that of their group."""

    asked: dict[str, set[Package]] = field(default_factory=dict)
    commands: set[tuple[Step, int]] = field(default_factory=set)
    packages: set[Package] = field(default_factory=set)


def removals(facts: Facts) -> Removals | Reason:
    """What the file removes again; why the file is in order as it is, or cannot be split, where it does so in the RUN of the install.

    A removal in a layer of its own frees nothing: the packages are in the layer below still.
    """
    found = _Found()
    named = False  # what nothing needs any more (autoremove) is there only once something else was removed
    for step in facts.final.steps:
        here: dict[str, set[Package]] = {}
        for index, unit in enumerate(step.units):
            install, action = system_install(unit.effects.action), unit.effects.action
            if install is not None:
                for package in install.asked:
                    here.setdefault(install.group or package.name, set()).add(package)
            if not isinstance(action, Remove) or not by_system(action):
                continue
            named = named or bool(action.names)
            if action.names & here.keys() or (not action.names and here and named):
                return at("the file removes packages again by itself, in the RUN that installs them", step.line)
            if not action.names <= found.asked.keys():
                return at("the file removes packages that it has not installed by itself", step.line)
            found.commands.add((step, index))
            found.packages = found.packages.union(*(found.asked[name] for name in action.names))
        for name, packages in here.items():
            found.asked.setdefault(name, set()).update(packages)
    return Removals(frozenset(found.commands), frozenset(found.packages))
