"""Programs of Node.js and of its packages: which of them serve, which only develop or build, and what each loads when it starts."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Literal

from dockfix.knowledge.tables import table
from dockfix.namedtuple import NamedTuple

_ALWAYS = "always"
_TELLS = frozenset({"--version", "-v", "--help", "-h"})
Arguments = Literal["command", "commands", "scripts", "unknown"]


class NodeProgram(NamedTuple):
    """A program of a Node.js package; the head of ``node_programs.toml`` explains the fields.

    ``package`` is "" for what comes with Node.js itself. ``unknown`` is True for one that runs what nobody here reads.
    """

    name: str
    package: str
    develops: frozenset[str] = frozenset()
    watches: frozenset[str] = frozenset()
    serves: frozenset[str] = frozenset()
    builds: frozenset[str] = frozenset()
    runs: frozenset[str] = frozenset()
    port: int | None = None
    port_options: frozenset[str] = frozenset()
    options: frozenset[str] = frozenset()
    preloads: frozenset[str] = frozenset()
    configs: tuple[str, ...] = ()
    process_file: bool = False
    compiles: bool = False
    checks: bool = False
    unknown: bool = False
    entry: tuple[str, ...] = ()
    whole: bool = False
    makes: frozenset[str] = frozenset()
    any_user: bool = False
    hands_out: bool = False
    env_file: Literal["", "asked", "always"] = ""
    writes: tuple[str, ...] = ()
    moved_by: str = ""
    host: str = ""
    output: str = ""
    bundles: bool = False
    apart: bool = False
    bundlers: frozenset[str] = frozenset()
    harmless: frozenset[str] = frozenset()
    alone: str = ""
    gathers_by: str = ""
    gathers_in: tuple[str, ...] = ()
    gathers_size: str = ""
    server: str = ""
    beside: tuple[str, ...] = ()
    installs: bool = False
    others: frozenset[str] = frozenset()
    members: bool = False
    tasks_in: str = ""
    processes: str = ""
    told_in: str = ""
    told_as: str = ""

    @property
    def packages(self) -> frozenset[str]:
        """All packages that bring a program of this name."""
        return frozenset({self.package, *self.others}) - {""}

    def plain(self, words: Sequence[str]) -> list[str]:
        """The words that are no options, nor values of them; ``words`` come after the program's name."""
        return [word for _, word in plain_words(words, self.options)]

    def is_for_development(self, words: Sequence[str]) -> bool:
        """Whether it serves to whoever is writing the program, called with these words."""
        if any(word.partition("=")[0] in self.watches for word in self._own(words)):
            return True
        return self._is(self.develops, words) and not self._named(self.serves | self.builds, words)

    def _own(self, words: Sequence[str]) -> Sequence[str]:
        """The words up to the file that it runs, where it runs any: what follows is that program's."""
        if "always" not in self.runs:
            return words
        named = plain_words(words, self.options)
        return words[: next((number for number, word in named if word not in self.watches), len(words))]

    def is_server(self, words: Sequence[str]) -> bool:
        """Whether it serves the application, or its output, by itself."""
        return self._is(self.serves, words) and not self._named(self.builds | self.develops, words)

    def only_builds(self, words: Sequence[str]) -> bool:
        """Whether all that it does is to make output."""
        return self._is(self.builds, words) and not self._named(self.serves | self.develops, words)

    def made_anew(self, words: Sequence[str]) -> frozenset[str]:
        """The folders of the project that it makes anew, called with these words."""
        return self.makes if next(iter(self.plain(words)), "") in {"build", "generate"} else frozenset()

    def _is(self, kinds: frozenset[str], words: Sequence[str]) -> bool:
        return _ALWAYS in kinds or self._named(kinds, words)

    def _named(self, kinds: frozenset[str], words: Sequence[str]) -> bool:
        first = next(iter(self.plain(words)), "")
        return first in kinds


class Starter(NamedTuple):
    """A program that starts commands or scripts which stand in its words; the table explains the fields."""

    name: str
    package: str
    arguments: Arguments
    options: frozenset[str] = frozenset()
    subcommand: str = ""
    env_file: frozenset[str] = frozenset()
    others: frozenset[str] = frozenset()

    @property
    def packages(self) -> frozenset[str]:
        """All packages that bring a program of this name."""
        return frozenset({self.package, *self.others})


class Runner(NamedTuple):
    """A program that runs the scripts of package.json and the programs of packages; the table explains the fields."""

    name: str
    run: frozenset[str]
    direct: frozenset[str]
    exec: frozenset[str]
    folder: frozenset[str]
    member: frozenset[str]
    options: frozenset[str]
    any: bool = False
    or_program: bool = False
    files: bool = False
    env_file: frozenset[str] = frozenset()
    every: frozenset[str] = frozenset()
    call: frozenset[str] = frozenset()
    code: frozenset[str] = frozenset()
    configs: tuple[str, ...] = ()
    installs: frozenset[str] = frozenset()

    def may_install(self, words: Sequence[str | None]) -> bool:
        """Whether it changes what is installed, given these words; a word that is worked out when it runs (None) may have it do so."""
        plain = plain_words([word if word is not None else "?" for word in words], self.options)
        if not plain:
            return "nothing" in self.installs and not any(word in _TELLS for word in words)
        first = words[plain[0][0]]
        return bool(self.installs) if first is None else first in self.installs


