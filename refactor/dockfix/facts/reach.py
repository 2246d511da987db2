"""Which of the application's Python files run when the container does, as far as reading says."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from typing import Literal

from dockfix.context.program.model import is_development
from dockfix.context.program.reach import reached
from dockfix.context.program.read import is_python
from dockfix.context.scripts import commands_in_script
from dockfix.facts import Facts
from dockfix.knowledge import package_manager, package_managers
from dockfix.managers.registry import language_managers
from dockfix.model.reason import Reason, doubt

_MODULE = re.compile(r"([A-Za-z_][\w.]*)(?::[\w.()]+)?")
_SETUP = ("pyproject.toml", "setup.cfg", "setup.py")
# Those of Node.js start programs far more often than they install any
_INSTALL: tuple[Literal["python", "system"], ...] = ("python", "system")


@dataclass(frozen=True)
class Installer:
    """``reason`` says where what is started; ``runs`` whether the container is seen to run that code."""

    reason: str
    runs: bool


def requirements_unknown(facts: Facts) -> Reason | None:
    """Why not all the packages that are asked for are known, None where they are."""
    for manifest in facts.manifests.values():
        if manifest.unknown is not None:
            return doubt(manifest.unknown)
    found = facts.ask(installer)
    return doubt(f"{found.reason}, though nothing is seen to start it") if found and not found.runs else None


def installer(facts: Facts) -> Installer | None:
    """What installs packages while the program runs: what the container is seen to start, before the rest."""
    started = facts.startup.programs
    for manager in package_managers(*_INSTALL):
        program = next((each for each in sorted(started) if package_manager(each) == manager), "")
        if program:
            return Installer(f"{started[program]} runs {manager.called(program)} when the container starts", True)
    places = [
        (mention.file, mention.line, manager.title)
        for manager in language_managers()
        if manager.in_code
        for mention in facts.application.search(manager.in_code)
        if not is_development(mention.file)
    ]
    places += [
        (use.file, use.line, name)
        for use in (*facts.program.running().runs, *facts.processes.runs)
        if (name := _installer(use.word.rpartition("/")[2]))
    ]
    running = running_files(facts) if places else None
    found = [
        Installer(f"{file}:{line} runs {name}", running is None or file in running or not is_python(file, b""))
        for file, line, name in places
    ]
    return max(found, key=lambda each: each.runs, default=None)


def _installer(program: str) -> str:
    """The name by which people know a program that installs packages, "" for any other program."""
    manager = package_manager(program)
    return manager.called(program) if manager is not None and manager.installs in _INSTALL else ""


def running_files(facts: Facts) -> frozenset[str] | None:
    """The Python files that may run, by their names in the build context; None where it is not seen which the container starts."""
    files = {name: data for name, data in facts.application.texts.items() if is_python(name, data)}
    entries = {entry for text in facts.startup.texts.values() for entry in _entries(facts, text)}
    entries |= {entry for process in facts.processes.programs for entry in _entries(facts, process.command)}
    found = reached(files, entries)
    return found or None


def _entries(facts: Facts, text: str) -> set[str]:
    """The files and modules of the application that a script or command may start: each of its words that names one."""
    script = commands_in_script(text)
    words = re.findall(r"[\w./:-]+", text) if script is None else [*script.words, *script.commands]
    found: set[str] = set()
    for word in words:
        path = posixpath.normpath(posixpath.join(facts.final.end.workdir or "/", word))
        # a folder is started by its __main__.py
        found |= {file for each in (path, f"{path}/__main__.py") if (file := facts.layout.file(each)) is not None}
        module = _MODULE.fullmatch(word)
        if module:
            found |= {module[1], f"{module[1]}.__main__", *_console_script(facts, word)}
    return found


def _console_script(facts: Facts, name: str) -> list[str]:
    """The modules that the project's metadata names for a command."""
    pattern = re.compile(rf"""(?m)(?:^|['"\s]){re.escape(name)}['"]?\s*=\s*['"]?([\w.]+)\s*:""")
    texts = [text for each in _SETUP if (text := facts.context.read(each)) is not None]
    return [match for text in texts for match in pattern.findall(text)]
