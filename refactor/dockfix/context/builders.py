"""Whether what builds a Dockerfile takes cache mounts, by the files that tell a service how to build it."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from dockfix.context.disk import Disk
from dockfix.context.locate import MAX_LEVELS
from dockfix.knowledge import builders_without_mounts
from dockfix.namedtuple import NamedTuple
from dockfix.syntax import decode


def without_mounts(dockerfile: Path) -> str:
    """Why a cache mount would not work where a Dockerfile is built, as a clause that names the file; "" where nothing says so.

    Looked at are its folder and those above, up to the repository's.
    """
    here = dockerfile.absolute().parent
    for folder in (here, *here.parents)[: MAX_LEVELS + 1]:
        try:
            found = _said(str(folder), folder.stat().st_mtime_ns)
        except OSError:
            break
        for each in found.said:
            if not _builds_others(folder, each.dockerfiles, dockerfile):
                return f"{os.path.relpath(folder / each.name, here)}: {each.why}"
        if found.ends:
            break
    return ""


def _builds_others(folder: Path, named: Iterable[str], dockerfile: Path) -> bool:
    """Whether the Dockerfiles that a file of a folder names are all there, and are others; where it names none it may mean any."""
    paths = [folder / name for name in named]
    return bool(paths) and all(path.is_file() and path.resolve() != dockerfile.resolve() for path in paths)


class _Said(NamedTuple):
    """What a file of a folder says, its name, and the Dockerfiles that it names."""

    why: str
    name: str
    dockerfiles: tuple[str, ...]


class _Folder(NamedTuple):
    """What the files of a folder say, and whether the repository ends there."""

    said: tuple[_Said, ...]
    ends: bool


@lru_cache(maxsize=4096)
def _said(folder: str, _stamp: int) -> _Folder:
    """What the files of one folder say, once for each time stamp. Raises OSError where it cannot be listed."""
    names = sorted(os.listdir(folder))  # noqa: PTH208  (a folder such as /tmp has thousands, and a Path of each takes long)
    found: list[_Said] = []
    for builder in builders_without_mounts():
        for name in filter(builder.file.fullmatch, names):
            text = decode(Disk.read_outside(posixpath.join(folder, name)) or b"")
            if builder.says.search(text) and not (builder.unless and builder.unless.search(text)):
                named = builder.names.findall(text) if builder.names is not None else ()
                found.append(_Said(builder.why, name, tuple(named)))
    return _Folder(tuple(found), ".git" in names)
