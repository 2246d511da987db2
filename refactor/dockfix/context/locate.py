"""Finds the build context of a Dockerfile: the folder that its COPY sources are relative to."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from dockfix.context.build_context import normal
from dockfix.context.compose import Build, ComposeFile, ComposeService, compose_file
from dockfix.context.disk import Disk
from dockfix.context.patterns import BadPatternError, go_match, has_wildcards

MAX_LEVELS = 4
_COMPOSE = re.compile(r"(?:docker-)?compose(?:[._-].*)?\.ya?ml|docker-compose.*\.ya?ml")
_NO_SOURCE = re.compile(r"(?i)(?:.*\.)?(?:dockerfile|containerfile)(?:[._-].*)?|.*\.(?:dockerfile|dockerignore|md)"
                        r"|(?:docker-)?compose.*\.ya?ml|\.(?:dockerignore|containerignore|gitignore|gitkeep)|license.*")


@dataclass(frozen=True)
class Located:
    """A Dockerfile's build context.

    ``reason`` is plain text: how it was found, or, where it is not ``certain``, why not. ``services`` are the Compose
    services that are built from the Dockerfile; ``problems`` are Compose files that could not be read, with why.
    """

    root: Path
    certain: bool
    reason: str
    services: tuple[ComposeService, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Folder:
    """What concerns us of a folder: the names of its Compose files, and whether it holds nothing to copy."""

    compose: tuple[str, ...] = ()
    only_dockerfiles: bool = True


def find_context(dockerfile: Path, sources: Sequence[str], given: Path | None) -> Located:
    """The build context of ``dockerfile``, by the user's word, Compose files, or where the sources are. Never raises.

    ``sources`` are all sources of its COPY and ADD instructions that name files of the context.
    """
    path = dockerfile.absolute()
    path = Path(os.path.normpath(path))
    folders = _folders(path.parent)
    matches, problems = _compose(path, folders)
    if given is not None:
        services = _services(matches, folders, given)
        return Located(given, True, "it was given", services, problems)
    wanted = tuple(dict.fromkeys(normal(source) for source in sources))
    if matches:
        return _by_compose(dockerfile, matches, folders, wanted, problems)
    home = dockerfile.parent
    if problems:
        return Located(home, False, problems[0], (), problems)
    specific = [name for name in wanted if name != "."]
    if _all_there(path.parent, specific):
        if wanted and not specific and _folder(path.parent).only_dockerfiles:
            return Located(home, False, "the Dockerfile's folder holds nothing else to copy")
        return Located(home, True, "all that is copied lies beside the Dockerfile")
    for folder in folders[1:]:
        if _all_there(folder, specific):
            return Located(_as_given(dockerfile, folder), True, f"all that is copied lies in {folder.name or folder}")
    missing = next(name for name in specific if not _there(path.parent, name))
    return Located(home, False, f"{missing} was found neither beside the Dockerfile nor in a folder above it")


def _as_given(dockerfile: Path, folder: Path) -> Path:
    """A folder in the form, absolute or relative, in which the Dockerfile's path was given."""
    return folder if dockerfile.is_absolute() else Path(os.path.relpath(folder))


def _folders(home: Path) -> tuple[Path, ...]:
    """The Dockerfile's folder and those above it, up to the repository's root or by four levels."""
    above = (home, *home.parents)
    for level, folder in enumerate(above):
        if _is_repository(folder):
            return above[:level + 1]
    return above[:MAX_LEVELS + 1]


@lru_cache(maxsize=4096)
def _is_repository(folder: Path) -> bool:
    return os.path.lexists(folder / ".git")


def _folder(folder: Path) -> _Folder:
    try:
        return _read_folder(folder, folder.stat().st_mtime_ns)
    except (OSError, ValueError):
        return _Folder()


