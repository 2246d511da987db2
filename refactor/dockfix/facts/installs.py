"""What installs get: manifests that are not there, packages that are not known, and installs while the container runs."""

from __future__ import annotations

import posixpath
import re
import sys
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from functools import cache
from itertools import takewhile
from typing import Literal

from dockfix.context.javascript import Started
from dockfix.context.javascript.command_lines import called_in
from dockfix.context.manifests.manifest import PROJECT
from dockfix.context.program.model import is_development
from dockfix.facts import Facts
from dockfix.facts.javascript import leaves_python_alone, runs_with_the_program, started_by_code
from dockfix.facts.single_files import run_before
from dockfix.facts.startup import Startup
from dockfix.knowledge import file_changers, normalise, package_manager, package_managers, posix_shells
from dockfix.knowledge.node_programs import script_runners
from dockfix.lazy import regex
from dockfix.managers.commands import call_of, effects_of
from dockfix.managers.protocol import Call, Given, LanguageManager
from dockfix.managers.registry import by_program, language_managers
from dockfix.model.actions import Install, Make, Provide
from dockfix.model.effects import overlap, within
from dockfix.model.reason import Reason, at, doubt
from dockfix.model.stages import Step, Unit
from dockfix.model.state import State
from dockfix.syntax.shell import Command, parse_script

_HOLDS_NO_FILES = regex(r"(?:.*,)?type=(?:cache|secret|ssh|tmpfs)\b")
_PROJECT = ("pyproject.toml", "setup.py", "setup.cfg")
_IMPORTS = rb"(?m)^[ \t]*(?:from[ \t]+|import[ \t]+(?:[\w.]+(?:[ \t]+as[ \t]+\w+)?[ \t]*,[ \t]*)*)"
# Options with which what is there already is installed again
_ANEW = frozenset({"-U", "--upgrade", "--force-reinstall", "-I", "--ignore-installed"})
# Those of Node.js start programs far more often than they install any, and are asked by their words
_INSTALL: tuple[Literal["python", "system"], ...] = ("python", "system")


def requirements_unknown(facts: Facts) -> Reason | None:
    """Why not all the packages that are asked for are known, None where they are."""
    unknown = (manifest.unknown for manifest in facts.manifests.values() if manifest.unknown is not None)
    return next(map(doubt, unknown), None)


def missing_manifest(facts: Facts) -> Reason | None:
    """A file that an install reads and that is not in the build context: one of the same name in another folder is another file."""
    for step, unit, install in facts.installs:
        wanted: list[tuple[str, tuple[str, ...]]] = [(path, (path,)) for path in install.files]
        wanted += [(path, tuple(posixpath.join(path, each) for each in _PROJECT)) for path in install.projects]
        for path, names in wanted:
            there = any(facts.lying_at(name, step, unit) for name in names)
            if not there and not may_be_made(facts, step, unit, path) and _is_missed(facts, names[0]):
                return at(f"nothing of the build context lies at {path}", step.line)
    return None


def cannot_move(facts: Facts, install: Install) -> Reason | None:
    """Why an environment that its manager names itself has to stay: something names its folder, or finds it without the manager."""
    moved = facts.manifests[install].moved
    if moved is None:
        return None
    root = install.into.root
    folder = root.removeprefix("/root/")
    gone = f"names {root}, where the packages would not be any more"
    for step in facts.final.steps:
        if folder in step.instruction.args:
            return at(f"the {step.keyword} {gone}", step.line)
    for where, text in facts.startup.texts.items():
        if folder in text:
            return at(f"{where} {gone}")
    for mention in facts.application.says(re.escape(folder).encode()):
        return at(f"{mention.file}:{mention.line} {gone}")
    manager = install.manager
    started = isinstance(manager, LanguageManager) and not manager.programs.isdisjoint(facts.startup.programs)
    return None if started else at(moved)


