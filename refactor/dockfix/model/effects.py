"""What a step needs and leaves behind: the values that every later decision follows from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dockfix.syntax.shell import Word


@dataclass(frozen=True)
class AptUpdate:
    """``apt-get update``."""


@dataclass(frozen=True)
class AptClean:
    """Removes package lists or archives, which leaves nothing that a program needs."""


@dataclass(frozen=True)
class AptChange:
    """Any other change to the installed packages: upgrade, remove, autoremove …"""

    verb: str


@dataclass(frozen=True)
class Package:
    """A package as named on the command line; ``name`` is stripped of version, architecture and release."""

    name: str
    word: Word


@dataclass(frozen=True)
class AptInstall:
    """``apt-get install``; ``dynamic`` where more packages are named by something that only the shell can expand."""

    packages: tuple[Package, ...]
    dynamic: bool = False


@dataclass(frozen=True)
class PipInstall:
    """``pip install`` into ``prefix`` ("" is the base image's own Python).

    ``requirements`` and ``constraints`` are absolute paths in the image; ``packages`` are requirements and URLs as named;
    ``local`` absolute paths of local projects and archives; ``blocker`` says why the install cannot be moved into a
    virtual environment, "" where it can; ``no_cache`` are the words that switch pip's cache off. ``chosen_by`` is the build
    argument that chooses what is installed: what stands here holds for its default.
    """

    prefix: str = ""
    requirements: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    local: tuple[str, ...] = ()
    editable: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    blocker: str = ""
    no_cache: tuple[Word, ...] = ()
    chosen_by: str = ""


@dataclass(frozen=True)
class VenvCreate:
    """``python -m venv PATH``."""

    path: str
    system_site_packages: bool = False


@dataclass(frozen=True)
class PipCacheClean:
    """Empties pip's cache folder or a folder around it."""


@dataclass(frozen=True)
class ShellState:
    """Changes only the shell that runs the rest of the same RUN: ``cd``, ``export``, ``set``."""


Action = AptUpdate | AptClean | AptChange | AptInstall | PipInstall | VenvCreate | PipCacheClean | ShellState


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
