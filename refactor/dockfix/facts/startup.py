"""What a container runs when it starts: CMD, ENTRYPOINT, HEALTHCHECK and what Compose files give for them, and their scripts."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Mapping, Sequence

from dockfix.context.compose import ComposeService
from dockfix.context.scripts import commands_in_script, is_shell_script
from dockfix.dataclass import dataclass
from dockfix.knowledge import is_python, python_program, rule_runners, waiters
from dockfix.lazy import regex
from dockfix.model.reason import Reason, doubt
from dockfix.model.stages import Stage
from dockfix.syntax import Instruction
from dockfix.syntax.shell import quoted

# All of a command: https://docs.docker.com/reference/compose-file/interpolation/
_VARIABLE = regex(r"[\s\"']*\$(?:\w+|\{\w+(?::?-(?P<default>[^{}]*))?\})[\s\"']*")
_COMPUTED = "what {} runs is worked out only when it runs"


@dataclass(frozen=True, eq=False)
class Startup:
    """``programs`` maps a program's base name to where it is called.

    ``login_shell`` is where a shell resets PATH ("" where none does); ``unknown`` says what could not be read (None: all was).
    ``deployed`` is the same where that is no more than a command of a Compose file which a variable of the deployment gives.
    ``writes`` are absolute paths that the scripts write. ``texts`` are the scripts, by where they stand, for a search. ``written`` are the
    base names of those that the Dockerfile itself holds.
    """

    programs: dict[str, str]
    texts: dict[str, str]
    writes: frozenset[str] = frozenset()
    login_shell: str = ""
    unknown: Reason | None = None
    deployed: Reason | None = None
    written: frozenset[str] = frozenset()


def read_startup(
    stage: Stage,
    services: Iterable[ComposeService],
    lying_at: Callable[[str], str | None],
    read: Callable[[str], str | None],
) -> Startup:
    """Follows CMD, ENTRYPOINT and HEALTHCHECK of ``stage``, and the commands of Compose services, into the scripts of the context."""
    reader = _Reader(lying_at, read, _heredocs(stage))
    for keyword in ("ENTRYPOINT", "CMD", "HEALTHCHECK"):
        step = stage.last(keyword)
        if step is not None:
            node = step.instruction if keyword != "HEALTHCHECK" else step.instruction.inner
            if node is not None:
                reader.instruction(
                    node, stage, f"{keyword} in line {step.line}", keyword == "CMD" and _takes_arguments(stage)
                )
    reader.services(services, stage)
    unknown = reader.unknown or reader.deployed
    deployed = reader.deployed if reader.unknown is None else None
    written = frozenset(map(posixpath.basename, reader.heredocs.keys() & reader.seen))
    return Startup(
        reader.programs, reader.texts, frozenset(reader.writes), reader.login_shell, unknown, deployed, written
    )


def read_commands(
    stage: Stage,
    services: Iterable[ComposeService],
    lying_at: Callable[[str], str | None],
    read: Callable[[str], str | None],
) -> Startup:
    """The same of the commands alone that are given for containers of ``stage``: they are not all that a container runs."""
    reader = _Reader(lying_at, read)
    reader.services(services, stage)
    return Startup(reader.programs, reader.texts, frozenset(reader.writes), reader.login_shell)


def _heredocs(stage: Stage) -> Mapping[str, tuple[str, str]]:
    """The files that COPY makes of heredocs, by their paths: where each stands, and what is in it."""
    found: dict[str, tuple[str, str]] = {}
    for step in stage.of("COPY"):
        copy = step.copy
        if copy is None or copy.target is None:
            continue
        for heredoc in step.instruction.heredocs:
            path = posixpath.join(copy.target, heredoc.name) if copy.target_is_folder else copy.target
            found[path] = (f"{posixpath.basename(path)} in line {step.line}", heredoc.body)
    return found


def _is_given_arguments(service: ComposeService, stage: Stage) -> bool:
    """Whether the command of a service is the arguments of its entrypoint, or of the image's."""
    return _takes_words(service.entry) if service.entrypoint else _takes_arguments(stage)


