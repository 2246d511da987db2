"""The application's files: each must be there as it was, and the user must be able to read it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from dockfix.model.reason import Declared
from dockfix.verify.compare.places import application
from dockfix.verify.image import Image
from dockfix.verify.snapshot import Entry, Snapshot, parents, within
from dockfix.verify.system import of_packages
from dockfix.verify.verdict import Finding

_KINDS = {"file": "a file", "dir": "a folder", "link": "a link", "other": "a special file"}


def compare_files(
    base: Snapshot, before: Image, after: Image, declared: frozenset[Declared], ignored: frozenset[str]
) -> list[Finding]:
    """The application's files that are gone, changed or no longer readable.

    ``ignored`` are paths that do not count, nor what is below them. Where the USER is ``declared``, a file may belong to the
    new user or to root. What is below a folder with the same fault is counted only.
    """
    faults: dict[str, list[str]] = {}
    replaced: set[str] = set()
    packages = of_packages(frozenset(before.runtimes))
    files = {
        path: entry
        for path, entry in application(base, before.snapshot).items()
        if not any(within(path, place) for place in ignored) and not packages.fullmatch(path)
    }
    holding = {folder for path, entry in files.items() if entry.kind != "dir" for folder in parents(path)}
    for path, entry in files.items():
        if not replaced.isdisjoint(parents(path)):
            continue
        new = after.snapshot.entries.get(path) or _moved(path, before, after)
        if new is not None and new.kind != entry.kind:
            replaced.add(path)
        for fault in _faults(entry, new, after, may_change_owner=Declared("USER") in declared):
            faults.setdefault(fault, []).append(path)
        if path in after.snapshot.entries and (entry.kind != "dir" or path in holding) and _lost(before, after, path):
            faults.setdefault(f"is not readable for {after.user}", []).append(path)
    return sorted(
        (finding for fault, paths in faults.items() for finding in _folded(fault, paths, files)),
        key=lambda finding: (finding.subject, finding.message),
    )


def _moved(path: str, before: Image, after: Image) -> Entry | None:
    """What stands in for a file that a package puts beside its code: it moves with the environment."""
    for name, facts in before.runtimes.items():
        old, new = facts.data, after.runtimes[name].data if name in after.runtimes else ""
        if old and new and old != new and within(path, old):
            return after.snapshot.entries.get(f"{new}/{path.removeprefix(old).lstrip('/')}")
    return None


def _faults(old: Entry, new: Entry | None, after: Image, *, may_change_owner: bool) -> Iterator[str]:
    if new is None:
        yield "is missing"
        return
    if new.kind != old.kind:
        yield f"is {_KINDS[new.kind]} instead of {_KINDS[old.kind]}"
        return
    if new.target != old.target:
        yield f"is a link to {new.target} instead of {old.target}"
    if new.digest != old.digest:
        yield f"has another content ({new.size} bytes instead of {old.size})"
    if old.kind == "link":
        return  # its mode and owner mean nothing
    if new.mode != old.mode:
        yield f"has the mode {new.mode:o} instead of {old.mode:o}"
    if (new.uid, new.gid) != (old.uid, old.gid) and not (may_change_owner and _belongs(new, after)):
        yield f"is owned by {new.uid}:{new.gid} instead of {old.uid}:{old.gid}"


def _belongs(entry: Entry, image: Image) -> bool:
    """Whether an entry belongs to the image's user, or to root."""
    user = image.user
    return entry.uid in {0, user.uid if user else 0} and entry.gid in {0, *(user.groups if user else ())}


def _lost(before: Image, after: Image, path: str) -> bool:
    """Whether the user could read a path that is in both images, and cannot now."""
    if after.user is None or after.user.uid == 0 or before.user is None:
        return False
    return before.snapshot.readable(path, before.user) and not after.snapshot.readable(path, after.user)


def _folded(fault: str, paths: Iterable[str], files: Mapping[str, Entry]) -> Iterator[Finding]:
    """One finding for each of the topmost paths, in order, with the number of files below."""
    below: dict[str, int] = {}
    for path in paths:
        top = next((folder for folder in parents(path) if folder in below), None)
        if top is None:
            below[path] = 0
        elif files[path].kind != "dir":
            below[top] += 1
    for path, count in below.items():
        more = f", and {count} file{'s' * (count > 1)} below it" if count else ""
        yield Finding("files", path, f"{path} {fault}{more}")
