"""The ``direct-start`` transform."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from dockfix.engine.transform import Edit, Outcome, Transform, refuse
from dockfix.facts import Facts
from dockfix.facts.how_it_is_run import by_hand, every_way
from dockfix.facts.installs import called
from dockfix.facts.manager_starts import found_elsewhere, installs_of, needed_at_start, off_path
from dockfix.facts.own_environment import missed
from dockfix.knowledge import is_python, normalise, package_manager, python_program
from dockfix.lazy import regex
from dockfix.managers.commands import manager_of
from dockfix.managers.protocol import Call, LanguageManager, Started
from dockfix.model.artefact import Environment
from dockfix.model.reason import Declared, Reason, at, doubt
from dockfix.model.stages import Step
from dockfix.placement.two_stage import environment_blocker, install_blocker
from dockfix.runtimes.registry import runtime_of
from dockfix.syntax import snippet
from dockfix.syntax.shell import Command

from ._environment import filling
from ._layout import place_above
from ._starts import Start, program_of, starts_of

# What another folder, and with it another project, may come of
_MOVES = frozenset({".", "cd", "eval", "popd", "pushd", "source"})

_PARTS: dict[str, Declared] = {
    each.part: each for each in (Declared("CMD"), Declared("ENTRYPOINT"), Declared("HEALTHCHECK"))
}


class DirectStart(Transform):
    """Start the program itself, not a package manager that starts it.

    What it does
        Takes ``poetry run``, ``pipenv run``, ``pdm run`` or ``uv run`` away from the commands of CMD, ENTRYPOINT and HEALTHCHECK. Where
        the programs of the environment do not come first on PATH, an ``ENV PATH`` right above it sees to that. An environment whose
        name Poetry or Pipenv works out becomes ``/opt/venv``, in the same change. An ENTRYPOINT that is no more than ``uv run`` becomes
        ``[]``: CMD starts its program by itself.

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
        """Rewrites the final stage's ENTRYPOINT, CMD and HEALTHCHECK."""
        starts = starts_of(facts)
        manager = next((each for start in starts for each in map(_manager, start.commands) if each is not None), None)
        if manager is None:
            return Outcome()
        return self._outcome(facts, [start for start in starts if manager in map(_manager, start.commands)], manager)

    def _outcome(self, facts: Facts, starts: Sequence[Start], manager: LanguageManager) -> Outcome:
        """Without the calls of one manager."""
        named = _to_name(facts, manager, [where for start in starts for where in start.everywhere])
        if isinstance(named, Reason) and named.weight == "blocks":
            return refuse(named if named.place.line or named.place.file else named.at(starts[0].line))
        doubts: list[Reason | None] = [named] if isinstance(named, Reason) else []
        edits: list[Edit] = []
        first = ""
        for start in starts:
            programs: dict[Command, Started] = {}
            for command in start.commands:
                if _manager(command) is not manager:
                    continue
                call = called(command)
                started = program_of(manager, call)
                if started is None:
                    runs = any(word.value == "run" for word in call.words)
                    name = call.command.name
                    if runs and start.part == "ENTRYPOINT" and _names_nothing(call):
                        return refuse(
                            f"{name} run is the ENTRYPOINT, which starts whatever CMD or the user names", start.line
                        )
                    return refuse(f"{name} does more than to start a program", start.line) if runs else Outcome()
                reason = needed_at_start(facts, manager, call, started, named=named is not None)
                if reason is not None and reason.weight == "blocks":
                    return refuse(reason if reason.place.line or reason.place.file else reason.at(start.line))
                doubts += [reason, _unknown(facts, manager, started.program), _run_by_name(start, manager, started)]
                programs[command] = started
                first = first or started.program
            reason = _left(start, manager) or _given_to(facts, start, manager)
            if reason is not None:
                return refuse(reason)
            new = start.written(facts.tree, programs)
            if new is None:
                return refuse("it could not be written again", start.line)
            because = f"{first} is on PATH: {manager.title} has nothing to do at the start"
            for node, nodes in new:
                edits.append(Edit(node, nodes, start.line, "" if edits else because))
        reason = _named_elsewhere(facts, manager, starts)
        if reason is not None:
            return refuse(reason)
        altered = {edit.node for edit in edits}
        declares = {_PARTS[each.keyword] for each in facts.tree.instructions if each in altered}
        if isinstance(named, Environment):
            step = facts.installs[0][0]
            because = f"{manager.title}'s environment lies in {named.root}, where PATH finds its programs"
            filled = filling(facts, named, step, because)
            if isinstance(filled, Reason):
                return refuse(filled)
            return Outcome(
                [*edits, *filled.edits],
                doubts=tuple(dict.fromkeys(filter(None, doubts))),
                declares=frozenset(declares | filled.declares),
            )
        root = off_path(facts, manager)
        if root:
            doubts.append(found_elsewhere(facts, root, [start.where for start in starts]))
            edits = _with_path(facts, starts[0].entry or starts[0].step, root, edits)
            declares.add(Declared("ENV", "PATH"))
        return Outcome(edits, doubts=tuple(dict.fromkeys(filter(None, doubts))), declares=frozenset(declares))


