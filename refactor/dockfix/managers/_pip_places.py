"""Folders that an install is told to put packages in, beside those of the base image: ``--target``, ``--prefix``, ``--user``."""

from __future__ import annotations

from collections.abc import Mapping

from dockfix.managers._variables import is_on
from dockfix.model.artefact import Artefact, Environment
from dockfix.model.commands.protocol import Arguments
from dockfix.model.effects import within
from dockfix.model.state import State

# Variables that stand for these options: https://pip.pypa.io/en/stable/topics/configuration/#environment-variables
SETTINGS = {"--target": "PIP_TARGET", "--prefix": "PIP_PREFIX", "--user": "PIP_USER"}
# Folders of a base image in which other things lie, too, and those of its own files
_SHARED = frozenset({"/", "/home", "/media", "/mnt", "/opt", "/root", "/srv", "/var", "/var/lib"})
_OF_THE_SYSTEM = (
    *("/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/libx32", "/proc", "/run", "/sbin", "/sys", "/tmp"),
    *("/usr", "/root/.cache", "/var/cache", "/var/log", "/var/run", "/var/tmp"),
)


def place(arguments: Arguments, state: State, variables: Mapping[str, str | None]) -> Environment | str | None:
    """The folder that an install is told to fill, None where it is told none; a clause where it cannot be handed on."""
    given = [(name, value, words) for name, value, words in arguments.options if name in {"-t", *SETTINGS}]
    if len({name for name, _, _ in given}) > 1:
        return "what it installs goes to more than one place"
    if given:
        option, value, words = given[-1]
        option = "--target" if option == "-t" else option
        text = " ".join(word.text for word in words)
    else:
        option = next((name for name, variable in SETTINGS.items() if _tells(name, variables, variable)), "")
        if not option:
            return None
        value = text = variables[SETTINGS[option]] or ""
    if option == "--user":
        value = variables.get("PYTHONUSERBASE", f"{state.env.get('HOME', '/root')}/.local")
        text = "$PYTHONUSERBASE $HOME"
    folder = state.path(value) if value else None
    if folder is None:
        return f"where {option} has it install is known only to the shell"
    chosen_by = state.chosen_by(text) or ("" if (value or "").startswith("/") else state.workdir_chosen)
    if chosen_by:
        return f"the build argument {chosen_by} chooses where the packages go"
    if is_shared(folder):
        return f"{option} has it install into {folder}, where the base image has other things"
    return Environment(folder, "python", Artefact("environment", {folder: folder}, "python"), False, beside_base=True)


def is_shared(folder: str) -> bool:
    """Whether a base image has other things in a folder, or is made of what lies there."""
    return folder in _SHARED or any(within(folder, each) for each in _OF_THE_SYSTEM)


def _tells(option: str, variables: Mapping[str, str | None], variable: str) -> bool:
    value = variables.get(variable, "")
    return value is None or (is_on(value) if option == "--user" else bool(value))
