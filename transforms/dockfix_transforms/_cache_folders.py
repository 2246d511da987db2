"""What a Dockerfile does to the folders of caches."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from dockfix.facts import Facts
from dockfix.managers.protocol import Cache, Manager


def _named(caches: Iterable[Cache]) -> re.Pattern[str]:
    """What names a cache's folder, or a folder around it, in a command."""
    patterns: list[str] = []
    for cache in caches:
        others = r"|/home/[\w.-]+" if cache.at_home else ""
        home, folder = (rf"(?:/root{others}|~|\$HOME|\$\{{HOME\}})", cache.folder.removeprefix("/root"))
        start = home if folder != cache.folder else ""
        around = cache.around.removeprefix("/root")
        patterns.append(rf"{start}{re.escape(folder)}(?![\w.-])")
        if around:
            patterns.append(rf"{start}{re.escape(around)}/?(?=[\s\"',]|$)")
    return re.compile("|".join(patterns))


class Touched(NamedTuple):
    """What the whole file does to a manager's caches: are files taken out (a mount keeps them out of the image), does a command
    set where they lie?
    """

    taken_out: bool
    configured: bool


def touched(facts: Facts, manager: Manager) -> Touched:
    """The same, worked out."""
    texts = [unit.command.text for stage in facts.model.stages for _, unit in stage.units]
    commands = [each.configured_with for each in manager.caches if each.configured_with]
    configured = any(re.match(command, text) for command in commands for text in texts)
    return Touched(_taken_out(facts, manager), configured)


def _taken_out(facts: Facts, manager: Manager) -> bool:
    named = _named(manager.caches)
    for stage in facts.model.stages:
        for step in stage.steps:
            flags = " ".join(flag.value or "" for flag in step.instruction.flags if "from=" in (flag.value or ""))
            sources = " ".join(step.copy.sources) if step.copy is not None and step.copy.origin is not None else ""
            if named.search(f"{sources} {flags}") or any(
                named.search(unit.command.text) and unit.command.name != "rm" for unit in step.units
            ):
                return True
    return False
