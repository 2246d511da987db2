"""What calls do: programs started, paths written and read, ports listened on."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from dockfix.context.javascript import known_calls as known
from dockfix.context.javascript.calls import Call, fields, object_of
from dockfix.context.javascript.command_lines import called_in
from dockfix.context.javascript.known_settings import SETTINGS, Setting
from dockfix.context.javascript.listening import listens
from dockfix.context.javascript.meanings import Meaning
from dockfix.context.javascript.modules import Module, Site, unwrapped
from dockfix.context.javascript.program import Read
from dockfix.context.javascript.project import Project
from dockfix.context.javascript.strangers import handed_to_strangers
from dockfix.context.javascript.tree import (
    base_of,
    field,
    is_function,
    named,
    parameters,
    string_of,
    text_of,
)
from dockfix.context.javascript.values import Evaluator
from dockfix.context.program.model import UNKNOWN, Port, Use, Write
from dockfix.context.program.paths import CODE, HOLE, TEMP, Value, place, shown
from dockfix.lazy import regex
from dockfix.syntax.shell import quoted

if TYPE_CHECKING:
    from tree_sitter import Node

_SQLITE = regex(r"(?:better-)?sqlite3?:(?://)?(.*)|file:(.*)")
_NOTHING = frozenset({"false", "undefined", "null"})
_NO_FILE = regex(r":memory:|mongodb(?:\+srv)?:.*|postgres(?:ql)?:.*|mysql:.*|redis:.*|https?:.*|\w+://.*|")


class Effects:
    """What was found so far."""

    def __init__(self, project: Project, evaluate: Evaluator) -> None:
        self.project = project
        self.evaluate = evaluate
        self.runs: list[Use] = []
        self.writes: list[Write] = []
        self.folders: list[Write] = []
        self.reads: list[Read] = []
        self.ports: list[Port] = []
        self.unknown: list[Use] = []
        self.without_path: list[Use] = []
        self.scripts: list[Use] = []
        self.starts: list[tuple[Value, Module, int]] = []  # files of JavaScript that are started by others

    def module(self, module: Module) -> None:
        """Takes in all calls of a module."""
        for site in (*module.calls, *module.made):
            if self._may_matter(site, module):
                self.call(Call(site.node, module, self.evaluate.meaning(site.called, module), site.receiver), site)
            for call, value in handed_to_strangers(site, module, self.evaluate, self.project.files):
                self.write((value,), call, f"{call.meaning.module}.{site.name}")
        text = module.root.text or b""
        if any(name.encode() in text for name in SETTINGS):
            self._settings(module)

    def _may_matter(self, site: Site, module: Module) -> bool:
        """Whether a call may do something, by its name or by what it is a method of."""
        if site.name in _LAST or (site.receiver is not None and site.name in _TOLD):
            return True
        if site.name == "bind" and site.receiver is not None:  # of sockets; functions have one, too
            return b"dgram" in (module.root.text or b"")
        base = base_of(site.called)
        if base is None:
            return False
        name = text_of(base)
        if name == "require":
            return site.receiver is not None or site.called.type == "call_expression"
        imported = module.imported.get(name)
        if imported is not None:
            return imported.source.removeprefix("node:") in _MODULES
        return name == "Bun" or (name in module.declared and site.receiver is None)

    def call(self, call: Call, site: Site) -> None:
        """Takes in one call, whose name as it stands there may be an alias."""
        module, names = call.meaning.module, call.meaning.names
        last, given = site.name, site.given
        name = names[-1] if names and names[-1] != "()" else last if not module else ""
        if last == "chdir" and call.receiver is not None and given and text_of(call.receiver) == "process":
            for value in self.evaluate(given[0], call.module):
                path, base = place(value.text or HOLE)
                self.folders.append(Write(path, base, call.module.file, call.line, "process.chdir", value.env))
        self._starting(call, module, name or (last if not names else ""), given)
        self._file(call, module, name, last, given)
        self._told(call, module, names, last, given)
        found, sockets = listens(call, last, given, self.evaluate)
        self.ports += found
        self.write(sockets, call, last)
        if last in {"eval", "Function"} and not module and call.receiver is None:
            self.unknown.append(Use(last, call.module.file, call.line, last))

    # --- Programs -----------------------------------------------------------------------------------------------------

    def _starting(self, call: Call, module: str, name: str, given: list[Node]) -> None:
        tagged = call.node.child_by_field_name("arguments")
        if tagged is not None and tagged.type == "template_string":
            if module in known.STARTING_MODULES or (not module and name == "$"):
                for value in self.evaluate(tagged, call.module):
                    self.command(value.text, call, name)
            return
        if module not in known.STARTING_MODULES or not given:
            if name in {"Worker", "Piscina", "Tinypool", "fork"} and module in {
                "worker_threads",
                "piscina",
                "tinypool",
                "cluster",
                "",
            }:
                self._worker(call, given)
            return
        name = name or "exec"
        if name == "fork":
            self._worker(call, given)
        elif known.is_shell(module, name):
            options = next((each for each in given[1:] if each.type == "object"), None)
            for value in self.evaluate(given[0], call.module):
                self.command(value.text, call, name, options)
        elif name in known.PROGRAMS:
            for value in self.evaluate(given[0], call.module) or (Value(HOLE),):
                self.program(value, given, call, name)

    def program(self, value: Value, given: list[Node], call: Call, how: str) -> None:
        """Takes in a program that is started with arguments of its own, or through a shell."""
        text = value.text
        options = given[-1] if given and given[-1].type == "object" else None
        if options is not None and text_of(field(options, "shell")) not in {"", "false"} and " " in text:
            self.command(text, call, how, options)
            return
        if text in {"process.execPath"}:
            text = "node"
        use = Use(_word(text), call.module.file, call.line, how)
        self.runs.append(use)
        words = [self._first(each, call) for each in named(given[1])] if len(given) > 1 else []
        line = " ".join([quoted([use.word]), *words])
        self.scripts.append(Use(self._folder(options, call) + line, call.module.file, call.line, how))
        env = field(options, "env") if options is not None else None
        if (
            env is not None
            and env.type == "object"
            and "process.env" not in text_of(env)
            and field(env, "PATH") is None
        ):
            self.without_path.append(use)
        if posixpath.basename(text) in {"sh", "bash"} and len(given) > 1 and given[1].type == "array":
            for each in named(given[1]):
                inner = self.evaluate(each, call.module)
                for word in inner:
                    if " " in word.text:
                        self.command(word.text, call, how)
        elif posixpath.basename(text) == "node" and len(given) > 1 and given[1].type == "array":
            for each in named(given[1]):
                self.starts += [(word, call.module, call.line) for word in self.evaluate(each, call.module)]

    def _folder(self, options: Node | None, call: Call) -> str:
        """The way to the folder in which a program is started, as a shell would go there; "" for one that is not known."""
        node = field(options, "cwd") if options is not None else None
        folders = (
            {each.text.replace(TEMP, "/tmp") for each in self.evaluate(node, call.module)} if node is not None else ()
        )
        folder = next(iter(folders)) if len(folders) == 1 else ""
        return f"cd {quoted([folder])} && " if folder and HOLE not in folder and CODE not in folder else ""

    def _first(self, node: Node, call: Call) -> str:
        """A word that a program is given, as a shell would take it."""
        value = next(iter(self.evaluate(node, call.module)), Value(HOLE)).text
        return '"$DOCKFIX"' if HOLE in value else quoted([value.replace(CODE, "").replace(TEMP, "/tmp")])

    def command(self, text: str, call: Call, how: str, options: Node | None = None) -> None:
        """Takes in a command line; a part that is filled in may be any word."""
        line = text.replace(HOLE, "$DOCKFIX").replace(CODE, "").replace(TEMP, "/tmp")
        self.scripts.append(Use(self._folder(options, call) + line, call.module.file, call.line, how))
        found = called_in(line)
        if found is None:
            self.runs.append(Use(UNKNOWN, call.module.file, call.line, how))
            return
        for each in found:
            if each.words and each.words[0] != "export":
                word = each.words[0]
                self.runs.append(Use(word if word is not None else UNKNOWN, call.module.file, call.line, how))

    def _worker(self, call: Call, given: list[Node]) -> None:
        if not given:
            return
        node = given[0]
        if node.type == "object":
            node = field(node, "filename") or node
        for value in self.evaluate(node, call.module):
            self.starts.append((value, call.module, call.line))

    # --- Files --------------------------------------------------------------------------------------------------------

    def _file(self, call: Call, module: str, name: str, last: str, given: list[Node]) -> None:
        ours = module in known.FILE_MODULES
        if module and not ours:
            return
        word = name or (module if module in {"mkdirp", "rimraf", "make-dir"} else last)
        if module in {"mkdirp", "make-dir"}:
            places: tuple[int, ...] = (0,)
        elif ours and word in {"open", "openSync"}:
            flags = string_of(given[1]) if len(given) > 1 else "r"
            places = (0,) if flags is None or re.search(r"[wax+]", flags) else ()
        else:
            places = known.WRITERS.get(word, known.COMMON_WRITERS.get(word, ()) if ours else ())
        for index in places:
            if index < len(given):
                self.write(self.evaluate(given[index], call.module) or (Value(HOLE),), call, word)
        if ours and word in known.READERS and given:
            for value in self.evaluate(given[0], call.module) or (Value(HOLE),):
                self.read(value, call, word)

    def write(self, values: tuple[Value, ...], call: Call, how: str) -> None:
        """Takes in paths that are written."""
        for value in values:
            path, base = place(value.text or HOLE)
            self.writes.append(Write(path, base, call.module.file, call.line, how, value.env))

    def read(self, value: Value, call: Call, how: str) -> None:
        """Takes in a path that is read."""
        path, base = place(value.text or HOLE)
        self.reads.append(Read(path, base, call.module.file, call.line, how, value.env))

    def _told(self, call: Call, module: str, names: tuple[str, ...], last: str, given: list[Node]) -> None:
        key = module, ".".join(names)
        how = ".".join(filter(None, (module, *names))) if module else last
        told = known.TOLD.get(key) if module else None
        told = told or (known.METHODS.get(last) if call.receiver is not None else None)
        if told is not None and (not known.needs_type(module, told) or _is_file_database(given)):
            nodes = self._said(told, call, given)
            for node in nodes:
                if is_function(node):
                    self._handed_back(node, call, how)
                else:
                    self._paths(self.evaluate(node, call.module), call, how)
            if module == "sequelize" and given:
                url = self.evaluate(given[0], call.module)
                self._paths(tuple(value for value in url if _SQLITE.match(value.text)), call, how)
            elif not nodes and told.otherwise:
                self._paths((Value(told.otherwise),), call, how)
        read = known.READ.get(key) if module else None
        read = read or (known.READ_METHODS.get(last) if call.receiver is not None else None)
        if read is not None:
            self._read_by(read, call, given, how)
        if last == "set" and call.receiver is not None and len(given) == 2 and string_of(given[0]) == "views":
            self._read_by(known.Settings(1), call, given, "views")

    def _settings(self, module: Module) -> None:
        """Takes in what properties of object literals say that mean the same wherever they stand."""
        pending = [module.root]
        while pending:
            node = pending.pop()
            pending += named(node)
            for name in SETTINGS if node.type == "object" else ():
                given = unwrapped(field(node, name))
                if given is not None:
                    call = Call(given, module, Meaning("", ()), None)
                    self._set(given, SETTINGS[name], call, name)

    def _set(self, given: Node, setting: Setting, call: Call, name: str) -> None:
        held = object_of(given, call.module)
        said = field(held, "path") if held is not None and held.type == "object" else given
        values = self.evaluate(said, call.module) if said is not None else ()
        if setting.values:
            values = tuple(Value(path) for value in values if (path := setting.values.get(value.text)))
        elif not values and setting.otherwise and text_of(given) not in _NOTHING:
            values = (Value(setting.otherwise),)
        self._paths(values, call, name)

    def _said(self, told: known.Settings, call: Call, given: list[Node]) -> list[Node]:
        """The expressions that say where a call reads or writes."""
        found = (
            [given[told.argument]] if 0 <= told.argument < len(given) and given[told.argument].type != "object" else []
        )
        for each in given:
            for key in told.keys:
                found += fields(object_of(each, call.module), key.split("."))
        return found

    def _read_by(self, told: known.Settings, call: Call, given: list[Node], how: str) -> None:
        nodes = self._said(told, call, given)
        for node in nodes:
            for part in named(node) if node.type == "array" else [node]:
                for value in self.evaluate(part, call.module):
                    self.read(value, call, how)
        if not nodes and told.otherwise:
            self.read(Value(told.otherwise), call, how)

    def _paths(self, values: tuple[Value, ...], call: Call, how: str) -> None:
        for value in values:
            match = _SQLITE.match(value.text)
            text = (match[1] or match[2] or "") if match else value.text
            if not _NO_FILE.fullmatch(text):
                self.write((Value(text, value.env),), call, how)

    def _handed_back(self, function: Node, call: Call, how: str) -> None:
        """The paths that a function hands to its callback, as multer's ``destination`` does."""
        back = next((name for name, _ in reversed(parameters(function)) if name), "")
        for each in call.module.calls:
            inside = function.start_byte <= each.node.start_byte < function.end_byte
            if inside and each.receiver is None and each.name == back and len(each.given) > 1:
                self.write(self.evaluate(each.given[1], call.module) or (Value(HOLE),), call, how)


_LAST = frozenset(
    {
        *known.WRITERS,
        *known.METHODS,
        *known.READ_METHODS,
        "set",
        "listen",
        "bindAsync",
        "exec",
        "spawn",
        "fork",
        "eval",
        "Function",
        "Worker",
        "$",
        "chdir",
    }
)
_TOLD = frozenset(name.rpartition(".")[2] for _, name in (*known.TOLD, *known.READ, *known.SERVERS)) - {"", "()"}
_MODULES = frozenset(
    {
        *known.FILE_MODULES,
        *known.STARTING_MODULES,
        *(module for module, _ in (*known.TOLD, *known.READ, *known.SERVERS, *known.DEFAULT_PORTS)),
        "worker_threads",
        "piscina",
        "tinypool",
        "cluster",
        "util",
    }
)


def _is_file_database(given: list[Node]) -> bool:
    """Whether what a call is told is of a database that is a file."""
    types = (field(each, key) for each in given if each.type == "object" for key in ("type", "driver"))
    return any(known.FILE_DATABASES.search(text_of(each)) for each in types)


def _word(text: str) -> str:
    return shown(text) or UNKNOWN
