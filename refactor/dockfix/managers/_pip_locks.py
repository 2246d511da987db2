"""What an install is given where each package has one version: by a lock, or by requirements that are as good as one."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from dockfix.context.manifests.locked import Locked, Unread
from dockfix.context.manifests.pins import read_pins
from dockfix.context.requirements import Manifest as Requirements
from dockfix.context.requirements import Requirement
from dockfix.knowledge import is_pypi
from dockfix.managers._pip_settings import CONFIGURATION_FILES
from dockfix.managers.protocol import Given
from dockfix.model.actions import Install

# What installs others and has no need of the system, in any version
_INSTALLERS = frozenset({"pip", "setuptools", "wheel"})
# What names another index, as options of pip and uv, and as the ends of their variables
_INDEXES = frozenset({"-i", "--index-url", "--extra-index-url", "--index", "--default-index", "-f", "--find-links"})
_SETTINGS = ("INDEX_URL", "INDEX", "FIND_LINKS", "CONFIG_FILE")


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
        return read_pins(given.context, files, asked, _INSTALLERS, all(map(is_pypi, _indexes(given, files))))
    if files or len(locks) > 1 or not {each.name for each in asked} <= _INSTALLERS:
        return Unread("", 0, "more is installed than one lock names")
    return locks[0]


def _indexes(given: Given, files: Sequence[Requirements]) -> Iterator[str]:
    """The indexes that an install is told of, "" for one that is not known."""
    for manifest in files:
        yield from (value for name, _, value in (each.partition("=") for each in manifest.options) if name in _INDEXES)
    words = given.call.words
    if not words:  # a part of a pipeline
        yield ""
    for word, after in zip_longest(words, words[1:]):
        name, equals, value = word.text.partition("=")
        if name in _INDEXES:
            yield value if equals else (after.value if after is not None else None) or ""
    for name in {*given.state.args, *given.state.variables}:
        if name.startswith(("PIP_", "UV_")) and name.endswith(_SETTINGS):
            yield given.state.variables.get(name, "")
    for path in CONFIGURATION_FILES:
        file = given.at(path)
        text = given.context.read(file) if file is not None else ""
        written = given.made(path) or (given.made(folder := posixpath.dirname(path)) and folder.endswith("pip"))
        if text is None or "index" in text or "find-links" in text or written:
            yield ""
