"""What a container starts, as commands, and how it is written again without the package manager that runs its programs."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Mapping, Sequence
from typing import Literal

from dockfix.dataclass import dataclass
from dockfix.facts import Facts
from dockfix.facts.installs import called
from dockfix.knowledge import posix_shells
from dockfix.lazy import regex
from dockfix.managers.protocol import Call, LanguageManager, Started
from dockfix.model.stages import Step
from dockfix.syntax import Dockerfile, Instruction, Node, snippet
from dockfix.syntax.shell import Command, Word, parse_script, quoted

Part = Literal["CMD", "ENTRYPOINT", "HEALTHCHECK"]
_FAILS = regex(r"\s*\|\|\s*exit\s+\d+\s*$")
Written = Sequence[tuple[Instruction, tuple[Node, ...]]]


@dataclass(frozen=True)
class Start:
    """One instruction that starts something, and its commands.

    Where an ENTRYPOINT is nothing but a manager that runs what CMD names (``entry``), the two together are one command.
    """

    step: Step
    part: Part
    commands: tuple[Command, ...]
    entry: Step | None = None

    @property
    def line(self) -> int:
        """Where it stands."""
        return self.step.line

    @property
    def where(self) -> str:
        """How reasons and the texts of what starts call it."""
        return f"{self.part} in line {self.step.line}"

    @property
    def everywhere(self) -> tuple[str, ...]:
        """The same of each of its instructions."""
        return (self.where, *((f"ENTRYPOINT in line {self.entry.line}",) if self.entry is not None else ()))

    def written(self, tree: Dockerfile, programs: Mapping[Command, Started]) -> Written | None:
        """The instructions with the programs alone in place of the calls; None where they can't be written."""
        words = self._words
        new = self._without(programs) if words is None else _exec_form(self._keyword, _words(words, programs))
        if new is None:
            return None
        node = self.step.instruction
        head = node.text[: node.logical.raw(node.args_start)] if self.part == "HEALTHCHECK" else ""
        (made,) = snippet(tree, f"{head}{new}", self.line)
        if not isinstance(made, Instruction):
            return None
        own = ((node, (made,)),) if made.words != node.words else ()
        if self.entry is None:
            return own
        # what it was given is a command by itself; that of the base image must not come back
        none = snippet(tree, "ENTRYPOINT []\n", self.entry.line)
        return [(self.entry.instruction, none), *own]

    @property
    def _node(self) -> Instruction:
        return _node(self.step)

    @property
    def _keyword(self) -> str:
        return "CMD" if self.part == "HEALTHCHECK" else self.part

    @property
    def _words(self) -> Sequence[str] | None:
        """The words of the exec form, of the ENTRYPOINT's and CMD's where they are one command."""
        own = self._node.json
        entry = self.entry.instruction.json if self.entry is not None else ()
        return None if own is None or entry is None else (*entry, *own)

    def _without(self, programs: Mapping[Command, Started]) -> str | None:
        """The text of the shell form."""
        node = self._node
        if self.part == "HEALTHCHECK":
            return None if node.inner_comments else f"CMD {_replaced(node.args, programs)}\n"
        gone = {command: _before(command, started) for command, started in programs.items()}
        remove = [word for each in gone.values() for word in each]
        insert = [(gone[each][0], " ".join(started.before)) for each, started in programs.items() if started.before]
        form = self.step.shell_form
        made = form.edited(remove=remove, insert=insert) if form is not None else None
        return made.text if made is not None else None


def starts_of(facts: Facts) -> list[Start]:
    """What the final stage starts."""
    found: list[Start] = []
    entry, cmd = facts.final.last("ENTRYPOINT"), facts.final.last("CMD")
    if entry is not None and cmd is not None and _only_runs(entry.instruction.json) and cmd.instruction.json:
        words = (*(entry.instruction.json or ()), *cmd.instruction.json)
        found.append(Start(cmd, "CMD", parse_script(quoted(words)).commands, entry))
        entry = cmd = None
    pairs: list[tuple[Part, Step | None]] = [
        ("ENTRYPOINT", entry),
        ("CMD", cmd),
        ("HEALTHCHECK", facts.final.last("HEALTHCHECK")),
    ]
    return found + [Start(step, part, _commands(step)) for part, step in pairs if step is not None and _starts(step)]


def program_of(manager: LanguageManager, call: Call) -> Started | None:
    """The program that a manager starts by itself or by itself again, None where it does more than that."""
    started = manager.starts(call)
    while started is not None and started.program in manager.programs:
        again = parse_script(quoted([word.value or "" for word in started.words])).commands
        inner = manager.starts(called(again[0])) if len(again) == 1 else None
        if inner is None:
            return None
        count = len(started.words) - len(inner.words)
        started = Started(started.words[count:], inner.before)
    return started


def _only_runs(words: Sequence[str] | None) -> bool:
    """Whether words call something that runs what follows them: ``uv run``, with options or without."""
    return (
        words is not None and len(words) > 1 and words[1] == "run" and all(each.startswith("-") for each in words[2:])
    )


def _starts(step: Step) -> bool:
    return step.keyword != "HEALTHCHECK" or step.instruction.inner is not None


def _node(step: Step) -> Instruction:
    """The instruction, or HEALTHCHECK's CMD."""
    return step.instruction if step.keyword != "HEALTHCHECK" else step.instruction.inner or step.instruction


def _checked(step: Step) -> tuple[Command, ...]:
    """The commands of a HEALTHCHECK in shell form, without the status that it ends with where they fail."""
    shell, text = step.state.shell, _node(step).args
    if shell and posixpath.basename(shell[0]) not in posix_shells():
        return ()
    return parse_script(_FAILS.sub("", text)).commands


def _exec_form(keyword: str, words: Sequence[str]) -> str:
    return f"{keyword} {json.dumps(words, ensure_ascii=False)}\n"


def _commands(step: Step) -> tuple[Command, ...]:
    """The commands of an instruction, and those of a shell that it is."""
    node = _node(step)
    if node.json is None:
        form = step.shell_form
        return _checked(step) if step.keyword == "HEALTHCHECK" else form.commands if form is not None else ()
    return parse_script(_script(node.json) or quoted(node.json)).commands


def _script(words: Sequence[str]) -> str:
    """What a shell is given to run, "" where it is no shell."""
    shell = len(words) == 3 and words[1] == "-c" and posixpath.basename(words[0]) in posix_shells()
    return words[2] if shell else ""


def _words(words: Sequence[str], programs: Mapping[Command, Started]) -> list[str]:
    """The words of the exec form with the programs alone."""
    script = _script(words)
    if script:
        return [*words[:2], _replaced(script, programs)]
    (started,) = programs.values()
    return [*started.before, *(word.value or "" for word in started.words)]


def _replaced(script: str, programs: Mapping[Command, Started]) -> str:
    """A script with the programs alone."""
    for command, started in sorted(programs.items(), key=lambda each: -each[0].start):
        before = "".join(f"{word} " for word in started.before)
        script = script[: _before(command, started)[0].start] + before + script[started.words[0].start :]
    return script


def _before(command: Command, started: Started) -> tuple[Word, ...]:
    """The words with which a manager is called."""
    words = command.words[command.name == "exec" :]
    return words[: words.index(started.words[0])]
