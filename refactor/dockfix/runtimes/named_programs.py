"""Programs in the folder of the base image's Python that something names by their path.

Those that a package brings move into the environment with it; a link leads there from where they were.
"""

from __future__ import annotations

from collections import Counter

from dockfix.facts import Facts
from dockfix.facts.how_it_is_run import by_hand, every_way
from dockfix.knowledge import python_program
from dockfix.lazy import regex
from dockfix.managers.verbs import language_install
from dockfix.model.stages import Step

FOLDER = "/usr/local/bin"
_NAMED = regex(rf"{FOLDER}/([A-Za-z0-9_.+-]+)")
# What Python's own images have there; wheel up to Python 3.11
_OF_THE_BASE = regex(r"(?:python|pip|idle|pydoc|2to3|wheel|easy_install)[\d.-]*(?:-config)?")
# Instructions whose words are run in the container, or while it is built
_RUN = frozenset({"RUN", "CMD", "ENTRYPOINT", "HEALTHCHECK"})


def linked_programs(facts: Facts) -> tuple[str, ...]:
    """The names of the packages' programs that instructions, start scripts, Compose files or code run by their path."""
    started = [step.instruction.original for step in facts.final.steps if step.keyword in _RUN]
    started += (*facts.startup.texts.values(), *facts.ask(by_hand).texts.values())
    read = [step.instruction.original for step in facts.final.of("ENV")]
    read += [mention.word for mention in facts.application.says(_NAMED.pattern.encode())]
    read += [mention.word for mention in facts.kubernetes.says(_NAMED.pattern.encode())]
    read += [setting for service in facts.ask(every_way) for setting in service.settings]
    names = [name for text in started for name in _programs(facts, text) if is_of_a_package(facts, name)]
    names += [name for text in read for name in _programs(facts, text) if _is_known(name)]
    return tuple(dict.fromkeys(names))


def is_of_a_package(facts: Facts, name: str) -> bool:
    """Whether a program of this name in the folder can only be a package's: it is known for one, or nothing else brings any."""
    if _OF_THE_BASE.fullmatch(name):
        return False
    return _is_known(name) or facts.ask(_only_packages_bring_programs)


def is_perhaps_of_a_package(facts: Facts, name: str) -> bool:
    """Whether it is a package's if it is there at all, which nobody knows."""
    return is_of_a_package(facts, name) and not _is_known(name)


def without_installers(step: Step) -> str:
    """The text of an instruction without the paths of the base image's programs that install packages.

    Those of the environment install in their place.
    """
    text = step.instruction.original
    names = [unit.command.name or "" for unit in step.units if language_install(unit.effects.action) is not None]
    called = Counter(name for name in names if name.startswith(f"{FOLDER}/"))
    named = Counter(match[0] for match in _NAMED.finditer(text))
    for name, count in called.items():
        if named[name] == count:  # nothing else of the instruction runs it
            text = text.replace(name, "")
    return text


def _programs(facts: Facts, text: str) -> list[str]:
    """The programs that a text names, but for those that a step of the file puts there."""
    return [match[1] for match in _NAMED.finditer(text) if not facts.layout.written(match[0])]


def _is_known(name: str) -> bool:
    program = python_program(name)
    return program is not None and program.command and not _OF_THE_BASE.fullmatch(name)


def _only_packages_bring_programs(facts: Facts) -> bool:
    """Whether no step has effects that nobody knows, or puts a whole folder where programs lie."""
    for step in facts.final.steps:
        if any(effects.unbounded for effects in step.all_effects):
            return False
        if step.copy is not None and (step.copy.target or "").rstrip("/") in {"/", "/usr", "/usr/local", FOLDER}:
            return False
    return True
