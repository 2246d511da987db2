"""Reads the JavaScript and TypeScript that commands start, and what that imports in turn. No code is run."""

from __future__ import annotations

import posixpath
import re
from collections import deque
from collections.abc import Iterable, Sequence
from functools import partial
from typing import TypeVar

from dockfix.context.javascript import known_calls
from dockfix.context.javascript.effects import Effects
from dockfix.context.javascript.entries import Entries, convention_files
from dockfix.context.javascript.files import Files, Placed, below, nowhere
from dockfix.context.javascript.known_settings import LOADED
from dockfix.context.javascript.modules import Module, Named, Site
from dockfix.context.javascript.package_json import package_of
from dockfix.context.javascript.program import Config, NodeProgram, Read
from dockfix.context.javascript.project import Project
from dockfix.context.javascript.resolve import BUILTINS
from dockfix.context.javascript.routes import Routes
from dockfix.context.javascript.schema import database_of
from dockfix.context.javascript.started import Started
from dockfix.context.javascript.tree import field, is_development, is_source, is_vendored, string_of, text_of
from dockfix.context.javascript.values import Evaluator
from dockfix.context.program.model import Import, Program, Served, Unparsed, Use, Write
from dockfix.context.program.paths import CODE, HOLE, Value

_Found = TypeVar("_Found")
# Calls that find files of code in a folder, which is then loaded
_FINDS = frozenset({"readdirSync", "readdir", "globSync", "sync", "glob", "requireAll", "globby"})
_LOADS_FOLDERS = frozenset(
    {"@fastify/autoload", "fastify-autoload", "require-all", "require-dir", "requireindex", "consign", "express-load"}
)


def read_javascript(
    files: Files, commands: Sequence[Started], placed: Placed = nowhere, moved: Placed = nowhere
) -> NodeProgram:
    """What the JavaScript does that these commands start; read once for the same files and commands. Never raises.

    ``placed`` tells what absolute paths of the image are, ``moved`` which file lies where a path of the build context would: `COPY src/ .`.
    """
    # where a command stands is a part of the answer, too
    key = tuple(
        (
            each._replace(env={}),
            tuple(sorted(each.env.items(), key=repr)),
            *map(placed, _absolute(each)),
            *map(moved, _relative_to(each)),
        )
        for each in commands
    )
    return files.once(("JavaScript", repr(key)), partial(_read, files, tuple(commands), placed, moved))


def _absolute(command: Started) -> list[str]:
    return [word for word in command.words if word is not None and word.startswith("/")]


def _relative_to(command: Started) -> list[str]:
    return [below(command.folder, word) for word in command.arguments if word and word[0] not in "/-"]


def _read(files: Files, commands: Sequence[Started], placed: Placed, moved: Placed) -> NodeProgram:
    project = Project(files)
    entries = Entries(project, placed, moved)
    for command in commands:
        entries.take(command)
    return _Reader(project, entries).read()


