"""``bun.lock``, the lock of Bun in text: JSON in which a comma may stand behind the last member.

Format: https://bun.com/docs/pm/lockfile, https://github.com/oven-sh/bun/blob/main/src/install/lockfile/bun.lock.zig
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator, Mapping
from typing import Any

from dockfix.context.manifests.locked import LockError, table
from dockfix.context.manifests.package_lock import list_of, nearest, needs_of, programs_of, source_of
from dockfix.context.manifests.package_tree import (
    From,
    LockedPackage,
    Need,
    PackageTree,
    untold_script,
    with_kinds,
)
from dockfix.lazy import regex

_INSIDE = "node_modules/"
_KNOWN = (0, 1, 2)
# A text, which stays; a comma behind which nothing comes any more, which goes
_LOOSE = regex(r'("(?:[^"\\]|\\.)*")|,(?=\s*[}\]])')
_NAMES = regex(r"(?:@[^/]+/)?[^/]+")


def read(whole: str, file: str, project: str | None = None) -> PackageTree:
    """Reads the text of a lock. Raises LockError and json.JSONDecodeError."""
    data = table(json.loads(_LOOSE.sub(lambda match: match[1] or "", whole.removeprefix("\ufeff"))), "the lock")
    version = data.get("lockfileVersion")
    if version not in _KNOWN:
        raise LockError(f"its lock version is {version!r}, and {_KNOWN[0]} and {_KNOWN[-1]} are known")
    projects = table(data.get("workspaces", {}), "workspaces")
    roots = {folder: tuple(needs_of(table(each, folder), root=True)) for folder, each in projects.items()}
    found = tuple(_packages(table(data.get("packages", {}), "packages")))
    by_place = {each.place: each for each in found}

    def resolved(asking: LockedPackage | str, need: Need) -> LockedPackage | None:
        return nearest(by_place, asking if isinstance(asking, str) else asking.link or asking.place, need.name)

    return with_kinds(PackageTree(file, str(version), found, roots, resolved))


def _packages(entries: Mapping[str, Any]) -> Iterator[LockedPackage]:
    for key, given in entries.items():
        if not isinstance(given, list) or not given or not isinstance(given[0], str):
            raise LockError(f"the entry {key} is not understood")
        names = _NAMES.findall(key)
        name, _, version = given[0][1:].partition("@")
        name = given[0][:1] + name
        about: Mapping[str, Any] = next((each for each in given if isinstance(each, dict)), {})
        source, link = _source(version)
        yield LockedPackage(
            name,
            version,
            posixpath.join(*(_INSIDE + each for each in names)) if names else "",
            install_script=None if link else untold_script(name, version, source),
            os=list_of(about.get("os")),
            cpu=list_of(about.get("cpu")),
            libc=list_of(about.get("libc")),
            source=source,
            link=link,
            needs=tuple(needs_of(about)),
            programs=programs_of(about.get("bin"), name),
            bundled=bool(about.get("bundled")),
            key=key,
        )


def _source(version: str) -> tuple[From, str]:
    """Where a package comes from, by what stands for its version; with the folder that it is a link to."""
    for prefix, source in (("workspace:", "member"), ("link:", "path"), ("file:", "path"), ("root:", "path")):
        if version.startswith(prefix):
            return source, version.removeprefix(prefix) if prefix != "file:" else ""  # type: ignore[return-value]
    return ("registry" if version[:1].isdigit() else source_of(version)), ""
