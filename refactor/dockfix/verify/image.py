"""An image as the comparisons see it: its settings, its file system, what its own interpreters say."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import field
from typing import Any

from dockfix.dataclass import dataclass
from dockfix.knowledge import DEFAULT_PATH
from dockfix.lazy import cached_property
from dockfix.verify.snapshot import Snapshot, User, parents


@dataclass(frozen=True)
class MadeOf:
    """What a package says of itself: what it requires, as its metadata has it, and its top-level modules."""

    requires: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()


@dataclass(frozen=True)
class RuntimeFacts:
    """What the image's interpreter says of one runtime, run as the image's user.

    ``packages`` are by normalised name, with the version; ``modules`` by top-level name, with "" for one that could be
    imported, else the last line of the error. ``data`` is the folder for those files of packages that are not code. ``seen`` is what the
    probe says of each package beside, for ``libc`` and ``machine`` ("" where it doesn't say). ``made_of`` is by the names of ``packages``.
    """

    executable: str
    version: str
    packages: Mapping[str, str]
    modules: Mapping[str, str]
    data: str = ""
    seen: tuple[Mapping[str, Any], ...] = ()
    libc: str = ""
    machine: str = ""
    made_of: Mapping[str, MadeOf] = field(default_factory=dict)


@dataclass(frozen=True)
class Image:
    """One image.

    ``config`` is the ``.Config`` of ``docker image inspect``. ``runtimes`` are by id those whose interpreter is there and starts;
    ``silent`` says of the others why they gave no answer. ``missing`` has, by ELF file, the names of the libraries that ldd did
    not find; None where that was not checked.
    """

    config: Mapping[str, Any]
    snapshot: Snapshot
    runtimes: Mapping[str, RuntimeFacts] = field(default_factory=dict)
    silent: Mapping[str, str] = field(default_factory=dict)
    missing: Mapping[str, frozenset[str]] | None = None

    @property
    def silence(self) -> str:
        """Why no interpreter says anything, "" where one does."""
        return "" if self.runtimes else "; ".join(self.silent.values())

    @cached_property
    def env(self) -> Mapping[str, str]:
        """The environment variables that the image sets."""
        return {name: value for name, _, value in (item.partition("=") for item in self.config.get("Env") or ())}

    @property
    def path(self) -> str:
        """PATH, as the engine sets it where the image does not."""
        return self.env.get("PATH", DEFAULT_PATH)

    @property
    def workdir(self) -> str:
        """The working folder."""
        return posixpath.normpath("/" + (self.config.get("WorkingDir") or "").lstrip("/"))

    @cached_property
    def user(self) -> User | None:
        """Whom a container runs as; None where the image does not know that name, so that none starts."""
        try:
            return self.snapshot.user(self.config.get("User") or "")
        except KeyError:
            return None

    @property
    def home(self) -> str | None:
        """The folder that programs take for the user's home; None where it is not there, or only "/" for want of one."""
        home = self.env.get("HOME") or (self.user.home if self.user is not None else "/")
        return home if home != "/" and self.snapshot.is_folder(home) else None

    def nearest(self, path: str) -> str:
        """A path, or the nearest folder above it that is there."""
        return next((place for place in (path, *parents(path)) if self.snapshot.resolve(place) is not None), "/")

    def may_write(self, path: str) -> bool:
        """Whether the image's user may write a file that is there, or make files in a folder."""
        return self.user is not None and self.snapshot.writable(path, self.user)

    def may_read(self, path: str) -> bool:
        """Whether the image's user may read a file that is there, or list a folder."""
        return self.user is not None and self.snapshot.readable(path, self.user)

    def runs(self, program: str) -> bool:
        """Whether the image's user finds a program, by its path or on PATH, and may run it."""
        if "/" in program:
            found: str | None = posixpath.join(self.workdir, program)
        else:
            found = self.snapshot.which(program, self.path)
        return found is not None and self.user is not None and self.snapshot.executable(found, self.user)
