"""The form of a transform: a name, a docstring, and a pure function from a tree and its facts to edits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal, Protocol

from dockfix.facts import Facts
from dockfix.model.reason import Declared
from dockfix.syntax import Node

Safety = Literal["safe", "unsafe", "on request"]


@dataclass(frozen=True)
class Edit:
    """Replaces one node by others (none: removes it) and says why; ``line`` is the line in the user's file."""

    node: Node
    replacement: tuple[Node, ...]
    line: int
    reason: str


@dataclass(frozen=True)
class Outcome:
    """What a transform wants done.

    ``edits`` hold for the Dockerfile; ``files`` are texts of files beside it, by path relative to the build context.
    ``refusals`` are (line, reason) for what was left. ``unsafe`` says why the edits could be wrong ("" where they follow from
    facts); ``unseen`` is that one of the reasons of which no build can show whether it matters. ``declares`` are the parts of the
    image that the edits alter on purpose, such as ``Declared("USER")``, ``Declared("ENV", "PATH")``, ``Declared("RUN", "rm /tmp/x")``.
    ``waits`` says that others may prepare something for the transform in a run in which it is allowed to act.
    """

    edits: Sequence[Edit] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    file_reason: str = ""
    refusals: Sequence[tuple[int, str]] = ()
    warnings: Sequence[tuple[int, str]] = ()
    unsafe: str = ""
    unseen: str = ""
    declares: frozenset[Declared] = frozenset()
    waits: bool = False


def refuse(reason: str, line: int = 0) -> Outcome:
    """An outcome that changes nothing, because …"""
    return Outcome(refusals=((line, reason),))


class Transform(Protocol):
    """One pass. ``id`` is the module's name with dashes; the class docstring is the page that ``dockfix explain`` shows.

    ``atomic`` transforms are applied as a whole or not at all: a suppression above one instruction that they would edit
    drops them for the file. Of others only the edits to that instruction are dropped. ``order`` sorts the passes.
    ``options`` are the settings it reads, with their meaning.
    """

    id: ClassVar[str]
    title: ClassVar[str]
    safety: ClassVar[Safety]
    order: ClassVar[int]
    atomic: ClassVar[bool]
    options: ClassVar[Mapping[str, str]]

    def apply(self, facts: Facts) -> Outcome:
        """The edits to ``facts.tree``; pure: reads only ``facts``."""
        ...
