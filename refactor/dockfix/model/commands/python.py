"""python itself: pip and venv as modules, and the application's own code."""

from __future__ import annotations

import posixpath

from dockfix.model.commands.pip import pip_effects, venv_of
from dockfix.model.commands.protocol import CommandModel
from dockfix.model.effects import Effects, VenvCreate, opaque
from dockfix.model.state import State
from dockfix.syntax.shell import Command

TOOLS = frozenset({"python"})
_COMPILES = {"setup.py", "setup_cython.py", "build.py", "compile.py"}
_VENV_FLAGS = {"--system-site-packages", "--upgrade-deps", "--clear", "--without-pip", "--copies", "--symlinks"}


def _python(command: Command, state: State) -> Effects:
    args = list(command.args)
    while args and (args[0].value or "") in {"-u", "-B", "-O", "-OO", "-I", "-E", "-s", "-S"}:
        args.pop(0)
    if not args:
        return Effects(tools=TOOLS)
    first = args[0].value
    if first in {"-V", "--version", "-VV"}:
        return Effects(tools=TOOLS)
    if first == "-m" and len(args) > 1:
        module = args[1].value
        if module == "pip":
            return pip_effects(args[2:], state, venv_of(command, state))
        if module in {"venv", "virtualenv"}:
            return _venv(command, state, [state.value(word) for word in args[2:]])
        if module in {"ensurepip", "compileall", "build", "cython", "Cython"}:
            return opaque(f"python -m {module} is not modelled")
        return Effects(tools=TOOLS, application=True)
    if first is None:
        return opaque("which script runs is known only to the shell")
    if posixpath.basename(first) in _COMPILES:
        return opaque(f"{first} may compile and install anything")
    return Effects(tools=TOOLS, application=True)


def _venv(command: Command, state: State, values: list[str | None]) -> Effects:
    options = [value for value in values if value is not None and value.startswith("-")]
    targets = [value for value in values if value is None or not value.startswith("-")]
    path = state.path(targets[0]) if len(targets) == 1 and targets[0] is not None else None
    if path is None or not set(options) <= _VENV_FLAGS:
        return opaque("where the virtual environment goes could not be worked out")
    chosen_by = state.chosen_by(command.text) or ("" if (targets[0] or "").startswith("/") else state.workdir_chosen)
    if chosen_by:
        return opaque(f"the build argument {chosen_by} chooses where the virtual environment goes")
    if not state.is_root:
        return opaque("the virtual environment is made by another user than root")
    if "--without-pip" in options:
        return opaque("the virtual environment has no pip of its own")
    action = VenvCreate(path, "--system-site-packages" in options)
    return Effects(writes=(path,), tools=TOOLS, action=action)


def application(command: Command, state: State) -> Effects:
    """The effects of a program of a Python package that only runs the application's code."""
    return Effects(tools=TOOLS, application=True)


def _virtualenv(command: Command, state: State) -> Effects:
    return opaque("virtualenv may choose another interpreter and seeds other packages than venv")


MODELS: dict[str, CommandModel] = {
    "python": _python,
    "virtualenv": _virtualenv,
}
