"""What is believed of a program, each belief with the file and line that it comes from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import Literal

from dockfix.dataclass import dataclass
from dockfix.lazy import cached_property, regex
from dockfix.namedtuple import NamedTuple

# What a path starts from: the root, the working directory, the root of the build context (paths made from __file__), the
# user's home, the folder for temporary files, that of the installed packages, or a place worked out at run time
Base = Literal["root", "cwd", "code", "home", "temp", "packages", "unknown"]

UNKNOWN = "?"
# Files that are there for development; their code does not run when the container does
_DEVELOPMENT = regex(
    r"(?i)(?:.*/)?(?:tests?|testing|docs?|examples?|samples?|benchmarks?)/.*|(?:.*/)?(?:test_[^/]*|[^/]*_tests?|tests|conftest"
    r"|setup|noxfile|fabfile|dodo|versioneer)\.py"
)


def is_development(file: str) -> bool:
    """Whether a file, by its name, holds tests, documentation or what builds the project."""
    return _DEVELOPMENT.fullmatch(file) is not None


class Use(NamedTuple):
    """A word (a program, a library, a framework) where it is used; ``?`` is one that is worked out at run time."""

    word: str
    file: str
    line: int
    how: str = ""


class Write(NamedTuple):
    """A path that is written, made, renamed or deleted.

    ``path`` is relative to ``base``; ``?`` stands for any part that is worked out at run time. ``env`` is the environment
    variable that decides, "" for none; where the code has a default for it, ``path`` is that default.
    """

    path: str
    base: Base
    file: str
    line: int
    how: str = ""
    env: str = ""


class Port(NamedTuple):
    """A port that is listened on, None for one worked out at run time; ``env`` as for Write.

    ``is_default`` is one that a server takes where its command says none.
    """

    port: int | None
    file: str
    line: int
    how: str = ""
    env: str = ""
    is_default: bool = False


class Endpoint(NamedTuple):
    """A route that answers GET.

    ``path`` starts with ``?`` where a prefix is not literal. ``file`` and ``line`` are those of the function, or of the
    route where the function is elsewhere. ``guarded`` is True where a decorator may ask for a login.
    """

    path: str
    file: str
    line: int
    framework: str = ""
    guarded: bool = False


class Download(NamedTuple):
    """Data fetched at run time, and the folder that keeps it, with ``~`` for the user's home; "" for an unknown one."""

    what: str
    folder: str
    file: str
    line: int
    how: str = ""


class Import(NamedTuple):
    """A top-level module where it is first imported."""

    module: str
    kind: Literal["stdlib", "local", "third party"]
    file: str
    line: int


class Unparsed(NamedTuple):
    """A file that could not be read, and why: what it does is unknown."""

    file: str
    reason: str


class Served(NamedTuple):
    """What an application answers over HTTP, sorted by file and line.

    ``endpoints`` are the routes whose names say that they tell the program's health, ``routes`` all that have no parameter.
    ``unparsed`` are the files that could not be read for them.
    """

    endpoints: tuple[Endpoint, ...] = ()
    routes: tuple[Endpoint, ...] = ()
    unparsed: tuple[Unparsed, ...] = ()


@dataclass(frozen=True)
class Program:
    """What the Python files of an application do. Everything is sorted by file and line.

    ``without_path`` are the programs that it starts in an environment without the PATH that it has itself, ``path_unknown`` those in one
    of which that is not known. ``unknown`` are the places at which code is made, or modules named, only when the program runs.
    ``scripts`` are the command lines that it has run, with ``$DOCKFIX`` for what is filled in. ``folders`` are those that it goes to
    itself, so that its relative paths start from there. ``serves`` reads the routes, which are in
    files in which nothing else is of interest.
    """

    runs: tuple[Use, ...] = ()
    loads: tuple[Use, ...] = ()
    writes: tuple[Write, ...] = ()
    ports: tuple[Port, ...] = ()
    downloads: tuple[Download, ...] = ()
    unknown: tuple[Use, ...] = ()
    unparsed: tuple[Unparsed, ...] = ()
    files: int = 0
    parsed: int = 0
    without_path: tuple[Use, ...] = ()
    path_unknown: tuple[Use, ...] = ()
    scripts: tuple[Use, ...] = ()
    folders: tuple[Write, ...] = ()
    serves: Callable[[], Served] = field(default=Served, compare=False, repr=False)

    @cached_property
    def served(self) -> Served:
        """What it answers over HTTP; read when first asked for."""
        return self.serves()

    @property
    def complete(self) -> bool:
        """Whether every file could be read, so that what was not found is not there (as far as the reading goes)."""
        return not self.unparsed
