"""What serves the makers of an environment alone: settings and keys of the programs that fetch for them, and build arguments."""

from __future__ import annotations

import re

from dockfix.facts import Facts
from dockfix.knowledge import Client, clients, file_movers
from dockfix.lazy import regex
from dockfix.managers.verbs import by_system
from dockfix.model.actions import Export
from dockfix.model.effects import overlap, within
from dockfix.model.stages import Step, Unit
from dockfix.placement.leftovers import Placed
from dockfix.placement.packages import fetches_with_git
from dockfix.runtimes.needs import needed
from dockfix.syntax import pairs

# What packages of a system, and the programs that install them, read from the environment
_OF_SYSTEMS = regex(
    r"(?i)DEB(?:IAN|CONF)_\w+|(?:APT|DPKG|UCF|NEEDRESTART|SSL|CURL|LD|LC)_\w+|\w*(?:EULA|LICEN[CS]E|ACCEPT)\w*|(?:\w+_)?PROXY|TZ|LANG\w*"
    r"|PATH|HOME|SOURCE_DATE_EPOCH|TERM|SHELL|TMPDIR"
)
# What nobody reads, and whose value has RUNs run again
_FORCES = regex(r"(?i)\w*(?:CACHE|BUST|REFRESH|FORCE|REBUILD|NONCE)\w*")


def drop_settings(facts: Facts, builder: Placed, runtime: Placed) -> tuple[str, ...]:
    """Takes the commands out of the runtime stage that only make settings for what fetches in the builder; their texts."""
    dropped: list[str] = []
    if not fetches_with_git(facts):
        return ()
    for client in clients():
        units = [(step, index) for step, indices in runtime.items() for index in indices]
        own = [(step, index) for step, index in units if _sets_up(step.units[index], client)]
        made = [(step, index) for step, index in own if step.units[index].command.name != "rm"]
        others = [path for step in runtime if step.copy is not None for path in step.all_effects[0].writes]
        if (
            not made
            or any(index not in builder.get(step, ()) for step, index in made)
            or overlap(others, client.files)
            or _is_needed(
                facts, client, [(step, step.units[index]) for step, index in units if (step, index) not in own]
            )
        ):
            continue
        dropped += [step.units[index].command.text for step, index in own]
        for step, index in own:
            _drop(runtime, step, index)
    return tuple(dropped)


def _drop(runtime: Placed, step: Step, index: int) -> None:
    left = tuple(each for each in runtime[step] if each != index)
    if left:
        runtime[step] = left
    else:
        del runtime[step]


def _sets_up(unit: Unit, client: Client) -> bool:
    """Whether all that a command does is to write settings of a client."""
    effects = unit.effects
    if effects.unbounded or effects.action is not None or unit.command.name in file_movers() or not unit.state.is_root:
        return False
    return bool(effects.writes) and all(any(within(path, file) for file in client.files) for path in effects.writes)


def _is_needed(facts: Facts, client: Client, staying: list[tuple[Step, Unit]]) -> bool:
    """Whether something in the runtime stage may run the client, or read its settings."""
    if any(unit.effects.opaque for _, unit in staying) or client.distributions & facts.distributions:
        return True
    names = "|".join(re.escape(file.removeprefix("/root/")) for file in client.files)
    pattern = re.compile(rf"(?<![\w-])(?:{names})(?![\w-])")
    texts = (*facts.startup.texts.values(), *(unit.command.text for _, unit in staying))
    return (
        bool(needed(facts, sorted(client.programs), staying))
        or any(pattern.search(text) for text in texts)
        or bool(facts.application.search(pattern.pattern.encode()))
    )


def drop_exports(facts: Facts, builder: Placed, runtime: Placed) -> tuple[str, ...]:
    """Takes the commands out of the runtime stage that write requirements for an install of the builder, and nothing else."""
    asked = {path for _, _, install in facts.installs for path in install.manifests}
    dropped: list[str] = []
    for step, indices in list(runtime.items()):
        for index in indices:
            unit = step.units[index]
            paths = unit.effects.writes
            if (
                not isinstance(unit.effects.action, Export)
                or index not in builder.get(step, ())
                or not paths
                or not asked.issuperset(paths)
            ):
                continue
            names = b"|".join(re.escape(path.rpartition("/")[2].encode()) for path in paths)
            mentions = facts.application.search(rb"(?<![\w-])(?:" + names + rb")(?![\w-])")
            if not any(mention.file.endswith((".py", ".sh")) for mention in mentions):
                dropped.append(unit.command.text)
                _drop(runtime, step, index)
    return tuple(dropped)


def drop_arguments(facts: Facts, builder: Placed, runtime: Placed) -> tuple[str, ...]:
    """Takes the build arguments out of the runtime stage that nothing there uses; their names."""
    dropped: list[str] = []
    order = list(runtime)
    for number, step in enumerate(order):
        if step.keyword != "ARG" or step not in builder:
            continue
        names = [name for name, _ in pairs(step.instruction, step.state.variables)]
        if names and not any(_is_used(facts, name, order[number + 1 :], runtime) for name in names):
            dropped += names
            del runtime[step]
    return tuple(dropped)


def _is_used(facts: Facts, name: str, later: list[Step], runtime: Placed) -> bool:
    """Whether something in the runtime stage may read a build argument, or is to run again for another value of it."""
    if _FORCES.fullmatch(name):
        return True
    word = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
    units = [step.units[index] for step in later for index in runtime.get(step, ())]
    if any(word.search(unit.command.text) for unit in units):
        return True
    staying = [step.instruction for step in later if step in runtime]
    if any(word.search(flag.value or "") for node in staying for flag in node.flags):
        return True
    if any(word.search(step.instruction.text) for step in later if step in runtime and not step.units):
        return True
    if any(unit.effects.opaque for unit in units):
        return True
    if any(unit.effects.application for unit in units) and (
        facts.unknown or facts.application.search(word.pattern.encode())
    ):
        return True
    return any(by_system(unit.effects.action) for unit in units) and _OF_SYSTEMS.fullmatch(name) is not None
