"""Which Dockerfile of the repository builds an image that another one starts from: by Compose files, Bake files, scripts and workflows."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from dockfix.context.declared_builds import BAKE, declared_builds
from dockfix.context.disk import Disk
from dockfix.context.locate import MAX_LEVELS, compose_files
from dockfix.context.run_commands import BuildCommand, build_commands
from dockfix.lazy import regex
from dockfix.namedtuple import NamedTuple
from dockfix.syntax import decode

# Folders of a repository in which scripts lie, besides its own
_FOLDERS = ("scripts", "bin", "ci", "docker", "build", "deploy", ".github/workflows")
_DOCUMENT = regex(r"(?i).*\.(?:md|rst|txt|adoc)")
# Where a command then runs is not known
_ELSEWHERE = regex(r"(?m)(?<![\w-])(?:cd|pushd)[ \t]|working-directory:")
_MOST_FILES = 200


class BuiltHere(NamedTuple):
    """A Dockerfile by its absolute path, and where it says so that it builds the image."""

    dockerfile: str
    said: str


def built_here(reference: str, dockerfile: Path) -> BuiltHere | None:
    """The one Dockerfile that is said to build the image ``reference``; None where there is none, or there are several.

    Looked at are the folder of ``dockerfile``, which starts from the image, and those above, up to the repository's root. What is built
    with build arguments or another target than the last stage is not known.
    """
    wanted = _full(reference)
    found: dict[str, str] = {}
    for path, said in (*_by_compose(wanted, dockerfile), *_by_commands(wanted, dockerfile)):
        found.setdefault(os.path.realpath(path), said)
    if len(found) != 1:
        return None
    path, said = found.popitem()
    return None if path == os.path.realpath(dockerfile) else BuiltHere(path, said)


def _full(reference: str) -> str:
    """An image's name with its tag, which is "latest" where none is written."""
    name = reference.partition("@")[0]
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"


def _by_compose(wanted: str, dockerfile: Path) -> Iterator[tuple[str, str]]:
    for file in compose_files(dockerfile):
        for build in file.builds:
            named = bool(build.image) and _full(build.image) == wanted and not build.changed
            if named and build.dockerfile is not None and Path(build.dockerfile).is_file():
                yield build.dockerfile, posixpath.basename(file.path)


def _by_commands(wanted: str, dockerfile: Path) -> Iterator[tuple[str, str]]:
    for folder in _up(dockerfile):
        for name in ("", *_FOLDERS):
            path = posixpath.join(folder, name).rstrip("/")
            try:
                commands = _commands(path, Path(path).stat().st_mtime_ns)
            except OSError:
                continue
            for command in commands:
                if wanted in map(_full, command.names):
                    for place in dict.fromkeys((path, folder)):
                        built = posixpath.normpath(posixpath.join(place, command.dockerfile))
                        if Path(built).is_file():
                            yield built, f"{posixpath.join(name, command.file)}:{command.line}"
                            break


def _up(dockerfile: Path) -> list[str]:
    """The folder of a Dockerfile and those above it, up to the repository's root."""
    found: list[str] = []
    for folder in dockerfile.absolute().parents[: MAX_LEVELS + 1]:
        found.append(folder.as_posix())
        if (folder / ".git").exists():
            return found
    return found[:1]  # what lies above is somebody else's


@lru_cache(maxsize=1024)
def _commands(folder: str, _stamp: int) -> tuple[BuildCommand, ...]:
    """The commands in the files of one folder that build images, once for each time stamp. Raises OSError where it cannot be listed."""
    found: list[BuildCommand] = []
    for path in sorted(Path(folder).iterdir())[:_MOST_FILES]:
        if _DOCUMENT.fullmatch(path.name) or not path.is_file():
            continue
        data = Disk.read_outside(path.as_posix()) or b""
        if BAKE.fullmatch(path.name) or b"build-push-action@" in data:
            found += declared_builds(path.name, data)
        if b"build" in data and not _ELSEWHERE.search(decode(data)):
            found += build_commands(path.name, data)
    return tuple(found)
