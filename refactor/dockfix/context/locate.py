"""Finds the build context of a Dockerfile: the folder that its COPY sources are relative to."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from dockfix.context.build_commands import build_commands
from dockfix.context.build_context import normal
from dockfix.context.compose import Build, ComposeFile, ComposeService, compose_file
from dockfix.context.disk import Disk
from dockfix.context.patterns import go_match, has_wildcards
from dockfix.context.run_commands import name_of
from dockfix.knowledge.evidence import images_of_others
from dockfix.lazy import regex
from dockfix.namedtuple import NamedTuple

MAX_LEVELS = 4
_DEPLOYS = regex(
    r"(?i)\.?(?:deploy\w*|docker\w*|compose\w*|containers?|infra\w*|(?:dev)?ops|prod\w*|dev\w*|stag\w*|local|env\w*|stacks?|ci|build|run)"
)
_COMPOSE = regex(r"(?i)(?:docker[._-]?)?compose(?:[._-].*)?\.ya?ml|docker[._-]?compose.*\.ya?ml")
_NO_SOURCE = regex(
    r"(?i)(?:.*\.)?(?:dockerfile|containerfile)(?:[._-].*)?|.*\.(?:dockerfile|dockerignore|md)"
    r"|(?:docker[._-]?)?compose.*\.ya?ml|\.(?:dockerignore|containerignore|gitignore|gitkeep)|license.*"
)
_SETTINGS = regex(r"(?:.*/)?\.env(?:[._-][^/*?\[]*)?")


def is_settings(name: str) -> bool:
    """Whether a file of this name holds settings with passwords, which are rightly in no repository."""
    return _SETTINGS.fullmatch(name) is not None


class Located(NamedTuple):
    """A Dockerfile's build context.

    ``reason`` is plain text: how it was found, or, where it is not ``certain``, why not. ``services`` are the Compose
    services that are built from the Dockerfile; ``others`` are those of which nothing says so that may run its image all the same.
    ``problems`` are Compose files that could not be read, with why. ``named`` are the names of all services of the Compose files around it.
    """

    root: Path
    certain: bool
    reason: str
    services: tuple[ComposeService, ...] = ()
    problems: tuple[str, ...] = ()
    others: tuple[ComposeService, ...] = ()
    named: frozenset[str] = frozenset()


class _Folder(NamedTuple):
    """What concerns us of a folder: the paths of its Compose files, whether it holds nothing to copy, and ``deploys``.

    These are the folders in it in which people keep what runs their images.
    """

    compose: tuple[str, ...] = ()
    only_dockerfiles: bool = True
    deploys: tuple[str, ...] = ()


def find_context(dockerfile: Path, sources: Sequence[str], given: Path | None) -> Located:
    """The build context of ``dockerfile``, by the user's word, Compose files, or where the sources are. Never raises.

    ``sources`` are all sources of its COPY and ADD instructions that name files of the context.
    """
    path = posixpath.normpath(dockerfile.absolute().as_posix())
    folders = _folders(posixpath.dirname(path))
    found = _Finder(dockerfile, path, folders)
    located = _located(dockerfile, folders, found, sources, given)
    named = frozenset(build.service.name for file in _files(folders) for build in file.builds)
    return located._replace(others=found.others(), named=named)


def _located(
    dockerfile: Path, folders: tuple[str, ...], found: _Finder, sources: Sequence[str], given: Path | None
) -> Located:
    wanted = tuple(dict.fromkeys(normal(source) for source in sources))
    if given is not None:
        return Located(given, True, "it was given", found.services(given.absolute().as_posix()), found.problems)
    if found.matches:
        return found.by_compose(wanted)
    home = dockerfile.parent
    if found.problems:
        return Located(home, False, found.problems[0], (), found.problems)
    specific = [name for name in wanted if name != "."]
    told = found.by_command(specific)
    if told is not None:
        return told
    missing = _missing(folders[0], specific)
    if not missing:
        if wanted and not specific and _folder(folders[0]).only_dockerfiles:
            return Located(home, False, "the Dockerfile's folder holds nothing else to copy")
        return Located(home, True, "all that is copied lies beside the Dockerfile")
    for folder in folders[1:]:
        if not _missing(folder, specific):
            return Located(found.shown(folder), True, f"all that is copied lies in {posixpath.basename(folder) or '/'}")
    # an engine takes what a pattern finds, and that may be nothing: COPY run settings.env* ./
    named = [name for name in specific if not has_wildcards(name)]
    if named and not _missing(folders[0], named) and all(_folder_is_there(folders[0], name) for name in specific):
        return Located(home, True, "all that is copied by name lies beside the Dockerfile")
    committed = [name for name in specific if not is_settings(name)]
    for folder in folders if len(committed) < len(specific) else ():
        if not _missing(folder, committed):
            where = posixpath.basename(folder) or "/"
            return Located(found.shown(folder), True, f"all that is copied but settings lies in {where}")
    return Located(home, False, f"{missing} was found neither beside the Dockerfile nor in a folder above it")


def compose_files(dockerfile: Path) -> Iterator[ComposeFile]:
    """The Compose files beside a Dockerfile and in the folders above it, up to the repository's root."""
    return _files(_folders(posixpath.dirname(posixpath.normpath(dockerfile.absolute().as_posix()))))


