"""The ``merge-runs`` transform."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from itertools import pairwise
from typing import ClassVar

from dockfix.dataclass import dataclass
from dockfix.engine.transform import Edit, Outcome, Transform
from dockfix.facts import Facts
from dockfix.knowledge import downloaders, file_programs, reader_of
from dockfix.managers.verbs import by_system
from dockfix.model.actions import Clean, Install, Refresh, Remove, ShellState
from dockfix.model.effects import overlap
from dockfix.model.reason import Reason, at
from dockfix.model.stages import Step, Unit
from dockfix.syntax import Comment, Instruction
from dockfix.syntax.shell_form import join

from ._layout import joined_above, leading
from ._runs import plain

# No image can have more layers than about three times as many
_MOST_RUNS = 40


class MergeRuns(Transform):
    """Clean up in the RUN that left the garbage.

    What it does
        Joins RUNs that follow one another where a later one only removes what an earlier one has left: package lists and
        archives, packages that were only needed for a step, pip's cache, downloaded files.

    Why
        Each RUN is a layer, and what a later layer removes is still in the one before: the image keeps its size. The layers of a
        stage that another one only copies from are in no image: its RUNs stay apart, so that a change of one runs that one alone.

    Example
        RUN apt-get update                      RUN apt-get update && apt-get install -y git \\
        RUN apt-get install -y git                  && rm -rf /var/lib/apt/lists/*
        RUN rm -rf /var/lib/apt/lists/*

    Fix safety
        Safe: the same commands run in the same order. Left alone where an instruction stands in between, where a RUN has
        flags, a heredoc or another shell than ``/bin/sh``, where commands are not joined by ``&&``, where one changes the
        shell's state (``cd``, ``export``), and where a step that is rebuilt for other reasons would be drawn in.
    """

    title: ClassVar[str] = "clean up in the RUN that left the garbage"
    after: ClassVar[frozenset[str]] = frozenset({"multi-stage", "named-stages"})

    def apply(self, facts: Facts) -> Outcome:
        """Joins the groups of the stages whose layers are in the image."""
        edits: list[Edit] = []
        refusals: list[Reason] = []
        for stage in facts.final.lineage:  # the layers of no other stage are in the image
            position = 0
            works = {step: _works(step) for step in stage.of("RUN")}
            end = 1 + max((number for number, step in enumerate(stage.steps) if _only_cleans(step)), default=-1)
            while position < end:
                group = _group(facts, stage.steps[position:end], works)
                if group.refusal:
                    refusals.append(group.refusal)
                merged = _merge(facts, group.steps) if len(group.steps) > 1 else None
                if merged:
                    edits += merged
                elif len(group.steps) > 1:
                    refusals.append(
                        at("the RUNs could not be joined without a change to their commands", group.steps[0].line)
                    )
                position += max(len(group.steps), group.passed)
        return Outcome(edits, refusals=refusals)


@dataclass
class _Group:
    """RUNs to join (one or none: nothing to do), and why more could not be; ``passed`` is the number that is done with then."""

    steps: list[Step] = field(default_factory=list)
    refusal: Reason | None = None
    passed: int = 1


def _group(facts: Facts, steps: Sequence[Step], works: Mapping[Step, frozenset[str]]) -> _Group:
    """The RUNs at the beginning of ``steps`` that end with a clean-up of what one of them left; the longest such row."""
    first = steps[0]
    if first.keyword != "RUN" or not any(map(_leaves, first.units)) or _only_cleans(first):
        return _Group()
    row: list[Step] = []
    last = 0
    work = works[first]
    for step in steps:
        # what stands between must be the same work, so that a change of it rebuilds no other
        work &= works.get(step, frozenset())
        if step.keyword != "RUN" or (row and not work and not _only_cleans(step)):
            break
        if (
            0 < len(row) <= _MOST_RUNS
            and _only_cleans(step)
            and (last or any(_cleans(unit, left) for unit in step.units for left in row))
        ):
            reason = next((why for each in [*row, step] if (why := _fixed(each))), "")
            if reason:
                return _Group(refusal=at(f"it removes what an earlier layer keeps, but {reason}", step.line))
            last = len(row) + 1
        row.append(step)
    if len(row) > _MOST_RUNS:
        reason = f"more than {_MOST_RUNS} RUNs of the same kind in a row are not joined"
        return _Group(refusal=at(reason, first.line), passed=len(row))
    row = row[:last]
    if row and joined_above(facts.tree, row[0].instruction, _read_by_linters(facts, row[1:])) is None:
        return _Group(
            refusal=at("two of the RUNs have a comment that a linter reads right above a RUN only", row[0].line)
        )
    return _Group(row)


def _read_by_linters(facts: Facts, steps: Iterable[Step]) -> list[Comment]:
    """The comments above RUNs that a linter reads there, and would not within a RUN."""
    nodes = [node for step in steps for node in leading(facts.tree, step.instruction)]
    return [
        node
        for node in nodes
        if isinstance(node, Comment) and (reader := reader_of(node.content)) and reader.reads != "text"
    ]


def _fixed(step: Step) -> str:
    """Why a RUN cannot be joined with another, "" where it can."""
    if not plain(step):
        return f"the RUN in line {step.line} is more than commands joined by &&"
    for unit in step.units:
        if unit.effects.opaque:
            return f"what {unit.command.called} does to the shell is not known"
        if isinstance(unit.effects.action, ShellState) or unit.command.name in {"cd", "set", "export", "umask", "."}:
            return f"{unit.command.called} in line {step.line} changes the shell"
    return ""


def _leaves(unit: Unit) -> bool:
    """Whether a command may leave something that is better removed in its layer."""
    return isinstance(unit.effects.action, Refresh | Install) or unit.command.name in downloaders()


def _only_cleans(step: Step) -> bool:
    return bool(step.units) and all(
        isinstance(unit.effects.action, Clean | Remove) or unit.command.name == "rm" for unit in step.units
    )


def _works(step: Step) -> frozenset[str]:
    """The kinds of work, of system packages and of files, that all commands of a RUN are of."""
    system = all(by_system(unit.effects.action) for unit in step.units)
    files = all(unit.command.name in file_programs() for unit in step.units)
    return frozenset(kind for kind, holds in (("system", system), ("files", files)) if holds)


def _cleans(unit: Unit, left: Step) -> bool:
    """Whether a command removes something that a RUN has left.

    ``apt-get clean`` has nothing to remove: Debian's and Ubuntu's images empty apt's archives after each command.
    """
    action = unit.effects.action
    for index, other in enumerate(left.units):
        before = other.effects.action
        if isinstance(action, Clean) and isinstance(before, Refresh) and before.manager in action.managers:
            return "index" in action.what and not any(_cleans_index(later) for later in left.units[index + 1 :])
        if (
            isinstance(action, Remove)
            and isinstance(before, Install)
            and before.manager is action.manager
            and (before.group in action.names or any(package.name in action.names for package in before.asked))
        ):
            return True
        if (
            isinstance(action, Clean)
            and isinstance(before, Install)
            and before.manager in action.managers
            and "cache" in action.what
            and not before.cache_off
        ):
            return True
        if (
            unit.command.name == "rm"
            and other.command.name in downloaders()
            and overlap(unit.effects.writes, other.effects.writes)
            and any(
                posixpath.basename(word.value or "") in other.command.text
                for word in unit.command.args
                if not word.text.startswith("-") and posixpath.basename(word.value or "")
            )
        ):
            return True
    return False


def _cleans_index(unit: Unit) -> bool:
    return isinstance(unit.effects.action, Clean) and "index" in unit.effects.action.what


def _merge(facts: Facts, steps: Sequence[Step]) -> list[Edit] | None:
    """The edits that put all RUNs into the first one; None where a text cannot be joined."""
    tree = facts.tree
    run: Instruction = steps[0].instruction
    pragmas = _read_by_linters(facts, steps[1:])
    placed = joined_above(tree, run, pragmas)
    if placed is None:
        return None
    anchor, above = placed
    edits: list[Edit] = [] if anchor is run else [Edit(anchor, (*above, anchor), anchor.line, "")]
    for before, step in pairwise(steps):
        comments = tuple(node for node in leading(tree, step.instruction) if isinstance(node, Comment))
        inner = tuple(comment for comment in comments if comment not in pragmas)
        update = all(isinstance(unit.effects.action, Refresh) for unit in before.units)
        joined = join(tree, run, step.instruction, inner, same_line=update and run.text.strip().count("\n") == 0)
        if joined is None:
            return None
        run = joined
        edits += [Edit(node, (), node.line, "") for node in (*leading(tree, step.instruction), step.instruction)]
    lines = ", ".join(str(step.line) for step in steps[1:])
    reason = (
        f"what line {lines} removes was still in an earlier layer, now it is in none"
        if len(steps) == 2
        else f"lines {steps[0].line}, {lines} become one layer, in which nothing is left of what they remove"
    )
    new = (*above, run) if anchor is steps[0].instruction else (run,)
    return [Edit(steps[0].instruction, new, steps[0].line, reason), *edits]
