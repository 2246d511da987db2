"""Writes a RUN again with some of its commands and packages left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dockfix.model.effects import AptClean, AptInstall, AptUpdate, Package, ShellState
from dockfix.model.stages import Step, script_of
from dockfix.syntax import Dockerfile, Instruction, Node
from dockfix.syntax.cut import command_spans, cut
from dockfix.syntax.shell import parse_script


@dataclass(frozen=True)
class Trim:
    """The units to keep, and the packages to leave out or put others in the place of."""

    units: tuple[int, ...]
    packages: Mapping[Package, tuple[str, ...]] = field(default_factory=dict)


def trim(tree: Dockerfile, step: Step, keep: Trim) -> tuple[Node, ...] | None:
    """The instruction of ``step`` with only what ``keep`` names; () where nothing is left of it, None where it can't be done."""
    if not step.units:
        return (step.instruction,)
    units = set(keep.units)
    removed: list[tuple[int, int]] = []
    replaced: list[tuple[int, int, str]] = []
    there = {package.name for unit in step.units if isinstance(unit.effects.action, AptInstall)
             for package in unit.effects.action.packages if package not in keep.packages}
    installs = [index for index in units if isinstance(step.units[index].effects.action, AptInstall)]
    for index in installs:
        action = step.units[index].effects.action
        if not isinstance(action, AptInstall):
            continue
        instead_of: dict[Package, tuple[str, ...]] = {}
        for package in action.packages:
            if package in keep.packages:
                instead_of[package] = tuple(name for name in keep.packages[package] if name not in there)
                there.update(instead_of[package])
        if not action.dynamic and len(instead_of) == len(action.packages) and not any(instead_of.values()):
            units.discard(index)
            continue
        for package, instead in instead_of.items():
            span = (package.word.start, package.word.end)
            if instead:
                replaced.append((*step.raw(*span), " ".join(instead)))
            else:
                removed.append(step.raw(*span))
    if not any(isinstance(step.units[index].effects.action, AptInstall) for index in units) and installs:
        units = {index for index in units if not isinstance(step.units[index].effects.action, AptUpdate | AptClean)}
    if all(isinstance(step.units[index].effects.action, ShellState) for index in units):
        return ()
    dropped = set(range(len(step.units))) - units
    if not dropped and not removed and not replaced:
        return (step.instruction,)
    commands = [unit.command for unit in step.units]
    parsed = script_of(step.instruction, step.state.shell)
    if parsed is None:
        return None
    removed += command_spans(step.instruction.text, parsed[0].text, commands, dropped, step.raw)
    text = cut(step.instruction.text, tree.escape, removed, replaced)
    return _checked(tree, step, text, sorted(units), removed, replaced)


def _checked(tree: Dockerfile, step: Step, text: str, units: list[int], removed: list[tuple[int, int]],
             replaced: list[tuple[int, int, str]]) -> tuple[Node, ...] | None:
    """The new text as a node, if it holds exactly the commands that it is meant to hold."""
    run = Instruction(text, step.line, tree.escape)
    parsed = script_of(run, step.state.shell)
    if parsed is None or run.keyword != "RUN" or len(parsed[0].commands) != len(units):
        return None
    gone = set(removed)
    new = {(start, end): words.split() for start, end, words in replaced}
    for index, command in zip(units, parsed[0].commands, strict=True):
        old = step.units[index].command
        if not old.simple:
            if parse_script(old.text).text.split() != command.text.split():
                return None
            continue
        expected: list[str] = []
        for word in old.words:
            span = step.raw(word.start, word.end)
            expected += new.get(span, [] if span in gone else [word.text])
        if [word.text for word in command.words] != expected:
            return None
    return (run,)
