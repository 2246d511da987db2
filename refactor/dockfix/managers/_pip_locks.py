"""What an install is given where each package has one version: by a lock, or by requirements that are as good as one."""

from __future__ import annotations

from collections.abc import Sequence

from dockfix.context.manifests.locked import Locked, Unread
from dockfix.context.manifests.pins import read_pins
from dockfix.context.requirements import Manifest as Requirements
from dockfix.context.requirements import Requirement
from dockfix.managers.protocol import Given
from dockfix.model.actions import Install

# What installs others and has no need of the system, in any version
_INSTALLERS = frozenset({"pip", "setuptools", "wheel"})


def not_plain(lock: Locked | Unread) -> str | None:
    """Why not all that a lock brings is known, or lies in it."""
    if isinstance(lock, Unread):
        return str(lock)
    local = next((each for each in lock.distributions if each.source == "path"), None)
    return f"{lock.file}:{local.line} names a local project or archive" if local is not None else None


def locked(
    install: Install,
    given: Given,
    files: Sequence[Requirements],
    locks: Sequence[Locked | Unread],
    unknown: str | None,
) -> Locked | Unread:
    """What is installed, where each package has one version; what only a project's own metadata tells has none."""
    if unknown is not None or len(files) + len(locks) != len(install.files):
        return Unread("", 0, unknown or "a requirements file is not in the build context")
    if install.projects or install.editable or install.folders:
        return Unread("", 0, "a local project or folder is installed")
    asked = [Requirement(each.name, each.word.value or each.word.text, "", 0) for each in install.asked]
    if not locks:
        return read_pins(given.context, files, asked, _INSTALLERS)
    if files or len(locks) > 1 or not {each.name for each in asked} <= _INSTALLERS:
        return Unread("", 0, "more is installed than one lock names")
    return locks[0]
