"""python itself: the application's own code."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from dockfix.model.commands.protocol import CommandModel, parse
from dockfix.model.effects import Effects, opaque
from dockfix.model.state import State
from dockfix.syntax.shell import Command, Word

TOOLS = frozenset({"python"})
_SYSTEM = ("/usr", "/etc", "/var", "/lib", "/bin", "/sbin")
# where the packages of a program may lie
_ENVIRONMENTS = ("/usr/local", "/opt", "/venv")
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
    if first == "-":
        return opaque("what python reads from its standard input is unknown")
    if first in {"-V", "--version", "-VV"}:
        return Effects(tools=TOOLS)
    if first == "-m" and len(args) > 1:
        module = args[1].value
        if module == "playwright":
            return _playwright(command._replace(words=tuple(args[1:])), state)
        if module == "compileall":
            return _compileall(args[2:], state)
        if module in {"ensurepip", "build", "cython", "Cython"}:
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


def _compileall(words: Sequence[Word], state: State) -> Effects:
    """Writes byte code beside sources, and runs none of them."""
    arguments = parse(words, state, {"-d", "-s", "-p", "-x", "-j", "-r", "-o", "-e", "--invalidation-mode"})
    paths = [None if (value := state.value(word)) is None else state.path(value) for word in arguments.operands]
    if not paths or None in paths or arguments.has("-i"):
        return opaque("what python -m compileall compiles is unknown")
    known = tuple(path for path in paths if path)
    return Effects(reads=known, writes=known, tools=TOOLS)


def _playwright(command: Command, state: State) -> Effects:
    """``install`` fetches browsers and, where it is told to, has apt install what they need; it compiles nothing."""
    verb = command.args[0].value if command.args else None
    if verb not in {"install", "install-deps"}:
        return Effects(tools=TOOLS, application=True)
    folder = state.env.get("PLAYWRIGHT_BROWSERS_PATH") or "/root/.cache/ms-playwright"
    browsers = state.path(folder) if state.is_root and folder != "0" else None
    if browsers is None:
        return opaque("where playwright puts browsers is unknown")
    system = verb == "install-deps" or any(word.value == "--with-deps" for word in command.args)
    writes = (*((browsers,) if verb == "install" else ()), *(_SYSTEM if system else ()))
    return Effects(reads=_ENVIRONMENTS, writes=writes, tools=TOOLS)


MODELS: dict[str, CommandModel] = {"python": _python, "playwright": _playwright}