def _takes_arguments(stage: Stage) -> bool:
    """Whether what CMD says are the arguments of the ENTRYPOINT's Python program, and no program of its own."""
    entry = stage.last("ENTRYPOINT")
    return _takes_words(entry.instruction.json if entry is not None else None)


def _takes_words(words: Sequence[str] | None) -> bool:
    """Whether a command starts a Python program, to which what follows is given."""
    program = posixpath.basename(words[0]) if words else ""
    return is_python(program) or python_program(program) is not None


class _Reader:
    def __init__(
        self,
        lying_at: Callable[[str], str | None],
        read: Callable[[str], str | None],
        heredocs: Mapping[str, tuple[str, str]] | None = None,
    ) -> None:
        self.lying_at = lying_at
        self.read = read
        self.heredocs = heredocs or {}
        self.programs: dict[str, str] = {}
        self.texts: dict[str, str] = {}
        self.writes: set[str] = set()
        self.login_shell = ""
        self.unknown: Reason | None = None
        self.deployed: Reason | None = None
        self.seen: set[str] = set()

    def instruction(self, node: Instruction, stage: Stage, where: str, arguments: bool) -> None:
        text = node.args if node.json is None else quoted(node.json)
        self.script(text, where, stage.end.workdir or "/", arguments)

    def services(self, services: Iterable[ComposeService], stage: Stage) -> None:
        for service in services:
            for text in service.runs:
                workdir = posixpath.join(stage.end.workdir or "/", service.workdir)
                given = text == service.given and _is_given_arguments(service, stage)
                self.service(text, service.file, workdir, given)

    def service(self, text: str, where: str, workdir: str, arguments: bool) -> None:
        """Reads a command of a Compose file; of one that is a variable, what it is where the variable isn't set."""
        variable = _VARIABLE.fullmatch(text)
        if variable is None:
            self.script(text, where, workdir, arguments)
            return
        self.deployed = self.deployed or doubt(_COMPUTED.format(where))
        if variable["default"]:
            self.script(variable["default"], where, workdir, arguments)

    def script(self, text: str, where: str, workdir: str, arguments: bool = False) -> None:
        """Reads one script and the scripts that its words name; with ``arguments`` it is a program's words, and starts none."""
        self.texts[where] = f"{self.texts[where]}\n{text}" if where in self.texts else text
        facts = commands_in_script(text)
        if facts is None:
            self.unknown = self.unknown or doubt(f"the command of {where} could not be read")
            return
        if facts.dynamic and posixpath.basename(where) not in waiters():
            self.unknown = self.unknown or doubt(_COMPUTED.format(where))
        rules = next((name for name in facts.commands if posixpath.basename(name) in rule_runners()), "")
        if rules:
            self.unknown = self.unknown or doubt(f"what {rules} runs for {where} is not read")
        for name in () if arguments else facts.commands:
            if not name.startswith("-"):  # a CMD may hold the options of the ENTRYPOINT
                self.programs.setdefault(posixpath.basename(name), where)
        self.writes |= facts.writes
        if facts.login_shell:
            self.login_shell = self.login_shell or where
        for word in facts.words:
            self.follow(word, where, workdir)

    def follow(self, word: str, where: str, workdir: str) -> None:
        """Reads the script of the build context that a word names, if it names one."""
        path = posixpath.normpath(posixpath.join(workdir, word)) if "/" in word or "." in word else ""
        candidates = [path] if path else [f"/usr/local/bin/{word}", f"/usr/bin/{word}", f"/bin/{word}"]
        for candidate in candidates:
            if candidate in self.heredocs and candidate not in self.seen:
                self.seen.add(candidate)
                place, body = self.heredocs[candidate]
                if is_shell_script(candidate, body):
                    self.script(body, place, workdir)
            name = self.lying_at(candidate)
            if name is None or name in self.seen:
                continue
            self.seen.add(name)
            text = self.read(name)
            if text is None:
                self.unknown = self.unknown or doubt(f"{name} could not be read")
            elif is_shell_script(name, text):
                self.script(text, name, workdir)
