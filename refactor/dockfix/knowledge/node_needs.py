"""What packages for Node.js need of the system: libraries when they run, more when they are compiled, programs that they start."""

from __future__ import annotations

from collections.abc import Mapping
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
    return all_node_needs().get(package)
