"""The files of a project, as the reader asks for them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Hashable
from dataclasses import field
from typing import TypeVar

from dockfix.context.build_context import BuildContext
from dockfix.context.javascript.package_json import NAME, Package, nearest, read_package
from dockfix.context.patterns import BadPatternError, go_match, has_wildcards
from dockfix.dataclass import dataclass

Answer = TypeVar("Answer")
# The path relative to the build context of an absolute one of the image, whether or not something lies there; None where it is not known
Placed = Callable[[str], str | None]
_MAX_ANSWERS = 32


@dataclass(frozen=True, eq=False)
class Files:
    """Files by their paths relative to the build context; ``names`` are those that are there, ``read`` gives the text of one."""

    names: frozenset[str]
    read: Callable[[str], str | None]
    _members: dict[str, dict[str, Package]] = field(default_factory=dict, repr=False)
    _answers: dict[Hashable, object] = field(default_factory=dict, repr=False)

    def once(self, question: Hashable, work: Callable[[], Answer]) -> Answer:
        """The answer to a question about these files alone, worked out when it is first asked."""
        if question not in self._answers:
            if len(self._answers) >= _MAX_ANSWERS:
                self._answers.clear()
            self._answers[question] = work()
        return self._answers[question]  # type: ignore[return-value]  # it is what the work has given

    def package(self, folder: str) -> Package | None:
        """The package.json that lies in a folder itself."""
        return read_package(self.read, posixpath.join(folder, NAME)) if self.has(posixpath.join(folder, NAME)) else None

    def nearest(self, folder: str) -> Package | None:
        """The package.json of the package that a folder belongs to."""
        return nearest(lambda path: self.read(path) if self.has(path) else None, folder)

    def has(self, path: str) -> bool:
        """Whether a file is there."""
        return path in self.names

    def members(self, root: Package) -> dict[str, Package]:
        """The members of the workspace that a package.json or the file of its manager opens, by their names."""
        if root.file not in self._members:
            found: dict[str, Package] = {}
            for folder in member_folders(self, root):
                package = self.package(folder)
                if package is not None:
                    found[package.name or folder] = package
            self._members[root.file] = found
        return self._members[root.file]

    def workspace(self, folder: str) -> Package | None:
        """The package.json, in a folder or above it, that opens the workspace which the folder belongs to; None for none."""
        while True:
            package = self.package(folder)
            if package is not None and _patterns(self, package):
                return package
            if folder.strip("/") == "":
                return None
            folder = posixpath.dirname(folder)


def nowhere(path: str) -> str | None:
    """The places of an image of which nothing is known."""
    return None


def placed_by(lying_at: Callable[[str], str | None]) -> Placed:
    """The places of an image of which it is known which file of the build context lies at a path.

    What a build makes lies beside the package.json of its package.
    """

    def placed(path: str) -> str | None:
        path = posixpath.normpath(path)
        file = lying_at(path)
        if file is not None:
            return file
        folder = path
        while folder.strip("/"):
            package = lying_at(posixpath.join(folder, NAME))
            if package is not None:
                return below(posixpath.dirname(package), posixpath.relpath(path, folder))
            folder = posixpath.dirname(folder)
        return None

    return placed


def below(folder: str, path: str) -> str:
    """A path as it stands in a folder, relative to the build context; "" for its root."""
    found = posixpath.normpath(posixpath.join(folder, path))
    return "" if found == "." else found


def at(path: str, folder: str, placed: Placed) -> str:
    """A path as a command has it that runs in a folder, relative to the build context; absolute where it is not known to lie in it."""
    found = placed(path) if path.startswith("/") else None
    return below(folder, path) if found is None else found


def files_of(context: BuildContext) -> Files:
    """The files of a build context, as the reader of JavaScript asks for them."""
    names = frozenset(context.files() or ())
    return context.disk.once(("files of JavaScript", names), lambda: Files(names, context.read))


def member_folders(files: Files, root: Package) -> tuple[str, ...]:
    """The folders of a workspace's members, in alphabetical order; () where there is no workspace."""
    patterns = [each for pattern in _patterns(files, root) for each in _alternatives(pattern)]
    if not patterns:
        return ()
    head = f"{root.folder}/" if root.folder else ""
    below = sorted(
        name[len(head) :].rpartition("/")[0]
        for name in files.names
        if name.startswith(head) and name.endswith(f"/{NAME}") and "node_modules/" not in name
    )
    found: dict[str, None] = {}
    for pattern in patterns:
        clean = posixpath.normpath(pattern.removeprefix("!"))
        for folder in below:
            if _fits(clean, folder):
                if pattern.startswith("!"):
                    found.pop(head + folder, None)
                else:
                    found[head + folder] = None
    return tuple(sorted(found))


def _fits(pattern: str, folder: str) -> bool:
    if not has_wildcards(pattern):
        return pattern == folder
    parts, names = pattern.split("/"), folder.split("/")
    if "**" in parts:
        at = parts.index("**")
        return len(names) >= at and _same(parts[:at], names[:at])
    return _same(parts, names)


def _same(parts: list[str], names: list[str]) -> bool:
    try:
        return len(parts) == len(names) and all(
            go_match(part).match(name) is not None for part, name in zip(parts, names, strict=True)
        )
    except BadPatternError:
        return False


def _alternatives(pattern: str) -> list[str]:
    """The patterns that one with braces stands for: "{apps,libs}/*"."""
    match = re.search(r"\{([^{}]*)\}", pattern)
    if match is None:
        return [pattern]
    parts = (pattern[: match.start()] + part.strip() + pattern[match.end() :] for part in match[1].split(","))
    return [each for part in parts for each in _alternatives(part)]


def _patterns(files: Files, root: Package) -> tuple[str, ...]:
    if root.workspaces:
        return root.workspaces
    text = files.read(posixpath.join(root.folder, "pnpm-workspace.yaml"))
    if text is None:
        return ()
    from dockfix.context.yaml_tree import documents
    from dockfix.syntax import encode

    try:
        data = next(iter(documents(encode(text))), None)
    except ValueError:
        return ()
    given = data.get("packages") if isinstance(data, dict) else None
    return tuple(each for each in given if isinstance(each, str)) if isinstance(given, list) else ()
