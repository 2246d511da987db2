"""python itself: the application's own code."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from dockfix.model.commands.protocol import CommandModel
from dockfix.model.effects import Effects, opaque
from dockfix.model.state import State
from dockfix.syntax.shell import Command, Word

TOOLS = frozenset({"python"})
_COMPILES = {"setup.py", "setup_cython.py", "build.py", "compile.py"}


def module_of(command: Command) -> tuple[str, Sequence[Word]] | None:
    """The module that ``python -m`` runs, with its arguments; None where it runs none."""
    args = _without_flags(command)
    module = args[1].value if len(args) > 1 and args[0].value == "-m" else None
    return (module, args[2:]) if module is not None else None


def _without_flags(command: Command) -> Sequence[Word]:
    args = list(command.args)
    while args and (args[0].value or "") in {"-u", "-B", "-O", "-OO", "-I", "-E", "-s", "-S"}:
        args.pop(0)
    return args


def _python(command: Command, state: State) -> Effects:
    args = _without_flags(command)
    if not args:
        return Effects(tools=TOOLS)
    first = args[0].value
    if first in {"-V", "--version", "-VV"}:
        return Effects(tools=TOOLS)
    if first == "-m" and len(args) > 1:
        module = args[1].value
        if module in {"ensurepip", "compileall", "build", "cython", "Cython"}:
            return opaque(f"python -m {module} is not modelled")
        return Effects(tools=TOOLS, application=True)
    if first is None:
        return opaque("which script runs is known only to the shell")
    if posixpath.basename(first) in _COMPILES:
        return opaque(f"{first} may compile and install anything")
    return Effects(tools=TOOLS, application=True)


def application(command: Command, state: State) -> Effects:
    """The effects of a program of a Python package that only runs the application's code."""
    return Effects(tools=TOOLS, application=True)


MODELS: dict[str, CommandModel] = {"python": _python}
