"""The folders in which the commands of Makefiles, workflows, scripts and READMEs build a Dockerfile."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from dockfix.context.disk import Disk
from dockfix.context.run_commands import builds
from dockfix.lazy import regex
from dockfix.namedtuple import NamedTuple
from dockfix.syntax import decode

_MAKEFILES = ("GNUmakefile", "makefile", "Makefile")
_WORKFLOWS = ".github/workflows"
# Files whose commands may be meant for a folder above their own
_FOR_ANY_FOLDER = regex(
    r"(?i)(?:readme|install|docker|build|deploy|contributing|development|usage)[^/]*\.(?:md|rst|txt|adoc)|readme|[^/]+\.sh"
    r"|\.gitlab-ci\.ya?ml|(?:just|task)file[^/]*"
)
_SCRIPTS = ("scripts", "bin", ".circleci", "docs")
_MOST = 100
_UNKNOWN = regex(r"[$`{}]|://|^-$|^git@")


class Built(NamedTuple):
    """A command that builds: the file that has it, and the Dockerfile and the context, as absolute clean paths.

    ``sure``: it stands where commands are run in the folder for which they are written.
    """

    said_by: str
    dockerfile: str
    context: str
    sure: bool = True


def build_commands(folder: str, above: tuple[str, ...]) -> tuple[Built, ...]:
    """The builds that a folder's files name without variables; ``above`` are the folders above it, the nearest first. Never raises."""
    try:
        places = (Path(folder), Path(folder, _WORKFLOWS))
        return _read(folder, above, tuple(place.stat().st_mtime_ns for place in places if place.is_dir()))
    except (OSError, ValueError):
        return ()


@lru_cache(maxsize=1024)
def _read(folder: str, above: tuple[str, ...], _stamps: tuple[int, ...]) -> tuple[Built, ...]:
    """The same, once for each state of the folders. Raises OSError."""
    there = {each.name for each in Path(folder).iterdir()}
    names = [name for name in _MAKEFILES if name in there][:1]
    workflows = Path(folder, _WORKFLOWS)
    if ".github" in there and workflows.is_dir():
        found = sorted(each.name for each in workflows.iterdir() if each.suffix in {".yml", ".yaml"})
        names += [f"{_WORKFLOWS}/{name}" for name in found[:_MOST]]
    others = sorted(filter(_FOR_ANY_FOLDER.fullmatch, there))
    for name in _SCRIPTS:
        if name in there and Path(folder, name).is_dir():
            inside = {each.name for each in Path(folder, name).iterdir() if each.suffix in {".sh", ".yml", ".md"}}
            others += [f"{name}/{each}" for each in sorted(inside)]
    sure = [each for name in names for each in _of_file(folder, name, (folder,))]
    rest = [each for name in others[:_MOST] for each in _of_file(folder, name, (folder, *above))]
    return (*sure, *(each._replace(sure=False) for each in rest))


def _of_file(folder: str, name: str, bases: tuple[str, ...]) -> Iterator[Built]:
    """The builds of one file; the folder in which they are run is the first of ``bases`` that has the Dockerfile, if there is a choice."""
    text = decode(Disk.read_outside(f"{folder}/{name}") or b"")
    if "working-directory" in text:
        return
    for build in builds(text):
        if build.before.lstrip().startswith("#") or " cd " in f" {build.before}" or not build.operands:
            continue
        file, context = next(iter(build.values("-f", "--file")[-1:]), None), build.operands[0]
        if _UNKNOWN.search(context) or _UNKNOWN.search(file or ""):
            continue
        for base in bases:
            root = posixpath.normpath(posixpath.join(base, context))
            dockerfile = posixpath.normpath(posixpath.join(base, file) if file else posixpath.join(root, "Dockerfile"))
            if len(bases) == 1 or os.path.lexists(dockerfile):
                yield Built(f"{folder}/{name}", dockerfile, root)
                break
