"""An install that brings what only development needs, too, for the managers of Node.js."""

from __future__ import annotations

from dockfix.context.manifests.locked import DEV
from dockfix.managers._development import with_development
from dockfix.managers._node import is_production, package_at
from dockfix.managers.protocol import Developing, Given
from dockfix.model.actions import Install
from dockfix.model.reason import Reason

_VERBS = ("install", "i", "ci", "add")


def in_development(install: Install, given: Given, words: str, valued: str, include: str) -> Developing | Reason:
    """The install without the ``words`` and ``valued`` that leave it out; with ``include`` where NODE_ENV would leave it out."""
    package = package_at(install, given)
    if package is None or not package.development:
        return Reason(
            f"{package.file} names nothing for development" if package is not None else "package.json was not found"
        )
    production = is_production(given.call, given.state)
    if production and not include:
        return Reason("NODE_ENV leaves out what only development needs")
    recipe = with_development(given.call, _VERBS, words, valued, (include,) if production else ())
    return recipe if isinstance(recipe, Reason) else Developing(recipe, frozenset({DEV}))
