"""What an install reads of the build context, however many files it is, in the terms that all managers share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from dockfix.context.manifests.locked import Locked, Unread
from dockfix.dataclass import dataclass

ALL = ":all:"  # in ``compiled``: every package
PROJECT = ":project:"  # among groups: the project itself
NO_LOCK = Unread("", 0, "there is no lock")


@dataclass(frozen=True)
class Pinned:
    """A package that is asked for: ``name`` as its ecosystem normalises it ("" where a URL or a path doesn't tell)."""

    name: str
    source: Literal["index", "vcs", "url", "path"] = "index"


@dataclass(frozen=True)
class Named:
    """A local path that a file of the build context names, and that file."""

    path: str
    file: str


@dataclass(frozen=True)
class Manifest:
    """What is known of all that an install is given.

    ``closures`` maps each file that the install names, by its path in the image, to the files of the build context that it draws in,
    itself first. ``packages`` are those that are asked for; ``maybe`` are further names, normalised, that may be: words of a
    project's files. ``projects``, ``editable`` and ``folders`` are local, as written. ``reads`` are absolute paths in the image that the
    install reads besides the named files. ``compiled`` are the packages that it is told to compile.
    ``build_requirements`` are the names of what it brings only while it builds local projects; ``builds`` are the absolute paths in the
    image of the projects that it builds and installs. ``locked`` is the lock that names all that it brings, or why there is none.

    ``blocked`` says why the packages cannot be handed on, ``moved`` why they may not be found where they are moved to, ``elsewhere`` that
    they lie in a folder of root's, outside of the project. ``groups`` are the dependency groups where files decide which they are,
    None where the command alone does; ``runs`` are the packages whose own scripts an install runs, None where it may be any.

    ``programs`` are those that installing the projects puts into the environment, ``scripts`` the names under which the files have the
    manager itself run something.

    ``development`` are the groups of the lock that it brings and that, by their names, only serve to develop. ``empty`` are groups into
    which the files put nothing, PROJECT where it is no package: whoever asks for them finds them installed.

    ``needs_source`` says why the source has to be there even for what the manifests name, "" for no reason;
    ``runs_own`` tells whether an install runs scripts of the project itself, which may call any package of its own.

    ``unknown`` says why not everything is known; it has to be given, since what was not read is not known.
    """

    unknown: str | None
    closures: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    packages: tuple[Pinned, ...] = ()
    maybe: frozenset[str] = frozenset()
    projects: tuple[Named, ...] = ()
    editable: tuple[Named, ...] = ()
    folders: tuple[Named, ...] = ()
    reads: tuple[str, ...] = ()
    compiled: frozenset[str] = frozenset()
    build_requirements: frozenset[str] = frozenset()
    builds: tuple[str, ...] = ()
    blocked: str | None = None
    moved: str | None = None
    elsewhere: str | None = None
    runs: frozenset[str] | None = None
    groups: frozenset[str] | None = None
    locked: Locked | Unread = NO_LOCK
    programs: frozenset[str] = frozenset()
    scripts: frozenset[str] = frozenset()
    needs_source: str = ""
    runs_own: bool = False
    development: frozenset[str] = frozenset()
    empty: frozenset[str] = frozenset()

    @property
    def files(self) -> tuple[str, ...]:
        """All the files of the build context, without repetition."""
        return tuple(dict.fromkeys(name for names in self.closures.values() for name in names))

    @property
    def names(self) -> frozenset[str]:
        """The names, normalised, of all the packages that may be asked for."""
        return frozenset(package.name for package in self.packages) | self.maybe

    @property
    def local(self) -> Named | None:
        """The first local project or folder that a file names, None where none does."""
        return next(iter((*self.projects, *self.editable, *self.folders)), None)
