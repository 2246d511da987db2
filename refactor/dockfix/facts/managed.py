"""What a project's files name where managers of projects install."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from dockfix.context.project import words_of_project
from dockfix.knowledge import manager_in
from dockfix.model.actions import Export
from dockfix.model.stages import Stage, Step


def named_for_managers(
    stages: Iterable[Stage], read: Callable[[str], str | None], lying_at: Callable[[str, Step], str | None]
) -> frozenset[str]:
    """The names, normalised, that the project's files name where a RUN has Poetry, uv or another manager install them.

    Where dockfix does not model what it does, or it only writes requirements, any word of the files counts.
    """
    steps = [
        step
        for stage in stages
        for step in stage.of("RUN")
        if manager_in(step.instruction.text, "python", project=True)
        and any(
            (unit.effects.opaque or isinstance(unit.effects.action, Export))
            and manager_in(unit.command.text, "python", project=True)
            for unit in step.units
        )
    ]
    return frozenset(
        name
        for step in steps
        for name in words_of_project(step.state.workdir or "/", read, partial(_at, lying_at, step)) or ()
    )


def _at(lying_at: Callable[[str, Step], str | None], step: Step, path: str) -> str | None:
    return lying_at(path, step)
