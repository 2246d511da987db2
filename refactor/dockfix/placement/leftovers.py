"""What the runtime stage does not need any more once the builder has it."""

from __future__ import annotations

from collections.abc import Callable, Collection

from dockfix.facts import Facts
from dockfix.managers.registry import language_managers, system_managers
from dockfix.managers.verbs import by_system, language_install, system_install
from dockfix.model.actions import Action, Clean, Install, Package, Refresh, Remove, ShellState, Upgrade
from dockfix.model.effects import overlap, within
from dockfix.model.stages import Step, Unit
from dockfix.placement.packages import Division

Placed = dict[Step, tuple[int, ...]]


def drop_units(gone: Collection[tuple[Step, int]], *parts: Placed) -> tuple[str, ...]:
    """Takes commands out of every part, and with the last one of a RUN what only cleaned up behind it; the texts of the commands."""
    for part in parts:
        for step in list(part):
            left = tuple(index for index in part[step] if (step, index) not in gone)
            if step.units and len(left) < len(part[step]):
                actions = [step.units[index].effects.action for index in left]
                cleans = any(isinstance(action, Clean) and _leaves(part, action.what) for action in actions)
                if not cleans and all(isinstance(action, Clean | ShellState | Refresh) for action in actions):
                    del part[step]
                else:
                    part[step] = left
    return tuple(step.units[index].command.text for step, index in gone)


def _leaves(part: Placed, what: Collection[str]) -> bool:
    """Whether a RUN fetches package lists or packages and does not remove these itself."""
    makers = [(kind, maker) for kind, maker in (("index", Refresh), ("downloads", Install)) if kind in what]
    for step, indices in part.items():
        actions = [step.units[index].effects.action for index in indices] if step.units else []
        for kind, maker in makers:
            fetched = [number for number, each in enumerate(actions) if isinstance(each, maker) and by_system(each)]
            if fetched and not any(isinstance(each, Clean) and kind in each.what for each in actions[fetched[-1] :]):
                return True
    return False


def drop_idle_lists(part: Placed, stays: Callable[[Package], bool]) -> None:
    """Takes the fetching of package lists out of a stage where the packages that it was for do not stay, and their removal with it."""
    units = [(step, index, step.units[index].effects) for step, indices in part.items() for index in indices]
    gone: set[tuple[Step, int]] = set()
    used = left = False  # of what comes below, up to the next fetching: uses the lists, would if its packages stayed
    idle = True
    for step, index, effects in reversed(units):
        action = effects.action
        install = system_install(action)
        if effects.opaque or (isinstance(action, Upgrade | Remove) and by_system(action)):
            used, idle = True, False
        elif install is not None:
            asked = install.dynamic or any(map(stays, install.asked))
            used, left = used or asked, left or not asked
            idle = idle and not asked
        elif isinstance(action, Refresh) and by_system(action):
            if left and not used:
                gone.add((step, index))
            used = left = False
    if idle:
        gone = {(step, index) for step, index, effects in units if by_system(effects.action)}
    for step in list(part):
        indices = tuple(index for index in part[step] if (step, index) not in gone)
        rest = [step.units[index].effects.action for index in indices]
        swept = len(indices) < len(part[step]) and all(isinstance(each, Clean | ShellState) for each in rest)
        if step.units and (not indices or swept):
            del part[step]
        else:
            part[step] = indices


