"""What the user of the image after must be able to do: have a home, and write where the original could."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from dockfix.model.reason import Declared
from dockfix.runtimes.registry import runtimes
from dockfix.verify.compare.places import application
from dockfix.verify.image import Image
from dockfix.verify.snapshot import Snapshot, within
from dockfix.verify.system import of_packages
from dockfix.verify.verdict import Finding


@cache
def _remade() -> re.Pattern[str]:
    """What interpreters do without where they may not write it."""
    return re.compile(f"(?:{'|'.join(runtime.remade for runtime in runtimes())})(?:/.*)?", re.DOTALL)


def compare_user(before: Image, after: Image) -> list[Finding]:
    """Whether the user exists, is not root where it was not, and has a home where it had one."""
    name = str(after.config.get("User") or "root")
    if before.user is None:
        return []
    if after.user is None:
        return [Finding("user", name, f"the new image does not know the user {name}")]
    found = []
    if after.user.uid == 0 and before.user.uid != 0:
        found.append(Finding("user", name, f"the new image runs as root; the original ran as {before.user}"))
    if before.home is not None and after.home is None:
        found.append(Finding("user", name, f"{after.user} has no home folder; {before.user} had {before.home}"))
    return found


def compare_access(
    base: Snapshot, before: Image, after: Image, written: frozenset[str], declared: frozenset[Declared] = frozenset()
) -> list[Finding]:
    """The places that the user could write and cannot now.

    They are the working folder, the volumes, the home, /tmp, the empty folders that the Dockerfile made, and ``written``:
    the paths that the original was seen to write. A folder that is ``declared`` is root's on purpose: there only what was written counts.
    """
    if before.user is None or after.user is None:
        return []
    places = {before.workdir, "/tmp", *(before.config.get("Volumes") or ()), *_empty_folders(base, before)}
    places -= {each.name for each in declared if each.part == "OWNER"}
    places |= {path for path in written if not _remade().fullmatch(path)}
    old = {place: place for place in places}  # the place in the image before, by that in the image after
    if before.home is not None and after.home is not None:
        if before.home != after.home:  # what a program writes to its home it writes to the new one
            old = {place: place for place in places if not within(place, before.home) or within(place, before.workdir)}
        old[after.home] = before.home
    found = []
    for place, could in sorted(old.items()):
        there = after.nearest(place)
        if before.may_write(before.nearest(could)) and not after.may_write(there):
            what = "it" if there == could else could
            said = f"{there} is not writable for {after.user}; {before.user} could write {what}"
            give = f"a RUN in the Dockerfile that gives {place} to {after.user.uid}:{after.user.gid} would keep it"
            found.append(Finding("writes", place, said, give))
    return found


def _empty_folders(base: Snapshot, before: Image) -> Iterator[str]:
    """The empty folders of the application; those of Git and of packages are empty by chance."""
    packages = of_packages(frozenset(before.runtimes))
    for path, entry in application(base, before.snapshot).items():
        empty = entry.kind == "dir" and path not in before.snapshot.children
        if empty and "/.git/" not in path and not packages.fullmatch(path):
            yield path
