"""Writes RUNs again with some commands and packages left out, and says which RUNs are simple enough to be joined."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import field

from dockfix.dataclass import dataclass
from dockfix.managers.verbs import by_system, system_install
from dockfix.model.actions import Clean, Package, Refresh, ShellState
from dockfix.model.stages import Step
from dockfix.syntax import Node
from dockfix.syntax.shell import Word


@dataclass(frozen=True)
class Trim:
    """The units to keep, and the packages to leave out or put others in the place of."""

    units: tuple[int, ...]
    packages: Mapping[Package, tuple[str, ...]] = field(default_factory=dict)


def trim(step: Step, keep: Trim) -> tuple[Node, ...] | None:
    """The instruction of ``step`` with only what ``keep`` names; () where nothing is left of it, None where it can't be done."""
    if not step.units:
        return (step.instruction,)
    units = set(keep.units)
    removed: list[Word] = []
    inserted: list[tuple[Word, str]] = []
    installs = {
        index: install for index, unit in enumerate(step.units) if (install := system_install(unit.effects.action))
    }
    there = {package.name for install in installs.values() for package in install.asked if package not in keep.packages}
    kept = sorted(units & installs.keys())
    for index in kept:
        install = installs[index]
        instead_of: dict[Package, tuple[str, ...]] = {}
        for package in install.asked:
            if package in keep.packages:
                instead_of[package] = tuple(name for name in keep.packages[package] if name not in there)
                there.update(instead_of[package])
        if not install.dynamic and len(instead_of) == len(install.asked) and not any(instead_of.values()):
            units.discard(index)
            continue
        for package, instead in instead_of.items():
            removed.append(package.word)
            inserted += [(package.word, name) for name in instead]
    if kept and not units & installs.keys():
        units = {
            index
            for index in units
            if not (isinstance(action := step.units[index].effects.action, Refresh | Clean) and by_system(action))
        }
    units -= _idle_refreshes(step, units, installs.keys())
    if all(isinstance(step.units[index].effects.action, ShellState) for index in units):
        return ()
    dropped = set(range(len(step.units))) - units
    if not dropped and not removed:
        return (step.instruction,)
    form = step.shell_form
    run = None if form is None else form.edited(drop=dropped, remove=removed, insert=inserted)
    return None if run is None else (run,)


def _idle_refreshes(step: Step, units: Collection[int], installs: Collection[int]) -> set[int]:
    """What fetches package lists at the end of what is left of a RUN, for an install that is not left."""
    idle: set[int] = set()
    for index in sorted(units, reverse=True):
        action = step.units[index].effects.action
        if isinstance(action, Refresh) and any(each > index for each in installs):
            idle.add(index)
        elif not isinstance(action, Clean | ShellState):
            break
    return idle


def chained(step: Step) -> bool:
    """Whether a RUN is commands joined by ``&&`` and nothing else but flags: no heredoc, no exec form, default shell."""
    form = step.shell_form
    return step.keyword == "RUN" and not step.state.shell and form is not None and form.is_chain


def plain(step: Step) -> bool:
    """Whether a RUN is ``chained`` and has no flags."""
    return chained(step) and not step.instruction.flags
