"""What installing packages for Node.js takes and leaves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from dockfix.knowledge.node_needs import fills
from dockfix.knowledge.tables import table
from dockfix.namedtuple import NamedTuple

# What has a file of settings that is code read others
_LOADS = r"(?:\brequire|\bimport|\bfrom)\s*\(?\s*['\"`]\.|\breadFile|\bextends\b"


class Reads(NamedTuple):
    """What the install script of a package reads of the project; the head of this part of ``node_packages.toml`` explains the fields."""

    files: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    more: str = ""
    any: tuple[str, ...] = ()
    since: int = 0
    before: int | None = None

    def holds_for(self, major: int | None) -> bool:
        """Whether it reads something in a major version; one that is not known may."""
        return major is None or (major >= self.since and (self.before is None or major < self.before))


@cache
def reads_of_project() -> Mapping[str, Reads]:
    """The packages whose install script reads files of the project, each with what it reads."""
    found = {
        name: Reads(tuple(sorted(known.configs)), more=_LOADS, since=known.since)
        for name, known in fills().items()
        if known.configs
    }
    for each in table("node_packages")["reads"]:
        files, named, any_ = (tuple(each.get(key, "").split()) for key in ("files", "named", "any"))
        known = Reads(files, named, each.get("more", ""), any_, each.get("since", 0), each.get("before"))
        found |= dict.fromkeys(each["packages"].split(), known)
    return found


@cache
def stays_inside(package: str) -> bool:
    """Whether the install script of a package is known to leave nothing outside of its folder."""
    return package in table("node_packages")["scripts"]["inside"].split()


@cache
def stays_in_project(package: str) -> bool:
    """Whether all that the install script of a package leaves outside of its folder lies in that of the project which asks for it."""
    return package in table("node_packages")["scripts"]["in_project"].split()


@cache
def looks_for_others(package: str) -> bool:
    """Whether the install script of a package looks for others that the project asks for."""
    return package in table("node_packages")["scripts"]["others"].split()


@cache
def needs_only_node(package: str) -> bool:
    """Whether the install script of a package is known to need nothing of the system but Node.js."""
    return package in table("node_packages")["scripts"]["only_node"].split()


@cache
def env_readers() -> tuple[str, ...]:
    """The packages that read a ``.env`` by themselves when the program runs."""
    return tuple(table("node_packages")["env"]["packages"].split())


@cache
def is_program_of_node_alone(package: str) -> bool:
    """Whether a program is known to be installed for all, with all that it brings, by Node.js alone."""
    return package in table("node_packages")["programs"]["only_node"].split()


@cache
def only_builds(package: str) -> bool:
    """Whether the programs of a package only build and check."""
    return package in table("node_packages")["programs"]["builders"].split()


@cache
def node_compilers() -> tuple[frozenset[str], frozenset[str]]:
    """The packages of a system that only compile packages for Node.js, unless something calls their programs; and these programs."""
    found = table("node_packages")["compile"]
    return frozenset(found["packages"].split()), frozenset(found["commands"].split())


@cache
def brings_node(package: str) -> bool:
    """Whether a package of a system brings Node.js, or one of its managers."""
    return package in table("node_packages")["system"]["brings"].split()


@cache
def fetches_node(package: str, *, alone: bool) -> bool:
    """Whether a package of a system serves to fetch Node.js from another server; ``alone``: the RUN that does so installs it."""
    found = table("node_packages")["system"]
    return package in found["fetches"].split() or (alone and package in found["fetches_alone"].split())


@cache
def node_size(name: str) -> int:
    """The bytes that a system's package with Node.js takes at least, or Node.js that was ``fetched`` or ``copied`` from elsewhere."""
    return int(table("node_packages")["system"]["sizes"].get(name, 0))


def reads_no_source(words: Sequence[str]) -> bool:
    """Whether a command of a script that every install runs is known to read nothing of the source."""
    text = " ".join(words)
    return f"={text}" in _commands() or any(f"{text} ".startswith(f"{each} ") for each in _commands())


@cache
def _commands() -> frozenset[str]:
    return frozenset(table("node_packages")["own_scripts"]["commands"])
