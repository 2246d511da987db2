"""Which paths of an image are the application's: neither the base image's nor a package's, and no state of a tool."""

from __future__ import annotations

from collections.abc import Mapping

from dockfix.runtimes.registry import runtimes
from dockfix.verify.snapshot import Entry, Snapshot, parents
from dockfix.verify.system import system


def application(base: Snapshot, image: Snapshot) -> Mapping[str, Entry]:
    """The application's entries of an image by path, in order, links and folders included.

    A folder is among them where it is empty or holds one of them.
    """
    marks = {runtime.environment_file for runtime in runtimes()} - {""}
    environments = {path.rpartition("/")[0] for path in image.entries if path.rpartition("/")[2] in marks}

    def counts(path: str) -> bool:
        return (
            path not in image.owned
            and not same(image.entries[path], base.entries.get(path))
            and not system().fullmatch(path)
        )

    found = {
        path
        for path, entry in image.entries.items()
        if (entry.kind != "dir" or path not in image.children)
        and counts(path)
        and environments.isdisjoint((path, *parents(path)))
    }
    found |= {
        folder
        for folder in {folder for path in found for folder in parents(path)}
        if folder in image.entries and counts(folder)
    }
    return {path: image.entries[path] for path in sorted(found)}


def same(entry: Entry | None, other: Entry | None) -> bool:
    """Whether two entries are the same but for their time."""
    if entry is None or other is None:
        return entry is other
    return (entry.kind, entry.mode, entry.uid, entry.gid, entry.digest, entry.target) == (
        other.kind,
        other.mode,
        other.uid,
        other.gid,
        other.digest,
        other.target,
    )
