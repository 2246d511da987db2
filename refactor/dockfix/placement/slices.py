"""What goes into a builder: a backward slice over what installs and builds read."""

from __future__ import annotations

from collections.abc import Iterable, Set

from dockfix.context.users import is_root
from dockfix.facts import Facts
from dockfix.lazy import regex
from dockfix.managers.protocol import LanguageManager, SystemManager
from dockfix.managers.registry import system_managers
from dockfix.managers.variables import named_paths
from dockfix.managers.verbs import by_system, language_install, of_language, system_install
from dockfix.model.actions import Action, Build, Clean, Configure, Install, Make, Provide, ShellState
from dockfix.model.effects import Places, within
from dockfix.model.stages import Step, Unit
from dockfix.placement.leftovers import Placed, landed

_RUNTIME_ONLY = {"LABEL", "EXPOSE", "CMD", "ENTRYPOINT", "HEALTHCHECK", "STOPSIGNAL", "VOLUME", "MAINTAINER"}
# Files for programs and people, which nothing that is compiled or installed reads, wherever they lie
_USELESS = regex(
    r".*\.(?:jar|war|ear|ttf|otf|ttc|woff2?|onnx|pt|pth|ckpt|safetensors|gguf|tflite|h5|joblib|traineddata|html?|css|png|jpe?g|gif|svg|ico"
    r"|webp|mp[34]|wav|ogg|pdf|service|timer|crontab)"
)
# What a builder, in which root installs, does without: it gives files to another user
_GIVES_AWAY = {"chown", "chgrp"}
_TO_ROOT = regex(r"(?:root|0)(?:[:.](?:root|0)?)?|[:.](?:root|0)")
_SETTINGS = {"ENV", "ARG", "WORKDIR", "SHELL", "USER"}


def builder_of(steps: tuple[Step, ...], facts: Facts, made: tuple[str, ...] = ()) -> Placed:
    """The steps that the installs may need: a backward slice over what they read, and over what is ``made`` in folders."""
    wanted, ran = Places(), Places()
    wanted.add(made)
    owned = bool(made) or any(not unit.state.is_root for _, unit, _ in facts.installs)  # then it matters who does what
    there: frozenset[str] = frozenset()
    managers = {install.manager for _, _, install in (*facts.installs, *facts.front_ends)}
    tools = [path for each in managers if isinstance(each, LanguageManager) for path in each.reads]
    roots = {install.into.root for _, _, install in facts.installs}
    everything = False
    chosen: Placed = {}
    for step in reversed(steps):
        if step.keyword in _RUNTIME_ONLY:
            continue
        if step.keyword in _SETTINGS:
            if everything or owned or step.keyword != "USER" or is_root(step.instruction.args):
                chosen[step] = ()
            continue
        if step.copy is not None:
            effects = step.all_effects[0]
            useless = not made and (
                _USELESS.fullmatch(step.copy.target or "") or all(map(_USELESS.fullmatch, step.copy.sources))
            )
            there_by_it = landed(facts, step)
            needs = wanted.without(there).overlap(effects.writes if there_by_it is None else there_by_it)
            if everything or effects.opaque or isinstance(step.action, Provide) or (needs and not useless):
                chosen[step] = ()
                there |= there_by_it or frozenset()
            continue
        indices: list[int] = []
        for index in reversed(range(len(step.units))):
            effects = step.units[index].effects
            action = effects.action
            if isinstance(action, Make | Provide | Configure | Build) or of_language(action):
                wanted.add((*effects.reads, *tools, *_reads(facts, action), *named_paths(step.units[index].state)))
            elif by_system(action):
                wanted.add((*effects.reads, *(path for manager in system_managers() for path in manager.reads)))
            elif isinstance(action, Clean):
                pass
            elif isinstance(action, ShellState):
                if not indices:
                    continue
            elif effects.unbounded:
                everything = True
            elif not everything and not owned and _gives_away(step.units[index]):
                continue
            elif everything or (
                (wanted.overlap(effects.writes) or ran.overlap(effects.writes))
                and (made or not all(map(_USELESS.fullmatch, effects.writes)))
            ):
                wanted.add(effects.reads)
            else:
                continue
            _add_programs(facts, step, index, roots, wanted, ran)
            indices.insert(0, index)
        if indices:
            chosen[step] = tuple(indices)
    return {step: chosen[step] for step in steps if step in chosen}


def _gives_away(unit: Unit) -> bool:
    words = [word for word in unit.command.args if not word.text.startswith("-")]
    to_root = bool(words) and _TO_ROOT.fullmatch(words[0].value or "") is not None
    return unit.command.name in _GIVES_AWAY and not to_root


def _add_programs(facts: Facts, step: Step, index: int, roots: Set[str], wanted: Places, ran: Places) -> None:
    """Adds where the programs may lie that a command runs, so that what put them there and made them runnable stays with it.

    What is not known to lie there is only ``ran``: no COPY of a whole folder is for it. An environment's own programs are what is made,
    below one of ``roots``.
    """
    unit = step.units[index]
    name = unit.command.name or ""
    named = unit.state.path(name) if "/" in name else None
    entries = unit.state.variables.get("PATH", "").split(":")
    folders = [path for each in entries if each and (path := unit.state.path(each))]
    tools = {*unit.effects.tools, *(() if named else (name,))} - {""}
    for path in (*((named,) if named else ()), *(f"{folder}/{tool}" for folder in folders for tool in sorted(tools))):
        if not any(within(path, root) for root in roots):
            (wanted if facts.layout.at(path, step, index) is not None else ran).add((path,))


def _reads(facts: Facts, action: Action | None) -> tuple[str, ...]:
    """What an install reads that its command does not name: included files and local projects."""
    install = language_install(action)
    return facts.manifests[install].reads if install is not None and install in facts.manifests else ()


def units_of(placed: Placed) -> list[tuple[Step, Unit]]:
    """The commands of a part, each with its step."""
    return [(step, step.units[index]) for step, indices in placed.items() for index in indices]


def system_installs(step: Step) -> Iterable[tuple[Step, Unit]]:
    """The commands of a step that install packages of the system."""
    return ((step, unit) for unit in step.units if system_install(unit.effects.action) is not None)


def title(install: Install) -> str:
    """What people call the manager of an install."""
    return install.manager.title if isinstance(install.manager, LanguageManager | SystemManager) else install.manager.id
