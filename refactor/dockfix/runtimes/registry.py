"""Which runtimes there are."""

from __future__ import annotations

from dockfix.runtimes.protocol import Runtime
from dockfix.runtimes.python import PYTHON

_RUNTIMES: dict[str, Runtime] = {runtime.id: runtime for runtime in (PYTHON,)}


def runtimes() -> tuple[Runtime, ...]:
    """Every runtime that dockfix knows."""
    return tuple(_RUNTIMES.values())


def runtime_of(name: str) -> Runtime | None:
    """The runtime of this id, None where there is none."""
    return _RUNTIMES.get(name)
