"""What is said of a base image that is none of those that dockfix knows."""

from __future__ import annotations

from dockfix.facts import Facts
from dockfix.knowledge import base_image
from dockfix.lazy import regex
from dockfix.managers.commands import manager_of
from dockfix.managers.protocol import LanguageManager
from dockfix.model.reason import Reason, at
from dockfix.model.stages import Stage
from dockfix.syntax import image

_VARIABLE = regex(r"\$\{?(\w+)")


def unknown_base(stage: Stage) -> str:
    """Why nothing is known of a stage's base image, as a clause."""
    if stage.base is None:
        names = " and ".join(dict.fromkeys(_VARIABLE.findall(stage.start.words[0] if stage.start.words else "")))
        return f"the base image depends on the build argument {names}, whose value is not known here"
    reference = image(stage.base)
    if base_image(reference.registry, reference.repository, None) is None:
        return f"the base image {stage.base} is not an official Python image, nor one of Node.js, Debian or Ubuntu"
    if reference.digest and not reference.tag:
        return f"only a digest says which version the base image {stage.base} is"
    return f"the tag of the base image {stage.base} is none of those that dockfix knows"


def unread_install(facts: Facts) -> Reason | None:
    """That a manager of packages runs, in a way or on an image that is not read; None where none runs."""
    for stage in facts.model.stages:
        for step, unit in stage.units:
            for command in (unit.command, *unit.command.parts):
                manager = manager_of(command)
                if isinstance(manager, LanguageManager):
                    return at(f"what {manager.title} installs in line {step.line} is not read", step.line)
    return None
