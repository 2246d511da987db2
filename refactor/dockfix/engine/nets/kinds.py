"""What the nets ask of one command of a RUN: the only place of theirs that knows the classes of actions."""

from __future__ import annotations

import re
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Literal

from dockfix.model.effects import AptClean, AptInstall, AptUpdate, PipCacheClean, PipInstall, ShellState, VenvCreate
from dockfix.model.stages import Step, Unit

Leftover = Literal["package lists", "downloaded archives", "pip's cache"]


@dataclass(frozen=True)
class Installed:
    """What a language's package manager is asked for.

    ``into`` is the environment ("" for the base image's own); ``asked`` is all that chooses what is installed, the manager too;
    ``files`` are the paths of the manifests in the image.
    """

    into: str
    asked: Hashable
    files: tuple[str, ...]


def installed(unit: Unit) -> Installed | None:
    """What a command installs with the package manager of a language; None where it does not."""
    action = unit.effects.action
    if not isinstance(action, PipInstall):
        return None
    asked = ("pip", action.requirements, action.constraints, action.packages, action.local, action.editable)
    return Installed(action.prefix, asked, (*action.requirements, *action.constraints))


def makes(unit: Unit) -> str:
    """The environment that a command makes, "" for none."""
    return unit.effects.action.path if isinstance(unit.effects.action, VenvCreate) else ""


def asked(unit: Unit) -> tuple[tuple[str, str], ...] | None:
    """The system packages that a command installs, each by its name and as written; None where it is no such command.

    What only the shell can expand is a package of that text.
    """
    action = unit.effects.action
    if not isinstance(action, AptInstall):
        return None
    named = [(package.name, package.word.value or package.word.text) for package in action.packages]
    unknown = [word.text for word in unit.command.args if word.value is None] if action.dynamic else []
    return (*named, *((text, text) for text in unknown))


def refreshes(unit: Unit) -> bool:
    """Whether a command fetches the lists of system packages."""
    return isinstance(unit.effects.action, AptUpdate)


def leaves(step: Step, unit: Unit) -> Leftover | None:
    """What a command leaves behind that nothing needs; a cache mount takes it."""
    action = unit.effects.action
    mounts = [flag.value or "" for flag in step.instruction.flags if flag.name == "mount"]
    if isinstance(action, PipInstall):
        kept = not action.no_cache and not any("type=cache" in mount and "pip" in mount for mount in mounts)
        return "pip's cache" if kept else None
    if any("type=cache" in mount and "apt" in mount for mount in mounts):
        return None
    if isinstance(action, AptUpdate):
        return "package lists"
    return "downloaded archives" if isinstance(action, AptInstall) else None


def cleans(unit: Unit) -> frozenset[Leftover]:
    """What a command removes of that."""
    text = unit.command.text
    if isinstance(unit.effects.action, PipCacheClean):
        return frozenset({"pip's cache"})
    if not isinstance(unit.effects.action, AptClean):
        return frozenset()
    found: set[Leftover] = set()
    if re.search(r"/var/lib\b|distclean", text):
        found.add("package lists")
    if re.search(r"/var/cache\b|clean\b", text):
        found.add("downloaded archives")
    return frozenset(found)


def stays(unit: Unit) -> bool:
    """Whether a command has to run in the stage in which it did; of others it counts what they leave behind, or to whom."""
    movable = AptClean | AptInstall | AptUpdate | PipCacheClean | PipInstall | ShellState | VenvCreate
    return not isinstance(unit.effects.action, movable)


def sets_shell(unit: Unit) -> bool:
    """Whether a command only changes the shell that runs the rest of its RUN."""
    return isinstance(unit.effects.action, ShellState)
