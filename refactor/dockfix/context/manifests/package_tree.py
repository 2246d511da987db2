"""What the locks of Node.js's package managers say, in the terms that they all share: packages, each at its place or with what it needs.

*Unknown*: a fact that a lock does not tell is None, never a default: an old lock says nothing of install scripts (of many packages the
registry has), one of another kind nothing of what is for development only. A lock that cannot be read is an ``Unread``, with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field, replace
from typing import Literal

from dockfix.dataclass import dataclass
from dockfix.knowledge.npm_scripts import runs_nothing
from dockfix.lazy import cached_property
from dockfix.namedtuple import NamedTuple

# A registry; a repository; an archive at another address; a folder or an archive of this machine; a member of the workspace
From = Literal["registry", "git", "url", "path", "member"]


class Need(NamedTuple):
    """What a package, or a project, asks for: the name by which it is called, the range or version as written, and its kind."""

    name: str
    wanted: str
    kind: Literal["production", "development", "optional", "peer"] = "production"


@dataclass(frozen=True)
class LockedPackage:
    """One package of a lock.

    ``name`` is the one that it was published under, which differs from the one that it is called by for aliases. ``place`` is its folder
    relative to the lock's, "" where the lock has none. ``development`` is True for what is needed for development alone, None where
    that is not known; ``optional`` where an install goes on without it. ``install_script`` is True where it runs something
    when it is installed, None where the lock doesn't tell. ``os``, ``cpu`` and ``libc`` are where it is installed at all, as in "linux"
    or "!win32", () for everywhere. ``link`` is the folder that a link leads to, "" for none. ``programs`` are the names of its
    programs; None where the lock doesn't tell them. ``bundled`` is True where another package brings it within itself.
    ``line`` is its 1-based line, 0 where that is not known.
    """

    name: str
    version: str
    place: str = ""
    development: bool | None = None
    optional: bool = False
    install_script: bool | None = None
    os: tuple[str, ...] = ()
    cpu: tuple[str, ...] = ()
    libc: tuple[str, ...] = ()
    source: From = "registry"
    link: str = ""
    needs: tuple[Need, ...] = ()
    programs: tuple[str, ...] | None = None
    bundled: bool = False
    key: str = ""
    line: int = 0

    def fits(self, system: str, processor: str, library: str) -> bool:
        """Whether it is installed on a system, in Node.js's words: "linux", "x64" or "arm64", "glibc" or "musl"."""
        return self.is_for(system) and _fits(self.cpu, processor) and _fits(self.libc, library)

    def is_for(self, system: str) -> bool:
        """Whether it is for a system, in Node.js's word, on any processor."""
        return _fits(self.os, system)


def _fits(given: tuple[str, ...], value: str) -> bool:
    if not given or "any" in given:
        return True
    if f"!{value}" in given:
        return False
    return value in given or all(each.startswith("!") for each in given)


def untold_script(name: str, version: str, source: From) -> bool | None:
    """Whether a package runs something when it is installed, where the lock doesn't tell: False where it is known that it doesn't."""
    return False if source == "registry" and runs_nothing(name, version) else None


@dataclass(frozen=True, eq=False)
class PackageTree:
    """A lock. ``file`` is its path, ``format`` the version of its form, as written.

    ``roots`` maps the folder of each project that it is for, relative to the lock's ("" for its own), to what that asks for.
    ``resolved`` gives the package that a need of a project or a package leads to, None where the lock has none (for another system).
    """

    file: str
    format: str
    packages: tuple[LockedPackage, ...]
    roots: Mapping[str, tuple[Need, ...]] = field(default_factory=dict)
    resolved: Callable[[LockedPackage | str, Need], LockedPackage | None] = field(
        default=lambda _, __: None, repr=False
    )

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of all packages."""
        return frozenset(each.name for each in self.packages)

    @cached_property
    def by_name(self) -> Mapping[str, tuple[LockedPackage, ...]]:
        """The packages of each name; there may be several versions."""
        found: dict[str, list[LockedPackage]] = {}
        for each in self.packages:
            found.setdefault(each.name, []).append(each)
        return {name: tuple(each) for name, each in found.items()}

    @property
    def production(self) -> tuple[LockedPackage, ...]:
        """What an install without the development packages brings; one of which that is not known is among it."""
        return tuple(each for each in self.packages if not each.development)

    @property
    def development(self) -> tuple[LockedPackage, ...]:
        """What is certain to leave with the development packages."""
        return tuple(each for each in self.packages if each.development)

    @property
    def members(self) -> tuple[str, ...]:
        """The folders of the workspace's members, relative to the lock's."""
        return tuple(sorted(folder for folder in self.roots if folder))

    def closure(self, folders: tuple[str, ...] = (), development: bool = False) -> tuple[LockedPackage, ...]:
        """What the projects in these folders (none: all) bring, in the order of the lock; peers only where the lock resolves them."""
        kinds = {"production", "optional", "peer", *(("development",) if development else ())}
        seen: set[int] = set()
        pending: list[tuple[LockedPackage | str, Need]] = [
            (folder, need)
            for folder in folders or tuple(self.roots)
            for need in self.roots.get(folder, ())
            if need.kind in kinds
        ]
        while pending:
            found = self.resolved(*pending.pop())
            if found is not None and id(found) not in seen:
                seen.add(id(found))
                pending += ((found, need) for need in found.needs)
        return tuple(each for each in self.packages if id(each) in seen)


def with_kinds(tree: PackageTree) -> PackageTree:
    """The same lock, where it doesn't tell itself what is for development only, told by what its projects ask for."""
    kept = {id(each) for each in tree.closure()}
    known = {id(each) for each in tree.closure(development=True)}
    marked = {
        id(each): replace(each, development=id(each) not in kept) if id(each) in known else each
        for each in tree.packages
    }
    back = {id(new): old for old, new in ((each, marked[id(each)]) for each in tree.packages)}

    def resolved(asking: LockedPackage | str, need: Need) -> LockedPackage | None:
        found = tree.resolved(asking if isinstance(asking, str) else back.get(id(asking), asking), need)
        return None if found is None else marked[id(found)]

    return PackageTree(tree.file, tree.format, tuple(marked[id(each)] for each in tree.packages), tree.roots, resolved)