class _Finder:
    """Looks for a Dockerfile in the Compose files of ``folders``; ``path`` is its absolute clean path."""

    def __init__(self, dockerfile: Path, path: str, folders: tuple[str, ...]) -> None:
        self.dockerfile = dockerfile
        self.path = path
        self.folders = folders
        # one in a folder for such files counts where it names this Dockerfile; what is wrong with others there is no matter
        around = dict.fromkeys(each for folder in folders for each in _folder(folder).deploys if each not in folders)
        self.around = tuple(around)
        self.matches = tuple(
            build
            for file in (*_files(folders), *_files(self.around))
            for each in file.builds
            if not each.problem
            and (build := self._as_run(each)).dockerfile is not None
            and _same(build.dockerfile, path)
        )
        problems: list[str] = []
        for file in _files(folders):
            name = posixpath.relpath(file.path, folders[0])
            if file.problem:
                problems.append(f"{name} could not be read: {file.problem}")
            problems += [f"{name} could not be understood: {each.problem}" for each in file.builds if each.problem]
        self.problems = tuple(problems)

    def _as_run(self, build: Build) -> Build:
        """A build as Compose has it where it is told of a folder above the file's (``--project-directory``, or an earlier ``-f``).

        That is so where what the file says leads to no Dockerfile from its own folder, and to this one from the other.
        """
        if build.context is None or build.dockerfile is None or os.path.lexists(build.dockerfile):
            return build
        home = posixpath.dirname(build.service.file)
        for folder in self.folders:
            above = folder != home and f"{home}/".startswith(f"{folder.rstrip('/')}/")
            if above and _from(folder, build.dockerfile, home) == self.path:
                return build._replace(context=_from(folder, build.context, home), dockerfile=self.path)
        return build

    def shown(self, folder: str) -> Path:
        """A folder in the form, absolute or relative, in which the Dockerfile's path was given."""
        if folder == self.folders[0]:
            return self.dockerfile.parent
        return Path(folder) if self.dockerfile.is_absolute() else Path(os.path.relpath(folder))

    def by_compose(self, wanted: tuple[str, ...]) -> Located:
        roots = list(dict.fromkeys(build.context for build in self.matches if build.context is not None))
        fitting = [root for root in roots if not _missing(root, wanted)] or roots
        best = fitting[0]
        file = next(build.service.file for build in self.matches if build.context == best)
        name = posixpath.relpath(file, self.folders[0])
        reason = (
            f"{name} says so"
            if len(fitting) == 1
            else f"Compose files build it with different contexts, {name} among them"
        )
        return Located(self.shown(best), len(fitting) == 1, reason, self.services(best), self.problems)

    def by_command(self, specific: Sequence[str]) -> Located | None:
        """The folder in which Makefiles and workflows build it, where they agree and all that it copies is there.

        Where none of these does, scripts and READMEs count.
        """
        named = [
            each
            for number, folder in enumerate(self.folders)
            for each in build_commands(folder, self.folders[number + 1 :])
            if _same(each.dockerfile, self.path)
        ]
        found = [each for each in named if each.sure] or named
        if len({each.context for each in found}) != 1 or _missing(found[0].context, specific):
            return None
        name = posixpath.relpath(found[0].said_by, self.folders[0])
        return Located(self.shown(found[0].context), True, f"{name} builds it there")

    def services(self, root: str) -> tuple[ComposeService, ...]:
        """The services built from the Dockerfile, and those of the same name or image that are not built at all."""
        found = list(self.matches)
        names = {(posixpath.dirname(build.service.file), build.service.name) for build in found}
        images = {build.image for build in found if build.image}
        if found:
            found += [
                build
                for file in _files(self.folders)
                for build in file.builds
                if not build.built
                and ((posixpath.dirname(file.path), build.service.name) in names or build.image in images)
            ]
        return tuple(build.service._replace(file=posixpath.relpath(build.service.file, root)) for build in found)

    def others(self) -> tuple[ComposeService, ...]:
        """The services that may run the image although no file says that they do.

        Where none is known to: those of the Compose files beside it that only name an image, or a Dockerfile of its name that is not
        there. And those of files above it, or in a folder for such files, that only name an image and are called what it is.
        """
        beside = () if self.matches else _files(self.folders[:1])
        found = [build for file in beside for build in file.builds if not build.built or self._may_mean(build)]
        names = self._names()
        known = {(build.service.file, build.service.name) for build in (*self.matches, *found)}
        found += [
            build
            for file in _files((*self.folders[1:], *self.around))
            for build in file.builds
            if not build.built
            and (build.service.file, build.service.name) not in known
            and not names.isdisjoint(_parts(build.service.name) | _parts(name_of(build.image)))
            and name_of(build.image) not in images_of_others()
        ]
        return tuple(
            build.service._replace(file=posixpath.relpath(build.service.file, self.folders[0])) for build in found
        )

    def _names(self) -> frozenset[str]:
        """What an image of this Dockerfile is called: by its folder, unless that is one for Dockerfiles, and by what its name adds."""
        own = (posixpath.basename(folder).lower() for folder in self.folders)
        folder = next((name for name in own if not _DEPLOYS.fullmatch(name)), "")
        return _parts(posixpath.basename(self.path)) - {"dockerfile", "containerfile"} | {folder} - {""}

    def _may_mean(self, build: Build) -> bool:
        """Whether what a service builds is not where its file says, as for one that is run from another folder."""
        wanted = build.dockerfile
        named = wanted is not None and posixpath.basename(wanted) == posixpath.basename(self.path)
        return named and not os.path.lexists(wanted or "")


