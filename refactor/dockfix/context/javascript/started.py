"""The commands that a command line really starts, as values."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

from dockfix.dataclass import dataclass
from dockfix.knowledge.node_programs import NodeProgram, node_program
from dockfix.lazy import regex
from dockfix.namedtuple import NamedTuple

# A package as npx and its like take it: @scope/name, name@version
_PACKAGE = regex(r"(@[\w.-]+/[\w.-]+)(?:@[^/]*)?|([\w.-]+)@[^/]*")


class Started(NamedTuple):
    """A command that is really started.

    ``words`` and ``env`` (the variables set for it) have None for what is worked out when it runs. ``folder`` is the one that it runs
    in, relative to the build context. ``where`` says where it stands, ``file`` and ``line`` too where that is a package.json (else ""
    and 0). ``runner`` is the program that started it, "" for none, as for `node x.js` itself. It is ``sure`` unless it is only one of
    those that a program may start of which that is not known.
    """

    words: tuple[str | None, ...]
    folder: str
    where: str
    env: Mapping[str, str | None]
    file: str = ""
    line: int = 0
    runner: str = ""
    sure: bool = True

    @property
    def program(self) -> str:
        """The base name of the program; of a package that is run by its name, that, without its version."""
        name = (self.words[0] or "") if self.words else ""
        package = _PACKAGE.fullmatch(name)
        return package[1] or package[2] if package is not None else posixpath.basename(name)

    @property
    def arguments(self) -> list[str]:
        """The words after it, those that are worked out as ""."""
        return [word or "" for word in self.words[1:]]

    @property
    def known(self) -> NodeProgram | None:
        """What is known of the program."""
        return node_program(self.program)

    @property
    def for_development(self) -> bool:
        """Whether it serves whoever is writing the program: a development server, or what starts anew with each change."""
        return self.known is not None and self.known.is_for_development(self.arguments)


class Script(NamedTuple):
    """A script of a package.json that is run: the file, its name, the 1-based line, the command."""

    file: str
    name: str
    line: int
    command: str


@dataclass(frozen=True)
class Unfolded:
    """What a command line starts: the commands in their order, the scripts of package.json on the way, and why not all is known.

    The commands of a shell script's branches are all there: each may run.
    """

    commands: tuple[Started, ...] = ()
    scripts: tuple[Script, ...] = ()
    unknown: str | None = None

    @property
    def programs(self) -> frozenset[str]:
        """The base names of all programs that are started."""
        return frozenset(each.program for each in self.commands)

    @property
    def development(self) -> Started | None:
        """The first command that serves whoever is writing the program; None where none does."""
        return next((each for each in self.commands if each.for_development), None)
