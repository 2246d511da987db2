"""Programs that Python packages bring: which of them serve, where, and what else a command line tells by naming them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from dockfix.knowledge.tables import table
from dockfix.lazy import regex
from dockfix.namedtuple import NamedTuple


class PythonProgram(NamedTuple):
    """A program of a Python package; the head of ``python_programs.toml`` explains the fields.

    ``port`` is None for what is no server, 0 for a server without a port of its own.
    """

    names: tuple[str, ...]
    port: int | None = None
    variable: str = ""
    serve: tuple[str, ...] = ()
    http: bool = False
    user: bool = False
    application: bool = False
    any_user: bool = False
    module: bool = False
    file: bool = False
    settings: tuple[str, ...] = ()

    @property
    def command(self) -> bool:
        """Whether installing a package puts it on PATH."""
        return not (self.module or self.file)


@cache
def python_programs() -> tuple[PythonProgram, ...]:
    """All programs of Python packages that are known, in the order of the table."""
    return tuple(
        PythonProgram(
            tuple(each["programs"].split()),
            each.get("port"),
            each.get("variable", ""),
            tuple(each.get("serve", "").split()),
            *(each.get(flag, False) for flag in ("http", "user", "application", "any_user", "module", "file")),
        )._replace(settings=tuple(each.get("settings", "").split()))
        for each in table("python_programs")["program"]
    )


def python_program(name: str) -> PythonProgram | None:
    """The program of a Python package that has a name, or is run by ``python -m`` under it; None for any other."""
    return _by_name().get(name)


@cache
def is_python(program: str) -> bool:
    """Whether a program, by its name without a folder, is a Python interpreter: python, python3.11, pypy3."""
    return program.rstrip("0123456789.") in table("python_programs")["interpreters"]["programs"].split()


def server_in(text: str) -> tuple[str, PythonProgram] | None:
    """The words of a command that start a server, and the server; None where it starts none."""
    for program, pattern in _servers():
        # most commands start none: then no expression is compiled
        if any(name in text for name in program.names) and (match := pattern.search(text)) is not None:
            return match[0].strip(), program
    return None


@cache
def _servers() -> tuple[tuple[PythonProgram, re.Pattern[str]], ...]:
    return tuple((program, regex(_command(program))) for program in python_programs() if program.port is not None)


@cache
def user_changing_servers() -> frozenset[str]:
    """The programs that can be told to change their user."""
    return frozenset(name for program in python_programs() if program.user for name in program.names)


def _command(program: PythonProgram) -> str:
    names = "|".join(map(re.escape, program.names))
    return rf"(?:^|[\s/])(?:{names})\b" + (rf".*? (?:{'|'.join(program.serve)})\b" if program.serve else "")


@cache
def _by_name() -> Mapping[str, PythonProgram]:
    return {name: program for program in python_programs() for name in program.names}
