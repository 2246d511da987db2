"""The ``apk-hygiene`` transform."""

from __future__ import annotations

from typing import ClassVar

from dockfix.engine.transform import Edit, Outcome, Transform
from dockfix.facts import Facts
from dockfix.knowledge import index_programs
from dockfix.managers.protocol import Recipe, SystemManager
from dockfix.model.actions import Action, Clean, Install, Refresh, Upgrade
from dockfix.model.reason import Declared, Reason, at
from dockfix.model.stages import Stage, Step, Unit
from dockfix.syntax import Blank
from dockfix.syntax.shell import Word

from ._index import unknown_program
from ._layout import leading


class ApkHygiene(Transform):
    r"""Install Alpine's packages without leaving an index behind.

    What it does
        Gives each ``apk add`` and ``apk upgrade`` the option ``--no-cache``, in the place of ``--update``; ``apk update`` and the removal
        of ``/var/cache/apk`` go.

    Why
        With ``--no-cache`` apk fetches the index for the one command, so that it is never out of date, and leaves nothing of it.
        An ``apk update`` in a layer of its own is not run again when the packages below it change.

    Example
        RUN apk update && apk add --update \    RUN apk add --no-cache libpq curl
            libpq curl && rm -rf /var/cache/apk/*

    Fix safety
        Safe where no later step, no script and no code installs packages with this index; unsafe where the code could not be
        read. Left alone where a later step may do so, as a program may of which nothing is known, and where a RUN has a mount
        on apk's folders.
    """

    title: ClassVar[str] = "install Alpine's packages without leaving an index"
    after: ClassVar[frozenset[str]] = frozenset({"dependency-layer"})
    sees_to: ClassVar[frozenset[str]] = frozenset({"leftovers"})

    def apply(self, facts: Facts) -> Outcome:
        """Goes over all stages."""
        edits: list[Edit] = []
        declares: set[Declared] = set()
        refusals: list[Reason] = []
        for stage in facts.model.stages:
            found = [edit for step in stage.of("RUN") for edit in _edits(facts, stage, step)]
            reason = _needs_index(facts, stage) if found else None
            if reason is not None:
                refusals.append(reason)
            elif found:
                edits += found
                edited = {edit.node for edit in found}
                units = [unit for step, unit in stage.units if step.instruction in edited and _is_changed(unit)]
                declares |= {Declared("RUN", unit.command.text) for unit in units}
        unknown = facts.unknown
        doubts = (unknown.behind("whether the program runs apk itself"),) if edits and unknown is not None else ()
        return Outcome(edits, refusals=list(dict.fromkeys(refusals)), doubts=doubts, declares=frozenset(declares))


def _acts(action: Action | None) -> SystemManager | None:
    """The manager that acts, where it can install without an index that is there; None for any other."""
    if isinstance(action, Clean):
        found: set[object] = set(action.managers)
        manager = found.pop() if len(found) == 1 else None
    else:
        manager = action.manager if isinstance(action, Refresh | Install | Upgrade) else None
    return manager if isinstance(manager, SystemManager) and manager.fetches_for_itself else None


def _edits(facts: Facts, stage: Stage, step: Step) -> list[Edit]:
    """The RUN without what fetches or removes an index, and its installs with what makes them do without."""
    insert: list[tuple[Word, str]] = []
    remove: list[Word] = []
    drop: set[int] = set()
    for index, unit in enumerate(step.units):
        manager, action = _acts(unit.effects.action), unit.effects.action
        if manager is None or any(manager.id in (flag.value or "") for flag in step.instruction.flags):
            continue
        if isinstance(action, Install | Upgrade):
            recipe = manager.without_index(unit.command)
            if isinstance(recipe, Recipe):
                insert += recipe.insert
                remove += recipe.remove
        elif _is_idle(stage, step, index):
            drop.add(index)
    if not insert and not drop:
        return []
    reason = "--no-cache fetches the index for the one command, and nothing of it stays in the image"
    if len(drop) == len(step.units):
        blanks = [node for node in leading(facts.tree, step.instruction) if isinstance(node, Blank)]
        return [Edit(node, (), step.line, reason) for node in (*blanks, step.instruction)]
    form = step.shell_form
    run = form.edited(insert=insert, remove=remove, drop=drop, keep_comments=True) if form is not None else None
    return [Edit(step.instruction, (run,), step.line, reason)] if run is not None else []


def _is_changed(unit: Unit) -> bool:
    """Whether a command that a net compares word by word is written again."""
    if not isinstance(unit.effects.action, Upgrade):
        return False
    manager = _acts(unit.effects.action)
    recipe = manager.without_index(unit.command) if manager is not None else None
    return isinstance(recipe, Recipe) and bool(recipe.insert)


def _is_idle(stage: Stage, step: Step, index: int) -> bool:
    """Whether a command does nothing that counts any more: it removes what is not there, or fetches an index for installs below."""
    effects = step.units[index].effects
    if isinstance(effects.action, Clean):
        return not effects.writes
    steps = stage.steps[stage.steps.index(step) :]
    below = [unit for each in steps for unit in (each.units[index + 1 :] if each is step else each.units)]
    return any(isinstance(unit.effects.action, Install | Upgrade) and _acts(unit.effects.action) for unit in below)


def _needs_index(facts: Facts, stage: Stage) -> Reason | None:
    """Who may install packages with an index that a stage leaves, None where nobody does."""
    for other in (each for each in facts.model.stages if stage in each.lineage):
        for step in (step for part in other.lineage for step in part.steps):
            program = next(filter(None, map(unknown_program, step.units)), "")
            if program or (step.keyword == "ONBUILD" and "apk" in step.instruction.args):
                return at(f"the index stays: {program or 'ONBUILD'} in line {step.line} may need it", step.line)
    if stage not in facts.final.lineage:
        return None
    program = next((name for name in sorted(index_programs("apk")) if name in facts.startup.programs), "")
    if program:
        return at(f"{facts.startup.programs[program]} runs {program} when the container starts")
    mention = next(iter(facts.application.mentions(index_programs("apk"))), None)
    return at(f"{mention.file}:{mention.line} names {mention.word}") if mention is not None else None
