"""What comes along with a manager of packages where another one installs it."""

from __future__ import annotations

from collections.abc import Mapping

from dockfix.knowledge.tables import table


def brought_modules(manager: str) -> Mapping[str, str]:
    """The modules that a manager of this id is made of, each with its distribution; empty for one that is made of none."""
    found: Mapping[str, str] = table("brought").get(manager, {})
    return found
