"""What serves the makers of an environment alone: settings and keys of the programs that fetch for them, and build arguments."""

from __future__ import annotations

import re

from dockfix.facts import Facts
from dockfix.facts.how_it_is_run import by_hand
from dockfix.facts.installs import installer_of_more, installers_in, installs_again
from dockfix.knowledge import Client, clients, file_movers
from dockfix.lazy import regex
from dockfix.managers.protocol import LanguageManager
from dockfix.managers.verbs import by_system
from dockfix.model.actions import Configure, Export
from dockfix.model.effects import overlap, within
from dockfix.model.reason import Declared
from dockfix.model.stages import Step, Unit
from dockfix.namedtuple import NamedTuple
from dockfix.placement.leftovers import Placed, landed
from dockfix.placement.packages import fetches_with_git
from dockfix.runtimes.needs import needed
from dockfix.syntax import pairs


class Dropped(NamedTuple):
    """What leaves the runtime stage: the texts of commands, and what of the image goes with instructions that are none."""

    texts: tuple[str, ...]
    declares: frozenset[Declared]


# What packages of a system, and the programs that install them, read from the environment
_OF_SYSTEMS = regex(
    r"(?i)DEB(?:IAN|CONF)_\w+|(?:APT|DPKG|UCF|NEEDRESTART|SSL|CURL|LD|LC)_\w+|\w*(?:EULA|LICEN[CS]E|ACCEPT)\w*|(?:\w+_)?PROXY|TZ|LANG\w*"
    r"|PATH|HOME|SOURCE_DATE_EPOCH|TERM|SHELL|TMPDIR"
)
# What nobody reads, and whose value has RUNs run again
_FORCES = regex(r"(?i)\w*(?:CACHE|BUST|REFRESH|FORCE|REBUILD|NONCE)\w*")


def drop_settings(facts: Facts, builder: Placed, runtime: Placed) -> Dropped:
    """Takes out of the runtime stage what only makes settings and keys for what fetches in the builder."""
    texts: list[str] = []
    paths: set[str] = set()
    for client in clients():
        units = [(step, index) for step, indices in runtime.items() for index in indices]
        own = [(step, index) for step, index in units if _sets_up(step.units[index], client)]
        made = [(step, index) for step, index in own if step.units[index].command.name != "rm"]
        brought = {step: places for step in runtime if (places := _brings(facts, step, client))}
        others = [path for step in runtime if step.copy is not None and step not in brought for path in _written(step)]
        if (
            not (made or brought)
            or not _serves(facts, client)
            or any(index not in builder.get(step, ()) for step, index in made)
            or any(step not in builder for step in brought)
            or overlap(others, client.files)
            or _is_needed(
                facts, client, [(step, step.units[index]) for step, index in units if (step, index) not in own]
            )
        ):
            continue
        texts += [step.units[index].command.text for step, index in own]
        for step, index in own:
            paths.update(step.units[index].effects.writes)
            _drop(runtime, step, index)
        for step, places in brought.items():
            paths |= places
            del runtime[step]
    return Dropped(tuple(texts), frozenset(Declared("FILE", path) for path in paths))


def _serves(facts: Facts, client: Client) -> bool:
    """Whether an install of the builder reads such settings: they are of its manager, or of what fetches for it."""
    if client.by_git:
        return fetches_with_git(facts)
    managers = (install.manager for _, _, install in (*facts.installs, *facts.front_ends))
    return any(isinstance(each, LanguageManager) and each.programs & client.programs for each in managers)


def _brings(facts: Facts, step: Step, client: Client) -> frozenset[str]:
    """Where what a COPY takes of the build context lies, if all of it is settings of a client; nothing for any other step."""
    if step.copy is None or step not in facts.copies:
        return frozenset()
    target = step.copy.target or ""
    if any(within(target, file) for file in client.files):
        return frozenset({target})  # whatever it takes
    places = landed(facts, step)
    return (
        places if places and all(any(within(path, file) for file in client.files) for path in places) else frozenset()
    )


def _written(step: Step) -> tuple[str, ...]:
    return step.all_effects[0].writes


def _drop(runtime: Placed, step: Step, index: int) -> None:
    left = tuple(each for each in runtime[step] if each != index)
    if left:
        runtime[step] = left
    else:
        del runtime[step]


def _sets_up(unit: Unit, client: Client) -> bool:
    """Whether all that a command does is to write settings of a client."""
    effects = unit.effects
    if effects.unbounded or unit.command.name in file_movers() or not unit.state.is_root:
        return False
    if effects.action is not None and not isinstance(effects.action, Configure):
        return False
    return bool(effects.writes) and all(any(within(path, file) for file in client.files) for path in effects.writes)


def _is_needed(facts: Facts, client: Client, staying: list[tuple[Step, Unit]]) -> bool:
    """Whether something in the runtime stage may run the client, or read its settings."""
    if any(unit.effects.opaque for _, unit in staying) or client.distributions & facts.distributions:
        return True
    names = "|".join(re.escape(file.removeprefix("/root/")) for file in client.files)
    pattern = re.compile(rf"(?<![\w-])(?:{names})(?![\w-])")
    run = (facts.startup, facts.ask(by_hand))
    texts = (*(text for each in run for text in each.texts.values()), *(unit.command.text for _, unit in staying))
    installs = facts.ask(installer_of_more) or facts.ask(installs_again) or any(installers_in(facts, run[1]))
    return (
        bool(installs)
        or bool(needed(facts, sorted(client.programs), staying))
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
        if names and not any(is_used(facts, name, order[number + 1 :], runtime) for name in names):
            dropped += names
            del runtime[step]
    return tuple(dropped)


def is_used(facts: Facts, name: str, later: list[Step], runtime: Placed) -> bool:
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
