"""What a command line really starts: `npm start` is the script of that name, and what that starts in turn.

*Unknown* means: a command is worked out only when it runs, or what it runs stands in a file that nobody here reads. Then anything
may be started, and whoever needs to know that something is not has no answer.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence

from dockfix.context.javascript.command_lines import HANDED, behind, called_in, handed_on
from dockfix.context.javascript.files import Files, Placed, at, below, nowhere
from dockfix.context.javascript.package_json import Package
from dockfix.context.javascript.started import Script, Started, Unfolded
from dockfix.context.javascript.tasks import tasks
from dockfix.context.javascript.told import told
from dockfix.knowledge import file_printers, file_programs, harmless_programs, shells, starts_nothing, waiters, wrappers
from dockfix.knowledge.node_programs import (
    Runner,
    Starter,
    is_node,
    node_program,
    node_starters,
    plain_words,
    script_runners,
)
from dockfix.knowledge.programs import scripts_as_user
from dockfix.lazy import regex
from dockfix.namedtuple import NamedTuple

# A program of a package, called by its place
_IN_PACKAGES = regex(r"(?:.*/)?node_modules/\.bin/([\w.-]+)")
# A line of a Procfile: https://devcenter.heroku.com/articles/procfile#procfile-format
_PROCESS = regex(r"(?m)^[ \t]*[\w-]+:[ \t]*(\S.*)")
_MAX_DEPTH = 16
EXECUTES = frozenset(
    {"--exec", "-x"}
)  # options of programs for development that say what is started anew with each change


def unfold(
    text: str, files: Files, folder: str, where: str, placed: Placed = nowhere, *, handed: bool = False
) -> Unfolded:
    """What a script starts whose working directory is ``folder`` of the build context; ``where`` says where the script stands.

    ``placed`` tells what absolute paths of the image are. ``handed``: the words that the script is given are read elsewhere.
    """
    reader = _Unfolder(files, placed, handed)
    reader.script(text, _Place(folder, where), 0)
    return Unfolded(tuple(reader.commands), tuple(reader.scripts), reader.unknown)


def unfold_lifecycle(package: Package, files: Files) -> Mapping[str, Unfolded]:
    """What the scripts start that an install in the package's folder runs by itself, by the scripts' names, in their order."""
    return {
        each.name: unfold(each.command, files, package.folder, f"{package.file}: {each.name}")
        for each in package.lifecycle
    }


def _is_program(name: str) -> bool:
    """Whether a word is known as the name of a package's program."""
    return node_program(name) is not None or name in node_starters()


def _starts_words(name: str | None) -> bool:
    """Whether a program starts what stands in its words, or is started itself where another one is told its name."""
    program = posixpath.basename(name or "")
    return _is_program(program) or program in script_runners() or program in shells() or program in wrappers()


def _leaves_words_alone(program: str) -> bool:
    """Whether a program of the system is known to start none of its words."""
    return program in (harmless_programs() | starts_nothing() | file_programs() | file_printers()) - waiters()


class _Place(NamedTuple):
    folder: str
    where: str
    file: str = ""
    line: int = 0
    env: Mapping[str, str | None] = {}
    runner: str = ""
    sure: bool = True


