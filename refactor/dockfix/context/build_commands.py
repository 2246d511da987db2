"""The folders in which the commands of Makefiles and workflows build a Dockerfile."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from dockfix.context.disk import Disk
from dockfix.context.run_commands import builds
from dockfix.lazy import regex
from dockfix.syntax import decode

_MAKEFILES = ("GNUmakefile", "makefile", "Makefile")
_WORKFLOWS = ".github/workflows"
_MOST = 100
_UNKNOWN = regex(r"[$`{}]|://|^-$|^git@")


class Built(NamedTuple):
    """A command that builds: the file that has it, and the Dockerfile and the context, as absolute clean paths."""

    said_by: str
    dockerfile: str
    context: str


def build_commands(folder: str) -> tuple[Built, ...]:
    """The builds of a folder's Makefile and workflows, as far as they name what they build without variables. Never raises."""
    try:
        places = (Path(folder), Path(folder, _WORKFLOWS))
        return _read(folder, tuple(place.stat().st_mtime_ns for place in places if place.is_dir()))
    except (OSError, ValueError):
        return ()


@lru_cache(maxsize=1024)
def _read(folder: str, _stamps: tuple[int, ...]) -> tuple[Built, ...]:
    """The same, once for each state of the folders. Raises OSError."""
    there = {each.name for each in Path(folder).iterdir()}
    names = [name for name in _MAKEFILES if name in there][:1]
    workflows = Path(folder, _WORKFLOWS)
    if ".github" in there and workflows.is_dir():
        found = sorted(each.name for each in workflows.iterdir() if each.suffix in {".yml", ".yaml"})
        names += [f"{_WORKFLOWS}/{name}" for name in found[:_MOST]]
    return tuple(each for name in names for each in _of_file(folder, name))


def _of_file(folder: str, name: str) -> Iterator[Built]:
    text = decode(Disk.read_outside(f"{folder}/{name}") or b"")
    if "working-directory" in text:
        return
    for build in builds(text):
        if build.before.lstrip().startswith("#") or " cd " in f" {build.before}" or not build.operands:
            continue
        file, context = next(iter(build.values("-f", "--file")[-1:]), None), build.operands[0]
        if _UNKNOWN.search(context) or _UNKNOWN.search(file or ""):
            continue
        root = posixpath.normpath(posixpath.join(folder, context))
        dockerfile = posixpath.join(folder, file) if file else posixpath.join(root, "Dockerfile")
        yield Built(f"{folder}/{name}", posixpath.normpath(dockerfile), root)
