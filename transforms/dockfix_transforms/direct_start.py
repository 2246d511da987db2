"""The ``direct-start`` transform."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar, Literal

from dockfix.engine.transform import Edit, Outcome, Transform, refuse
from dockfix.facts import Facts
from dockfix.facts.how_it_is_run import by_hand
from dockfix.facts.installs import called
from dockfix.facts.manager_starts import found_elsewhere, installs_of, needed_at_start, off_path
from dockfix.knowledge import is_python, normalise, package_manager, posix_shells, python_program
from dockfix.lazy import regex
from dockfix.managers.commands import manager_of
from dockfix.managers.protocol import Call, LanguageManager, Started
from dockfix.model.reason import Declared, Reason, at, doubt
from dockfix.model.stages import Step
from dockfix.syntax import Dockerfile, Instruction, snippet
from dockfix.syntax.shell import Command, Word, parse_script, quoted

from ._layout import place_above

# What another folder, and with it another project, may come of
_MOVES = frozenset({".", "cd", "eval", "popd", "pushd", "source"})


class DirectStart(Transform):
    """Start the program itself, not a package manager that starts it.

    What it does
        Takes ``poetry run``, ``pipenv run``, ``pdm run`` or ``uv run`` away from the commands of a CMD or ENTRYPOINT. Where the
        programs of the environment do not come first on PATH, an ``ENV PATH`` right above it sees to that.

    Why
        The manager needs not be in the image then, nor the packages that it is made of: ``multi-stage`` leaves it in the
        builder. The program starts sooner, needs no home folder and no cache to write to, and can run as another user.

    Example
        CMD ["uv", "run", "uvicorn", "a:app"]   ENV PATH="/app/.venv/bin:$PATH"
                                                CMD ["uvicorn", "a:app"]

    Fix safety
        Safe where the program is Python, one that an installed package of its name brings, or one of the project that is installed.
        What differs: the variable VIRTUAL_ENV is not set, and uv does not look at each start whether all is installed. Left
        alone where the code reads what the manager sets, where a ``.env`` lies beside the Pipfile, which Pipenv reads, where the manager
        would install something at the start or find another project or environment then (``uv.lock`` does not fit, the script names
        packages of its own, the project's folder is mounted), where the project's files give the name to a script of their own, and
        where something else that the container starts runs the manager. Unsafe where it is not known what brings the program, whether
        the lock fits, or whether uv builds the project again.
    """

    title: ClassVar[str] = "start the program without a package manager"

    def apply(self, facts: Facts) -> Outcome:
        """Rewrites the final stage's ENTRYPOINT or CMD."""
        for keyword in ("ENTRYPOINT", "CMD"):
            step = facts.final.last(keyword)
            commands = _commands(step) if step is not None else ()
            manager = next((each for each in map(_manager, commands) if each is not None), None)
            if step is None or manager is None:
                continue
            return self._outcome(facts, step, commands, manager)
        return Outcome()

    def _outcome(self, facts: Facts, step: Step, commands: tuple[Command, ...], manager: LanguageManager) -> Outcome:
        """Without the calls of one manager."""
        programs: dict[Command, Started] = {}
        doubts: list[Reason | None] = []
        for command in commands:
            if _manager(command) is not manager:
                continue
            call = called(command)
            started = manager.starts(call)
            if started is None:
                runs = any(word.value == "run" for word in call.words)
                name = call.command.name
                if runs and step.keyword == "ENTRYPOINT" and _names_nothing(call):
                    return refuse(
                        f"{name} run is the ENTRYPOINT, which starts whatever CMD or the user names", step.line
                    )
                return refuse(f"{name} does more than to start a program", step.line) if runs else Outcome()
            reason = needed_at_start(facts, manager, call, started)
            if reason is not None and reason.weight == "blocks":
                return refuse(reason if reason.place.line or reason.place.file else reason.at(step.line))
            doubts += [reason, _unknown(facts, manager, started.program)]
            programs[command] = started
        reason = _left(commands, manager, step) or _named_elsewhere(facts, manager, step)
        if reason is not None:
            return refuse(reason)
        new = _written(facts.tree, step, programs)
        if new is None:
            return refuse("it could not be written again", step.line)
        root = off_path(facts, manager)
        doubts.append(found_elsewhere(facts, root, f"{step.keyword} in line {step.line}") if root else None)
        name = next(iter(programs.values())).program
        because = f"{name} is on PATH: {manager.title} has nothing to do at the start"
        edits = [Edit(step.instruction, (new,), step.line, because)]
        part: Literal["CMD", "ENTRYPOINT"] = "CMD" if step.keyword == "CMD" else "ENTRYPOINT"
        return Outcome(
            _with_path(facts, step, root, edits) if root else edits,
            doubts=tuple(dict.fromkeys(filter(None, doubts))),
            declares=frozenset({Declared(part), *([Declared("ENV", "PATH")] if root else [])}),
        )


def _commands(step: Step) -> tuple[Command, ...]:
    """The commands of an instruction, and those of a shell that it is."""
    words = step.instruction.json
    if words is None:
        return step.shell_form.commands if step.shell_form is not None else ()
    return parse_script(_script(words) or quoted(words)).commands


def _script(words: Sequence[str]) -> str:
    """What a shell is given to run, "" where it is no shell."""
    shell = len(words) == 3 and words[1] == "-c" and posixpath.basename(words[0]) in posix_shells()
    return words[2] if shell else ""


def _manager(command: Command) -> LanguageManager | None:
    """The manager that a command runs, None for one that runs what the project's files call so, with more around it than the program."""
    call = called(command)
    manager = manager_of(call.command)
    known = package_manager(posixpath.basename(call.command.name or ""))
    return manager if isinstance(manager, LanguageManager) and not (known is not None and known.scripts) else None


def _written(tree: Dockerfile, step: Step, programs: Mapping[Command, Started]) -> Instruction | None:
    """The instruction with the programs alone; None where it can't be written."""
    words = step.instruction.json
    if words is None:
        gone = {command: _before(command, started) for command, started in programs.items()}
        remove = [word for each in gone.values() for word in each]
        insert = [(gone[each][0], " ".join(started.before)) for each, started in programs.items() if started.before]
        return step.shell_form.edited(remove=remove, insert=insert) if step.shell_form is not None else None
    script = _script(words)
    if script:
        for command, started in sorted(programs.items(), key=lambda each: -each[0].start):
            before = "".join(f"{word} " for word in started.before)
            script = script[: _before(command, started)[0].start] + before + script[started.words[0].start :]
        new = [*words[:2], script]
    else:
        (started,) = programs.values()
        new = [*started.before, *(word.value or "" for word in started.words)]
    (node,) = snippet(tree, f"{step.keyword} {json.dumps(new, ensure_ascii=False)}\n", step.line)
    return node if isinstance(node, Instruction) else None


def _before(command: Command, started: Started) -> tuple[Word, ...]:
    """The words with which a manager is called."""
    words = command.words[command.name == "exec" :]
    return words[: words.index(started.words[0])]


def _with_path(facts: Facts, step: Step, root: str, edits: list[Edit]) -> list[Edit]:
    """The edits, and the environment first on PATH once everything is built."""
    setting = snippet(facts.tree, f'ENV PATH="{step.state.spelled(root)}/bin:$PATH"\n', step.line)
    later = [each for each in facts.final.of("RUN") if each.line > step.line]
    if later:
        node = later[-1].instruction
        return [*edits, Edit(node, (node, *setting), later[-1].line, "")]
    target = place_above(facts.tree, step.instruction)
    if target is step.instruction:
        return [replace(edits[0], replacement=(*setting, *edits[0].replacement))]
    return [*edits, Edit(target, (*setting, target), step.line, "")]


def _names_nothing(call: Call) -> bool:
    """Whether a call of ``run`` has options at most behind that word."""
    words = [word.value or "" for word in call.words]
    return all(word.startswith("-") for word in words[words.index("run") + 1 :])


def _left(commands: tuple[Command, ...], manager: LanguageManager, step: Step) -> Reason | None:
    """Why not every call of the manager in an instruction can be seen, or it works in another folder than the container starts in."""
    moved = next((each.name for each in commands if each.name in _MOVES), "")
    if moved and len(commands) > 1:
        return at(f"{moved} may lead {manager.title} to another project", step.line)
    hidden = any(not each.simple and _called(manager).search(each.text) for each in commands)
    return at(f"the shell decides whether it runs {manager.title}", step.line) if hidden else None


def _called(manager: LanguageManager) -> re.Pattern[str]:
    return regex(rf"(?<![\w.-])(?:{'|'.join(map(re.escape, sorted(manager.programs)))})(?![\w.-])")


def _named_elsewhere(facts: Facts, manager: LanguageManager, step: Step) -> Reason | None:
    """What else runs the manager in a container of the image: it starts by itself, or somebody runs it there."""
    own = f"{step.keyword} in line {step.line}"
    names = _called(manager)
    texts = {**facts.ask(by_hand).texts, **facts.startup.texts}
    where = next((where for where, text in texts.items() if where != own and names.search(text)), "")
    return at(f"{where} runs {manager.title}, too") if where else None


def _unknown(facts: Facts, manager: LanguageManager, program: str) -> Reason | None:
    """Why it is not certain that the environment has the program."""
    if facts.unknown is not None:
        return facts.unknown
    uncertain = next((each.uncertain for each in installs_of(facts, manager) if each.uncertain), "")
    if uncertain:
        return doubt(uncertain)
    of_python = python_program(program)
    brought = of_python is not None and of_python.command and normalise(program) in facts.distributions
    own = any(program in facts.manifests[each].programs for each in installs_of(facts, manager))
    return None if is_python(program) or brought or own else doubt(f"what brings {program} is not known")
