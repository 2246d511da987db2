"""What installs packages while the container runs, as far as reading says."""

from __future__ import annotations

from typing import Literal

from dockfix.facts import Facts
from dockfix.knowledge import package_manager, package_managers
from dockfix.managers.registry import language_managers
from dockfix.model.reason import Reason, doubt

# Those of Node.js start programs far more often than they install any
_INSTALL: tuple[Literal["python", "system"], ...] = ("python", "system")


def requirements_unknown(facts: Facts) -> Reason | None:
    """Why not all the packages that are asked for are known, None where they are."""
    unknown = (manifest.unknown for manifest in facts.manifests.values() if manifest.unknown is not None)
    return next(map(doubt, unknown), None)


def installer(facts: Facts) -> str | None:
    """What installs packages while the program runs, as a clause."""
    started = facts.startup.programs
    for manager in package_managers(*_INSTALL):
        program = next((each for each in sorted(started) if package_manager(each) == manager), "")
        if program:
            return f"{started[program]} runs {manager.called(program)} when the container starts"
    for language in language_managers():
        for mention in facts.application.search(language.in_code) if language.in_code else ():
            return f"{mention.file}:{mention.line} runs {language.title}"
    for use in (*facts.program.runs, *facts.processes.runs):
        name = _installer(use.word.rpartition("/")[2])
        if name:
            return f"{use.file}:{use.line} runs {name}"
    return None


def _installer(program: str) -> str:
    """The name by which people know a program that installs packages, "" for any other program."""
    manager = package_manager(program)
    return manager.called(program) if manager is not None and manager.installs in _INSTALL else ""
