"""Images that only run programs: distroless, hardened ones. What they hold, and what a RUN cannot do there."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from dockfix.knowledge.base_images import User
from dockfix.knowledge.tables import table
from dockfix.namedtuple import NamedTuple


class RuntimeImage(NamedTuple):
    """An image without a shell that a RUN could use.

    ``version`` is the minor version of its Python, the major one of its Node.js; ``interpreter`` the path of that, ``folder`` the one
    that has to come on PATH for it. ``libc`` is "musl", or such as "glibc-2.36". ``user`` is the one without rights that it brings,
    ``as_root`` whether it starts as root where nothing says whom. ``packages`` are those of Debian by whose name one would ask for what it
    has. Of all these "" is what is not known.
    """

    runtime: str
    version: str = ""
    interpreter: str = ""
    folder: str = ""
    libc: str = ""
    user: User | None = None
    as_root: bool = False
    packages: frozenset[str] = frozenset()

    @property
    def glibc(self) -> tuple[int, int] | None:
        """The version of the GNU C library, None for another, or one that is not known."""
        match = re.fullmatch(r"glibc-(\d+)\.(\d+)", self.libc)
        return (int(match[1]), int(match[2])) if match else None


@cache
def runtime_image(reference: str, tag: str) -> RuntimeImage | None:
    """The image of a reference without its tag; None where nothing is known of it."""
    data = table("runtime_images")
    for row in data["image"]:
        said: dict[str, Any] = {**data.get(row.get("like", ""), {}), **row}
        name, tagged = re.fullmatch(said["name"], reference), re.fullmatch(said["tag"], tag or "latest")
        if name is None or tagged is None:
            continue
        told = {**name.groupdict(), **tagged.groupdict()}
        user = User(said["user"], said["uid"], said.get("home", ""))
        return RuntimeImage(
            said["runtime"],
            told.get("version") or said.get("version", ""),
            said.get("interpreter", ""),
            said.get("folder", ""),
            said["libc"],
            user,
            "nonroot" not in (told.get("mode") or said.get("starts_as", "")) and "starts_as" not in said,
            frozenset(said["packages"].split()),
        )
    return None


def own_variables() -> tuple[frozenset[str], frozenset[str]]:
    """The variables that base images set for themselves: which go with one, and which come with one, and change nothing by that."""
    data = table("runtime_images")
    return frozenset(data["variables_that_go"].split()), frozenset(data["variables_that_come"].split())


def own_programs() -> frozenset[str]:
    """The programs of other base images that nothing starts where there is neither their ENTRYPOINT nor a shell form."""
    return frozenset(table("runtime_images")["programs_that_go"].split())
