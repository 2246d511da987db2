"""The ``python-env`` transform."""

from __future__ import annotations

from typing import Any, ClassVar

from dockfix.engine.options import Option
from dockfix.engine.transform import Edit, Outcome, Safety, Transform, refuse
from dockfix.facts import Facts
from dockfix.knowledge import is_python, package_manager, python_program
from dockfix.model.reason import Declared, at
from dockfix.model.stages import Step
from dockfix.syntax import Blank, Instruction, snippet

from ._layout import leading

_OUTPUT, _BYTECODE = "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"
_HEAD = {"ARG", "LABEL", "MAINTAINER", "SHELL"}


NO_BYTECODE = Option("python-env.no-bytecode", False, "sets PYTHONDONTWRITEBYTECODE=1 too")


class PythonEnv(Transform):
    """Show the program's output at once.

    What it does
        Sets ``PYTHONUNBUFFERED=1`` in the final stage. With ``python-env.no-bytecode=true`` also ``PYTHONDONTWRITEBYTECODE=1``.

    Why
        Without a terminal, Python holds its output back until some kilobytes have come together: ``docker logs`` lags behind, and
        the last lines before a crash are lost. Byte code that a container writes is gone with it; the packages' own is
        compiled by pip when the image is built, with or without that setting.

    Example
        FROM python:3.11-slim                   FROM python:3.11-slim
                                                ENV PYTHONUNBUFFERED=1

    Fix safety
        On request only: ``--select python-env``. It changes the program's environment, and one that writes very much becomes
        slower; nothing shows whether somebody waits for its output. Left alone where a variable is set already, where the
        base is no official Python image, and where the container starts something else.
    """

    title: ClassVar[str] = "show the program's output at once"
    safety: ClassVar[Safety] = "on request"
    after: ClassVar[frozenset[str]] = frozenset({"slim-base"})
    options: ClassVar[tuple[Option[Any], ...]] = (NO_BYTECODE,)

    def apply(self, facts: Facts) -> Outcome:
        """Adds one ENV to the final stage."""
        stage = facts.final
        if stage.image is None or stage.image.variant == "windows":
            return refuse(
                "the base is not an official Python image, and may set what it needs itself", stage.start.line
            )
        if not any(map(_of_python, facts.startup.programs)):
            return refuse("no program of Python was seen to run when the container starts")
        wanted = [_OUTPUT, *([_BYTECODE] if NO_BYTECODE.of(facts.options) else [])]
        refusals = [at(f"{name} is set already", _line(stage.steps, name)) for name in wanted if name in stage.end.env]
        missing = [name for name in wanted if name not in stage.end.env]
        if not missing:
            return Outcome(refusals=refusals)
        line = f"ENV {' '.join(f'{name}=1' for name in missing)}\n"
        reason = (
            "docker logs shows the output at once" if _OUTPUT in missing else "no byte code is written that is lost"
        )
        edit = _placed(facts, line, reason)
        return Outcome([edit], refusals=refusals, declares=frozenset(Declared("ENV", name) for name in missing))


def _of_python(program: str) -> bool:
    """Whether a program is Python, is written in it, or starts such a program."""
    manager = package_manager(program)
    of_python = manager is not None and manager.installs == "python"
    return is_python(program) or python_program(program) is not None or of_python


def _line(steps: tuple[Step, ...], name: str) -> int:
    return next((step.line for step in steps if step.keyword == "ENV" and name in step.instruction.text), 0)


def _placed(facts: Facts, line: str, reason: str) -> Edit:
    """Puts the ENV below the first ENV of the stage's head, or else below the head, in a paragraph of its own where the file has such."""
    stage, tree = facts.final, facts.tree
    anchor: Instruction = stage.start
    for step in stage.steps:
        if step.keyword == "ENV":
            return _below(facts, step.instruction, line, reason)
        if step.keyword not in _HEAD:
            break
        anchor = step.instruction
    following = next((step.instruction for step in stage.steps if step.instruction.line > anchor.line), None)
    between = leading(tree, following) if following is not None else ()
    spaced = bool(between) and isinstance(between[0], Blank)
    return _below(facts, anchor, f"\n{line}" if spaced else line, reason)


def _below(facts: Facts, anchor: Instruction, text: str, reason: str) -> Edit:
    return Edit(anchor, (anchor, *snippet(facts.tree, text, anchor.line)), anchor.line, reason)
