"""What a command does to the packages of an image: one class for each verb, and none for a program.

Whoever asks whether a command refreshes, installs, removes, cleans or makes something need not know which program it is.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import field
from typing import ClassVar, Literal, Protocol

from dockfix.dataclass import dataclass
from dockfix.model.artefact import Artefact, Environment
from dockfix.model.reason import Reason
from dockfix.syntax.shell import Word


class Manager(Protocol):
    """A program that installs packages. What else dockfix knows of it stands in its module of ``dockfix.managers``."""

    id: ClassVar[str]


@dataclass(frozen=True)
class Package:
    """A package as named on the command line.

    ``name`` is what the manager calls it, without version, architecture and the like ("" where only a URL or the shell tells).
    """

    name: str
    word: Word


@dataclass(frozen=True)
class Refresh:
    """Fetches the index of packages: ``apt-get update``."""

    manager: Manager


@dataclass(frozen=True)
class Upgrade:
    """Brings what is installed up to date: ``apt-get upgrade``."""

    manager: Manager


@dataclass(frozen=True, eq=False)
class Install:
    """Installs packages ``into`` an environment.

    ``asked`` are those that the command names; ``manifests`` the files that name them, as absolute paths in the image, and
    ``constraints`` those that only limit their versions. ``projects`` are absolute paths of projects and archives that are built and
    installed; those in ``editable`` are used from where they lie. ``folders`` are those that packages are taken from. ``groups`` are
    the dependency groups: "main", "dev", extras.

    With ``dynamic`` the command installs more, which only the shell knows. ``chosen_by`` is the build argument that chooses what
    is installed ("" for none): what stands here holds for its default. ``cache_off`` are the words that switch the cache off;
    ``cached`` is False where nothing would come into it, as all is taken from a folder. ``group`` is the name under which all that
    is ``asked`` for is removed again, and not by its own ("" for none). ``fetches_index``: it needs no index to be there. Without
    ``scripts`` what packages want to be run is not run. ``runtimes`` are the ids of what is there then to run the programs of a language.
    ``blocked`` says why the packages cannot be installed elsewhere.
    """

    manager: Manager
    into: Environment
    asked: tuple[Package, ...] = ()
    manifests: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    editable: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    groups: frozenset[str] = frozenset({"main"})
    dynamic: bool = False
    chosen_by: str = ""
    cache_off: tuple[Word, ...] = ()
    cached: bool = True
    group: str = ""
    fetches_index: bool = False
    scripts: bool = True
    runtimes: frozenset[str] = frozenset()
    blocked: Reason | None = None

    @property
    def uncertain(self) -> str | None:
        """Why something else may be installed, None where nothing else is."""
        return f"the build argument {self.chosen_by} chooses what is installed" if self.chosen_by else None

    @property
    def files(self) -> tuple[str, ...]:
        """The manifests and constraints."""
        return (*self.manifests, *self.constraints)


@dataclass(frozen=True)
class Remove:
    """Takes packages away: ``apt-get purge``, ``autoremove``."""

    manager: Manager
    names: frozenset[str]


@dataclass(frozen=True)
class Clean:
    """Removes what no program needs: an index, downloaded archives, a cache. One command may do so for several managers."""

    managers: tuple[Manager, ...]
    what: frozenset[Literal["index", "downloads", "cache"]]


@dataclass(frozen=True)
class Make:
    """Makes an environment: ``python -m venv``."""

    manager: Manager
    environment: Environment


@dataclass(frozen=True)
class Provide:
    """Brings a manager itself: ``pip install poetry``, ``COPY --from=…/uv``.

    ``paths`` are the programs that are there then. With ``shared`` the packages that it is made of lie where the base image's programs
    find them, too. ``versions`` are those of programs, as far as the command says them. ``home`` is the folder in which the programs
    find what they start, and put it when they are called for the first time ("" where they are whole); ``private`` says why no other
    user than root can start them, "" where any can. ``runtimes`` are as for ``Install``.
    """

    manager: Manager
    paths: tuple[str, ...]
    shared: bool = False
    versions: Mapping[str, str] = field(default_factory=dict)
    home: str = ""
    private: str = ""
    runtimes: frozenset[str] = frozenset()

    @property
    def programs(self) -> frozenset[str]:
        """The names of the programs that are there then."""
        return frozenset(posixpath.basename(path) for path in self.paths)


@dataclass(frozen=True)
class Configure:
    """Sets something of a manager, in a file of the manager's own, for all that it does later: ``poetry config``.

    ``settings`` are by name; None: a value that only the shell knows.
    """

    manager: Manager
    settings: Mapping[str, str | None]


@dataclass(frozen=True)
class Export:
    """Writes what a project's files name as requirements: ``poetry export``."""

    manager: Manager


@dataclass(frozen=True)
class Build:
    """Makes output of source."""

    output: Artefact


@dataclass(frozen=True)
class ShellState:
    """Changes only the shell that runs the rest of the same RUN: ``cd``, ``export``, ``set``."""


Action = Refresh | Upgrade | Install | Remove | Clean | Make | Provide | Configure | Export | Build | ShellState
