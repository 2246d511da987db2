"""Which files of a project some commands run: as they are, or compiled from ones that are there."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator, Sequence

from dockfix.context.javascript.files import Placed, at
from dockfix.context.javascript.modules import Module, unwrapped
from dockfix.context.javascript.program import Config, Entry
from dockfix.context.javascript.project import Project
from dockfix.context.javascript.started import Started
from dockfix.context.javascript.tree import field, is_development, is_source, is_vendored, named, string_of, text_of
from dockfix.context.javascript.tsconfig import tsconfigs
from dockfix.context.javascript.unfold import EXECUTES, unfold
from dockfix.context.javascript.values import Evaluator
from dockfix.context.patterns import go_match
from dockfix.context.program.model import Port, Write
from dockfix.knowledge.node_programs import NodeProgram, is_node, node_server, plain_words

_CODE_OPTIONS = frozenset({"-e", "--eval", "-p", "--print"})
_CONFIG_ENDINGS = (".js", ".cjs", ".mjs", ".ts", ".mts", ".cts", ".json")


class Entries:
    """What the commands of a container start with."""

    def __init__(self, project: Project, placed: Placed, moved: Placed) -> None:
        self.project = project
        self.placed = placed
        self.moved = moved
        self.files = project.files
        self.entries: list[Entry] = []
        self.preloads: list[tuple[str, str]] = []  # names of modules, each with the folder that they are named in
        self.configs: list[Config] = []
        self.ports: list[Port] = []
        self.writes: list[Write] = []
        self.whole: list[str] = []  # folders of which a framework may run any file
        self.started: list[Started] = []  # what the commands start by themselves: what a process manager is told
        self.unknown: str | None = None

    def take(self, started: Started, depth: int = 0) -> None:
        """Takes in one command."""
        known = started.known
        if known is None:
            self._own(started)
            return
        words = started.arguments
        if known.only_builds(words):
            return
        self._configs(known, started)
        if known.is_server(words) or known.is_for_development(words):
            self._listens(known, started)
            self._by_convention(known, started)
        if known.process_file:
            self._processes(known, started, depth)
        elif known.runs and EXECUTES.isdisjoint(started.arguments):
            self._runs(known, started)

    def _doubt(self, reason: str) -> None:
        self.unknown = self.unknown or reason

    def _runs(self, known: NodeProgram, started: Started) -> None:
        words = started.arguments
        for number, word in enumerate(words):
            option, sign, value = word.partition("=")
            if option in known.preloads:
                given = value if sign else words[number + 1] if number + 1 < len(words) else ""
                if given:
                    self.preloads.append((given, started.folder))
        plain = plain_words(words, known.options)
        if plain and (plain[0][1] in known.runs or plain[0][1] in known.watches):
            plain = plain[1:]
        if not plain:
            code = any(word.partition("=")[0] in _CODE_OPTIONS for word in words)
            if not code and "always" in known.runs and not known.is_server(words):
                self._main(known, started)
            return
        at, word = plain[0]
        if started.words[at + 1] is None:
            self._doubt(f"which file {started.where} runs is worked out only when it runs")
            return
        self.file(word, started.folder, started.where, known.compiles)

    def _main(self, known: NodeProgram, started: Started) -> None:
        """What is run where no file is named: nodemon takes the main file of the package."""
        package = self.files.nearest(started.folder)
        if package is not None and package.main and known.develops:
            self.file(package.main, package.folder, started.where, known.compiles)

    def file(self, word: str, folder: str, where: str, compiles: bool = False) -> None:
        """Takes in a file that a command names."""
        path = at(word, folder, self.placed)
        given = path or "."
        if path.startswith(("../", "/")) or path == "..":
            self._doubt(f"{word}, which {where} runs, is not in the build context")
            return
        if "node_modules/" in f"{path}/":
            self.preloads.append((path.rpartition("node_modules/")[2], folder))
            return
        inside = self.files.nearest(path) if path else None
        beside = any(self.files.has(f"{path}{ending}") for ending in (".js", ".json"))  # which goes before the folder
        if inside is not None and inside.folder == path and not beside:  # it stands for the main file of its package
            path = posixpath.normpath(posixpath.join(path, inside.main or "index.js"))
        package = self.files.nearest(posixpath.dirname(path) or folder)
        home = package.folder if package is not None else folder
        source = self.project.resolve.source_of(path, home)
        if source is None and not path and package is not None:
            source = self.project.resolve.source_of(
                posixpath.normpath(posixpath.join(home, package.main or "index.js")), home
            )
        found = self.project.resolve.file(path)
        if source is None and found is None and (lies := self.moved(path)) is not None and is_source(lies):
            source = lies
        if source is not None and source != found:
            self.entries.append(Entry(given, source, where, "compiled"))
            self._compiled(given, source, home)
        elif found is not None and not is_vendored(found):
            if not is_source(found):
                self.project.programs.add(found)
            how = "compiled by the program" if compiles and not found.endswith((".js", ".cjs", ".mjs")) else "as it is"
            self.entries.append(Entry(given, found, where, how))  # type: ignore[arg-type]  # one of the three
        elif (made := node_server(path)) is not None and package is not None and package.kind_of(made.package):
            self.entries.append(Entry(given, None, where, "made by a framework"))
            self.whole.append(home)
            self.ports.append(Port(made.port, "", 0, made.name, "PORT"))
            self._written_by(made, posixpath.dirname(path))
        else:
            self.entries.append(Entry(given, None, where))
            self._doubt(f"{word}, which {where} runs, is not in the build context, and what it is made of is not known")

    def _compiled(self, given: str, source: str, home: str) -> None:
        """Notes where all the files run that are compiled with this one: the whole tree moves."""
        stem = posixpath.splitext(given)[0] if is_source(given) else given
        there, here = posixpath.dirname(stem), posixpath.dirname(source)
        # src/server/a.ts -> dist/server/a.js: the folders that both end with move along
        ends, starts = there.split("/"), here.split("/")
        while ends and starts and ends[-1] == starts[-1] and len(ends) > 1 and "/".join(starts) != home:
            ends.pop()
            starts.pop()
        out, root = "/".join(ends), "/".join(starts)
        for config in tsconfigs(self.files, home):
            if config.out_dir is not None and (out == config.out_dir or out.startswith(f"{config.out_dir}/")):
                break
        head = f"{root}/" if root else ""
        for name in self.files.names:
            if name.startswith(head) and is_source(name) and name not in self.project.places:
                self.project.places[name] = posixpath.join(out, name[len(head) :])

    def _own(self, started: Started) -> None:
        """A program that is a file of the project with a first line that names Node.js, or one that its package.json calls so."""
        word = started.words[0] or ""
        path = at(word, started.folder, self.placed)
        if "/" in word and self.files.has(path) and "." not in posixpath.basename(path)[1:]:
            text = self.files.read(path) or ""
            first = text.split("\n", 1)[0]
            if first.startswith("#!") and any(is_node(part) for part in first[2:].replace("/", " ").split()):
                self.project.programs.add(path)
                self.entries.append(Entry(path, path, started.where))
        elif "/" in word and self.files.has(path) and is_source(path):
            self.entries.append(Entry(path, path, started.where))
        elif "/" not in word:
            package = self.files.nearest(started.folder)
            if package is not None and word in package.bin:
                self.file(package.bin[word], package.folder, started.where)

    def _configs(self, known: NodeProgram, started: Started) -> None:
        package = self.files.nearest(started.folder)
        folders = dict.fromkeys((started.folder, package.folder if package is not None else started.folder))
        words = started.arguments
        for number, word in enumerate(words[:-1]):
            if word in {"-c", "--config", "--configuration"} and word in known.options:
                path = posixpath.normpath(posixpath.join(started.folder, words[number + 1]))
                if self.files.has(path):
                    self.configs.append(Config(path, known.name))
        for folder in folders:
            for pattern in known.configs:
                self.configs += [Config(name, known.name) for name in _fitting(self.files.names, folder, pattern)]

    def _listens(self, known: NodeProgram, started: Started) -> None:
        if known.port is None:
            return
        words = started.arguments
        given = [
            words[number + 1] if number + 1 < len(words) and not sign else value
            for number, word in enumerate(words)
            for option, sign, value in [word.partition("=")]
            if option in known.port_options
        ]
        number = next((each.rpartition(":")[2] for each in given if each.rpartition(":")[2].isdecimal()), "")
        if number:
            self.ports.append(Port(int(number), started.file, started.line, known.name))
        elif given:
            self.ports.append(Port(None, started.file, started.line, known.name))
        else:
            told = started.env.get("PORT")
            port = int(told) if told and told.isdecimal() else known.port
            self.ports.append(Port(port, started.file, started.line, known.name, "PORT"))

    def _by_convention(self, known: NodeProgram, started: Started) -> None:
        """The code of the project that a framework finds by its places."""
        package = self.files.nearest(started.folder)
        folder = package.folder if package is not None else started.folder
        if known.entry:
            found = next(
                (each for word in known.entry if (each := self.project.resolve.file(posixpath.join(folder, word)))),
                None,
            )
            if found is None:
                self._doubt(f"the file that {known.name} runs for {started.where} is not in the build context")
            else:
                self.entries.append(Entry(found, found, started.where, "compiled by the program"))
        if known.whole:
            self.whole.append(folder)
        self._written_by(known, folder, started.file, started.line)

    def _written_by(self, known: NodeProgram, folder: str, file: str = "", line: int = 0) -> None:
        for each in (self._moved(known, folder) or known.writes) if known.writes else ():
            self.writes.append(Write(posixpath.normpath(posixpath.join(folder, each)), "code", file, line, known.name))

    def _moved(self, known: NodeProgram, folder: str) -> tuple[str, ...]:
        """The folders that the settings of a program name for those that it writes, () where they name none."""
        project = self.files.nearest(folder)
        home = project.folder if project is not None else folder
        for name in (name for pattern in known.configs for name in _fitting(self.files.names, home, pattern)):
            text = self.files.read(name) or ""
            if known.moved_by and known.moved_by in text:
                said = re.findall(rf"\b{known.moved_by}['\"]?\s*:\s*(['\"`])([\w./-]+)\1", text)
                if len(said) != text.count(known.moved_by):
                    self._doubt(f"{name} says where {known.name} writes, and it is worked out when it runs")
                return tuple(folder for _, folder in said)
        return ()

    def _processes(self, known: NodeProgram, started: Started, depth: int) -> None:
        plain = [word for word in known.plain(started.arguments) if word not in known.runs]
        if not plain:
            return
        word = plain[0]
        self._interpreted(_option(started.arguments, "--interpreter"), word, started.folder, started.where, depth)
        if " " in word:
            self._again(word, started.folder, started.where, depth)
            return
        path = posixpath.normpath(posixpath.join(started.folder, word))
        config = word.endswith((".json", ".yml", ".yaml")) or posixpath.basename(word).partition(".")[2].startswith(
            ("config.", "pm2.")
        )
        if not config:
            runners = started.arguments[started.arguments.index(word) + 1 :]
            if "--" in runners and not is_source(word):
                self._again(
                    f"{word} {' '.join(runners[runners.index('--') + 1 :])}", started.folder, started.where, depth
                )
            else:
                self.file(word, started.folder, started.where)
            return
        self.configs.append(Config(path, known.name))
        found = list(self._apps(path))
        if not found:
            self._doubt(f"what {word} lists, which {started.where} runs, could not be read")
        for script, cwd, arguments, interpreter in found:
            folder = posixpath.normpath(posixpath.join(started.folder, cwd)) if cwd else started.folder
            folder = "" if folder == "." else folder
            self._interpreted(interpreter, script, folder, path, depth)
            if is_source(script) or "/" in script or self.files.has(posixpath.join(folder, script)):
                self.file(script, folder, path)
            else:
                self._again(f"{script} {arguments}", folder, path, depth)

    def _interpreted(self, interpreter: str, script: str, folder: str, where: str, depth: int) -> None:
        """Takes in what a process manager is told to run a file with, where that is not Node.js."""
        if interpreter and interpreter != "none" and not is_node(posixpath.basename(interpreter)):
            self._again(f"{interpreter} {script}", folder, where, depth)

    def _again(self, text: str, folder: str, where: str, depth: int) -> None:
        if depth > 3:
            self._doubt(f"what {where} starts leads on too far")
            return
        inner = unfold(text, self.files, folder, where, self.placed)
        if inner.unknown:
            self._doubt(inner.unknown)
        self.started += inner.commands
        for each in inner.commands:
            self.take(each, depth + 1)

    def _apps(self, path: str) -> Iterator[tuple[str, str, str, str]]:
        """The script, folder, arguments and interpreter of each program in a process file; of one that is not understood none."""
        if path.endswith(".json"):
            try:
                data = json.loads(self.files.read(path) or "")
            except (ValueError, RecursionError):
                return
            apps = data.get("apps", [data]) if isinstance(data, dict) else data
            for each in apps if isinstance(apps, list) else [apps]:
                if isinstance(each, dict) and isinstance(each.get("script"), str):
                    yield each["script"], *(str(each.get(key, "")) for key in ("cwd", "args", "interpreter"))
            return
        module = self.project.module(path)
        if module is None:
            return
        for node in _objects(module):
            script = string_of(field(node, "script"))
            if script is not None:
                words = field(node, "args")
                arguments = (
                    " ".join(string_of(each) or "" for each in named(words))
                    if words is not None and words.type == "array"
                    else string_of(words) or ""
                )
                folder = self._text(field(node, "cwd"), module)
                yield script, folder, arguments, string_of(field(node, "interpreter")) or ""

    def _text(self, node: object, module: Module) -> str:
        from dockfix.context.program.paths import CODE

        values = Evaluator(self.project)(node, module) if node is not None else ()  # type: ignore[arg-type]  # a node
        text = values[0].text if values else ""
        # a folder that is made from the file's own is relative to the build context, and the image's is not known here
        return "/" + text.removeprefix(CODE) if text.startswith(CODE) else "" if text.startswith("/") else text


def _option(words: Sequence[str], name: str) -> str:
    """The value of an option, "" where it is not given."""
    for number, word in enumerate(words):
        option, sign, value = word.partition("=")
        if option == name:
            return value if sign else "".join(words[number + 1 : number + 2])
    return ""


def _objects(module: Module) -> Iterator:  # type: ignore[type-arg]  # of nodes
    """All object literals in what a module exports."""
    pending = [unwrapped(each) for each in module.exports.values()]
    seen: set[int] = set()
    while pending:
        node = pending.pop(0)
        if node is None or node.id in seen:
            continue
        seen.add(node.id)
        if node.type == "object":
            yield node
            pending += [unwrapped(child.child_by_field_name("value")) for child in named(node)]
        elif node.type == "array":
            pending += [unwrapped(child) for child in named(node)]
        elif node.type == "identifier":
            pending += [unwrapped(each.value) for each in module.declared.get(text_of(node), ())]


def _fitting(names: frozenset[str], folder: str, pattern: str) -> list[str]:
    """The files that a pattern means in a folder."""
    whole = posixpath.join(folder, pattern)
    if "*" not in pattern:
        return [whole] if whole in names else []
    matches = go_match(pattern).match  # the table's patterns are good ones
    head = f"{folder}/" if folder else ""
    depth = pattern.count("/")
    return sorted(
        name
        for name in names
        if name.startswith(head) and name.count("/", len(head)) == depth and matches(name[len(head) :])
    )


def convention_files(names: frozenset[str], folders: Sequence[str]) -> list[str]:
    """The source files below some folders that a framework may run."""
    heads = [f"{folder}/" if folder else "" for folder in folders]
    return sorted(
        name
        for name in names
        if is_source(name)
        and not is_vendored(name)
        and any(name.startswith(head) and not is_development(name[len(head) :]) for head in heads)
    )
