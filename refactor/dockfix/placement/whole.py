"""Whether what installs fill can be carried as a whole that was there before them: what else is put there then goes along."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping

from dockfix.facts import Facts
from dockfix.knowledge import file_movers, operand_writers
from dockfix.managers.verbs import by_system, language_install
from dockfix.model.actions import Clean, Make, Provide, ShellState
from dockfix.model.artefact import Environment
from dockfix.model.effects import overlap, within
from dockfix.model.reason import Reason, at
from dockfix.model.stages import Step, Unit


def not_whole(
    facts: Facts, environment: Environment, staying: Mapping[Step, tuple[int, ...]], installs: tuple[Step, ...]
) -> Reason | None:
    """Why a folder that is there before its packages cannot be carried from one stage to the other as it is after the last install.

    ``staying`` are the commands of the stage that gets it, by their indices. Those that ran before the last install have done to it in
    the builder what they did here; what comes after it in the runtime stage would do so again.
    """
    own = environment.root == facts.final.end.own_prefix
    if environment.carried is None or not (own or environment.beside_base):
        return None
    paths = tuple(environment.carried.paths)
    steps = facts.final.steps
    first, last = steps.index(installs[0]), steps.index(installs[-1])
    for step, indices in staying.items():
        number = steps.index(step)
        taken = next((unit for unit in _run(step, indices) if not own and _takes_away(unit, paths)), None)
        if taken is not None and first <= number:
            return at(f"{_name(taken)} takes what is installed in {environment.root} to another place", step.line)
        if number > last:
            continue
        if step.copy is not None and (_copies_folder if own else _copies_into)(facts, step, environment.root):
            return at(f"what this {step.keyword} puts in {environment.root} would be in the image twice", step.line)
        for unit in _run(step, indices):
            effects = unit.effects
            if not _counts(unit):
                continue
            if effects.unbounded and own:
                what = f"what {_name(unit)} puts in {environment.root}, where the packages are, is unknown"
                return at(what, step.line)
            if not overlap(effects.writes, paths) or (not own and unit.command.name == "mkdir"):
                continue
            if first < number:
                return at(
                    f"{_name(unit)} changes {environment.root} between two installs, and would do so twice", step.line
                )
            if not _is_small(unit, environment.root):
                return at(f"what {_name(unit)} puts in {environment.root} would be in the image twice", step.line)
    return None


def writes_there(step: Step, indices: Iterable[int], environment: Environment) -> bool:
    """Whether some of a step's commands, other than installs, write where an environment lies."""
    paths = (environment.root,)
    return any(_counts(unit) and overlap(unit.effects.writes, paths) for unit in _run(step, indices))


def _run(step: Step, indices: Iterable[int]) -> tuple[Unit, ...]:
    return tuple(step.units[index] for index in indices)


def _takes_away(unit: Unit, paths: Iterable[str]) -> bool:
    """Whether a command copies or moves what lies in one of the folders."""
    return unit.command.name in file_movers() and any(
        within(read, path) for read in unit.effects.reads for path in paths
    )


def _copies_into(facts: Facts, step: Step, root: str) -> bool:
    """Whether a COPY or ADD puts any file in a folder that nothing else fills, but for those that name what is installed there."""
    target = step.copy.target if step.copy is not None else None
    taken = facts.copies.get(step)
    if target is None:
        return True
    if taken is None or not taken.known or step.keyword == "ADD":  # it may be an archive
        return within(target, root) or (taken is None and within(root, target))
    named = {name for manifest in facts.manifests.values() for name in manifest.files}
    return any(within(path, root) for name in taken.files - named for path in facts.layout.by(step, name))


def _counts(unit: Unit) -> bool:
    action = unit.effects.action
    ignored = isinstance(action, Clean | Make | Provide | ShellState) or by_system(action)
    return not ignored and language_install(action) is None


def _copies_folder(facts: Facts, step: Step, root: str) -> bool:
    """Whether a COPY or ADD puts more than single files of the build context there."""
    target = step.copy.target if step.copy is not None else None
    if target is not None and not within(target, root):
        return False
    taken = facts.copies.get(step)
    return target is None or taken is None or bool(taken.directories) or not taken.known


def _is_small(unit: Unit, root: str) -> bool:
    """Whether a command brings at most one program: what fetches and unpacks may bring much."""
    if unit.command.name in operand_writers() | file_movers():
        return True
    programs = f"{root}/bin"
    return all(within(path, programs) and path != programs for path in unit.effects.writes)


def _name(unit: Unit) -> str:
    return posixpath.basename(unit.command.name or "") or unit.command.text
