"""Which files of an image are evidence of what its container needs: what it can run, start or read when it runs.

A mention in any other file shows nothing: documents, tests, other Dockerfiles, lock files, what a browser runs, a script that nothing
starts. Where it is not seen what the container starts, everything counts that is not one of these by its kind.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Collection, Hashable, Iterator, Sequence, Set
from functools import partial
from itertools import dropwhile
from typing import Protocol, TypeVar

from dockfix.context.application import Application, application
from dockfix.context.process_files import kind_of
from dockfix.context.program.model import is_development
from dockfix.context.scripts import commands_in_script
from dockfix.dataclass import dataclass
from dockfix.facts.startup import Startup
from dockfix.knowledge import harmless_programs, is_python, python_program, shells
from dockfix.lazy import cached_property, regex
from dockfix.managers.commands import call_of, runs_alone
from dockfix.managers.protocol import SystemManager
from dockfix.model.actions import Clean, Install, Refresh, Remove
from dockfix.model.stages import Step, Unit

T = TypeVar("T")
_MODULE = regex(r"([A-Za-z_][\w.]*)(?::[\w.()]+)?")
_TESTS = regex(r"(?i)(?:.*/)?(?:tests?/.*|(?:test_[^/]*|[^/]*_tests?|tests|conftest)\.py)")
_OF_TESTS = regex(r"(?i)tests?")
_RUNS_TESTS = regex(r"(?i)(?<![a-z])(?:py)?tests?(?![a-z])|\b(?:unittest|nose2?|tox|nox|behave|robot)\b")
_METADATA = ("pyproject.toml", "setup.cfg", "setup.py")
_DEFAULTS = ("app", "wsgi", "main")  # modules that programs look for which are told of none
# Notes and lists of words: a shell runs none, and code reads one that something names
_NOTES = regex(r"(?i).*\.txt")
# Settings, which code may read by a name that it puts together
_SETTINGS = regex(r"(?i).*\.(?:ya?ml|toml|json|ini|cfg|conf|properties|env)|(?:.*/)?\.(?:\w+)?env[^/]*|(?:.*/)?\.\w+rc")
# What a manager is told to do, before its options
_IS_VERB = regex(r"[a-z-]*[a-z]")
# By what the programs are known that alone read the files of a kind of process manager. (Anybody may run what a Procfile says.)
_READERS = {
    "supervisor": ("supervisor",),
    "nginx": ("nginx",),
    "cron": ("cron",),
    "uwsgi": ("uwsgi",),
    "gunicorn": ("gunicorn",),
    "unread": ("uwsgi", "circus", "s6", "monit"),
}


class Keep(Protocol):
    """What keeps the answers that follow from no more than their keys."""

    def __call__(self, key: Hashable, work: Callable[[], T], /) -> T:
        """The answer that was kept, or else that of ``work``."""


@dataclass(frozen=True, eq=False)
class Started:
    """What is known of what a container starts.

    ``image`` are the files of its image that could be evidence, ``placed`` those of them that the Dockerfile puts at a place of
    their own. ``settings`` are the values that ENV gives, ``commands`` those of RUN, ``naming`` the same without the commands that name
    no file of the application; ``packages`` are the names of its Python packages. ``file`` gives the file that lies at a path, ``read``
    the text of one; both follow from ``layout``.
    """

    image: Application
    startup: Startup
    placed: frozenset[str]
    settings: tuple[str, ...]
    commands: tuple[str, ...]
    naming: tuple[str, ...]
    packages: frozenset[str]
    workdir: str
    file: Callable[[str], str | None]
    read: Callable[[str], str | None]
    layout: Hashable
    keep: Keep

    @cached_property
    def evidence(self) -> frozenset[str]:
        """The files that the container can run, start or read."""
        if self._in_doubt:
            return self.image.files - self._manifests - self._tests - self._notes - self._of_other_containers
        told = self.image.parts & self._told
        key = "evidence", self.image, self.placed, self.running, self._readers, told
        return self.keep(key, partial(self._evidence, told))

    def _evidence(self, told: Set[str]) -> frozenset[str]:
        """The files; ``told`` are the words of what the container starts with, any of which may name a file or all of a folder."""
        python = self.image.python_files
        running = self.running
        if running is None:
            running = frozenset(name for name in python if not is_development(name))
        found = set(self.placed) | running
        folders = {name.rpartition("/")[0] for name in running}
        found |= {name for name in self.image.files - self._manifests if self._read_by_any(name, folders)}
        rest = self.image.text_files - found - self._manifests
        words, whole = set(told), set(told)
        new = found
        while new and rest:
            for names in self.image.names(new).values():
                words |= names.words
                whole |= names.whole
            # of a folder that is meant as a whole, the tests are not
            tests = set(filter(_OF_TESTS.fullmatch, whole))
            new = {name for name in rest if is_named(name, words, tests if name in self._tests else whole)}
            # a file of Python that is named brings what it imports
            new |= self.image.reached(new & python) & rest
            found |= new
            rest -= new
        return frozenset(found)

    @cached_property
    def _manifests(self) -> frozenset[str]:
        """Kubernetes manifests, which say how containers are run, and which no program in one reads."""
        holding = self.image.holding
        return holding(rb"(?m)^apiVersion:") & holding(rb"(?m)^kind:") - self.placed

    @cached_property
    def _notes(self) -> frozenset[str]:
        """Texts that nothing names: no other file, and nothing of what the container starts with."""
        notes = frozenset(filter(_NOTES.fullmatch, self.image.files - self.placed))
        if not notes:
            return notes
        named = (names.words for names in self.image.names(self.image.files - notes).values())
        words = self._told.union(*named)
        return frozenset(name for name in notes if name.rpartition("/")[2] not in words)

    @property
    def _of_other_containers(self) -> frozenset[str]:
        """Files for nginx in an image that has none: one beside it reads them."""
        if "nginx" in self._readers:
            return frozenset()
        return frozenset(name for name in self.image.files - self.placed if kind_of(name) == "nginx")

    @cached_property
    def _tests(self) -> frozenset[str]:
        """The tests, which no other code of the application imports; none where the container may run them."""
        if any(map(_RUNS_TESTS.search, self.startup.texts.values())):
            return frozenset()
        found = frozenset(filter(_TESTS.fullmatch, self.image.files - self.placed))
        return found - self.image.reached(self.image.python_files - found)

    @property
    def _in_doubt(self) -> bool:
        """Whether it is not seen what the container starts."""
        startup = self.startup
        return startup.unknown is not None or set(startup.programs) <= shells()

    @cached_property
    def running(self) -> frozenset[str] | None:
        """The Python files that may run; None where it is not seen which the container starts."""
        return self.keep(("running", self.image, self.startup, self.settings, self.layout), self._running)

    def _running(self) -> frozenset[str] | None:
        entries: set[str] = set()
        for where, text in self.startup.texts.items():
            script = commands_in_script(text)
            entered = self._entries(() if script is None else (*script.words, *script.commands))
            if not entered and not where.startswith("HEALTHCHECK") and not _runs_no_code(text):
                return None
            entries |= entered
        for process in self.image.processes(nginx=False).programs:
            entries |= self._entries(_words(process.command))
        if entries:
            entries |= {entry for text in self.settings for entry in self._entries(_words(text))}
        found = self.image.reached(entries)
        # what code makes up while it runs may be any other
        return None if not found or application(self.image.context, found).program.unknown else found

    def _entries(self, words: Sequence[str]) -> set[str]:
        """The files and modules of the application that a command of these words may start: each that one of them names."""
        programs = [program for word in words if (program := python_program(word)) is not None]
        serving = {word for program in programs for word in program.serve}
        words = [word for word in words if word not in serving]
        if any(program.application for program in programs):
            words += _DEFAULTS
        found: set[str] = set()
        for word in words:
            path = posixpath.normpath(posixpath.join(self.workdir, word))
            # a folder is started by its __main__.py
            found |= {file for each in (path, f"{path}/__main__.py") if (file := self.file(each)) is not None}
            module = _MODULE.fullmatch(word)
            if module:
                found |= {module[1], f"{module[1]}.__main__", *self._console_script(word)}
        return {entry for entry in found if self.image.has_module(entry)}

    def is_own(self, program: str) -> bool:
        """Whether a program, by its base name, is the application's own: a file of it, or a command of its metadata."""
        return (
            any(self.image.has_module(module) for module in (program, f"{program}.__main__"))
            or any(name.rpartition("/")[2] == program for name in self.image.files)
            or any(self._console_script(program))
        )

    def _console_script(self, name: str) -> Iterator[str]:
        """The modules that the project's metadata names for a command."""
        for text in (text for text in self._metadata if name in text):
            yield from re.findall(rf"""(?m)(?:^|['"\s]){re.escape(name)}['"]?\s*=\s*['"]?([\w.]+)\s*:""", text)

    @cached_property
    def _metadata(self) -> tuple[str, ...]:
        return tuple(self.read(name) or "" for name in _METADATA)

    def _read_by_any(self, name: str, folders: Collection[str]) -> bool:
        """Whether a file holds settings that code, which need not name them, or the process manager that is there may read.

        ``folders`` are those of the code.
        """
        kind = kind_of(name)
        if name in self._of_programs:
            return True
        if kind not in _READERS:
            folder = name.rpartition("/")[0]
            return bool(kind) or (_SETTINGS.fullmatch(name) is not None and (not folder or folder in folders))
        return kind in self._readers

    @cached_property
    def _of_programs(self) -> frozenset[str]:
        """The files of settings that the programs which are started read by themselves."""
        known = filter(None, map(python_program, self.startup.programs))
        paths = (posixpath.join(self.workdir, path) for each in known for path in each.settings)
        return frozenset(name for path in paths if (name := self.file(path)) is not None)

    @cached_property
    def _readers(self) -> frozenset[str]:
        """The kinds of process managers' files for which a program that reads them is there."""
        texts = (*self._texts, *self.packages)
        return frozenset(
            kind for kind, readers in _READERS.items() if any(reader in text for reader in readers for text in texts)
        )

    @property
    def _told(self) -> frozenset[str]:
        """The words of what the container starts with, any of which may name a file."""
        texts = (*self.startup.texts.values(), *self.settings, *self.naming)
        return frozenset(word for text in texts for word in re.findall(r"[\w.+@-]+", text))

    @cached_property
    def _texts(self) -> tuple[str, ...]:
        return (*self.startup.texts.values(), *self.settings, *self.commands)


