"""What shells and their programs write: for CMD, ENTRYPOINT, Compose files, scripts of package.json, Procfiles, and for the code."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import field, replace

from dockfix.context.scripts import BEGIN, END, commands_in_script, is_shell_script
from dockfix.dataclass import dataclass
from dockfix.facts.facts import Facts
from dockfix.facts.user import user_of
from dockfix.knowledge import command_options, file_writers
from dockfix.lazy import regex
from dockfix.model.actions import Build
from dockfix.model.commands import RUNS_OTHERS, command_model, shell
from dockfix.model.commands.protocol import parse
from dockfix.model.effects import within
from dockfix.model.state import State
from dockfix.syntax.shell import Command, Word

_SELF = r'"?\$\{?(?:0|BASH_SOURCE(?:\[0\])?)\}?"?'
_BESIDE = rf"\$\(\s*dirname\s+(?:--\s+)?{_SELF}\s*\)|\$\{{(?:0|BASH_SOURCE(?:\[0\])?)%/\*\}}"
# The folder of a script, as the script itself works it out
_OWN_FOLDER = regex(rf'\$\(\s*cd\s+(?:--\s+)?"?(?:{_BESIDE})"?\s*(?:&&|;)\s*pwd(?:\s+-[LP])?\s*\)|{_BESIDE}')
_HERE = regex(r"\$\(\s*pwd(?:\s+-[LP])?\s*\)|`pwd`")
_TEMPORARY = regex(r"\$\(\s*mktemp(?:\s+-[dqut]+)*\s*\)|`mktemp(?:\s+-[dqut]+)*`")
# No files, what anybody may write, and where git's model puts settings of whatever user it has
_NOT_COUNTED = ("/dev", "/proc", "/sys", "/tmp", "/var/tmp", "/root/.gitconfig", "/etc/gitconfig")
_MOST_SCRIPTS = 200


@dataclass(frozen=True)
class ShellWrites:
    """``paths`` are absolute, each of a file, or a folder in which something is written; by each stands the place in the code that does it,
    "" for what happens when the container starts.

    ``unknown`` is where a path is written that only the shell knows when the container starts. Such a path may lie anywhere in the working
    directory, ``workdir``. ``unknown_of_code`` is the same for what the code has run: where that lies, the code knows. ``folders`` are
    those in which programs are started, each with where that is.
    """

    paths: Mapping[str, str]
    unknown: str
    unknown_of_code: str
    workdir: str
    folders: Mapping[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.paths or self.unknown or self.unknown_of_code)

    def touch(self, path: str) -> bool:
        """Whether a file or folder may be written, or what lies in it."""
        if self.unknown and within(path, self.workdir):
            return True
        return any(within(path, each) or within(each, path) for each in self.paths)


def shell_writes(facts: Facts) -> ShellWrites:
    """What the shell is seen to write."""
    reader = _Reader(facts)
    workdir = facts.final.end.workdir or "/"
    for where, text in facts.startup.texts.items():
        if where.partition(" ")[0] in {"CMD", "ENTRYPOINT", "HEALTHCHECK"}:
            reader.script(text, where, workdir)
    for service in facts.services:
        for text in service.runs:
            reader.script(text, service.file, posixpath.normpath(posixpath.join(workdir, service.workdir)))
    for script in facts.javascript.started.scripts if facts.is_javascript else ():
        folders = [posixpath.dirname(path) for path in facts.layout.of(script.file)]
        reader.script(script.command, f"{script.file}:{script.line}", folders[-1] if folders else workdir)
    for process in facts.processes.programs:
        reader.script(process.command, f"{process.file}:{process.line}", workdir)
    unknown, reader.unknown = reader.unknown, ""
    visited, reader.folders = reader.folders, {}
    for use in facts.program.scripts:
        reader.by = f"{use.file}:{use.line}"
        reader.script(use.word, reader.by, workdir)
    paths = {
        path: by
        for path, by in (reader.paths | dict.fromkeys(facts.startup.writes, "")).items()
        if within(path, workdir) or not any(within(path, each) for each in _NOT_COUNTED)
    }
    return ShellWrites(paths, unknown, reader.unknown, workdir, visited)


def left_by_builds(facts: Facts) -> Mapping[str, str]:
    """The folders of the working directory in which the shell writes at the start and that only a build can have made, each with what."""
    workdir = facts.final.end.workdir or "/"
    written, found = facts.ask(shell_writes).paths, dict[str, str]()
    builds = any(isinstance(unit.effects.action, Build) for _, unit in facts.final.units)
    for path, by in written.items() if builds else ():
        folder, _, below = path.removeprefix(workdir.rstrip("/") + "/").partition("/")
        top = posixpath.join(workdir, folder)
        if not by and within(path, top) and below and top not in written and not _is_brought(facts, top):
            found.setdefault(top, path)
    return found


def _is_brought(facts: Facts, path: str) -> bool:
    """Whether a COPY brings a folder, or an install makes it."""
    if facts.layout.is_folder(path) or any(True for _ in facts.layout.below(path)):
        return True
    return any(path in unit.effects.writes for _, unit in facts.final.units)


class _Reader:
    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.paths: dict[str, str] = {}
        self.folders: dict[str, str] = {}
        self.by = ""
        self.unknown = ""
        self.seen: set[tuple[str, str | None]] = set()
        end = facts.final.end
        # what a build is given is not there any more; the program's home is that of its new user
        self.start = replace(end, user=None, args={}, env={"HOME": user_of(facts).home, **end.env})

    def script(self, text: str, where: str, workdir: str | None, folder: str = "") -> None:
        """Takes in a script that is started in a working directory, and lies in a folder itself."""
        if folder:
            text = _OWN_FOLDER.sub(folder.replace("\\", r"\\"), text)
        script = commands_in_script(_TEMPORARY.sub("/tmp/made", _HERE.sub("$PWD", text)))
        if script is None:  # that it cannot be read is said elsewhere
            return
        state = _in(replace(self.start, workdir=workdir))
        unsure, outer = _of_several_values(script.steps), [state]
        for name in unsure:
            state = _with(state, name, None)
        for step in script.steps:
            if step == BEGIN:
                outer.append(state)
            elif step == END:
                state = outer.pop()
            else:
                state = _in(self.step(step, where, state, unsure))

    def step(self, step: Command, where: str, state: State, unsure: frozenset[str]) -> State:
        """Takes in one command, assignment or redirection; gives the state after it."""
        for name, word in step.assignments:
            value = state.value(word) if word is not None else ""
            state = _with(state, name, None if name in unsure else value)
        self.wrote([each.target for each in step.redirects if not each.operator.endswith("&")], where, state)
        if step.name is None:
            return state
        program = posixpath.basename(step.name)
        if program == "cd":
            return shell.state_after(step, state)
        if program in {"pushd", "popd"}:
            return replace(state, workdir=None)
        if state.workdir is not None:
            self.folders.setdefault(state.workdir, where)
        model = command_model(program) if program not in RUNS_OTHERS and program not in shell.MODELS else None
        if model is not None:
            effects = model(step, state)
            made = {*effects.writes} | (_around(effects.writes, state) if program == "mkdir" else set())
            self.paths = dict.fromkeys(made, self.by) | self.paths
            writes = program not in file_writers() or file_writers()[program].search(step.text)
            self.unknown = self.unknown or (where if effects.opaque and writes else "")
        else:
            known = command_options(program)
            options = parse(step.args, state, known.valued).options if known.written else ()
            self.wrote([words[-1] for name, _, words in options if name in known.written and words[1:]], where, state)
            if (pattern := file_writers().get(program)) is not None and pattern.search(step.text):
                self.unknown = self.unknown or where
        sourced = program in {".", "source"}
        for word in step.words:
            self.follow(word, where, state, sourced)
        return state

    def wrote(self, words: Iterable[Word | None], where: str, state: State) -> None:
        """Takes in words that name what is written."""
        for word in words:
            value = state.value(word) if word is not None else None
            path = state.path(value) if value else None
            if path is None:
                self.unknown = self.unknown or where
            elif value != "-":
                self.paths.setdefault(path, self.by)

    def follow(self, word: Word, where: str, state: State, sourced: bool) -> None:
        """Reads the script of the build context that a word names, if it names one."""
        value = state.value(word)
        if not value or value.startswith("-") or len(self.seen) > _MOST_SCRIPTS:
            return
        named = "/" in value or "." in value
        workdir = state.workdir or self.start.workdir or "/"
        paths = (
            [posixpath.normpath(posixpath.join(workdir, value))]
            if named
            else [f"{folder}/{value}" for folder in ("/usr/local/bin", "/usr/bin", "/bin")]
        )
        for path in paths:
            name = self.facts.started_file(path)
            if name is None or (name, state.workdir) in self.seen:
                continue
            text = self.facts.context.read(name)
            if text is not None and (sourced or is_shell_script(name, text)):
                self.seen.add((name, state.workdir))
                self.script(text, name, state.workdir, posixpath.dirname(path))


def _around(paths: Iterable[str], state: State) -> set[str]:
    """The folders below the working directory in which some paths lie."""
    workdir, found = state.workdir or "/", set[str]()
    for path in paths:
        while within(path := posixpath.dirname(path), workdir) and path != workdir:
            found.add(path)
    return found


def _of_several_values(steps: Iterable[Command]) -> frozenset[str]:
    """The variables of a script of which it is not known which value they have where: they get several, or one from outside."""
    values: dict[str, set[str]] = {}
    for step in steps:
        for name, word in step.assignments:
            values.setdefault(name, set()).add(word.text if word is not None else "")
        if step.name in {"read", "getopts", "mapfile", "readarray", "unset"}:
            for word in step.args:
                values.setdefault(word.value or "", set()).update({"", word.text})
    return frozenset(name for name, given in values.items() if len(given) > 1)


def _with(state: State, name: str, value: str | None) -> State:
    """The state in which a variable has a value; None: only the shell knows which."""
    env = {key: each for key, each in state.env.items() if key != name}
    return replace(state, env=env if value is None else {**env, name: value})


def _in(state: State) -> State:
    """The state with what the shell itself says of its folder."""
    return _with(state, "PWD", state.workdir)
