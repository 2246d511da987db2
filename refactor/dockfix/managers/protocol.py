"""What a package manager's module says of it. A manager implements what it can, and refuses with a reason where it cannot."""

from __future__ import annotations

import posixpath
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import field
from typing import ClassVar, Literal, Protocol

from dockfix.context.build_context import BuildContext
from dockfix.context.manifests import pyproject
from dockfix.context.manifests.manifest import Manifest
from dockfix.context.manifests.pyproject import PyProject
from dockfix.context.project import words_of_project
from dockfix.dataclass import dataclass
from dockfix.knowledge import BaseImage, brought_modules
from dockfix.lazy import regex
from dockfix.managers.databases import Database
from dockfix.model.actions import Install, Provide
from dockfix.model.artefact import Environment
from dockfix.model.effects import Effects
from dockfix.model.reason import Declared, Reason
from dockfix.model.stages import Copy
from dockfix.model.state import State
from dockfix.syntax.shell import Command, Word

Role = Literal["build", "dev", "run", "git", "unknown"]


@dataclass(frozen=True)
class Call:
    """A call of a manager: the command, and its arguments behind the program or behind ``python -m MODULE``."""

    command: Command
    words: Sequence[Word]


@dataclass(frozen=True)
class Given:
    """What an install finds where it runs: its call, the state, the build context, and the base image (None: not known).

    ``at`` gives the file of the build context that lies at a path in the image, None where none is known to. ``written`` gives what
    commands have written to a path that no file of the build context lies at, None where that is not known: "" where it is what
    a project's own files name, whose words are counted anyway. ``made`` says whether a command has made a path before, as far as is seen.
    ``beneath`` says why more may lie in the image: what another Dockerfile of the repository puts there; None for nothing.
    """

    call: Call
    state: State
    context: BuildContext
    image: BaseImage | None
    at: Callable[[str], str | None]
    written: Callable[[str], str | None]
    made: Callable[[str], bool]
    beneath: str | None = None

    def lies_at(self, path: str) -> bool:
        """Whether a file of the build context lies at a path in the image."""
        return self.at(path) is not None

    def settings(self, path: str) -> tuple[str, PyProject] | str:
        """The file of the build context that lies at a path in the image, and what it says in TOML; a clause where that is not known."""
        name = self.at(path)
        if name is None:
            return f"nothing of the build context lies at {path}"
        text = self.context.read(name)
        found = pyproject.read(text) if text is not None else None
        return (name, found) if found is not None else f"{name} could not be read"

    def project(self, folder: str) -> PyProject | None:
        """The pyproject.toml of a folder in the image; None where there is none that can be read."""
        found = self.settings(posixpath.join(folder, pyproject.NAME))
        return None if isinstance(found, str) else found[1]

    def words(self, folder: str) -> frozenset[str]:
        """Every word, normalised, of the files that may name what the project in a folder of the image depends on."""
        return words_of_project(folder, self.context.read, self.at) or frozenset()

    def closures(self, paths: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """The files of the build context at paths in the image, for a manifest: of those paths at which one lies."""
        return {path: (name,) for path in paths if (name := self.at(path)) is not None}

    def left_beside_source(self, folder: str, project: PyProject | None, builder: str = "") -> str:
        """What keeps an editable install of a project in ``folder`` from being handed on, "" for nothing; see ``leaves_beside_source``."""
        reason = pyproject.leaves_beside_source(folder, project, self.lies_at, builder)
        return f"an editable install of {folder} leaves build results in the source folder: {reason}" if reason else ""


@dataclass(frozen=True)
class Started:
    """A program that a manager starts: its words as they were given, with ``before`` in front of them."""

    words: tuple[Word, ...]
    before: tuple[str, ...] = ()

    @property
    def program(self) -> str:
        """The program's name."""
        return self.before[0] if self.before else self.words[0].value or ""


@dataclass(frozen=True)
class Recipe:
    """How one install is written again: edits to its words, and what has to stand around it.

    ``insert`` puts words behind a word, ``remove`` takes words away. With ``again`` the command as written runs once more,
    after the source is there. ``env`` holds from there on. ``declares`` is what this alters on purpose.
    """

    insert: tuple[tuple[Word, str], ...] = ()
    remove: tuple[Word, ...] = ()
    again: bool = False
    env: Mapping[str, str] = field(default_factory=dict)
    declares: frozenset[Declared] = frozenset()


@dataclass(frozen=True)
class Production:
    """How an install leaves out what only serves to develop: ``recipe``; ``groups`` are those of ``Install`` that differ then."""

    recipe: Recipe
    groups: frozenset[str]


@dataclass(frozen=True)
class Developing:
    """How an install brings what only serves to develop, too: ``recipe``; ``names`` are the groups, extras or files that say what that is.

    ``files`` have to lie in the image for it, each path with the file of the build context.
    """

    recipe: Recipe
    names: frozenset[str]
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Script:
    """A script on the net that brings a manager.

    ``url`` is a pattern of its address, ``folder`` where it puts the programs, ``leaves`` what else it fills. ``moved_by`` are variables
    that name another folder, each with where the programs lie below that. Without a folder it brings none by itself: it tells the system's
    manager, in the folders of that which it fills (``leaves``), from which server to install them.
    """

    url: str
    folder: str
    leaves: tuple[str, ...] = ()
    moved_by: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class OwnRuntime:
    """What a manager fetches to run packages with where the image has nothing that fits: an environment then leads to it.

    ``by`` is a pattern of commands that may fetch it, ``off_by`` one of settings and options that keep it from that. ``folder`` is where
    it lies, unless the variable ``moved_by`` names another.
    """

    by: str
    off_by: str
    folder: str
    moved_by: str


@dataclass(frozen=True)
class Cache:
    """A folder that can be a cache mount in every RUN that runs the manager.

    ``around`` is the folder whose removal empties it, too. ``moved_by`` and ``off_by`` are variables, ``option`` is the option that
    moves it. ``configured_in`` are files, and ``file_variable`` a variable that names one, in which the pattern ``configured_by``
    shows that it is moved or off; ``configured_with`` is the pattern of a command that does so. ``sharing`` is the mount's. With
    ``at_home`` it lies at the same place in the home of another user. With
    ``holds_compiled`` it keeps what was linked with the libraries of one base image. ``unlock`` are commands without which the
    image empties it, by the program that is called ("" for all). ``env`` are variables that a builder sets for a mounted cache.
    ``printed_by`` is the pattern of the command that prints the folder.
    """

    folder: str
    around: str = ""
    moved_by: tuple[str, ...] = ()
    off_by: tuple[str, ...] = ()
    option: str = ""
    configured_in: tuple[str, ...] = ()
    file_variable: str = ""
    configured_by: str = ""
    configured_with: str = ""
    sharing: Literal["shared", "locked"] = "shared"
    at_home: bool = False
    holds_compiled: bool = False
    unlock: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    printed_by: str = ""


class Manager(ABC):
    """A program that installs packages.

    ``id`` is the module's name, ``title`` what people call it. ``programs`` are its names in a shell, ``modules`` those that
    ``python -m`` takes. ``runs_others``: it runs programs of the image that are not seen here, as maintainers' scripts do. ``size`` is
    about how many bytes it takes in an image with all that comes along. ``downloads`` is a pattern of what works on what it has
    fetched, where it can remove that itself (see ``tidied_by``). ``without_cache`` are the options that switch its cache off.
    """

    id: ClassVar[str]
    title: ClassVar[str]
    programs: ClassVar[frozenset[str]] = frozenset()
    modules: ClassVar[frozenset[str]] = frozenset()
    caches: ClassVar[tuple[Cache, ...]] = ()
    runs_others: ClassVar[bool] = False
    size: ClassVar[int] = 0
    downloads: ClassVar[re.Pattern[str]] = regex(r"(?!)")
    without_cache: ClassVar[frozenset[str]] = frozenset()

    @abstractmethod
    def effects(self, call: Call, state: State) -> Effects:
        """What one call needs and leaves behind; opaque where that cannot be said."""

    def tidied_by(self, call: Call, base: str) -> str:
        """The command that removes what a call fetches on a base image and no program needs, "" where there is none."""
        return ""


class LanguageManager(Manager):
    """A manager of a language's packages, such as pip.

    ``runtime`` is the id of what runs them. ``images`` are those that a COPY takes the manager from, ``scripts`` bring it from the net;
    ``added_by`` is a pattern of the packages, normalised, that add to it, ``installers`` are packages of the language that only install
    others, ``makers`` those that only making an environment or a package takes, each with its program. ``own_runtime`` is what it
    may fetch to run them. ``reads`` is what building and installing any package may read: tools, headers, configuration, credentials,
    certificates. ``in_code`` is a pattern of code that starts it without naming a program, empty where there is no such code. With
    ``reads_settings`` it gives the programs that it starts the variables of a ``.env``. With ``fills_bare`` it can be told to fill an
    environment without an installer; ``told_where`` is the variable that names the one to fill, "" for none; ``of_installs`` are
    those that installs alone read. With ``starts_as_any_user`` it needs nothing of root to start a program. With ``needs_runtime``
    its calls are modelled only where the base image brings the runtime, or something was seen to do so. ``server`` is a pattern of
    the addresses from which a system's manager can be told to install it, or its runtime, "" for none. ``lies_in`` are the folders
    that it is made of where it is copied out of an image. ``settings_file`` is the name of a file beside the project's own that tells
    it what ``told`` says, "" for none. ``told_for_all`` are the files of the folder in which it is called that say how it installs
    for all.
    """

    runtime: ClassVar[str]
    images: ClassVar[frozenset[str]] = frozenset()
    scripts: ClassVar[tuple[Script, ...]] = ()
    added_by: ClassVar[re.Pattern[str]] = regex(r"(?!)")
    installers: ClassVar[frozenset[str]] = frozenset()
    makers: ClassVar[Mapping[str, str]] = {}
    own_runtime: ClassVar[OwnRuntime | None] = None
    reads: ClassVar[tuple[str, ...]] = ()
    in_code: ClassVar[bytes] = b""
    reads_settings: ClassVar[bool] = False
    starts_as_any_user: ClassVar[bool] = False
    server: ClassVar[str] = ""
    lies_in: ClassVar[tuple[str, ...]] = ()
    settings_file: ClassVar[str] = ""
    needs_runtime: ClassVar[bool] = False
    told_for_all: ClassVar[tuple[str, ...]] = ()
    fills_bare: ClassVar[bool] = False
    told_where: ClassVar[str] = ""
    of_installs: ClassVar[frozenset[str]] = frozenset()

    @property
    def variables(self) -> str:
        """What the names of the variables begin with that it reads."""
        return f"{self.id.upper()}_"

    def owns(self, variable: str) -> bool:
        """Whether a variable is one of its own, and of nobody else."""
        return variable.startswith(self.variables)

    @property
    def brings(self) -> Mapping[str, str]:
        """The modules that come along with it where the language's own manager installs it, each with its package, normalised."""
        return brought_modules(self.id)

    def taken_from(self, copy: Copy) -> Provide | None:
        """What a COPY from one of its ``images`` brings, None for nothing of the manager."""
        folder = copy.target_is_folder
        target = copy.target or ""
        names = [posixpath.join(target, posixpath.basename(source)) if folder else target for source in copy.sources]
        return Provide(self, tuple(names))

    def caches_of(self, install: Install, given: Given) -> tuple[Cache, ...] | Reason:
        """The caches that an install fills and that a mount may keep; why none may."""
        return self.caches

    def fetches(self, call: Call, state: State) -> bool:
        """Whether a command fills the cache and installs nothing for a project: it fetches or builds packages."""
        return False

    def for_all(self, call: Call, state: State) -> tuple[str, ...]:
        """The packages that a call installs for all programs of the image, and for no project; "" for one without a known name."""
        return ()

    def told(self, text: str) -> Mapping[str, str]:
        """What the text of a ``settings_file`` tells it, by the names that its own command has for that."""
        return {}

    def at_start(self, call: Call, installed: frozenset[str], state: State) -> bool:
        """Whether a call may install packages when the container starts, where these groups are installed; ``state`` is the image's."""
        return True

    def cached_for_start(self, install: Install, given: Given, start: Given, beside: Collection[Install]) -> str:
        """Why the call of ``start``, with which the container starts, may need the cache that an install fills, as a clause; "" where not.

        ``beside`` are all installs of the manager in the image.
        """
        return ""

    def starts(self, call: Call) -> Started | None:
        """The program that a call does nothing but start, with the environment's first on PATH; None where it does more."""
        return None

    def differs_at_start(self, install: Install, given: Given, start: Given) -> Reason | None:
        """Why a call when the container starts may take another environment than an install has filled, or alter it first."""
        return None

    def needs_lock(self, call: Call) -> bool:
        """Whether an install takes the lock as it is, and fails where there is none."""
        return False

    def unlocked(self, install: Install, given: Given) -> tuple[str, ...]:
        """The names of the locks of which an install could take one, and sees none; none where it is told to do without."""
        return ()

    def gave_up(self, install: Install, given: Given, told: str) -> str:
        """Why the manager refuses an install with an option that it has given up, and what does the same now; "" where it does not.

        ``told`` is the text of the Dockerfile.
        """
        return ""

    def without_development(self, install: Install, given: Given) -> str | Reason:
        """A command that takes away again what only development asks for, once everything is built; run where the install was."""
        return Reason(f"{self.title} is not known to take away what only development needs")

    @abstractmethod
    def manifest(self, install: Install, given: Given) -> Manifest:
        """What the install is given."""

    @abstractmethod
    def into(self, install: Install, call: Call, wanted: Environment) -> Recipe | Reason:
        """Has the install fill an environment that can be carried; an empty recipe where the environment alone sees to it."""

    def production(self, install: Install, given: Given, manifest: Manifest, told: str) -> Production | Reason:
        """Has it leave out the groups of the manifest's ``development``; ``told`` is the text of the Dockerfile."""
        return Reason(f"{self.title} knows no groups")

    def developing(self, install: Install, given: Given) -> Developing | Reason:
        """Has it bring what only serves to develop, on top of what it brings; why it can't."""
        return Reason(f"{self.title} knows no groups")

    @abstractmethod
    def without_project(self, install: Install, call: Call, manifest: Manifest) -> Recipe | Reason:
        """Has it install only what the manifests name, so that it can run before the source is there."""


class Packages(Protocol):
    """What is known of the packages of a system; None and empty say nothing."""

    def role(self, package: str) -> Role:
        """What a package is for."""

    def commands(self, package: str) -> frozenset[str]:
        """The programs that leave the image with a package."""

    def instead(self, package: str, suites: frozenset[str] | None) -> tuple[str, ...] | None:
        """What stands in for a package once everything is compiled."""

    def alongside(self, package: str, suites: frozenset[str] | None, *, recommended: bool) -> frozenset[str]:
        """The libraries that come along with a package and leave with it."""

    def brings(self, package: str, suites: frozenset[str] | None) -> frozenset[str]:
        """What comes along with a library or a compiler that stays: libraries that Python packages use, other compilers."""

    def recommends(self, package: str, suites: frozenset[str] | None) -> frozenset[str]:
        """What may come along with a package by recommendation alone."""

    def recommended(self, package: str) -> tuple[str, ...]:
        """What comes along with a package by recommendation, is no library, and a program may need."""

    def modules(self, package: str) -> tuple[str, ...] | None:
        """The packages of modules for the system's own Python that come along with a package; None where they are not certain."""

    def embedded(self, package: str) -> tuple[str, ...] | None:
        """The library of the system's own Python that comes along with a package; None where its name is not certain."""

    def has(self, package: str) -> bool:
        """Whether the system may be asked for a library that a table names."""

    def is_named_so(self, library: str, suite: str) -> bool:
        """Whether a release is known to have a package with a library under this name."""

    def holds(self, package: str, library: str) -> bool:
        """Whether a package holds a shared library, as a program asks for it."""

    def equivalents(self, libraries: Iterable[str]) -> frozenset[str]:
        """The packages with the shared libraries that these packages of Debian hold."""

    def known_suites(self) -> tuple[str, ...]:
        """The releases that the tables cover, oldest first."""


class SystemManager(Manager):
    """A manager of a system's packages, such as apt.

    ``siblings`` are other programs that work on the same packages. ``index`` is where its lists lie, ``leaves`` are the paths that
    no program needs of what it leaves behind, ``reads`` its configuration, keys and certificates. ``database`` is where an image
    says what it has installed. ``removes_unneeded``: with a package it removes what came along and nothing else needs.
    ``fetches_for_itself``: an install can fetch the index for itself alone (see ``without_index``).
    """

    packages: ClassVar[Packages]
    database: ClassVar[Database]
    siblings: ClassVar[frozenset[str]] = frozenset()
    removes_unneeded: ClassVar[bool] = False
    fetches_for_itself: ClassVar[bool] = False
    index: ClassVar[str]
    leaves: ClassVar[tuple[str, ...]] = ()
    reads: ClassVar[tuple[str, ...]] = ()

    def packages_on(self, image: BaseImage) -> Packages:
        """What is known of packages on a base image."""
        return self.packages

    @abstractmethod
    def install(self, names: Sequence[str]) -> str:
        """A RUN's script, on several lines, that installs these and leaves no index behind."""

    @abstractmethod
    def minimal(self, install: Install, command: Command) -> Recipe | Reason:
        """Has an install leave out what is only recommended."""

    @abstractmethod
    def is_minimal(self, command: Command) -> bool:
        """Whether an install leaves out what is only recommended."""

    def without_index(self, command: Command) -> Recipe | Reason:
        """Has a command fetch the index for itself alone, and leave none behind; an empty recipe where it does so."""
        return Reason(f"{self.title} installs from an index that is there")

    @abstractmethod
    def owner(self, path: str) -> tuple[str, ...]:
        """The command that names the package which owns a file."""

    @abstractmethod
    def owner_in(self, said: str) -> str:
        """The package that the output of this command names, "" for none."""
