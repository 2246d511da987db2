"""Who may need an index of packages that a step has left in the image."""

from __future__ import annotations

import posixpath

from dockfix.context.scripts import commands_in_script
from dockfix.knowledge import starts_named, starts_nothing
from dockfix.managers.commands import runs_alone
from dockfix.model.stages import Unit


def unknown_program(unit: Unit) -> str:
    """A program in a command of unknown effects that may itself run others, such as apt's; "" where there is none."""
    if not unit.effects.opaque:
        return ""
    script = commands_in_script(unit.command.text)
    first = unit.command.text.split()[0]
    if script is None or script.dynamic or not script.commands:
        return first
    names = sorted(script.commands, key=unit.command.text.find)
    idle = starts_nothing() | starts_named()
    return next((name for name in names if not (runs_alone(name) or posixpath.basename(name) in idle)), "")
