"""What goes into a builder: a backward slice over what installs and builds read."""

from __future__ import annotations

from collections.abc import Iterable

from dockfix.facts import Facts
from dockfix.lazy import regex
from dockfix.managers.protocol import LanguageManager, SystemManager
from dockfix.managers.registry import system_managers
from dockfix.managers.verbs import by_system, language_install, of_language, system_install
from dockfix.model.actions import Action, Build, Clean, Configure, Install, Make, Provide, ShellState
from dockfix.model.effects import Places
from dockfix.model.stages import Step, Unit
from dockfix.placement.leftovers import Placed, landed

_RUNTIME_ONLY = {"LABEL", "EXPOSE", "CMD", "ENTRYPOINT", "HEALTHCHECK", "STOPSIGNAL", "VOLUME", "MAINTAINER"}
# Files for programs and people, which nothing that is compiled or installed reads, wherever they lie
_USELESS = regex(
    r".*\.(?:jar|war|ear|ttf|otf|ttc|woff2?|onnx|pt|pth|ckpt|safetensors|gguf|tflite|h5|joblib|traineddata|html?|css|png|jpe?g|gif|svg|ico"
    r"|webp|mp[34]|wav|ogg|pdf|service|timer|crontab)"
)
# What a builder, in which root installs, does without
_GIVES_AWAY = {"chown", "chgrp"}
_SETTINGS = {"ENV", "ARG", "WORKDIR", "SHELL", "USER"}


def builder_of(steps: tuple[Step, ...], facts: Facts, made: tuple[str, ...] = ()) -> Placed:
    """The steps that the installs may need: a backward slice over what they read, and over what is ``made`` in folders."""
    wanted = Places()
    wanted.add(made)
    owned = bool(made) or any(not unit.state.is_root for _, unit, _ in facts.installs)  # then it matters who does what
    there: frozenset[str] = frozenset()
    managers = {install.manager for _, _, install in (*facts.installs, *facts.front_ends)}
    tools = [path for each in managers if isinstance(each, LanguageManager) for path in each.reads]
    everything = False
    chosen: Placed = {}
    for step in reversed(steps):
        if step.keyword in _RUNTIME_ONLY:
            continue
        if step.keyword in _SETTINGS:
            if everything or owned or step.keyword != "USER" or _is_root(step):
                chosen[step] = ()
            continue
        if step.copy is not None:
            effects = step.all_effects[0]
            if isinstance(step.action, Provide):
                chosen[step] = ()
                continue
            useless = not made and (
                _USELESS.fullmatch(step.copy.target or "") or all(map(_USELESS.fullmatch, step.copy.sources))
            )
            there_by_it = landed(facts, step)
            needs = wanted.without(there).overlap(effects.writes if there_by_it is None else there_by_it)
            if everything or effects.opaque or (needs and not useless):
                chosen[step] = ()
                there |= there_by_it or frozenset()
            continue
        indices: list[int] = []
        for index in reversed(range(len(step.units))):
            effects = step.units[index].effects
            action = effects.action
            if isinstance(action, Make | Provide | Configure | Build) or of_language(action):
                wanted.add((*effects.reads, *tools, *_reads(facts, action)))
            elif by_system(action):
                wanted.add(path for manager in system_managers() for path in manager.reads)
            elif isinstance(action, Clean):
                pass
            elif isinstance(action, ShellState):
                if not indices:
                    continue
            elif effects.unbounded:
                everything = True
            elif not everything and not owned and step.units[index].command.name in _GIVES_AWAY:
                continue
            elif everything or (
                wanted.overlap(effects.writes) and (made or not all(map(_USELESS.fullmatch, effects.writes)))
            ):
                wanted.add(effects.reads)
            else:
                continue
            indices.insert(0, index)
        if indices:
            chosen[step] = tuple(indices)
    return {step: chosen[step] for step in steps if step in chosen}


def _is_root(step: Step) -> bool:
    """Whether a USER instruction switches to root."""
    return step.instruction.args.partition(":")[0].strip("\"'") in {"root", "0"}


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