class _Unfolder:
    def __init__(self, files: Files, placed: Placed, handed: bool) -> None:
        self.files = files
        self.placed = placed
        self.reads_on = handed  # the words that the script is given are read elsewhere
        self.commands: list[Started] = []
        self.scripts: list[Script] = []
        self.unknown: str | None = None
        self.seen: set[tuple[str, str]] = set()

    def doubt(self, reason: str) -> None:
        self.unknown = self.unknown or reason

    def script(self, text: str, place: _Place, depth: int) -> None:
        found = called_in(text)
        if found is None or depth > _MAX_DEPTH:
            self.doubt(f"the script of {place.where} could not be read")
            return
        for each in found:
            words = each.words
            if words[:1] == ("cd",):
                if len(words) == 2 and words[1]:
                    place = place._replace(folder=self.below(place.folder, words[1]))
                else:
                    self.doubt(f"the folder of {place.where} is worked out only when it runs")
                continue
            if words[:1] == ("export",):
                place = place._replace(env={**place.env, **each.env})
                continue
            self.command(words, place._replace(env={**place.env, **each.env}), depth)

    def command(self, words: Sequence[str | None], place: _Place, depth: int) -> None:
        """Takes in a command, and what it starts in turn."""
        if not words:
            return
        name = words[0]
        if name == HANDED and self.reads_on and not depth:
            return
        if name is None or name == HANDED:
            self.doubt(f"what {place.where} runs is worked out only when it runs")
            return
        program = posixpath.basename(name)
        rest = words[1:]
        if program == "corepack" and rest and rest[0] in script_runners():
            self.command(rest, place, depth)
        elif (runner := script_runners().get(program)) is not None:
            self.run(runner, words, place, depth)
        elif (starter := node_starters().get(program)) is not None:
            self.take(words, place)
            self.start(starter, rest, place, depth)
        elif program in shells() or (program in scripts_as_user() and not {"-c", "--command"}.isdisjoint(rest)):
            self.shell(words, place, depth)
        elif program == "eval":
            self.script(" ".join(word if word is not None else "$DOCKFIX" for word in rest), place, depth + 1)
        elif program in wrappers() and (inner := behind(program, rest)) is not None:
            self.take(words[: len(words) - len(inner)], place)
            variables = {
                key: value
                for word in rest[: len(rest) - len(inner)]
                for key, sign, value in [(word or "").partition("=")]
                if sign
            }
            self.command(inner, place._replace(env={**place.env, **variables}), depth)
        else:
            rest = self.told(program, rest, place, depth)
            self.take((name, *rest), place)
            self.known(program, rest, place, depth)

    def told(self, program: str, rest: Sequence[str | None], place: _Place, depth: int) -> Sequence[str | None]:
        """The words of a program with what its settings say in files; takes in what these have run besides."""
        known = node_program(program)
        if known is None or not known.told_in:
            return rest
        found = told(known, rest, place.folder, self.files)
        if found.unknown:
            self.doubt(f"{found.unknown}, which says what {place.where} runs")
        for command in found.more:
            self.script(command, place, depth + 1)
        return found.words

    def below(self, folder: str, path: str) -> str:
        """A path of the image relative to the build context."""
        return at(path, folder, self.placed)

    def take(self, words: Sequence[str | None], place: _Place) -> None:
        self.commands.append(
            Started(
                tuple(words), place.folder, place.where, place.env, place.file, place.line, place.runner, place.sure
            )
        )

    def known(self, program: str, rest: Sequence[str | None], place: _Place, depth: int) -> None:
        known = node_program(program)
        if known is None:
            if not _leaves_words_alone(program):
                self.handed(rest, place, depth)
            return
        root = self.files.workspace(place.folder) or self.files.nearest(place.folder) if known.members else None
        named = tasks(known, rest, root, self.files) if root is not None and known.tasks_in else None
        if known.unknown and named is None:
            self.doubt(f"what {program} runs for {place.where} is not read")
        if known.members:
            self.of_members([*named] if named is not None else rest, place, depth)
        if known.processes:
            self.listed(known.processes, place, depth)
        if is_node(program):
            self.by_node(rest, place, depth)
        for number, word in enumerate(rest[:-1]):
            given = rest[number + 1]
            if word in EXECUTES and known.develops and given:
                more = " ".join(each or "$DOCKFIX" for each in rest[number + 2 :])
                self.script(f"{given} {more}" if more else given, place, depth + 1)
                break

    def handed(self, rest: Sequence[str | None], place: _Place, depth: int) -> None:
        """Takes in what a program may start of which nothing is known: a command in its words, or a script in one of them."""
        place = place._replace(sure=False)
        for number, word in enumerate(rest):
            if word is not None and _starts_words(word):
                self.command(rest[number:], place, depth)
                return
            if word is not None and _starts_words(word.partition(" ")[0]):
                self.script(word, place, depth + 1)

    def of_members(self, rest: Sequence[str | None], place: _Place, depth: int) -> None:
        """Takes in the scripts of a workspace's members that the words of a program for all of them name: `api:start`, `start`."""
        place = place._replace(sure=False)
        root = self.files.workspace(place.folder) or self.files.nearest(place.folder)
        members = (root, *self.files.members(root).values()) if root is not None else ()
        names = {part for word in rest if word for part in (word, *word.split(":"))}
        for each in members:
            for name in each.scripts.keys() & names:
                self.run_script(each, name, (), place, depth)

    def listed(self, file: str, place: _Place, depth: int) -> None:
        """Takes in the processes that a file lists."""
        path = below(place.folder, file)
        text = self.files.read(path) if self.files.has(path) else None
        if text is None:
            self.doubt(f"the {file} that {place.where} goes by is not there")
            return
        for line in _PROCESS.finditer(text):
            self.script(line[1], place._replace(where=path), depth + 1)

    def by_node(self, rest: Sequence[str | None], place: _Place, depth: int) -> None:
        """Takes in what Node.js runs that is no file of the project: a script of package.json, a program of a package."""
        for number, word in enumerate(rest):
            option, sign, value = (word or "").partition("=")
            if option == "--run" and (name := value if sign else (*rest, None)[number + 1]):
                self.named(name, place, depth)
            elif word is not None and (found := _IN_PACKAGES.fullmatch(word)) is not None:
                self.command((found[1], *rest[number + 1 :]), place, depth)

    def shell(self, words: Sequence[str | None], place: _Place, depth: int) -> None:
        self.take(words[:1], place)
        for number, word in enumerate(words[1:], 1):
            short = word is not None and word.startswith("-") and not word.startswith("--") and word.endswith("c")
            if short or word == "--command":
                text = words[number + 1] if number + 1 < len(words) else ""
                if text is None:
                    self.doubt(f"what {place.where} runs is worked out only when it runs")
                else:
                    self.script(text, place, depth + 1)
                return
        script = next((word for word in words[1:] if word is None or not word.startswith("-")), "")
        path = self.below(place.folder, script) if script else ""
        text = self.files.read(path) if path and self.files.has(path) else None
        if text is not None and (path, "") not in self.seen:
            self.seen.add((path, ""))
            # (a script that is given nothing more is given what its shell is)
            deeper = 0 if self.reads_on and not depth and script is words[-1] else depth + 1
            self.script(text, place._replace(where=path), deeper)

    def start(self, starter: Starter, rest: Sequence[str | None], place: _Place, depth: int) -> None:
        """Takes in what a program starts that has it in its words."""
        words = list(rest)
        if starter.subcommand:
            if words[:1] != [starter.subcommand]:
                return
            words = words[1:]
        plain = plain_words([word if word is not None else "?" for word in words], starter.options)
        if starter.arguments == "command":
            given = {key: value for _, word in plain for key, sign, value in [word.partition("=")] if sign}
            first = next((at for at, word in plain if "=" not in word or "/" in word.partition("=")[0]), None)
            if first is not None:
                inner = place._replace(env={**place.env, **given})
                one = words[first]
                if first == len(words) - 1 and one is not None and " " in one:
                    self.script(one, inner, depth + 1)
                else:
                    self.command(words[first:], inner, depth)
        elif starter.arguments == "unknown":
            self.doubt(f"what {starter.name} runs for {place.where} is not read")
        else:
            for at, word in plain:
                given_word = words[at]
                if given_word is None:
                    self.doubt(f"what {place.where} runs is worked out only when it runs")
                elif starter.arguments == "scripts" or word.startswith(("npm:", "yarn:", "pnpm:", "bun:")):
                    self.named(word.rpartition(":")[2] if starter.arguments == "commands" else word, place, depth)
                else:
                    self.script(given_word, place, depth + 1)

    def named(self, pattern: str, place: _Place, depth: int) -> None:
        """Takes in the scripts that a name, or a pattern of names, says."""
        package = self.files.nearest(place.folder)
        if package is None:
            self.doubt(f"there is no package.json for {place.where}")
        elif pattern in package.scripts:
            self.run_script(package, pattern, (), place, depth)
        else:
            import fnmatch

            wanted = pattern.partition(" ")[0]
            fitting = [name for name in package.scripts if fnmatch.fnmatchcase(name, wanted)]
            for name in fitting:
                self.run_script(package, name, (), place, depth)
            if not fitting:
                self.doubt(f"{package.file} has no script {pattern}")

    def run(self, runner: Runner, words: Sequence[str | None], place: _Place, depth: int) -> None:
        """Takes in what a program runs that knows package.json's scripts."""
        self.take(words, place)
        place = place._replace(runner=runner.name)
        texts = [word if word is not None else "?" for word in words[1:]]
        place = self._moved(runner, texts, place)
        called = next((words[at + 2] for at, word in enumerate(texts[:-1]) if word in runner.call), "")
        if called and (runner.exec == {"always"} or not runner.exec.isdisjoint(texts)):
            self.script(called, place, depth + 1)
            return
        if not runner.code.isdisjoint(texts[:1]):
            self.command(("node", *words[1:]), place, depth)
            return
        plain = plain_words(texts, runner.options)
        everywhere = not place.sure or not runner.every.isdisjoint(texts)
        plain = [(number, word) for number, word in plain if word not in runner.every]
        if not plain:
            return
        if runner.exec == {"always"}:
            self.command(words[1 + plain[0][0] :], place, depth)
            return
        at, first = plain[0]
        if everywhere:
            self.of_members([word for _, word in plain], place, depth)
            if not runner.every.isdisjoint(texts):
                return
        if first in runner.member and len(plain) > 1:
            place = self._member(plain[1][1], place)
            plain = plain[2:]
            if not plain:
                return
            at, first = plain[0]
        if first in runner.exec:
            if len(plain) > 1:
                self.command(words[1 + plain[1][0] :], place, depth)
            return
        name, after = (plain[1][1], plain[1][0]) if first in runner.run and len(plain) > 1 else (first, at)
        behind = words[2 + after :]
        behind = handed_on(runner, behind)
        package = self.files.nearest(place.folder)
        said = name in runner.direct or first in runner.run
        if name in {"t", "tst"}:
            name = "test"
        if words[1 + after] is None:
            self.doubt(f"which script {place.where} runs is worked out only when it runs")
        elif package is not None and name in package.scripts and (said or runner.any):
            self.run_script(package, name, behind, place, depth)
        elif runner.files and ("." in name or "/" in name):
            watches = [word for word in texts[:after] if word in {"--watch", "--hot"}]
            self.command(("node", *(["--watch"] if watches else ()), *words[1 + after :]), place, depth)
        elif (runner.or_program if said else runner.any) and _is_program(name):
            self.command(words[1 + after :], place, depth)
        elif said and name == "start" and package is not None and self.files.has(below(package.folder, "server.js")):
            self.take(("node", "server.js"), place._replace(folder=package.folder))
        elif said:
            self.doubt(
                f"{package.file} has no script {name}"
                if package is not None
                else f"there is no package.json for {place.where}"
            )

    def run_script(self, package: Package, name: str, behind: Sequence[str | None], place: _Place, depth: int) -> None:
        """Takes in a script with what is run before and after it, and the words that are handed on to it."""
        for each in (f"pre{name}", name, f"post{name}"):
            command = package.scripts.get(each)
            if command is None or (package.file, each) in self.seen:
                continue
            self.seen.add((package.file, each))
            line = package.line_of(each)
            self.scripts.append(Script(package.file, each, line, command))
            if each == name and any(word is None for word in behind):
                self.doubt(f"what {place.where} hands on to {each} is worked out only when it runs")
            more = " ".join("'" + word.replace("'", "'\\''") + "'" for word in behind if word) if each == name else ""
            inner = place._replace(folder=package.folder, where=f"{package.file}: {each}", file=package.file, line=line)
            self.script(f"{command} {more}" if more else command, inner, depth + 1)

    def _moved(self, runner: Runner, words: Sequence[str], place: _Place) -> _Place:
        """The place that options say."""
        for number, word in enumerate(words):
            option, sign, value = word.partition("=")
            if word == "--":
                break
            given = value if sign else words[number + 1] if number + 1 < len(words) else ""
            if option in runner.folder and given:
                place = place._replace(folder=self.below(place.folder, given))
            elif option in runner.member and option.startswith("-") and given:
                place = self._member(given, place)
        return place

    def _member(self, name: str, place: _Place) -> _Place:
        root = self.files.workspace(place.folder)
        members = self.files.members(root) if root is not None else {}
        found = members.get(name) or next(
            (each for each in members.values() if each.folder == below(root.folder if root else "", name)), None
        )
        if found is None:
            self.doubt(f"the member {name} of the workspace, which {place.where} names, is not there")
            return place._replace(sure=False)
        return place._replace(folder=found.folder)
