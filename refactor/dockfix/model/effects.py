"""What a step needs and leaves behind: the values that every later decision follows from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set

from dockfix.dataclass import dataclass
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


class Places:
    """Absolute paths, of which is asked again and again whether others overlap with them."""

    def __init__(self) -> None:
        self._paths: set[str] = set()
        self._above: set[str] = set()

    def add(self, paths: Iterable[str]) -> None:
        """Takes in more paths."""
        for path in paths:
            if path not in self._paths:
                self._paths.add(path)
                self._above |= set(_folders(path))

    def without(self, paths: Set[str]) -> Places:
        """The same without some of them."""
        if self._paths.isdisjoint(paths):
            return self
        left = Places()
        left.add(self._paths - paths)
        return left

    def overlap(self, paths: Iterable[str]) -> bool:
        """Whether any of ``paths`` is, contains, or lies below one of these."""
        return any(path in self._above or any(each in self._paths for each in _folders(path)) for path in paths)


def _folders(path: str) -> Iterator[str]:
    """A path and all that it lies below, without the slash at their ends and as they are written."""
    yield path
    path = path.rstrip("/")
    while path:
        yield from (path, path + "/")
        path = path.rpartition("/")[0]
    yield from ("", "/")
