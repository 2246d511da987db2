"""Whether what uses an environment that its manager names itself finds it, too, once it has a path of its own that comes first on PATH."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from dockfix.facts import Facts
from dockfix.facts.how_it_is_run import by_hand
from dockfix.facts.installs import called, commands_of
from dockfix.knowledge import is_python, python_program
from dockfix.lazy import regex
from dockfix.managers.protocol import LanguageManager
from dockfix.model.actions import Install
from dockfix.model.reason import Reason, doubt
from dockfix.syntax.shell import Command

# What tells nothing of an environment, and makes none
_TELLS = frozenset({"--version", "about", "check", "config", "version", "cache", "lock", "export", "show"})
_WORKED_OUT = regex(r"\$\(|`")
_WORD = regex(r"[\w.+-]+")


def missed(facts: Facts, install: Install, own: Collection[str] = ()) -> Reason | None:
    """What may look for the environment itself, or run the base image's own Python, None where all goes by the manager.

    The manager takes the active environment wherever it stays, so that what it runs finds the packages. Any other Python saw none of
    them, and those of the base image. What stands at ``own`` places is known to be run by the manager.
    """
    manager = install.manager
    if facts.unknown is not None or not isinstance(manager, LanguageManager):
        return facts.unknown
    for where, command in _commands(facts, install):
        if where in own:
            continue
        if _WORKED_OUT.search(command.text) and _named_in(command.text, manager):
            return doubt(f"{where} works with what another command prints: {command.text}")
        call = called(command)
        name = (call.command.name or "").rpartition("/")[2]
        if name in manager.programs:
            verb = call.words[0].value if call.words else None
            if verb in _TELLS or verb == "run" or (verb or "").startswith("-V"):
                continue
            return doubt(f"{where} asks {manager.title} for more than to run a program")
        if is_python(name) or name.endswith(".py") or python_program(name) is not None:
            return doubt(f"{where} runs {name}, which would be the one of the environment")
    return None


def _named_in(text: str, manager: LanguageManager) -> bool:
    """Whether a text names the manager, or a Python."""
    return any(word in manager.programs or is_python(word) for word in _WORD.findall(text))


def _commands(facts: Facts, install: Install) -> Iterator[tuple[str, Command]]:
    """The commands after which somebody may look for the packages, each with where it stands: of RUNs, and of what starts later."""
    installs = [unit for _, unit, each in facts.installs if each.manager is install.manager]
    later = False
    for step, unit in facts.final.units:
        later = later or unit in installs
        if later and unit not in installs:
            for command in unit.command.parts or (unit.command,):
                yield f"the RUN in line {step.line}", command
    for startup in (facts.startup, facts.ask(by_hand)):
        for where, text in startup.texts.items():
            for command in commands_of(text):
                yield where, command
