"""An install that leaves out what only serves to develop, for the managers of Node.js that have an option for it."""

from __future__ import annotations

import posixpath
from collections.abc import Collection

from dockfix.context.javascript import Package
from dockfix.context.manifests.locked import DEV
from dockfix.lazy import regex
from dockfix.managers._node import members_of
from dockfix.managers.protocol import Given, Production, Recipe
from dockfix.model.actions import Install
from dockfix.model.reason import Reason

_CHOOSES = regex(r"--(?:(?:no-)?production|prod|include|also|omit|only|dev)\b|-[PD]$")


def for_production(
    install: Install, given: Given, package: Package, option: str, verbs: Collection[str]
) -> Production | Reason:
    """An install with an option that leaves out what only development needs, where it has no project's script to run without that."""
    words = given.call.words
    folder = posixpath.dirname(install.into.root)
    if any(each.lifecycle for each in (package, *members_of(folder, package, given))):
        return Reason("scripts of the project that run with an install may need what only development does")
    chosen = next((word.text for word in words if _CHOOSES.match(word.text)), "")
    plain = [word for word in words if not word.text.startswith("-")]
    if chosen or (plain and plain[0].value not in verbs) or (words and not plain and option != "--production"):
        return Reason(f"{chosen or given.call.command.shown} chooses what is installed itself")
    behind = plain[0] if plain else given.call.command.words[0]
    return Production(Recipe(insert=((behind, option),)), frozenset({DEV}))
