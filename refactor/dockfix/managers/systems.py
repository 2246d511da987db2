"""What lies below a base image's language: its package manager, its C library, how users are made."""

from __future__ import annotations

from typing import Literal

from dockfix.dataclass import dataclass
from dockfix.managers.apk import APK
from dockfix.managers.apt import APT
from dockfix.managers.protocol import SystemManager


@dataclass(frozen=True)
class System:
    """``title`` is what people call it. ``make_user`` is the command that makes a user with a home folder: ``{uid}`` and ``{name}``
    are filled in. ``hand_over`` is the command that gives what is root's below a folder to another: BusyBox knows no ``--from``.
    """

    id: str
    title: str
    manager: SystemManager
    libc: Literal["glibc", "musl"]
    make_user: str
    hand_over: str


DEBIAN = System("debian", "Debian", APT, "glibc", "useradd --create-home --uid {uid} {name}", "chown -R --from=root")
# of BusyBox: -D asks for no password
ALPINE = System("alpine", "Alpine", APK, "musl", "adduser -D -u {uid} {name}", "chown -R")
_SYSTEMS = {system.id: system for system in (DEBIAN, ALPINE)}


def system_of(name: str) -> System | None:
    """The system of a base image by its id, None where dockfix does not know its manager."""
    return _SYSTEMS.get(name)
