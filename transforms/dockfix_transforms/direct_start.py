"""The ``direct-start`` transform."""

from __future__ import annotations

import json
import posixpath
import re
from typing import ClassVar

from dockfix.engine.transform import Edit, Outcome, Transform, refuse
from dockfix.facts import Facts
from dockfix.facts.installs import installs_at_start
from dockfix.knowledge import is_python, normalise, package_manager, python_program
from dockfix.lazy import regex
from dockfix.managers.commands import call_of
from dockfix.managers.protocol import LanguageManager
from dockfix.managers.registry import by_program
from dockfix.model.actions import Install
from dockfix.model.reason import Declared, Reason, at, doubt
from dockfix.model.stages import Step
from dockfix.syntax import snippet
from dockfix.syntax.shell import parse_script, quoted

# What `poetry run` and its like set for the program
_VARIABLES = (
    rb"\b(?:VIRTUAL_ENV|PIPENV_ACTIVE|PDM_(?:PROJECT_ROOT|RUN_CWD)|UV_RUN_RECURSION_DEPTH)\b|environ[^\n]*['\"]UV['\"]"
)


class DirectStart(Transform):
    """Start the program itself, not a package manager that starts it.

    What it does
        Takes ``poetry run``, ``pipenv run``, ``pdm run`` or ``uv run`` away from a CMD or ENTRYPOINT in exec form that is nothing but
        that and the program with its arguments, where the programs of the environment come first on PATH anyway.

    Why
        The manager needs not be in the image then, nor the packages that it is made of: ``multi-stage`` leaves it in the
        builder. The program starts sooner, needs no home folder and no cache to write to, and can run as another user.

    Example
        ENV PATH="/app/.venv/bin:$PATH"         ENV PATH="/app/.venv/bin:$PATH"
        CMD ["uv", "run", "uvicorn", "a:app"]   CMD ["uvicorn", "a:app"]

    Fix safety
        Safe where the program is Python, one that an installed package of its name brings, or one of the project that is installed.
        What differs: the variable VIRTUAL_ENV is not set, and uv does not look at each start whether all is installed. Left
        alone where the code reads what the manager sets, where a ``.env`` lies beside the Pipfile, which Pipenv reads, where the manager
        would install something at the start, where the project's files give the name to a script of their own, and where
        something else that the container starts runs the manager. Unsafe where it is not known what brings the program.
    """

    title: ClassVar[str] = "start the program without a package manager"

    def apply(self, facts: Facts) -> Outcome:
        """Rewrites the final stage's ENTRYPOINT or CMD."""
        for keyword in ("ENTRYPOINT", "CMD"):
            step = facts.final.last(keyword)
            words = step.instruction.json if step is not None else None
            manager = by_program().get(posixpath.basename(words[0])) if words else None
            if step is None or not words or not isinstance(manager, LanguageManager) or _runs_scripts(words[0]):
                continue
            call = call_of(parse_script(quoted(words)).commands[0])
            program = manager.starts(call)
            if program is None:
                return (
                    refuse(f"{words[0]} does more than to start a program", step.line) if "run" in words else Outcome()
                )
            installs = [install for _, _, install in facts.installs if install.manager is manager]
            if installs_at_start(facts, manager, call):
                return refuse(f"{manager.title} may install packages when the container starts", step.line)
            reason = _differs(facts, manager, installs, program[0]) or _named_elsewhere(facts, manager, step)
            if reason is not None:
                return refuse(reason, step.line)
            (new,) = snippet(facts.tree, f"{keyword} {json.dumps(program, ensure_ascii=False)}\n", step.line)
            because = f"{program[0]} is on PATH: {manager.title} has nothing to do at the start"
            return Outcome(
                [Edit(step.instruction, (new,), step.line, because)],
                doubts=tuple(filter(None, (_unknown(facts, installs, program[0]),))),
                declares=frozenset({Declared("CMD" if keyword == "CMD" else "ENTRYPOINT")}),
            )
        return Outcome()


def _runs_scripts(program: str) -> bool:
    """Whether what a manager starts is what the project's files call so, with more around it than the program alone."""
    known = package_manager(posixpath.basename(program))
    return known is not None and known.scripts


def _differs(facts: Facts, manager: LanguageManager, installs: list[Install], program: str) -> Reason | None:
    """Why the program would not be the same, or not find what the manager gives it."""
    roots = {install.into.root for install in installs}
    path = facts.final.end.env.get("PATH", "").split(":")
    first = {f"{root}/bin" for root in roots}
    made = {f"{each.root}/bin" for each in facts.final.end.environments}
    if len(roots) != 1 or next((folder for folder in path if folder in first | made), "") not in first:
        return at(f"the programs of {manager.title}'s environment do not come first on PATH")
    if len(facts.model.stages) > 1 and facts.final.end.env.get("VIRTUAL_ENV", "") in roots:
        return at(f"VIRTUAL_ENV tells {manager.title} of an environment that another stage has made")
    scripts = frozenset(name for each in installs for name in facts.manifests[each].scripts)
    if program in scripts or "_" in scripts:
        return at(f"the project's files say what {manager.title} runs as {program}")
    for mention in facts.application.search(_VARIABLES):
        return at(f"{mention.file}:{mention.line} reads {mention.word}, which {manager.title} sets")
    given = manager.reads_settings and any(posixpath.basename(name) == ".env" for name in facts.context.files() or ())
    if given or any(name in facts.final.end.env for name in ("UV_ENV_FILE", "PIPENV_DOTENV_LOCATION")):
        return at(f"{manager.title} gives the program the variables of a .env file")
    return None


def _named_elsewhere(facts: Facts, manager: LanguageManager, step: Step) -> Reason | None:
    """What else of that which the container starts runs the manager."""
    names = regex(rf"(?<![\w.-])(?:{'|'.join(map(re.escape, sorted(manager.programs)))})(?![\w.-])")
    own = f"{step.keyword} in line {step.line}"
    where = next((where for where, text in facts.startup.texts.items() if where != own and names.search(text)), "")
    return at(f"{where} runs {manager.title}, too") if where else None


def _unknown(facts: Facts, installs: list[Install], program: str) -> Reason | None:
    """Why it is not certain that the environment has the program."""
    if facts.unknown is not None:
        return facts.unknown
    of_python = python_program(program)
    brought = of_python is not None and of_python.command and normalise(program) in facts.distributions
    own = any(program in facts.manifests[each].programs for each in installs)
    return None if is_python(program) or brought or own else doubt(f"what brings {program} is not known")
