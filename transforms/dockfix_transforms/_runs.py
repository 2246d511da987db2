"""Writes RUNs again: with some commands and packages left out, joined with others, with one more command."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from dockfix.model.effects import AptClean, AptInstall, AptUpdate, Package, ShellState
from dockfix.model.stages import Step, script_of
from dockfix.syntax import Comment, Dockerfile, Instruction, Node
from dockfix.syntax.cut import command_spans, cut
from dockfix.syntax.shell import Script, parse_script

_LONG = 100  # characters of a line


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
    there = {
        package.name
        for unit in step.units
        if isinstance(unit.effects.action, AptInstall)
        for package in unit.effects.action.packages
        if package not in keep.packages
    }
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


def _checked(
    tree: Dockerfile,
    step: Step,
    text: str,
    units: list[int],
    removed: list[tuple[int, int]],
    replaced: list[tuple[int, int, str]],
) -> tuple[Node, ...] | None:
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


def plain(step: Step) -> bool:
    """Whether a RUN is commands joined by ``&&`` and nothing else: no flags, no heredoc, no exec form, default shell."""
    node = step.instruction
    if (
        step.keyword != "RUN"
        or node.flags
        or node.heredocs
        or node.json is not None
        or step.state.shell
        or not step.units
    ):
        return False
    parsed = script_of(node, step.state.shell)
    return (
        parsed is not None
        and _covered(parsed[0])
        and all(command.separator in {"", "&&"} for command in parsed[0].commands)
    )


def _covered(script: Script) -> bool:
    """Whether the commands are the whole script: no shell comment, no separator at the end."""
    return bool(script.commands) and not script.text[script.commands[-1].end :].strip()


def join(
    tree: Dockerfile,
    first: Instruction,
    second: Instruction,
    comments: tuple[Comment, ...] = (),
    same_line: bool = False,
) -> Instruction | None:
    """One RUN with the commands of two plain ones, ``comments`` between; None where that can't be done.

    ``same_line`` puts the first command of ``second`` on the line that ``first`` ends with.
    """
    start = second.logical.raw(second.args_start)
    body = second.text[start:]
    head = first.text.rstrip()
    if same_line and not comments:
        return _joined(first, second, f"{head} && {body}", ())
    indent, front = layout(tree, first, second)
    lines = "".join(f"{indent}{comment.text.strip()}{tree.newline}" for comment in comments)
    before, after = ("", "&& ") if front else (" &&", "")
    return _joined(first, second, f"{head}{before} {tree.escape}{tree.newline}{lines}{indent}{after}{body}", comments)


def layout(tree: Dockerfile, *nodes: Instruction) -> tuple[str, bool]:
    """How continued commands are written here: their indentation, and whether ``&&`` stands at the front of a line.

    The nodes decide, or else the whole file.
    """
    for text in ("".join(node.text for node in nodes), tree.text):
        fronts = re.findall(r"\n([ \t]*)&&[ \t]", text)
        ends = re.findall(rf"&&[ \t]*{re.escape(tree.escape)}[ \t]*\r?\n(?:[ \t]*#[^\n]*\n)*([ \t]*)[^ \t#\r\n]", text)
        if fronts or ends:
            front = len(fronts) >= len(ends)
            indent = (fronts if front else ends)[0] or "    "
            own = re.search(r"\n([ \t]+)\S", nodes[0].text)
            return own[1] if own and len(own[1]) < len(indent) and text is tree.text else indent, front
    return tree.indent if tree.indent and len(tree.indent) < 4 else "    ", True


def _joined(first: Instruction, second: Instruction, text: str, comments: tuple[Comment, ...]) -> Instruction | None:
    """The new text as a RUN, if it holds exactly what both hold."""
    new = Instruction(text, first.line, first.escape)
    old = [command.text for node in (first, second) for command in parse_script(node.args).commands]
    same = new.keyword == "RUN" and [command.text for command in parse_script(new.args).commands] == old
    inside = (*first.inner_comments, *(comment.text.strip() for comment in comments), *second.inner_comments)
    same = same and [flag[:2] for flag in new.flags] == [flag[:2] for flag in first.flags]
    return new if same and new.inner_comments == inside and new.json is None and not new.heredocs else None


def append(tree: Dockerfile, run: Instruction, command: str) -> Instruction | None:
    """A RUN with one more command at its end, on a line of its own where it has several lines or would get too long."""
    lines = run.text.strip().count("\n")
    snippet = tree.snippet(f"RUN {command}\n", run.line)[0]
    if not isinstance(snippet, Instruction):
        return None
    ending = run.text[len(run.text.rstrip()) :].lstrip(" \t")
    new = join(tree, run, snippet, same_line=not lines and len(run.text.strip()) + len(command) < _LONG)
    return None if new is None else Instruction(new.text.rstrip() + ending, run.line, run.escape)
