"""What is known of the JavaScript and TypeScript that a container runs, in the nouns that all languages share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from dockfix.context.javascript.started import Started
from dockfix.context.program.model import Import, Program, Unparsed, Use, Write
from dockfix.dataclass import dataclass
from dockfix.namedtuple import NamedTuple


class Read(NamedTuple):
    """A path that is read when the program runs; ``path`` and ``base`` as for ``Write``."""

    path: str
    base: str
    file: str
    line: int
    how: str = ""
    env: str = ""


class Config(NamedTuple):
    """A file that is loaded when a program starts though no code names it: next.config.js by `next start`."""

    file: str
    program: str


class Entry(NamedTuple):
    """A file that a command runs.

    ``given`` is the path as the command has it, relative to the build context; ``source`` the file that is there: the same, or the one
    that it is compiled from; None where neither is there. ``where`` says which command.
    """

    given: str
    source: str | None
    where: str
    how: Literal["as it is", "compiled", "compiled by the program", "made by a framework"] = "as it is"


@dataclass(frozen=True)
class NodeProgram:
    """What the JavaScript that some commands start does.

    ``files`` are the files of the project that may run, relative to the build context. ``behaviour`` says what they do: ports, paths
    written, programs called, routes. ``packages`` are the packages of others that they name, each where it is first named, by the name in
    package.json ("@nestjs/core" for "@nestjs/core/testing"), ``builtins`` the modules of Node.js itself. ``reads`` are paths that are
    read. ``configs`` are files that the started programs load by themselves; ``outside`` are files of the project that are
    loaded and are not there, as what a build makes. ``started`` are the commands that the started programs start by themselves.

    ``unknown`` says why it is not known what runs at all, None where all entries were found; then anything may be. Single places at
    which the reading gave up are in ``behaviour.unknown`` (a module, or code, named only when the program runs) and
    ``behaviour.unparsed``. See ``complete``.
    """

    entries: tuple[Entry, ...] = ()
    files: frozenset[str] = frozenset()
    behaviour: Program = field(default_factory=Program)
    packages: tuple[Import, ...] = ()
    builtins: tuple[Import, ...] = ()
    reads: tuple[Read, ...] = ()
    configs: tuple[Config, ...] = ()
    outside: tuple[Use, ...] = ()
    started: tuple[Started, ...] = ()
    unknown: str | None = None

    @property
    def names(self) -> frozenset[str]:
        """The names of the packages of others that the code names."""
        return frozenset(each.module for each in self.packages)

    @property
    def complete(self) -> bool:
        """Whether what was not found is not there (as far as the reading goes): no entry, no module and no file was left out."""
        return self.unknown is None and not self.behaviour.unknown and not self.behaviour.unparsed

    @property
    def gave_up(self) -> tuple[Use | Unparsed, ...]:
        """The places at which it is not known what runs."""
        return (*self.behaviour.unknown, *self.behaviour.unparsed)

    @property
    def packages_by_name(self) -> Mapping[str, Import]:
        """Each package that the code names, with the first place."""
        return {each.module: each for each in reversed(self.packages)}


__all__ = ["Config", "Entry", "Import", "NodeProgram", "Read", "Write"]
