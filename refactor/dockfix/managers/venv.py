"""``python -m venv``: environments that can be carried from one stage to another, as long as the path is the same."""

from __future__ import annotations

import posixpath
import re
from typing import ClassVar

from dockfix.knowledge import DEFAULT_PATH, BaseImage
from dockfix.managers.protocol import Call, Manager
from dockfix.model.actions import Make
from dockfix.model.artefact import Artefact, Environment
from dockfix.model.commands.protocol import parse
from dockfix.model.effects import Effects, opaque
from dockfix.model.state import State
from dockfix.syntax.shell import Command

_TOOLS = frozenset({"python"})
# The variable that tells pip for which Python to install, from 22.3 on: https://pip.pypa.io/en/stable/topics/python-option/
INTERPRETER = "PIP_PYTHON"
_FLAGS = {"--system-site-packages", "--upgrade-deps", "--clear", "--without-pip", "--copies", "--symlinks"}
# Of the program virtualenv, whose own packages an environment with --system-site-packages would see
_OF_VIRTUALENV = {"--clear", "--always-copy", "--copies", "--symlinks", "--no-download", "--download", "-q", "--quiet"}
_PYTHON = ("-p", "--python")


class Venv(Manager):
    """Python's own maker of environments."""

    id: ClassVar[str] = "venv"
    title: ClassVar[str] = "venv"
    programs: ClassVar[frozenset[str]] = frozenset({"virtualenv"})
    modules: ClassVar[frozenset[str]] = frozenset({"venv", "virtualenv"})

    def effects(self, call: Call, state: State) -> Effects:
        """Makes one environment at a path that is known."""
        arguments = parse(call.words, state, _PYTHON)
        if any(not _is_the_images(value) for value in arguments.values(*_PYTHON)):
            return opaque("virtualenv is told of another interpreter")
        targets = [state.value(word) for word in arguments.operands]
        options = [name for name, _, _ in arguments.options if name not in _PYTHON]
        path = state.path(targets[0]) if len(targets) == 1 and targets[0] is not None else None
        if path is None or not set(options) <= (_OF_VIRTUALENV if call.words == call.command.args else _FLAGS):
            return opaque("where the virtual environment goes could not be worked out")
        relative = not (targets[0] or "").startswith("/")
        chosen_by = state.chosen_by(call.command.text) or (state.workdir_chosen if relative else "")
        if chosen_by:
            return opaque(f"the build argument {chosen_by} chooses where the virtual environment goes")
        if not state.is_root:
            return opaque("the virtual environment is made by another user than root")
        if "--without-pip" in options and state.variables.get(INTERPRETER) != interpreter(path):
            return opaque("the virtual environment has no pip of its own")
        return Effects(writes=(path,), tools=_TOOLS, action=Make(self, environment(path)))


VENV = Venv()


def _is_the_images(interpreter: str | None) -> bool:
    """Whether an interpreter that virtualenv is told of is the one whose program comes first on PATH, or the base image's."""
    return interpreter is not None and interpreter.removeprefix("/usr/local/bin/") in {"python", "python3"}


def environment(path: str, *, seeded: bool = True) -> Environment:
    """The virtual environment at a path; ``seeded`` tells whether it has pip."""
    carried = Artefact("environment", {path: path}, "python", env={"PATH": f"{path}/bin:$PATH"})
    return Environment(path, "python", carried, seeded)


def interpreter(root: str) -> str:
    """The program of the virtual environment at a path."""
    return f"{root}/bin/python"


def serves(image: BaseImage | None) -> bool:
    """Whether the pip of an image can fill an environment that has none: that of Python 3.11.0 was 22.3, its candidates had older ones."""
    parts = image.version.split(".") if image is not None and image.runtime == "python" else []
    numbers = [int(part) for part in parts if part.isdigit()]
    return len(parts) >= 2 and numbers[:2] >= [3, 11] and (numbers[:2] > [3, 11] or len(numbers) == len(parts))


def of_program(command: Command, state: State) -> str:
    """The root of the virtual environment that the program of ``command`` belongs to, "" for the base image's own Python."""
    name = command.name or ""
    if "/" not in name:
        root = active(state)
        return root if any(each.root == root and each.seeded for each in state.environments) else ""
    root = posixpath.dirname(posixpath.dirname(state.path(name) or ""))
    return root if root in _made(state) else ""


def unseen(state: State) -> str:
    """A virtual environment that PATH or VIRTUAL_ENV name and that nothing seen here has made, "" for none."""
    named = state.env.get("VIRTUAL_ENV", "").rstrip("/")
    if named and named not in _made(state):
        return named
    for entry in state.env.get("PATH", "").split(":"):
        root = posixpath.dirname(entry.rstrip("/"))
        if entry in DEFAULT_PATH.split(":") or root in _made(state):
            return ""
        if "env" in posixpath.basename(root) or re.search("conda|mamba|miniforge", root):
            return root
    return ""


def why_not(root: str) -> str:
    """Why an environment that nothing seen here has made is not handed on."""
    if re.search("conda|mamba|miniforge", root):
        return f"{root} is conda's, which holds the path of its folder in texts and in binaries"
    return f"how the virtual environment {root} is made is unknown"


def active(state: State) -> str:
    """The root of the one whose programs come first on PATH, "" where none does."""
    if state.activated:
        return state.activated
    for entry in state.env.get("PATH", "").split(":"):
        root = posixpath.dirname(entry.rstrip("/"))
        if entry.rstrip("/").endswith("/bin") and root in _made(state):
            return root
        if entry in DEFAULT_PATH.split(":"):
            break
    return ""


def _made(state: State) -> frozenset[str]:
    return frozenset(each.root for each in state.environments)