def may_be_made(facts: Facts, step: Step, install: Unit, path: str) -> bool:
    """Whether something before may leave a file at a path: another stage's files, a command that writes there or that nobody knows."""
    if any(flag.name == "mount" and not _HOLDS_NO_FILES.match(flag.value or "") for flag in step.instruction.flags):
        return True
    before: list[tuple[Step, Iterable[Unit]]] = [(step, run_before(install, step.units))]
    for stage in facts.stage_of[step].lineage:
        before += [(each, each.units) for each in takewhile(lambda each: each is not step, stage.steps)]
    idle = file_changers() | {"mkdir"}  # they leave no file
    return any(
        _may_bring(facts, each, path)
        or any(
            unit.effects.unbounded or (unit.command.name not in idle and overlap([path], unit.effects.writes))
            for unit in units
        )
        for each, units in before
    )


def _may_bring(facts: Facts, step: Step, path: str) -> bool:
    """Whether a COPY or ADD of what is not known may put a file at a path."""
    copy = step.copy
    return copy is not None and step not in facts.copies and (copy.target is None or within(path, copy.target))


def _is_missed(facts: Facts, path: str) -> bool:
    """Whether a file that is not there is no matter of a build context that is not at hand: others of its name are, or all else is."""
    name = posixpath.basename(path)
    named = any(step.copy is not None and name in map(posixpath.basename, step.copy.sources) for step in facts.copies)
    elsewhere = any(posixpath.basename(each) == name for each in facts.context.files() or ())
    return elsewhere or (facts.located.certain and not named)


def runs_a_maker(facts: Facts, staying: Iterable[Unit]) -> Reason | None:
    """That what only making an environment takes is run all the same, or seen from the environment: it would be missing."""
    there = {install for _, _, install in facts.installs}
    others = [install for install in facts.every_manifest if install not in there]
    programs = {
        install.manager.makers[package.name]
        for install in others
        for package in install.asked
        if isinstance(install.manager, LanguageManager) and package.name in install.manager.makers
    }
    if not programs:
        return None
    for step, unit in facts.final.units:
        if isinstance(unit.effects.action, Make) and "--system-site-packages" in unit.command.text:
            return at("the environment sees what was installed outside of it, and that would be missing", step.line)
    for name in sorted(programs & facts.startup.programs.keys()):
        return at(f"{facts.startup.programs[name]} runs {name}, which lies outside of the environment")
    for use in (*facts.program.runs, *facts.processes.runs):
        if use.word.rpartition("/")[2] in programs:
            return at(f"{use.file}:{use.line} runs {use.word}, which lies outside of the environment")
    for unit in staying:
        name = (unit.command.name or "").rpartition("/")[2]
        if name in programs:
            return at(f"{unit.command.shown} runs {name}, which lies outside of the environment")
    return None


def only_brought(facts: Facts, provides: Iterable[Provide]) -> Reason | None:
    """A module that the code imports and that only a manager which is brought has among its own packages."""
    image = facts.final.image
    asked = facts.distributions | facts.managed | _own_modules(facts)
    if image is not None and image.has_wheel:
        asked |= {"setuptools", "wheel"}
    for manager in dict.fromkeys(each.manager for each in provides):
        if not isinstance(manager, LanguageManager):
            continue
        lost = [module for module, name in manager.brings.items() if asked.isdisjoint({name, normalise(module)})]
        names = "|".join(sorted(lost)).encode()
        for mention in facts.application.says(_IMPORTS + rb"(?:" + names + rb")(?![\w-])") if lost else ():
            if mention.file.endswith(".py") and not is_development(mention.file):
                module = mention.word.split()[-1].rpartition(",")[2]
                return at(f"{mention.file}:{mention.line} imports {module}, which only {manager.title} brings")
    return None


