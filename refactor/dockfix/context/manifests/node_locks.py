"""Which files of a build context are locks of Node.js's package managers, and how each is read."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping
from functools import partial

from dockfix.context.build_context import BuildContext
from dockfix.context.manifests.locked import Unread
from dockfix.context.manifests.locks import or_unread
from dockfix.context.manifests.package_tree import PackageTree

_Reader = Callable[[str, str, str | None], PackageTree]


def is_node_lock(path: str) -> bool:
    """Whether a file is such a lock by its name."""
    return posixpath.basename(path) in _READERS


def read_node_lock(context: BuildContext, path: str) -> PackageTree | Unread:
    """The lock at a context-relative path, or why it says nothing; read once for all Dockerfiles that share it."""
    whole = context.read(path)
    if whole is None:
        return Unread(path, 0, "it is not in the build context, or larger than 8 MiB")
    project = context.read(posixpath.join(posixpath.dirname(path), "package.json"))
    return context.disk.once(("node lock", path, whole, project), partial(parse_node_lock, path, whole, project))


def parse_node_lock(path: str, whole: str, project: str | None = None) -> PackageTree | Unread:
    """The same for a text; ``project`` is that of the package.json beside it, None where there is none. Never raises."""
    reader = _READERS.get(posixpath.basename(path))
    if reader is None:
        return Unread(path, 0, "it is no lock by its name")
    return or_unread(path, partial(reader, whole, path, project))


def _places(whole: str, path: str, project: str | None) -> PackageTree:
    from dockfix.context.manifests.package_lock import read

    return read(whole, path, project)


def _by_range(whole: str, path: str, project: str | None) -> PackageTree:
    from dockfix.context.manifests.yarn_lock import read

    return read(whole, path, project)


def _by_version(whole: str, path: str, project: str | None) -> PackageTree:
    from dockfix.context.manifests.pnpm_lock import read

    return read(whole, path, project)


def _with_loose_commas(whole: str, path: str, project: str | None) -> PackageTree:
    from dockfix.context.manifests.bun_lock import read

    return read(whole, path, project)


_READERS: Mapping[str, _Reader] = {
    "package-lock.json": _places,
    "npm-shrinkwrap.json": _places,
    "yarn.lock": _by_range,
    "pnpm-lock.yaml": _by_version,
    "bun.lock": _with_loose_commas,
}
LOCKS = tuple(_READERS)
