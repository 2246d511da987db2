"""Dependencies that only serve to develop: what is in an image by them alone, and what would miss it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from dockfix.context.application import application
from dockfix.context.development_container import WRITTEN_IN as DEVELOPED_IN
from dockfix.context.manifests.locked import DEV, Locked, LockError
from dockfix.context.manifests.locks import is_lock, read_lock
from dockfix.context.program.imports import read_imports
from dockfix.context.program.model import is_development
from dockfix.context.program.project import Sources
from dockfix.context.run_commands import WRITTEN_IN
from dockfix.dataclass import dataclass
from dockfix.facts import Facts
from dockfix.facts.how_it_is_run import worked_in
from dockfix.facts.installs import calls_at_start, groups_there
from dockfix.knowledge.development import is_a_word, module_names, only_develops, program_names
from dockfix.lazy import regex
from dockfix.managers.commands import call_of
from dockfix.managers.protocol import LanguageManager
from dockfix.managers.registry import by_program
from dockfix.model.actions import Install
from dockfix.model.answers import Started, Worked
from dockfix.model.reason import Reason, at, doubt

# What holds the tools' own settings, or what is installed
_SETTINGS = regex(
    r"(?:.*/)?(?:pyproject\.toml|setup\.(?:py|cfg)|Pipfile|[\w.-]+\.lock|tox\.ini|pytest\.ini|mypy\.ini|\.?ruff\.toml|\.flake8|\.pylintrc"
    r"|\.coveragerc|\.pre-commit-config\.yaml|requirements[\w./-]*\.(?:txt|in))"
)
_AS_MODULE = r"-m[\s\"',]+"
# Whatever lacks them: nobody has to say that it needs setuptools
_UNSAID = frozenset({"setuptools", "wheel", "pip"})
_SHOWN = 2


@dataclass(frozen=True)
class Lost:
    """``names`` are the distributions, normalised, that only the ``groups`` bring; ``asked`` those of them that the groups name.

    ``kept`` are all the others of the lock.
    """

    groups: frozenset[str]
    names: frozenset[str]
    asked: tuple[str, ...]
    kept: frozenset[str]

    @property
    def title(self) -> str:
        """The groups in a sentence."""
        listed = " and ".join(sorted(self.groups))
        return f"the group{'s' if len(self.groups) > 1 else ''} {listed}"

    @property
    def modules(self) -> frozenset[str]:
        """The modules that nothing else brings, by their names."""
        others = {module for name in self.kept for module in module_names(name)}
        return frozenset(module for name in self.names for module in module_names(name)) - others

    @property
    def programs(self) -> frozenset[str]:
        """The programs that nothing else brings, by their names."""
        others = {program for name in self.kept for program in program_names(name)}
        return frozenset(program for name in self.names for program in program_names(name)) - others


def lost(facts: Facts, install: Install) -> Lost | Reason | None:
    """What leaves with the groups of an install that only serve to develop; None where it brings no such group."""
    manifest = facts.manifests[install]
    groups = manifest.development
    if not groups:
        return None
    listed = " and ".join(sorted(groups))
    locks = [read_lock(facts.context, name) for name in manifest.files if is_lock(name)]
    lock = next((each for each in locks if isinstance(each, Locked)), None)
    if lock is None:
        why = str(locks[0]) if locks else "there is no lock"
        return at(f"what the group {listed} brings is not known: {why}")
    try:
        kept = {each.name for each in lock.closure(lock.groups - groups, lambda marker: True)}
        gone = {each.name for each in lock.closure(groups, lambda marker: True)} - kept
    except LockError as error:
        return at(f"what the group {listed} brings is not known: {lock.file}: {error.message}")
    asked = sorted({wanted.name for group in groups for wanted in lock.roots.get(group, ())} & gone)
    return Lost(groups, frozenset(gone), tuple(asked), frozenset(kept)) if gone else None


def misses(facts: Facts, gone: Lost) -> Reason | None:
    """What of that which stays names something that would be gone, None where nothing does."""
    return next(filter(None, _all_that_miss(facts, gone)), None)


def _all_that_miss(facts: Facts, gone: Lost) -> Iterator[Reason | None]:
    yield _a_start(facts, gone)
    yield _a_command(facts, gone)
    yield _an_import(facts, gone)
    yield _a_mention(facts, gone)
    yield _a_run_by_hand(facts, gone)
    yield _a_development_container(facts, gone)


def doubts(facts: Facts, gone: Lost) -> Iterator[Reason]:
    """Why something that nobody saw could miss it."""
    if facts.unknown is not None:
        yield facts.unknown
    if facts.startup.unknown is not None:
        yield facts.startup.unknown
    if facts.hints.stages:
        return  # there is a stage with all of it for whoever tests or develops, and an image without it was asked for
    worked = worked_in(facts)
    if worked is not None:
        yield worked
    unsaid = sorted(gone.names & _UNSAID)
    if unsaid:
        yield doubt(f"packages may use {unsaid[0]}, which only {gone.title} brings, without asking for it")
        return
    others = sorted(name for name in gone.names if not only_develops(name))
    if others:
        more = f" and {len(others) - _SHOWN} more" if len(others) > _SHOWN else ""
        text = f"{', '.join(others[:_SHOWN])}{more}, which only {gone.title} brings, may be used wherever it is there"
        yield doubt(text, answers=(Started(), Worked()))


def _only(gone: Lost, name: str) -> str:
    return f"{name}, which only {gone.title} brings"


def _a_start(facts: Facts, gone: Lost) -> Reason | None:
    """What the container starts: a program, a module, a manager that would install the group."""
    for program, where in sorted(facts.startup.programs.items()):
        if program in gone.programs:
            return at(f"{where} runs {_only(gone, program)}")
    modules = re.compile(_AS_MODULE + rf"({_any(gone.modules)})(?![\w-])")
    for where, text in facts.startup.texts.items():
        if match := modules.search(text):
            return at(f"{where} runs {_only(gone, match[1])}")
    managers = {each.manager for each in facts.manifests if isinstance(each.manager, LanguageManager)}
    for manager in managers:
        left = _groups(facts, manager, gone)
        for where, call in calls_at_start(facts, manager):
            if manager.at_start(call, left, facts.final.end):
                return at(f"{where} runs {manager.title}, which would install {gone.title} when the container starts")
    return None


def _groups(facts: Facts, manager: LanguageManager, gone: Lost) -> frozenset[str]:
    return groups_there(facts, manager) - gone.groups - {DEV}


def _a_command(facts: Facts, gone: Lost) -> Reason | None:
    """A command of a RUN that runs one of the programs, or a manager that installs the group again."""
    named = re.compile(rf"(?<![\w./-])(?:\S*/bin/|{_AS_MODULE})?({_any(gone.programs | gone.modules)})(?![\w./-])")
    for step, unit in facts.final.units:
        if unit.effects.action is not None:
            continue
        manager = by_program().get((unit.command.name or "").rpartition("/")[2])
        if (
            isinstance(manager, LanguageManager)
            and any(word.value == "run" for word in unit.command.args)
            and manager.at_start(call_of(unit.command), _groups(facts, manager, gone), unit.state)
        ):
            return at(f"{unit.command.shown} installs {gone.title} again", step.line)
        text = unit.command.text if unit.effects.unbounded or unit.effects.application else unit.command.name or ""
        match = named.search(text)
        if match:
            return at(f"the RUN runs {_only(gone, match[1])}", step.line)
    return None


def _an_import(facts: Facts, gone: Lost) -> Reason | None:
    """Code that imports one of the modules: what the container is seen to run, or a RUN does, or else all that is no test."""
    image = facts.started.image
    builds = any(unit.effects.application or unit.effects.unbounded for _, unit in facts.final.units)
    running = facts.started.running
    files = image.python_files if running is None or builds else running
    texts = {name: image.texts[name] for name in files if name in image.texts and not is_development(name)}
    modules = gone.modules
    for each in read_imports(texts, Sources()) if any(_holds(text, modules) for text in texts.values()) else ():
        if each.kind == "third party" and each.module in modules:
            return at(f"{each.file}:{each.line} imports {_only(gone, each.module)}")
    return None


def _holds(text: bytes, words: Iterable[str]) -> bool:
    return any(word.encode() in text for word in words)


def _a_mention(facts: Facts, gone: Lost) -> Reason | None:
    """A string that names a module, a script or a settings file that names a module or a program."""
    alone = _any(module for module in gone.modules if not is_a_word(module)).encode()
    every = _any(gone.modules).encode()
    pattern = rb"['\"](?:(?:" + alone + rb")|(?:" + every + rb")\.[A-Za-z_][\w.]*)['\"]"
    pattern += rb"|(?m:^\s*[\w.-]+\s*[:=]\s*)(?:" + every + rb")\.[A-Za-z_]\w*\.?"
    for mention in (*facts.application.says(pattern), *facts.application.mentions(gone.programs)):
        if not is_development(mention.file) and not _SETTINGS.fullmatch(mention.file):
            return at(f"{mention.file}:{mention.line} names {mention.word.strip()}, which only {gone.title} brings")
    return None


def _a_run_by_hand(facts: Facts, gone: Lost) -> Reason | None:
    """A command of a workflow, a Makefile, a script or a document that runs one of the programs in a container."""
    written = facts.context.named(WRITTEN_IN)
    ran = (
        rb"(?:docker|podman|nerdctl|compose)[^\n]*?\s(?:run|exec)\s[^\n]*?(?<![\w./-])(?:"
        + _any(gone.programs).encode()
        + rb")(?![\w./-])"
    )
    elsewhere = {service.name for service in facts.retargeted}
    for mention in application(facts.context, written).search(ran):
        if not elsewhere.isdisjoint(re.split(r"\s(?:run|exec)\s", mention.word, maxsplit=1)[-1].split()):
            continue  # it is run in a service of another stage
        name = next((word for word in re.split(r"\s+", mention.word) if word in gone.programs), "a program")
        return at(f"{mention.file}:{mention.line} runs {_only(gone, name)}, in a container")
    return None


def _a_development_container(facts: Facts, gone: Lost) -> Reason | None:
    """What has people develop in a container of the image: https://containers.dev/implementors/json_reference/."""
    for name in sorted(facts.context.named(DEVELOPED_IN)):
        text = facts.context.read(name)
        if text and re.search(r"(?i)\"(?:dockerfile|dockerComposeFile)\"", text):
            return at(f"{name} has people develop in a container, where they need {gone.title}")
    return None


def _any(names: Iterable[str]) -> str:
    return "|".join(sorted(map(re.escape, names))) or "(?!)"