def imported_from_elsewhere(facts: Facts) -> Reason | None:
    """That code imports what neither belongs to it nor to Python, where no step installs anything: a mount may bring it."""
    own = _own_modules(facts)
    if facts.ask(leaves_python_alone):
        return None
    for mention in facts.application.says(_IMPORTS + rb"[A-Za-z_]\w*"):
        names = [
            re.split(r"[\s.]", part.strip(), maxsplit=1)[0] for part in mention.word.split(maxsplit=1)[1].split(",")
        ]
        known = sys.stdlib_module_names | {"__future__"}
        others = [name for name in names if name not in known and normalise(name) not in own]
        if mention.file.endswith(".py") and others:
            where = f"{mention.file}:{mention.line} imports {others[0]}"
            return doubt(f"{where}, which nothing installs, and what that needs of the full image is unknown")
    return None


def _own_modules(facts: Facts) -> frozenset[str]:
    """The names, normalised, of the files and folders in which the application's own code lies."""
    code = [name.removesuffix(".py") for name in facts.application.files if name.endswith(".py")]
    return frozenset(normalise(part) for name in code for part in name.split("/"))


def installer(facts: Facts) -> str | None:
    """What installs packages while the program runs, as a clause."""
    return next(_installers(facts), None)


def installer_of_more(facts: Facts) -> str | None:
    """The same without what only installs again, when the container starts, what the image has already."""
    return next((clause for clause in _installers(facts) if clause != facts.ask(installs_again)), None)


def installs_again(facts: Facts) -> str | None:
    """What installs, when the container starts, from no files but those that the image was made with, as a clause."""
    made_with = {path for _, _, install in facts.installs for path in install.files}
    for program, where in sorted(facts.startup.programs.items()):
        manager = by_program().get(program)
        if not isinstance(manager, LanguageManager) or package_manager(program) is None:
            continue
        calls = [call for _, call in calls_at_start(facts, manager)]
        actions = [effects_of(call.command, facts.final.end).action for call in calls]
        anew = any(word.value is None or word.value in _ANEW for call in calls for word in call.words)
        if actions and not anew and all(isinstance(each, Install) and _is_of(each, made_with) for each in actions):
            return _at_start(where, program)
    return None


def _is_of(install: Install, files: Collection[str]) -> bool:
    """Whether an install brings nothing but what some files name, and leaves what is there already."""
    more = install.asked or install.projects or install.editable or install.dynamic
    return bool(install.files) and not more and all(path in files for path in install.files)


def _at_start(where: str, program: str) -> str:
    manager = package_manager(program)
    return f"{where} runs {manager.called(program) if manager is not None else program} when the container starts"


def _installers(facts: Facts) -> Iterator[str]:
    yield from (_at_start(where, program) for program, where in installers_in(facts, facts.startup))
    for language in language_managers():
        for mention in facts.application.search(language.in_code) if language.in_code else ():
            if not mention.file.endswith(".py") or not facts.ask(leaves_python_alone):
                yield f"{mention.file}:{mention.line} runs {language.title}"
    for use in (*facts.program.runs, *facts.processes.runs):
        name = _installer(use.word.rpartition("/")[2])
        if name:
            yield f"{use.file}:{use.line} runs {name}"
    for use in facts.program.scripts if facts.front_ends and not facts.is_javascript else ():
        for each in called_in(use.word) or ():
            runner = script_runners().get(posixpath.basename(each.words[0] or "")) if each.words else None
            if runner is not None and runner.may_install(each.words[1:]):
                yield f"{use.file}:{use.line} runs {runner.name}"
    if facts.is_javascript:
        yield from installs_in(facts.javascript.started.commands)
        yield from installs_in(started_by_code(facts))
        for mention in facts.application.search(_install_by_words()):
            if runs_with_the_program(facts, mention.file):
                program = re.sub(r"\W+(\w+)[\s\S]*", r"\1", mention.word)
                yield f"{mention.file}:{mention.line} runs {program}"


