"""Which paths of an image are the system's."""

from __future__ import annotations

from dockfix.knowledge.tables import table


def system_places() -> tuple[str, ...]:
    """Regular expressions for whole paths; the head of ``system_places.toml`` explains them."""
    return tuple(table("system_places")["places"])