class _Reader:
    """Follows the code from where it starts."""

    def __init__(self, project: Project, entries: Entries) -> None:
        self.project = project
        self.entries = entries
        self.evaluate = Evaluator(project)
        self.effects = Effects(project, self.evaluate)
        self.pending: deque[str] = deque()
        self.reached: dict[str, None] = {}
        self.packages: dict[str, Import] = {}
        self.builtins: dict[str, Import] = {}
        self.unknown: list[Use] = []
        self.outside: list[Use] = []
        self.done: set[str] = set()

    def read(self) -> NodeProgram:
        entries = self.entries
        for entry in entries.entries:
            self.take(entry.source)
        for name, folder in entries.preloads:
            self.named(name, folder, entries.entries[0].where if entries.entries else "", 0)
        for config in entries.configs:
            self.take(config.file if is_source(config.file) else None)
        self.take_all(convention_files(self.project.files.names, entries.whole))
        self.follow()
        if entries.unknown is not None or self.unknown or self.effects.unknown:
            # anything may run: what all of the code does counts
            self.take_all(convention_files(self.project.files.names, self.homes()))
            self.follow()
        effects = self.effects
        database_of(self.project.files, self.packages, entries.configs, effects.writes)
        unparsed = tuple(
            Unparsed(name, reason) for name, reason in sorted(self.project.reasons.items()) if name in self.reached
        )
        behaviour = Program(
            runs=_sorted(effects.runs),
            writes=_sorted([*effects.writes, *entries.writes]),
            ports=_sorted([*effects.ports, *entries.ports]),
            unknown=_sorted([*self.unknown, *effects.unknown]),
            unparsed=unparsed,
            files=len(self.reached),
            parsed=len(self.done),
            without_path=_sorted(effects.without_path),
            scripts=_sorted(effects.scripts),
            folders=_sorted(effects.folders),
            serves=partial(self.serves, unparsed),
        )
        return NodeProgram(
            entries=tuple(entries.entries),
            files=frozenset(self.reached),
            behaviour=behaviour,
            packages=_sorted(self.packages.values()),
            builtins=_sorted(self.builtins.values()),
            reads=_sorted(effects.reads),
            configs=tuple(dict.fromkeys(entries.configs)),
            outside=_sorted(self.outside),
            started=tuple(entries.started),
            unknown=entries.unknown,
        )

    def homes(self) -> list[str]:
        """The folders of the packages that may run."""
        found = {posixpath.dirname(name) for name in self.reached} or {""}
        packages = (self.project.files.nearest(folder) for folder in found)
        return sorted({package.folder if package is not None else "" for package in packages})

    def serves(self, unparsed: tuple[Unparsed, ...]) -> Served:
        """The routes."""
        routes = Routes(self.project, self.evaluate)
        for name in sorted(self.reached):
            module = self.project.module(name)
            if module is not None:
                routes.module(module, self.entries.whole)
        return routes.served(unparsed)

    # --- What is loaded -----------------------------------------------------------------------------------------------

    def take(self, file: str | None) -> None:
        """Takes in a file that runs."""
        if file is not None and file not in self.reached:
            self.reached[file] = None
            self.pending.append(file)

    def take_all(self, files: Iterable[str]) -> None:
        """Takes in several."""
        for file in files:
            self.take(file)

    def follow(self) -> None:
        """Reads what was taken in, and what it loads in turn."""
        while self.pending:
            module = self.project.module(self.pending.popleft())
            if module is None or module.file in self.done:
                continue
            self.done.add(module.file)
            folder = posixpath.dirname(module.file)
            for each in module.names:
                if not each.bare:
                    self.loaded(each, module, folder)
            for call in module.calls:
                self.finding(call, module)
            self.effects.module(module)
            while self.effects.starts:
                value, where, line = self.effects.starts.pop()
                self.started(value, where, line)

    def loaded(self, each: Named, module: Module, folder: str) -> None:
        """Takes in a module that another one names."""
        name = string_of(each.node)
        if name is not None:
            self.named(name, folder, module.file, each.line)
            return
        for value in self.evaluate(each.node, module) or (Value(HOLE),):
            text = value.text
            known = bool(text) and HOLE not in text
            if known:
                self.named(_relative(text, module), folder, module.file, each.line)
            # (what the environment says instead may be any)
            if value.env if known else not self.prefixed(text, module):
                self.unknown.append(Use(each.how, module.file, each.line, text_of(each.node)[:60]))

    def prefixed(self, text: str, module: Module) -> bool:
        """Takes in all files of a folder from which one is loaded by a name that is worked out; False where it is not known which."""
        head = text.partition(HOLE)[0]
        folder = head.rpartition("/")[0] if head else ""
        if head.startswith(CODE):
            path = self.here(_plain(folder), module)
        elif head.startswith(("./", "../")):
            path = posixpath.normpath(posixpath.join(posixpath.dirname(module.file), folder))
        else:
            return False
        path = "" if path == "." else path
        if "node_modules" in path.split("/"):
            return False  # a package
        self.take_all(self.below(path))
        return not path.startswith("..")

    def below(self, folder: str) -> list[str]:
        """The source files in a folder."""
        head = f"{folder}/" if folder else ""
        return sorted(
            name
            for name in self.project.files.names
            if name.startswith(head)
            and is_source(name)
            and not is_vendored(name)
            and not is_development(name[len(head) :])
        )

    def here(self, path: str, module: Module) -> str:
        """The path in the build context of one that the running code has: the folder of the source, for compiled code."""
        if module.at == module.file:
            return path
        there, here = posixpath.dirname(module.at), posixpath.dirname(module.file)
        return posixpath.normpath(posixpath.join(here, posixpath.relpath(path or ".", there or ".")))

    def named(self, name: str, folder: str, file: str, line: int) -> None:
        """Takes in what the name of a module means."""
        by_itself = known_calls.READ.get((name, ""))
        if by_itself is not None and by_itself.argument < 0 and not by_itself.keys:
            self.effects.reads.append(Read(by_itself.otherwise, "cwd", file, line, name))
        found = self.project.resolve(name, folder)
        if found.kind == "builtin":
            self.builtins.setdefault(found.name, Import(found.name, "stdlib", file, line))
        elif found.kind == "package":
            self.packages.setdefault(found.name, Import(found.name, "third party", file, line))
            if found.name in LOADED:
                self.effects.writes.append(Write(LOADED[found.name], "cwd", file, line, found.name))
        elif found.kind == "file":
            self.take(found.name)
        else:
            package = self.project.files.nearest(posixpath.dirname(found.name))
            source = self.project.resolve.source_of(found.name, package.folder if package is not None else "")
            if source is not None:
                self.take(source)
            elif "node_modules/" in found.name:
                inside = package_of(found.name.rpartition("node_modules/")[2])
                self.packages.setdefault(inside, Import(inside, "third party", file, line))
            elif not name.endswith((".css", ".scss", ".svg", ".png", ".json", ".d.ts", ".graphql", ".html")):
                self.outside.append(Use(name, file, line, found.name))

    def started(self, value: Value, module: Module, line: int) -> None:
        """Takes in a file of JavaScript that is started in a process or thread of its own."""
        text = value.text
        if HOLE in text or not text:
            if not self.prefixed(text, module):
                self.unknown.append(Use("fork", module.file, line, "a file that is worked out when it runs"))
            return
        path = self.here(_plain(text), module) if text.startswith(CODE) else text.removeprefix("./")
        package = self.project.files.nearest(posixpath.dirname(module.file))
        home = package.folder if package is not None else ""
        for tried in (path, posixpath.join(home, path)):
            found = self.project.resolve.file(tried) or self.project.resolve.source_of(tried, home)
            if found is not None and is_source(found):
                self.take(found)
                return

    def finding(self, call: Site, module: Module) -> None:
        """Takes in the files of a folder in which code looks for files of code."""
        last, given = call.name, call.given
        loads = last == "register" and given and self.evaluate.meaning(given[0], module).module in _LOADS_FOLDERS
        if not given or not (last in _FINDS or loads or last == "migrations"):
            return
        node = field(given[1], "dir") if loads and len(given) > 1 and given[1].type == "object" else given[0]
        for value in self.evaluate(node, module):
            text = re.split(r"[*{?\[]", value.text.partition(HOLE)[0])[0]
            if text.startswith(CODE):
                self.take_all(self.below(self.here(_plain(text), module)))


def _plain(text: str) -> str:
    """A path that is made from a file's own folder, relative to the build context."""
    found = posixpath.normpath(text.removeprefix(CODE).lstrip("/"))
    return "" if found == "." else found


def _relative(text: str, module: Module) -> str:
    """A module's name; a path that is made from the file's own folder as one from that folder."""
    if not text.startswith(CODE):
        return text
    found = posixpath.relpath(_plain(text) or ".", posixpath.dirname(module.at) or ".")
    return found if found.startswith("..") else f"./{found}"


def _sorted(found: Iterable[_Found]) -> tuple[_Found, ...]:
    return tuple(sorted(dict.fromkeys(found), key=lambda each: (each.file, each.line, repr(each))))  # type: ignore[attr-defined]


__all__ = ["BUILTINS", "Config", "read_javascript"]
