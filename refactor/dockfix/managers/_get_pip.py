"""get-pip.py, the script that brings pip to a Python without it: https://pip.pypa.io/en/stable/installation/#get-pip-py."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence

from dockfix.lazy import regex
from dockfix.managers import venv
from dockfix.managers.pip import PIP
from dockfix.model.actions import Provide
from dockfix.model.effects import Effects, opaque
from dockfix.model.state import State
from dockfix.syntax.shell import Command, Word

_SCRIPT = "get-pip.py"
_ADDRESS = regex(r"https?://bootstrap\.pypa\.io/(?:[\w.]+/)*get-pip\.py")
# Its own options and those of pip install that change nothing but how it does so; a version of pip
_HARMLESS = regex(
    r"--(?:no-cache-dir|no-setuptools|no-wheel|break-system-packages|force-reinstall|disable-pip-version-check|upgrade)|-U|-q"
    r"|(?:pip|setuptools|wheel)(?:[=<>!~]=?[\w.*,<>=]+)?"
)
_PREFIX = "/usr/local"
NETWORK = ("/etc/ssl",)


def prints_it(command: Command) -> bool:
    """Whether curl or wget fetches the script for the command behind it in a pipeline."""
    words = [word.value or "" for word in command.args]
    to_file = {"-o", "--output", "-O", "--remote-name"} & set(words) if command.name == "curl" else ()
    return (
        command.name in {"curl", "wget"}
        and not to_file
        and any(map(_ADDRESS.fullmatch, words))
        and (command.name == "curl" or _to_output(words))
    )


def is_run_by(command: Command) -> bool:
    """Whether an interpreter runs the script as a file."""
    return bool(command.args) and posixpath.basename(command.args[0].value or "") == _SCRIPT


def effects(command: Command, options: Sequence[Word], state: State) -> Effects:
    """What the script does with these ``options``, run by the interpreter of ``command``."""
    values = [state.value(word) for word in options]
    if not state.is_root or not all(value is not None and _HARMLESS.fullmatch(value) for value in values):
        return opaque("get-pip.py is given options of which nothing is known")
    root = venv.of_program(command, state) or _PREFIX
    read = [path for word in command.args[:1] if (path := state.path(word.value or "")) and path.endswith(_SCRIPT)]
    brought = Provide(PIP, tuple(f"{root}/bin/{program}" for program in sorted(PIP.programs)))
    return Effects(reads=(*PIP.reads, *read), writes=(root,), tools=frozenset({"python"}), action=brought)


def _to_output(words: Sequence[str]) -> bool:
    return any(re.fullmatch(r"-[a-zA-Z]*O-?|--output-document=-", word) for word in words) and "get-pip.py" not in words
