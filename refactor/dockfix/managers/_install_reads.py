"""What the install scripts of packages read of the project that asks for them."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from dockfix.context.javascript import Package
from dockfix.context.manifests.node_locks import read_node_lock
from dockfix.context.manifests.package_tree import PackageTree
from dockfix.knowledge.node_packages import Reads, reads_of_project
from dockfix.lazy import regex
from dockfix.managers.protocol import Given
from dockfix.namedtuple import NamedTuple

_MAJOR = regex(r"[^\d]*(\d+)\b")


class Scripts(NamedTuple):
    """The ``paths`` in the image of what install scripts read, and why they may read ``any_file`` of the source, "" where not."""

    paths: tuple[str, ...] = ()
    any_file: str = ""


def read_by_scripts(projects: Sequence[tuple[Package, str]], lock: str, given: Given) -> Scripts:
    """What they read of some projects, each with its folder in the image, whose ``lock`` is this file ("" for none)."""
    paths: dict[str, None] = {}
    any_file = ""
    for name, known in _installed([package for package, _ in projects], lock, given):
        for package, folder in projects:
            found = [each for pattern in known.any for each in _there(pattern, package, folder, given)]
            if found:
                any_file = any_file or f"with {given.at(found[0])} the install script of {name} may read any file"
            patterns = (*known.files, *_named(package, known.named))
            for path in (each for pattern in patterns for each in _there(pattern, package, folder, given)):
                paths[path] = None
                file = given.at(path) or ""
                text = given.context.read(file)
                if known.more and (text is None or regex(known.more).search(text)):
                    any_file = any_file or f"{file} has the install script of {name} read other files"
    return Scripts(tuple(paths), any_file)


def _installed(projects: Sequence[Package], lock: str, given: Given) -> Iterator[tuple[str, Reads]]:
    """The packages that read something and are installed: those of the lock, and what is asked for and not in it."""
    tree = read_node_lock(given.context, lock) if lock else None
    locked = tree.by_name if isinstance(tree, PackageTree) else {}
    for name, known in reads_of_project().items():
        if name in locked:
            runs = (each for each in locked[name] if each.install_script is not False)
            holds = any(known.holds_for(_major(each.version)) for each in runs)
        else:
            wanted = (package.asked_for[name] for package in projects if name in package.asked_for)
            holds = any(known.holds_for(_major(each)) for each in wanted)
        if holds:
            yield name, known


def _major(version: str) -> int | None:
    """The major version that a version, or the start of a range, names; None for none."""
    found = _MAJOR.match(version)
    return int(found[1]) if found is not None else None


def _named(package: Package, keys: Sequence[str]) -> Iterator[str]:
    """The file that package.json names behind some keys, or what lies in a folder."""
    value: object = package.settings
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    if keys and isinstance(value, str) and value:
        path = posixpath.normpath(value)
        yield from (path, f"{path}/*")


def _there(pattern: str, package: Package, folder: str, given: Given) -> Iterator[str]:
    """The paths in the image of the files that a pattern names, relative to a project."""
    if "*" not in pattern:
        path = posixpath.normpath(posixpath.join(folder, pattern))
        yield from (path,) if given.lies_at(path) else ()
        return
    start = f"{package.folder}/" if package.folder else ""
    wanted = start + pattern
    for name in sorted(given.context.files() or ()):
        if name.startswith(start) and fnmatchcase(name, wanted):
            path = posixpath.join(folder, name.removeprefix(start))
            if given.at(path) == name:
                yield path