@cache
def node_programs() -> Mapping[str, NodeProgram]:
    """All programs that are known, by the names that command lines call them."""
    found: dict[str, NodeProgram] = {}
    for each in table("node_programs")["program"]:
        words = {key: frozenset(each.get(key, "").split()) for key in _SETS}
        for name in each["programs"].split():
            package = each.get("package", name)
            found[name] = NodeProgram(
                name,
                "" if package == "node" else package,
                port=each.get("port"),
                configs=tuple(each.get("configs", "").split()),
                process_file=each.get("process_file", False),
                compiles=each.get("compiles", False),
                checks=each.get("checks", False),
                unknown=each.get("unknown", False),
                entry=tuple(each.get("entry", "").split()),
                whole=each.get("whole", False),
                any_user=each.get("any_user", False),
                hands_out=each.get("hands_out", False),
                env_file=each.get("env_file", ""),
                writes=tuple(each.get("writes", "").split()),
                moved_by=each.get("moved_by", ""),
                host=each.get("host", ""),
                output=each.get("output", ""),
                bundles=each.get("bundles", False),
                apart=each.get("apart", False),
                alone=each.get("alone", ""),
                gathers_by=each.get("gathers_by", ""),
                gathers_in=tuple(each.get("gathers_in", "").split()),
                gathers_size=each.get("gathers_size", ""),
                server=each.get("server", ""),
                members=each.get("members", False),
                tasks_in=each.get("tasks_in", ""),
                processes=each.get("processes", ""),
                told_in=each.get("told_in", ""),
                told_as=each.get("told_as", ""),
                beside=tuple(each.get("beside", "").split()),
                installs=each.get("installs", False),
                **words,
            )
    return found


_SETS = (
    "develops",
    "watches",
    "serves",
    "builds",
    "makes",
    "runs",
    "port_options",
    "options",
    "harmless",
    "preloads",
    "others",
    "bundlers",
)


def node_program(name: str) -> NodeProgram | None:
    """The program of a Node.js package that has this name; None for any other."""
    return node_programs().get(name)


def node_server(path: str) -> NodeProgram | None:
    """The program whose build makes a server of this path, to be run alone; None where none does."""
    return next(
        (each for each in node_programs().values() if each.server and f"/{path}".endswith(f"/{each.server}")), None
    )


@cache
def node_starters() -> Mapping[str, Starter]:
    """The programs that start what stands in their words, by name."""
    return {
        name: Starter(
            name,
            each.get("package", name),
            each["arguments"],
            frozenset(each.get("options", "").split()),
            each.get("subcommand", ""),
            frozenset(each.get("env_file", "").split()),
            frozenset(each.get("others", "").split()),
        )
        for each in table("node_programs")["starter"]
        for name in each["programs"].split()
    }


@cache
def script_runners() -> Mapping[str, Runner]:
    """The programs that run the scripts of package.json, by name."""
    found: dict[str, Runner] = {}
    for each in table("node_programs")["runner"]:
        run, direct, exec_, folder, member, options = (
            frozenset(each.get(key, "").split()) for key in ("run", "direct", "exec", "folder", "member", "options")
        )
        for name in each["programs"].split():
            found[name] = Runner(
                *(name, run, direct, exec_, folder, member, options),
                any=each.get("any", False),
                or_program=each.get("or_program", False),
                files=each.get("files", False),
                env_file=frozenset(each.get("env_file", "").split()),
                every=frozenset(each.get("every", "").split()),
                call=frozenset(each.get("call", "").split()),
                code=frozenset(each.get("code", "").split()),
                configs=tuple(each.get("configs", "").split()),
                installs=frozenset(each.get("installs", "").split()),
            )
    return found


def programs_of(package: str) -> frozenset[str]:
    """The programs that a package is known to bring; empty where that is not known."""
    found = {name for name, each in node_programs().items() if package in each.packages}
    return frozenset(found | {name for name, each in node_starters().items() if package in each.packages})


def packages_with(program: str) -> frozenset[str]:
    """The packages that may bring a program: those that are known to, and one of its own name."""
    known = node_program(program) or node_starters().get(program)
    return frozenset({program, *(known.packages if known is not None else ())})


def hands_env_file(program: str, words: Sequence[str]) -> bool:
    """Whether a program, called with these words, gives what it starts the settings of the ``.env`` in its folder."""
    starter = node_starters().get(program) or script_runners().get(program)
    if starter is None or not starter.env_file:
        return False
    values = [
        value if sign else "".join(words[number + 1 : number + 2])
        for number, word in enumerate(words)
        for option, sign, value in [word.partition("=")]
        if option in starter.env_file
    ]
    return not values or any(posixpath.basename(each) == ".env" for each in values)


def plain_words(words: Sequence[str], options: frozenset[str]) -> list[tuple[int, str]]:
    """The words that are no options, nor values of the ``options`` that take one, with their places."""
    found: list[tuple[int, str]] = []
    skip = False
    for number, word in enumerate(words):
        if skip:
            skip = False
        elif word == "--":
            return found + [(number + 1 + more, each) for more, each in enumerate(words[number + 1 :])]
        elif word.startswith("-") and len(word) > 1:
            skip = word in options
        else:
            found.append((number, word))
    return found


@cache
def is_node(program: str) -> bool:
    """Whether a program, by its name without a folder, is Node.js itself."""
    known = node_program(program)
    return known is not None and not known.package