@cache
def _install_by_words() -> bytes:
    """The words with which code that is not followed has a manager of Node.js's install."""
    managers = "|".join(sorted(each.name for each in script_runners().values() if each.installs))
    return rf"""['"`](?:{managers})(?:\.cmd)?['"`]\s*,\s*\[\s*['"`](?:install|i|ci|add|rebuild)['"`]""".encode()


def installs_in(commands: Iterable[Started]) -> Iterator[str]:
    """What of some commands changes the packages of Node.js, each as a clause."""
    for each in commands:
        runner = script_runners().get(each.program)
        if runner is not None and runner.may_install(each.words[1:]):
            said = next((word for word in each.arguments if word in runner.installs), "")
            yield f"{each.where} runs {each.program} {said}".rstrip()
        elif each.known is not None and each.known.installs:
            yield f"{each.where} runs {each.program}"


def installers_in(facts: Facts, startup: Startup) -> Iterator[tuple[str, str]]:
    """The programs that may install packages among those that are started, each with where it is."""
    started = startup.programs
    for manager in package_managers(*_INSTALL):
        program = next((each for each in sorted(started) if package_manager(each) == manager), "")
        if program and _may_install(facts, program, startup):
            yield program, started[program]


def _may_install(facts: Facts, program: str, startup: Startup) -> bool:
    """Whether a manager that the container starts may install anything then: it may run what is installed already."""
    manager = by_program().get(program)
    if not isinstance(manager, LanguageManager):
        return True
    named = re.compile(rf"(?<![\w.-]){re.escape(program)}(?![\w.-])")
    calls = [each for text in startup.texts.values() for each in commands_of(text)]
    return any(installs_at_start(facts, manager, called(each)) for each in calls if named.search(each.text))


def installs_at_start(facts: Facts, manager: LanguageManager, call: Call, state: State | None = None) -> bool:
    """Whether a call of a manager when the container starts may install packages, with what the image has of the groups."""
    return manager.at_start(call, groups_there(facts, manager), state or _at_end(facts))


def _at_end(facts: Facts) -> State:
    """What holds when the container starts: no build argument does."""
    return replace(facts.final.end, args={})


def given_at_start(facts: Facts, call: Call, state: State | None = None) -> Given:
    """What a call finds when the container starts."""
    layout, context = facts.layout, facts.context
    end = state or _at_end(facts)
    return Given(call, end, context, facts.final.image, layout.file, lambda _: None, lambda _: False)


def groups_there(facts: Facts, manager: LanguageManager) -> frozenset[str]:
    """The groups that the installs of a manager bring, those with nothing in them among them, and PROJECT."""
    found = {install: manifest for install, manifest in facts.manifests.items() if install.manager is manager}
    own = {PROJECT} if any(install.projects or install.editable for install in found) else set()
    return frozenset(own.union(*(install.groups | manifest.empty for install, manifest in found.items())))


def calls_at_start(facts: Facts, manager: LanguageManager) -> Iterator[tuple[str, Call]]:
    """The calls of a manager in what the container starts, each with where it stands."""
    for where, text in facts.startup.texts.items():
        for command in commands_of(text):
            call = called(command)
            if (call.command.name or "").rpartition("/")[2] in manager.programs:
                yield where, call


def commands_of(text: str) -> Iterator[Command]:
    """The commands of a script, and of those that a shell is given as a word."""
    for command in parse_script(text).commands:
        words = [word.value for word in command.words]
        inner = words[2] if words[1:2] == ["-c"] and posixpath.basename(words[0] or "") in posix_shells() else None
        yield from (command.parts or (command,)) if inner is None else commands_of(inner)


def called(command: Command) -> Call:
    """The call that a command of a script is, with ``exec`` or without."""
    words = command.words[1:] if command.name == "exec" else command.words
    return call_of(command._replace(words=words))


def _installer(program: str) -> str:
    """The name by which people know a program that installs packages, "" for any other program."""
    manager = package_manager(program)
    return manager.called(program) if manager is not None and manager.installs in _INSTALL else ""
