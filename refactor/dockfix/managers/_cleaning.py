"""What ``rm`` takes away of managers: their indices, their archives and their caches."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Literal

from dockfix.lazy import regex
from dockfix.managers.protocol import Cache, Manager, SystemManager
from dockfix.managers.registry import managers
from dockfix.managers.verbs import needs_runtime
from dockfix.model.actions import Clean
from dockfix.model.effects import Effects, within
from dockfix.model.state import State
from dockfix.syntax.shell import Command, Word

_TEMPORARY = {"/tmp", "/var/tmp"}
_PRINTED = regex(r"""(["']?)(?:\$\(\s*([^()`$]+?)\s*\)|`\s*([^()`$]+?)\s*`)\1""")


def with_folders(command: Command, state: State) -> Command:
    """A command with the folder of a cache in place of each substitution by which its manager prints it: ``$(pip cache dir)``.

    A variable that moves the cache has the manager print another folder, which is that of its cache, too.
    """
    if "$(" not in command.text and "`" not in command.text:
        return command
    words = tuple(_with_folder(word, state) for word in command.words)
    return command._replace(text=" ".join(word.text for word in words), words=words)


def _with_folder(word: Word, state: State) -> Word:
    printed = _PRINTED.fullmatch(word.text)
    cache = _printed_by(printed[2] or printed[3], state) if printed and printed[1] != "'" else None
    return word if cache is None else word._replace(text=cache.folder, value=cache.folder)


def _printed_by(text: str, state: State) -> Cache | None:
    """The cache whose folder a command prints."""
    caches = (cache for manager in managers() if _may_be_there(manager, state) for cache in manager.caches)
    return next((cache for cache in caches if cache.printed_by and re.fullmatch(cache.printed_by, text)), None)


def cleaned(effects: Effects, state: State) -> Effects:
    """What ``rm`` does where all that it removes is the index, the archives or the cache of a manager that the image may have."""
    found: dict[Manager, None] = {}
    what: set[Literal["index", "downloads", "cache"]] = set()
    left: list[str] = []
    for path in effects.writes:
        owners = {
            manager: kind for manager in managers() if _may_be_there(manager, state) and (kind := _kind(manager, path))
        }
        if not owners:
            left.append(path)
        found |= dict.fromkeys(owners)
        what |= set(owners.values())
    systems = {isinstance(manager, SystemManager) for manager in found}
    # the temporary files of maintainers' scripts go with the archives
    if len(systems) != 1 or (left and not (systems == {True} and set(left) <= _TEMPORARY)):
        return effects
    return replace(effects, reads=(), writes=tuple(left), action=Clean(tuple(found), frozenset(what)))


def _may_be_there(manager: Manager, state: State) -> bool:
    """Whether a manager is modelled on the image: those of a language that only official images bring are on these alone."""
    return not needs_runtime(manager) or state.runs(manager.runtime)


def _kind(manager: Manager, path: str) -> Literal["index", "downloads", "cache"] | None:
    """What of a manager's a path is."""
    if isinstance(manager, SystemManager):
        if any(within(path, folder) for folder in manager.leaves):
            return "index" if within(manager.index, path) or within(path, manager.index) else "downloads"
        return None
    return "cache" if any(within(path, cache.around or cache.folder) for cache in manager.caches) else None
