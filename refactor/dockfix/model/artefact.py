"""What a step leaves behind that another stage can be given whole: the noun of every ``COPY --from`` that dockfix writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from dockfix.dataclass import dataclass


@dataclass(frozen=True)
class Artefact:
    """``paths`` maps where it lies to where it has to lie in the stage that gets it: the same path for all but build output.

    ``beside`` are paths that have to lie there too, from whatever source: an editable project, a managed interpreter. ``env`` are
    the variables that the stage which gets it has to set; ``start`` is the exec form that runs it where CMD has to change for it.
    """

    kind: Literal["environment", "output", "tool"]
    paths: Mapping[str, str]
    runtime: str = ""
    beside: frozenset[str] = frozenset()
    env: Mapping[str, str] = field(default_factory=dict)
    start: tuple[str, ...] = ()


@dataclass(frozen=True)
class Environment:
    """Where an install puts packages: the folder ``root``, for the runtime of this id ("" for a system's packages).

    ``carried`` is None where it cannot be handed on, as the base image's own prefix cannot. With ``seeded`` an installer fills it that
    is its own or is told to; without, a pip that PATH finds is another's. With ``beside_base`` it is a plain folder that nothing makes: a
    program finds its packages together with the base image's own.
    """

    root: str
    runtime: str = ""
    carried: Artefact | None = None
    seeded: bool = True
    beside_base: bool = False