@lru_cache(maxsize=1024)
def _read_folder(folder: Path, _stamp: int) -> _Folder:
    compose: list[str] = []
    only_dockerfiles = True
    with os.scandir(folder) as entries:
        for entry in entries:
            if _COMPOSE.fullmatch(entry.name) and entry.is_file():
                compose.append(entry.name)
            elif only_dockerfiles and entry.name != ".git" and not _NO_SOURCE.fullmatch(entry.name):
                only_dockerfiles = False
    return _Folder(tuple(sorted(compose)), only_dockerfiles)


def _files(folder: Path) -> tuple[ComposeFile, ...]:
    found: list[ComposeFile] = []
    for name in _folder(folder).compose:
        try:
            found.append(compose_file(folder / name, (folder / name).stat().st_mtime_ns))
        except OSError:
            found.append(ComposeFile(str(folder / name), problem="it could not be read"))
    return tuple(found)


def _compose(path: Path, folders: tuple[Path, ...]) -> tuple[tuple[Build, ...], tuple[str, ...]]:
    """The builds of Compose files that are of this Dockerfile, and the files that may hold more but can't be read."""
    matches: list[Build] = []
    problems: list[str] = []
    real = ""
    for folder in folders:
        for file in _files(folder):
            name = os.path.relpath(file.path, path.parent)
            if file.problem:
                problems.append(f"{name} could not be read: {file.problem}")
            for build in file.builds:
                real = real or os.path.realpath(path)
                if build.problem:
                    problems.append(f"{name} could not be understood: {build.problem}")
                elif build.dockerfile in {str(path), real} or \
                        (build.dockerfile is not None and os.path.realpath(build.dockerfile) == real):
                    matches.append(build)
    return tuple(matches), tuple(problems)


def _by_compose(dockerfile: Path, matches: tuple[Build, ...], folders: tuple[Path, ...], wanted: tuple[str, ...],
                problems: tuple[str, ...]) -> Located:
    roots = list(dict.fromkeys(Path(build.context) for build in matches if build.context is not None))
    fitting = [root for root in roots if _all_there(root, wanted)]
    best = (fitting or roots)[0]
    file = os.path.relpath(next(build for build in matches if build.context == str(best)).service.file,
                           dockerfile.absolute().parent)
    root = dockerfile.parent if best == dockerfile.absolute().parent else _as_given(dockerfile, best)
    services = _services(matches, folders, root)
    if len(fitting or roots) > 1:
        return Located(root, False, f"Compose files build it with different contexts, {file} among them", services, problems)
    return Located(root, True, f"{file} says so", services, problems)


def _services(matches: tuple[Build, ...], folders: tuple[Path, ...], root: Path) -> tuple[ComposeService, ...]:
    """The services built from the Dockerfile, and those beside them of the same name or image that are not built."""
    found = list(matches)
    names = {(Path(build.service.file).parent, build.service.name) for build in matches}
    images = {build.image for build in matches if build.image}
    if matches:
        for folder in folders:
            found += [build for file in _files(folder) for build in file.builds if build.dockerfile is None
                      and ((folder, build.service.name) in names or build.image in images)]
    start = root.absolute()
    return tuple(replace(build.service, file=os.path.relpath(build.service.file, start)) for build in found)


def _all_there(folder: Path, names: Sequence[str]) -> bool:
    return all(_there(folder, name) for name in names)


def _there(folder: Path, name: str) -> bool:
    """Whether a clean source is in a folder; of a pattern, whether the folder that it looks into is, and not empty."""
    disk = Disk(folder)
    if not has_wildcards(name):
        return name == "." or bool(disk.kind(name))
    parts = name.split("/")
    fixed = next(number for number, part in enumerate(parts) if has_wildcards(part))
    try:
        pattern = go_match(parts[fixed])
        with os.scandir(disk.absolute("/".join(parts[:fixed]))) as entries:
            return any(pattern.match(entry.name) for entry in entries)
    except (OSError, ValueError, BadPatternError):
        return False
