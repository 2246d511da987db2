"""The form of a transform: a name, a docstring, and a pure function from a tree and its facts to edits."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any, ClassVar, Literal

from dockfix.dataclass import dataclass
from dockfix.engine.options import Option
from dockfix.facts import Facet, Facts
from dockfix.model.reason import Declared, Reason, at
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
    ``refusals`` say what was left and why. ``doubts`` say why the edits could be wrong (none where they follow from
    facts); ``certain`` is what is done instead where they may not be made: what no doubt is about. ``declares`` are the
    parts of the image that the edits alter on purpose, such as ``Declared("USER")``, ``Declared("ENV", "PATH")``,
    ``Declared("RUN", "rm /tmp/x")``. ``saves`` is by about how many bytes the image becomes smaller, None where that is not known.
    """

    edits: Sequence[Edit] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    file_reason: str = ""
    refusals: Sequence[Reason] = ()
    warnings: Sequence[Reason] = ()
    doubts: Sequence[Reason] = ()
    certain: Outcome | None = None
    declares: frozenset[Declared] = frozenset()
    saves: int | None = None


def refuse(reason: str | Reason, line: int = 0) -> Outcome:
    """An outcome that changes nothing, because …"""
    return Outcome(refusals=(at(reason, line) if isinstance(reason, str) else reason,))


class Transform(ABC):
    """One pass. The class docstring is the page that ``dockfix explain`` shows.

    ``id`` is the module's name with dashes, unless the class gives another. ``after`` are the ids of those that run before it, where
    they are chosen. An ``atomic`` transform is applied as a whole or not at all: a suppression above one instruction that it would
    edit drops it for the file; of others only the edits to that instruction are dropped. One that ``repeats`` makes one of several like
    changes at a time, and is applied until nothing is left. ``facets`` are the parts of the placement that it writes. ``asked_by`` is
    the setting that asks for one on request. ``may_break`` are the checks of ``verify`` that fail first where it was wrong, the likeliest
    one first. ``sees_to`` are the items of the checklist that may hold by it.
    """

    id: ClassVar[str] = ""
    title: ClassVar[str]
    safety: ClassVar[Safety] = "safe"
    after: ClassVar[frozenset[str]] = frozenset()
    atomic: ClassVar[bool] = True
    repeats: ClassVar[bool] = False
    options: ClassVar[tuple[Option[Any], ...]] = ()
    asked_by: ClassVar[Option[Any] | None] = None
    facets: ClassVar[frozenset[Facet]] = frozenset()
    may_break: ClassVar[tuple[str, ...]] = ()
    sees_to: ClassVar[frozenset[str]] = frozenset()

    def __init_subclass__(cls) -> None:
        """Names the transform after its module."""
        cls.id = cls.id or cls.__module__.rpartition(".")[2].replace("_", "-")

    @abstractmethod
    def apply(self, facts: Facts) -> Outcome:
        """The edits to ``facts.tree``; pure: reads only ``facts``."""