def _parts(name: str) -> frozenset[str]:
    return frozenset({name.lower(), *re.split(r"[-_.]", name.lower())})


def _from(folder: str, path: str, home: str) -> str:
    """A path that is said from ``home``, from another folder."""
    return posixpath.normpath(posixpath.join(folder, posixpath.relpath(path, home)))


def _same(path: str, other: str) -> bool:
    if path == other or posixpath.basename(path) != posixpath.basename(other):
        return path == other
    with suppress(OSError, ValueError):  # one that is not there may be a link
        if not Path(path).samefile(other):  # which asks much less than where the links of both lead
            return False
    return os.path.realpath(path) == os.path.realpath(other)


@lru_cache(maxsize=4096)
def _folders(home: str) -> tuple[str, ...]:
    """A Dockerfile's folder and those above it, up to the repository's root or else by four levels."""
    found = [home]
    while not os.path.lexists(found[-1] + "/.git"):
        above = posixpath.dirname(found[-1])
        if above == found[-1]:
            return tuple(found[: MAX_LEVELS + 1])
        found.append(above)
    return tuple(found)


def _folder(folder: str) -> _Folder:
    try:
        return _read_folder(folder, os.lstat(folder + "/.").st_mtime_ns)
    except (OSError, ValueError):
        return _Folder()


@lru_cache(maxsize=1024)
def _read_folder(folder: str, _stamp: int) -> _Folder:
    compose: list[str] = []
    deploys: list[str] = []
    only_dockerfiles = True
    with os.scandir(folder) as entries:
        for entry in entries:
            if _COMPOSE.fullmatch(entry.name) and entry.is_file():
                compose.append(f"{folder.rstrip('/')}/{entry.name}")
                continue
            if _DEPLOYS.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False):
                deploys.append(f"{folder.rstrip('/')}/{entry.name}")
            if only_dockerfiles and entry.name != ".git" and not _NO_SOURCE.fullmatch(entry.name):
                only_dockerfiles = False
    return _Folder(tuple(sorted(compose)), only_dockerfiles, tuple(sorted(deploys)))


def _files(folders: tuple[str, ...]) -> Iterator[ComposeFile]:
    for folder in folders:
        for path in _folder(folder).compose:
            try:
                yield compose_file(path, os.lstat(path).st_mtime_ns)
            except OSError:
                yield ComposeFile(path, problem="it could not be read")


def _missing(folder: str, names: Sequence[str]) -> str:
    """The first of these clean sources that is not in a folder, "" where all are.

    A pattern is there where something fits its first part with a wildcard.
    """
    disk = Disk(Path(folder))
    return next((name for name in names if not _there(disk, name)), "")


def _folder_is_there(folder: str, name: str) -> bool:
    """Whether the folder in which a pattern looks is there: only its last part may be one."""
    above = posixpath.dirname(name)
    return not has_wildcards(above) and _there(Disk(Path(folder)), above or ".")


# A file that may be there or not, as who copies the lock of any manager writes it: an engine takes what fits
_OPTIONAL = regex(r"(?:.*/)?[\w.-]+\.(?:json|lock|ya?ml)\*")


def _there(disk: Disk, name: str) -> bool:
    if _OPTIONAL.fullmatch(name):
        return True
    if not has_wildcards(name):
        return name == "." or disk.kind(name) != ""
    parts = name.split("/")
    fixed = next(number for number, part in enumerate(parts) if has_wildcards(part))
    try:
        pattern = go_match(parts[fixed])
        with os.scandir(disk.absolute("/".join(parts[:fixed]))) as entries:
            return any(pattern.match(entry.name) for entry in entries)
    except (OSError, ValueError):
        return False
