"""Which packages bring something needed by recommendation only."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from dockfix.knowledge.tables import table


def needed_recommends(packages: Iterable[str]) -> str:
    """Why ``--no-install-recommends`` may take something needed away from an install, "" where it does not."""
    for package in packages:
        if package not in _harmless():
            return f"{package} may bring something needed by recommendation only"
    return ""


@cache
def _harmless() -> frozenset[str]:
    return frozenset(str(table("apt_no_recommends")["harmless"]).split())
