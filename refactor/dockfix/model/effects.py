"""What a step needs and leaves behind: the values that every later decision follows from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dockfix.model.actions import Action


@dataclass(frozen=True)
class Effects:
    """The effects of one command or instruction.

    ``reads`` and ``writes`` are absolute path prefixes. ``tools`` are the programs that it starts. ``opaque`` says why
    nothing is known of it ("" where it is): it may then need anything before it, and anything after may need it.
    ``application`` means that it runs the application's own Python, as CMD does: it may read and write any file, and the
    programs that it starts are those that the application's code names.
    """

    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    tools: frozenset[str] = frozenset()
    action: Action | None = None
    opaque: str = ""
    application: bool = False

    @property
    def unbounded(self) -> bool:
        """Whether it may read or write any path."""
        return bool(self.opaque) or self.application


def opaque(reason: str) -> Effects:
    """Effects of something that no model covers."""
    return Effects(opaque=reason)


def within(path: str, prefix: str) -> bool:
    """Whether ``path`` is ``prefix`` or lies below it."""
    return path == prefix or path.startswith(prefix.rstrip("/") + "/")


def overlap(paths: Iterable[str], others: Iterable[str]) -> bool:
    """Whether any of ``paths`` is, contains, or lies below any of ``others``."""
    others = tuple(others)
    return any(within(path, other) or within(other, path) for path in paths for other in others)
