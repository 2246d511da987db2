"""The folders of git submodules whose files are not here: a build of somebody who has them takes them all the same."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterator

from dockfix.context.build_context import BuildContext, CopySet
from dockfix.context.disk import Disk
from dockfix.lazy import regex

NAME = ".gitmodules"  # https://git-scm.com/docs/gitmodules
_PATH = regex(r"(?m)^\s*path\s*=\s*\"?([^\"\n]*[^\"\s])\"?\s*$")
_MOST_LEVELS = 8


def absent(context: BuildContext, copies: Collection[CopySet]) -> str:
    """The folder of a submodule, relative to the build context, of which copies would take files if there were any; "" for none."""
    folders = context.disk.once("submodules", lambda: tuple(_absent(context)))
    for folder in folders:
        for taken in copies:
            sources = (*taken.directories, *(posixpath.normpath(name) for name in taken.missing))
            if any(_overlap(source, folder) for source in sources) and not context.ignore.ignores(folder):
                return folder
    return ""


def _absent(context: BuildContext) -> Iterator[str]:
    listing = context.disk.listing
    if listing is None:
        return
    root = posixpath.abspath(context.disk.absolute("."))
    filled = {parent for name in listing.files for parent in _parents(name)} | listing.skipped | listing.unreadable
    for file in (*_above(root), *(posixpath.join(root, name) for name in listing.files if _is_named(name))):
        for path in _PATH.findall((Disk.read_outside(file) or b"").decode("utf-8", "replace")):
            folder = posixpath.relpath(posixpath.join(posixpath.dirname(file), path), root)
            if not folder.startswith("..") and folder != "." and folder not in filled:
                yield folder


def _is_named(name: str) -> bool:
    return "/" in name and posixpath.basename(name) == NAME


def _above(folder: str) -> Iterator[str]:
    """The file beside a build context and those in the folders above it: of the nearest repository, and of those that it is in."""
    for _ in range(_MOST_LEVELS):
        yield posixpath.join(folder, NAME)
        if folder == "/":
            return
        folder = posixpath.dirname(folder)


def _parents(name: str) -> Iterator[str]:
    while "/" in name:
        name = name.rpartition("/")[0]
        yield name


def _overlap(source: str, folder: str) -> bool:
    return source in {".", folder} or folder.startswith(source + "/") or source.startswith(folder + "/")
