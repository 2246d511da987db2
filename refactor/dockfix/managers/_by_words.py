"""Commands whose words alone say what kind they are: asking a version, a shell with its commands, a build of the project."""

from __future__ import annotations

from dockfix.knowledge.node_programs import node_program
from dockfix.lazy import regex
from dockfix.syntax.shell import Command

_GIVEN = regex(r"-[eux]*c")  # a shell's option before the commands that it is given as a word
_OUTSIDE = regex(r"(?:.*=)?(?:/|~|\.\./).*|.*/\.\./.*")


def only_tells(command: Command) -> bool:
    """Whether a program of the system is asked for its version and nothing else."""
    return "/" not in (command.name or "") and [word.value for word in command.args] == ["--version"]


def is_given(command: Command) -> bool:
    """Whether a shell is given its commands as one word."""
    words = [word.value for word in command.args]
    return len(words) == 2 and words[1] is not None and _GIVEN.fullmatch(words[0] or "") is not None


def builds(program: str, command: Command) -> bool:
    """Whether it is a program of Node.js's packages, installed for all, that makes output of the project and nothing else."""
    known = node_program(program)
    words = [word.value for word in command.args]
    told = [word for word in words if word is not None]
    inside = len(told) == len(words) and not any(map(_OUTSIDE.fullmatch, told))
    return known is not None and inside and command.name == program and known.only_builds(told)
