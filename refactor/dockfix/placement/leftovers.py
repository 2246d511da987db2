"""What the runtime stage does not need any more once the builder has it."""

from __future__ import annotations

from collections.abc import Collection

from dockfix.facts import Facts
from dockfix.managers.verbs import by_system, language_install, system_install
from dockfix.model.actions import Remove, Upgrade
from dockfix.model.effects import overlap
from dockfix.model.stages import Step, Unit
from dockfix.placement.packages import Division

Placed = dict[Step, tuple[int, ...]]


def drop_idle_refresh(runtime: Placed, division: Division) -> None:
    """Takes the fetching and the removal of package lists out of a runtime stage that installs no package any more."""
    for step, indices in runtime.items():
        for index in indices:
            effects = step.units[index].effects
            action = effects.action
            if effects.opaque or (isinstance(action, Upgrade | Remove) and by_system(action)):
                return
            install = system_install(action)
            if install is not None and (install.dynamic or any(map(division.stays, install.asked))):
                return
    for step in list(runtime):
        left = tuple(index for index in runtime[step] if not (by_system(step.units[index].effects.action)))
        if step.units and not left:
            del runtime[step]
        else:
            runtime[step] = left


def drop_covered(facts: Facts, builder: Placed, runtime: Placed) -> None:
    """Takes a COPY of manifests out of the runtime stage where a later COPY brings the same files to the same place."""
    order = list(runtime)
    for number, step in enumerate(order):
        if step not in builder or step not in facts.copies or step.copy is None or step.copy.target is None:
            continue
        for later in order[number + 1 :]:
            if later in facts.copies and _covers(facts, later, step):
                del runtime[step]
                break
            if any(effects.unbounded or overlap(effects.reads, (step.copy.target,)) for effects in later.all_effects):
                break


def drop_removed(facts: Facts, builder: Placed, runtime: Placed) -> tuple[str, ...]:
    """Takes a COPY of manifests and the ``rm`` of them out of the runtime stage, where nothing looks at them in between."""
    dropped: list[str] = []
    order = list(runtime)
    for number, step in enumerate(order):
        if step not in builder or step not in facts.copies or facts.copies[step].directories:
            continue
        files = {path for name in facts.copies[step].files for path in _lands(step, name, facts)}
        for later in order[number + 1 :]:
            found = next(
                (
                    index
                    for index in runtime.get(later, ())
                    if later.units[index].command.name == "rm"
                    and _removes(later.units[index], files, len(facts.copies[step].files))
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
    if later.copy is None or later.copy.target is None or step.copy is None or step.copy.target is None:
        return False
    return bool(facts.copies[step].files) and all(
        _lands(later, name, facts) & _lands(step, name, facts) for name in facts.copies[step].files
    )


def _lands(step: Step, name: str, facts: Facts) -> set[str]:
    """The paths in the image at which a COPY puts a file of the context."""
    copy = step.copy
    if copy is None or copy.target is None or name not in facts.copies[step].files:
        return set()
    base = name.rsplit("/", 1)[-1]
    target = copy.target.rstrip("/")
    for folder in facts.copies[step].directories:
        inside = name if folder in {".", ""} else name.removeprefix(folder + "/")
        if folder in {".", ""} or inside != name:
            return {f"{target}/{inside}"}
    alone = len(facts.copies[step].files) == 1 and not copy.target_is_folder
    return {f"{target}/{base}"} | ({copy.target} if alone else set())
