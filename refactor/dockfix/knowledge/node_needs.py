"""What packages for Node.js need of the system: libraries when they run, more when they are compiled, programs that they start."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import cache
from typing import Literal, NamedTuple

from dockfix.knowledge.tables import table

Prebuilt = Literal["whole", "part", "none", ""]


class NodeNeeds(NamedTuple):
    """The needs of one package; the head of ``node_needs.toml`` explains the fields."""

    package: str
    prebuilt: Prebuilt = ""
    libraries: tuple[str, ...] = ()
    linked: tuple[str, ...] = ()
    build: tuple[str, ...] = ()
    apk_libraries: tuple[str, ...] = ()
    apk_build: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    downloads: str = ""
    why: str = ""
    source: str = ""

    @property
    def is_native(self) -> bool:
        """Whether it has compiled code."""
        return bool(self.prebuilt)

    @property
    def is_whole(self) -> bool:
        """Whether it runs on any image with Node.js that has the C library it was installed for, as far as libraries go."""
        return not self.libraries and not self.linked and self.prebuilt in {"whole", ""}


@cache
def all_node_needs() -> Mapping[str, NodeNeeds]:
    """All that is known, by the packages' names."""
    lists = ("libraries", "linked", "build", "apk_libraries", "apk_build", "commands")
    found: dict[str, NodeNeeds] = {}
    for each in table("node_needs")["needs"]:
        values = {key: tuple(each.get(key, "").split()) for key in lists}
        for name in each["packages"].split():
            found[name] = NodeNeeds(
                name,
                each.get("prebuilt", ""),
                downloads=each.get("downloads", ""),
                why=each["why"],
                source=each["source"],
                **values,
            )
    return found


def node_needs(package: str) -> NodeNeeds | None:
    """What is known of a package; None for one of which nothing is known, which need not mean that it needs nothing."""
    found = all_node_needs().get(package)
    return found or next((each for name, each in _patterns() if fnmatchcase(package, name)), None)


@cache
def _patterns() -> tuple[tuple[str, NodeNeeds], ...]:
    return tuple((name, each) for name, each in all_node_needs().items() if "*" in name)


def needs_no_library(package: str) -> bool:
    """Whether the compiled code of a package is known to need no library that a slim image lacks, but for one it was compiled against."""
    needs = node_needs(package)
    return needs is not None and needs.prebuilt in {"whole", ""} and not needs.libraries


@cache
def called_by() -> Mapping[str, frozenset[str]]:
    """The programs of the system that packages start, by the packages."""
    return {name: frozenset(each.commands) for name, each in all_node_needs().items() if each.commands}


@cache
def fills_elsewhere() -> Mapping[str, str]:
    """The packages whose install fills a folder of root's home, which they then read, each with that folder."""
    return {
        name: f"/root/{each.downloads}" for name, each in all_node_needs().items() if each.downloads not in {"", "-"}
    }