def naming_files(step: Step) -> str:
    """What a RUN says, but for words that name no file of the application: all of the system's package manager, names of packages."""
    told = [(unit, _naming(unit)) for unit in step.units]
    plain = all(text == unit.command.text for unit, text in told)
    return step.instruction.args if plain else " ".join(text for _, text in told)


def _naming(unit: Unit) -> str:
    """The words of a command that may name a file."""
    action, text = unit.effects.action, unit.command.text
    if isinstance(action, Clean):
        return ""
    if not isinstance(action, Install | Refresh | Remove):
        return text
    if isinstance(action.manager, SystemManager):
        # (an archive of the context, perhaps)
        return text if any("/" in word.text for word in unit.command.args) else ""
    if not isinstance(action, Install) or unit.command.parts:
        return text
    packages = {package.word.text for package in action.asked}
    words = [word.text for word in call_of(unit.command).words if word.text not in packages]
    return " ".join(dropwhile(_IS_VERB.fullmatch, words))


def is_named(name: str, words: set[str], whole: set[str]) -> bool:
    """Whether a file is among the names, or a folder around it among those that are meant as a whole."""
    *folders, base = name.split("/")
    return base in words or not whole.isdisjoint(folders)


def _words(text: str) -> list[str]:
    return re.findall(r"[\w./:-]+", text)


def _runs_no_code(text: str) -> bool:
    """Whether nothing that a script starts could be the application's own code."""
    script = commands_in_script(text)
    return script is not None and all(
        not is_python(posixpath.basename(name)) and (runs_alone(name) or name in shells() | harmless_programs())
        for name in script.commands
    )
