"""Which runtimes there are."""

from __future__ import annotations

from dockfix.runtimes.node import NODE
from dockfix.runtimes.protocol import MovingRuntime, Runtime
from dockfix.runtimes.python import PYTHON

_RUNTIMES: dict[str, Runtime] = {runtime.id: runtime for runtime in (PYTHON, NODE)}


def runtimes() -> tuple[Runtime, ...]:
    """Every runtime that dockfix knows."""
    return tuple(_RUNTIMES.values())


def runtime(name: str) -> Runtime | None:
    """The runtime of this id, None where there is none."""
    return _RUNTIMES.get(name)


def runtime_of(name: str) -> MovingRuntime | None:
    """The runtime of this id whose packages can be moved, None where there is none."""
    found = _RUNTIMES.get(name)
    return found if isinstance(found, MovingRuntime) else None