def drop_idle_sources(facts: Facts, builder: Placed, division: Division) -> None:
    """Takes out of a builder what adds archives and keys of the system's packages, where it installs nothing any more after that."""
    others = {path for each in language_managers() for path in each.reads}
    configuration = {path for each in system_managers() for path in each.reads} - others
    for step in reversed(list(builder)):
        left: list[int] = []
        for index in reversed(builder[step]):
            effects = step.units[index].effects
            install = system_install(effects.action)
            if effects.unbounded or (
                by_system(effects.action) and not isinstance(effects.action, Install | Refresh | Clean)
            ):
                return
            if install is not None and (install.dynamic or not division.runtime_only.issuperset(install.asked)):
                return
            told = effects.action is None and effects.writes
            if not told or not all(any(within(path, each) for each in configuration) for path in effects.writes):
                left.insert(0, index)
        if step.units and len(left) < len(builder[step]):
            actions = [step.units[index].effects.action for index in left]
            if all(
                isinstance(action, Clean | ShellState | Refresh) or _only_at_runtime(action, division)
                for action in actions
            ):
                del builder[step]
            else:
                builder[step] = tuple(left)


def _only_at_runtime(action: Action | None, division: Division) -> bool:
    install = system_install(action)
    return install is not None and division.runtime_only.issuperset(install.asked)


def drop_covered(facts: Facts, runtime: Placed) -> None:
    """Takes a COPY that stood before an install out of the runtime stage where a later COPY brings the same files to the same place."""
    order = list(runtime)
    steps = facts.final.steps
    early = steps[: max(steps.index(step) for step, _, _ in facts.installs)]
    for number, step in enumerate(order):
        if step not in early or step not in facts.copies or step.copy is None or step.copy.target is None:
            continue
        files = {path for name in facts.copies[step].files for path in facts.layout.by(step, name)}
        for later in order[number + 1 :]:
            if later in facts.copies and _covers(facts, later, step):
                del runtime[step]
                break
            staying = [later.units[index].effects for index in runtime[later]] if later.units else ()
            read = any(effects.unbounded or overlap(effects.reads, (step.copy.target,)) for effects in staying)
            if read or any(overlap(effects.writes, files) for effects in staying):
                break


def drop_removed(facts: Facts, builder: Placed, runtime: Placed) -> tuple[str, ...]:
    """Takes a COPY of manifests and the ``rm`` of them out of the runtime stage, where nothing looks at them in between."""
    dropped: list[str] = []
    order = list(runtime)
    for number, step in enumerate(order):
        taken = facts.copies.get(step)
        if step not in builder or taken is None or taken.directories or taken.missing:
            continue
        files = {path for name in taken.files for path in facts.layout.by(step, name)}
        for later in order[number + 1 :]:
            found = next(
                (
                    index
                    for index in runtime.get(later, ())
                    if later.units[index].command.name == "rm" and _removes(later.units[index], files, len(taken.files))
                ),
                None,
            )
            others = [effects for index, effects in enumerate(later.all_effects) if index != found]
            if any(
                effects.unbounded or overlap((*effects.reads, *effects.writes), files)
                for effects in others
                if not language_install(effects.action)
            ):
                break
            if found is None:
                continue
            dropped.append(later.units[found].command.text)
            runtime[later] = tuple(index for index in runtime[later] if index != found)
            if not runtime[later]:
                del runtime[later]
            del runtime[step]
            break
    return tuple(dropped)


def _removes(unit: Unit, files: Collection[str], count: int) -> bool:
    """Whether a command removes all the files that a COPY brought, and nothing else."""
    writes = set(unit.effects.writes)
    return len(writes) == count and writes <= set(files)


def _covers(facts: Facts, later: Step, step: Step) -> bool:
    """Whether every file of ``step`` lands at the same path by ``later``."""
    layout, taken = facts.layout, facts.copies[step]
    certain = taken.known and not taken.missing and bool(taken.files)
    return certain and all(
        {*layout.by(step, name)} & {*layout.by(later, name)} for name in (*taken.files, *taken.skipped)
    )


def landed(facts: Facts, step: Step) -> frozenset[str] | None:
    """Where the files of a COPY land that takes files alone, each known; None for any other."""
    taken = facts.copies.get(step)
    if taken is None or not taken.known or taken.missing or taken.directories or not taken.files:
        return None
    return frozenset(path for name in taken.files for path in facts.layout.by(step, name))
