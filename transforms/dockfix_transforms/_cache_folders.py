"""What a Dockerfile does to caches: to their folders, and by options."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from dockfix.facts import Facts
from dockfix.lazy import regex
from dockfix.managers.commands import manager_of
from dockfix.managers.protocol import Cache, Manager
from dockfix.model.stages import Step, Unit
from dockfix.namedtuple import NamedTuple
from dockfix.syntax.shell import Command, Word, commands_within


def switched_off(step: Step, manager: Manager) -> list[tuple[Unit, Word]]:
    """The words of a RUN that switch a manager's cache off, in loops and conditions, too, each with the unit that it is in."""
    return [
        (unit, word)
        for unit, command in _commands(step)
        if manager_of(command) is manager
        for word in command.args
        if word.value in manager.without_cache
    ]


def hidden_switch(step: Step, manager: Manager) -> str:
    """The command of a RUN by which another program runs a manager with its cache switched off, "" for none."""
    names = (manager.without_cache, manager.programs)
    if not all(names):
        return ""
    option, program = (regex(rf"(?<![\w-])(?:{'|'.join(map(re.escape, sorted(each)))})(?![\w-])") for each in names)
    others = (command.text for _, command in _commands(step) if manager_of(command) is None)
    return next((text for text in others if option.search(text) and program.search(text)), "")


def _commands(step: Step) -> Iterator[tuple[Unit, Command]]:
    """The simple commands of a RUN, at any depth."""
    for unit in step.units:
        if unit.command.simple or step.shell_form is None:
            yield unit, unit.command
        else:
            yield from ((unit, command) for command in commands_within(step.shell_form.script, unit.command))


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
    return regex("|".join(patterns))


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