def _to_name(facts: Facts, manager: LanguageManager, own: Sequence[str]) -> Environment | Reason | None:
    """The environment that is to take the place of one which the manager names itself; None where it names none, else why it can't."""
    installs = installs_of(facts, manager)
    unnamed = [
        install for install in installs if install.into.carried is None and facts.manifests[install].moved is not None
    ]
    if not unnamed or len(facts.model.stages) > 1:
        return None
    if {install.into.root for _, _, install in facts.installs} != {unnamed[0].into.root}:
        return None
    runtime = runtime_of(unnamed[0].into.runtime)
    reason = install_blocker(facts) or environment_blocker(facts) or missed(facts, unnamed[0], own)
    return reason or (runtime.environment(facts) if runtime is not None else None)


def _manager(command: Command) -> LanguageManager | None:
    """The manager that a command runs, None for one that runs what the project's files call so, with more around it than the program."""
    call = called(command)
    manager = manager_of(call.command)
    known = package_manager(posixpath.basename(call.command.name or ""))
    return manager if isinstance(manager, LanguageManager) and not (known is not None and known.scripts) else None


def _with_path(facts: Facts, step: Step, root: str, edits: list[Edit]) -> list[Edit]:
    """The edits, and the environment first on PATH once everything is built."""
    setting = snippet(facts.tree, f'ENV PATH="{step.state.spelled(root)}/bin:$PATH"\n', step.line)
    later = [each for each in facts.final.of("RUN") if each.line > step.line]
    if later:
        node = later[-1].instruction
        return [*edits, Edit(node, (node, *setting), later[-1].line, "")]
    target = place_above(facts.tree, step.instruction)
    if target is edits[0].node:
        return [replace(edits[0], replacement=(*setting, *edits[0].replacement)), *edits[1:]]
    return [*edits, Edit(target, (*setting, target), step.line, "")]


def _names_nothing(call: Call) -> bool:
    """Whether a call of ``run`` has options at most behind that word."""
    words = [word.value or "" for word in call.words]
    return all(word.startswith("-") for word in words[words.index("run") + 1 :])


def _left(start: Start, manager: LanguageManager) -> Reason | None:
    """Why not every call of the manager in a start can be seen, or it works in another folder than the container starts in."""
    moved = next((each.name for each in start.commands if each.name in _MOVES), "")
    if moved and len(start.commands) > 1:
        return at(f"{moved} may lead {manager.title} to another project", start.line)
    hidden = any(not each.simple and _called(manager).search(each.text) for each in start.commands)
    return at(f"the shell decides whether it runs {manager.title}", start.line) if hidden else None


def _called(manager: LanguageManager) -> re.Pattern[str]:
    return regex(rf"(?<![\w.-])(?:{'|'.join(map(re.escape, sorted(manager.programs)))})(?![\w.-])")


def _given_to(facts: Facts, start: Start, manager: LanguageManager) -> Reason | None:
    """What gives the manager that is the ENTRYPOINT another program to run than CMD does."""
    given = next((each for each in facts.ask(every_way) if each.given), None) if start.entry is not None else None
    return at(f"{given.file} gives {manager.title}, which is the ENTRYPOINT, another program") if given else None


def _run_by_name(start: Start, manager: LanguageManager, started: Started) -> Reason | None:
    """The doubt that somebody who starts a container names another script, which only the manager would give to Python."""
    if start.entry is None or not started.before:
        return None
    return doubt(
        f"{manager.title} is the ENTRYPOINT and runs scripts by their names: who starts a container may name another one"
    )


def _named_elsewhere(facts: Facts, manager: LanguageManager, starts: Sequence[Start]) -> Reason | None:
    """What else runs the manager in a container of the image: it starts by itself, or somebody runs it there."""
    own = {where for start in starts for where in start.everywhere}
    names = _called(manager)
    texts = {**facts.ask(by_hand).texts, **facts.startup.texts}
    where = next((where for where, text in texts.items() if where not in own and names.search(text)), "")
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
