"""The files below one folder, read safely: nothing outside it, no pipe, no device, nothing too large."""

from __future__ import annotations

import os
import posixpath
import stat
import threading
import time
from collections.abc import Callable, Hashable
from operator import ne
from pathlib import Path
from typing import Any

from dockfix.context.kinds import MAX_FILE, most_of
from dockfix.context.texts import Answer, Texts
from dockfix.lazy import cached_property
from dockfix.namedtuple import NamedTuple

MAX_ENTRIES = 20_000
_MAX_CACHE = 32 << 20
_KINDS = {stat.S_IFREG: "file", stat.S_IFDIR: "folder"}
_MAX_LINKS = 255  # https://pkg.go.dev/github.com/moby/sys/symlink
# without O_NONBLOCK a pipe that took a file's place meanwhile would hold us for ever; Windows has neither
_OPEN = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
# A change within the same tick of the file system's clock does not show in a time stamp
_TICK = 100_000_000
_SHARED = 2
_MAX_ANSWERS = 2_048
_NOTHING = object()
Stamp = tuple[int, int, int]
# Folders that tools fill by the thousand and that no program of an image is written in
_NOT_DESCENDED = frozenset(
    {
        ".git",
        ".hg",
        ".svn",
        ".bzr",
        "node_modules",
        "bower_components",
        ".venv",
        "__pycache__",
        ".tox",
        ".nox",
        ".mypy_cache",
        ".pytest_cache",
        ".ruff_cache",
        ".pytype",
        ".hypothesis",
        ".ipynb_checkpoints",
        ".eggs",
        ".terraform",
        ".gradle",
    }
)


class Listing(NamedTuple):
    """What a folder holds, by relative path with slashes.

    ``files`` are regular files and symbolic links with their sizes; ``skipped`` are folders that were not descended,
    ``unreadable`` those that could not be.
    """

    files: dict[str, int]
    links: frozenset[str]
    folders: frozenset[str]
    skipped: frozenset[str]
    unreadable: frozenset[str]


def is_file(path: str) -> bool:
    """Whether there is a regular file, or a link to one; False where that cannot be seen."""
    try:
        mode = os.lstat(path).st_mode
        return stat.S_ISREG(Path(path).stat().st_mode if stat.S_ISLNK(mode) else mode)
    except (OSError, ValueError):
        return False


class Disk:
    """Reads below ``root``, each file and folder once. No method raises OSError.

    Several threads may use one Disk: at worst two of them read the same file.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._prefix = os.fspath(root)
        self._bytes: dict[str, bytes | None] = {}
        self._cached = 0
        self._folders: dict[str, str | None] = {"": "."}
        self._stamps: dict[str, Stamp | None] = {}
        self._dead: dict[str, None] = {}  # links that lead to nothing
        self._texts: Texts | None = None
        self._answers: dict[Hashable, Any] = {}

    @classmethod
    def at(cls, root: Path) -> Disk:
        """A Disk that may have read the root before, as long as nothing that it read has changed since.

        Many Dockerfiles of a repository share one build context.
        """
        key = (Path() if root.is_absolute() else _here(), root)  # a relative one means another folder elsewhere
        with _lock:
            disk = _shared.get(key)
        if disk is None or not disk._unchanged():
            disk = cls(root)
        with _lock:
            _shared.pop(key, None)
            _shared[key] = disk  # the last one used is the last to go
            if len(_shared) > _SHARED:
                del _shared[next(iter(_shared))]
        return disk

    def _unchanged(self) -> bool:
        stamps = dict(self._stamps)  # other threads may go on reading meanwhile
        if None in stamps.values() or any(map(ne, stamps.values(), map(_status, stamps))):
            return False
        # what was not there has no stamp that would tell that it has come
        self._bytes = {path: data for path, data in list(self._bytes.items()) if data is not None}
        self._folders = {"": "."}
        return all(self.resolve(path) is None for path in list(self._dead))

    @cached_property
    def listing(self) -> Listing | None:
        """All that lies below the root; None where it cannot be read or holds more than 20,000 entries."""
        files: dict[str, int] = {}
        links: set[str] = set()
        folders: set[str] = set()
        skipped: set[str] = set()
        unreadable: set[str] = set()
        count = 0
        pending = [""]
        while pending:
            folder = pending.pop()
            found = self._scan(folder)
            if found is None:
                if not folder:
                    return None
                unreadable.add(folder)
                continue
            count += len(found)
            if count > MAX_ENTRIES:
                return None
            prefix = folder + "/" if folder else ""
            if folder and any(entry.name == "pyvenv.cfg" for entry in found):
                skipped.add(folder)
                continue
            for entry in found:
                name = prefix + entry.name
                try:
                    if entry.is_symlink():
                        links.add(name)
                    elif entry.is_dir(follow_symlinks=False):
                        folders.add(name)
                        (skipped.add if entry.name in _NOT_DESCENDED else pending.append)(name)
                        continue
                    elif not entry.is_file(follow_symlinks=False):
                        continue
                    files[name] = entry.stat(follow_symlinks=False).st_size
                except OSError:
                    continue  # gone since the folder was read
        return Listing(files, frozenset(links), frozenset(folders), frozenset(skipped), frozenset(unreadable))

    def _scan(self, folder: str) -> list[os.DirEntry[str]] | None:
        path = self.absolute(folder)
        self._stamps[path + "/."] = _stamp(path + "/.")
        try:
            with os.scandir(path) as entries:
                found: list[os.DirEntry[str]] = []
                for entry in entries:
                    found.append(entry)
                    if len(found) > MAX_ENTRIES:
                        break
                return found
        except (OSError, ValueError):
            return None

    def absolute(self, path: str) -> str:
        """The path on this machine of a relative path, which must not lead out of the root."""
        return f"{self._prefix}/{path}" if path not in {"", "."} else self._prefix or "."

    def resolve(self, path: str) -> str | None:
        """The relative path, free of links, of what a clean relative path leads to, "." for the root; None for nothing.

        Links are followed as Docker does: the root is their "/", and no ".." leads out of it.
        """
        folder, _, name = path.rpartition("/")
        if folder not in self._folders:
            self._folders[folder] = self._follow(".", folder.split("/"))
        above = self._folders[folder]
        return None if above is None else self._follow(above, [name])

    def _follow(self, at: str, names: list[str]) -> str | None:
        """Goes on from a resolved folder by these names."""
        links = 0
        pending = names[::-1]
        while pending:
            name = pending.pop()
            if name in {"", "."}:
                continue
            if name == "..":
                at = posixpath.dirname(at) or "."
                continue
            path = name if at == "." else f"{at}/{name}"
            try:
                if not stat.S_ISLNK(os.lstat(self.absolute(path)).st_mode):
                    at = path
                    continue
                target = Path(self.absolute(path)).readlink().as_posix()
            except (OSError, ValueError):
                return None
            links += 1
            if links > _MAX_LINKS:
                return None
            at = "." if target.startswith("/") else at
            pending += reversed(target.split("/"))
        return at

    @property
    def texts(self) -> Texts:
        """The text files below the root."""
        if self._texts is None or self._texts.full:
            self._texts = Texts(self)
        return self._texts

    def once(self, question: Hashable, work: Callable[[], Answer]) -> Answer:
        """The answer to a question about the listing and the texts alone, worked out when it is first asked."""
        answer = self._answers.get(question, _NOTHING)
        if answer is _NOTHING:
            if len(self._answers) >= _MAX_ANSWERS:
                for oldest in list(self._answers)[: _MAX_ANSWERS // 2]:
                    self._answers.pop(oldest, None)
            answer = self._answers[question] = work()
        return answer  # type: ignore[no-any-return]

    def size(self, path: str) -> int:
        """The bytes of a listed file, 0 where the folder could not be listed."""
        return self.listing.files.get(path, 0) if self.listing is not None else 0

    def harmless(self, path: str, head: int) -> bool:
        """Whether a file that ``read`` cannot give is known to be no text: binary in its first ``head`` bytes, or no file.

        A link that leads out of the root is copied as a link, without what it leads to.
        """
        if self.kind(path) != "file":
            return self.listing is not None and path in self.listing.links
        name = self.absolute(self.resolve(path) or path)
        self._stamps[name] = _stamp(name)
        start = self.head(name, head)
        return start is not None and b"\0" in start

    def kind(self, path: str) -> str:
        """What a clean relative path leads to: "file", "folder", "other" (a pipe, a dead link …), or "" for nothing."""
        if "/" not in path:
            try:
                mode = os.lstat(self.absolute(path)).st_mode
            except (OSError, ValueError):
                return ""
            if not stat.S_ISLNK(mode):
                return _KINDS.get(stat.S_IFMT(mode), "other")
        resolved = self.resolve(path)
        if resolved is None:
            folder = self.resolve(posixpath.dirname(path) or ".")
            name = posixpath.basename(path)
            return "other" if folder is not None and self._is_link(f"{folder}/{name}") else ""
        try:
            mode = os.lstat(self.absolute(resolved)).st_mode
        except (OSError, ValueError):
            return ""
        return _KINDS.get(stat.S_IFMT(mode), "other")

    def _is_link(self, path: str) -> bool:
        try:
            return stat.S_ISLNK(os.lstat(self.absolute(path)).st_mode)
        except (OSError, ValueError):
            return False

    def read(self, path: str) -> bytes | None:
        """The bytes of the file at a clean relative path; None where it is unreadable, elsewhere or too long."""
        if path in self._bytes:
            return self._bytes[path]
        found = self.__dict__.get("listing")  # only if it was made already
        listed = found is not None and path in found.files and path not in found.links
        resolved = path if listed else self.resolve(path)
        data = None
        if resolved is None:
            self._dead[path] = None
        else:
            name = self.absolute(resolved)
            self._stamps[name] = _stamp(name)
            data = self.read_outside(name, most_of(path))
        if self._cached + len(data or b"") <= _MAX_CACHE:
            self._cached += len(data or b"")
            self._bytes[path] = data
        return data

    @staticmethod
    def read_outside(path: str, most: int = MAX_FILE) -> bytes | None:
        """The bytes of a regular file anywhere, of at most 1 MiB if no other length is given; None where it cannot be read."""
        data = Disk.head(path, most + 1)
        return data if data is None or len(data) <= most else None

    @staticmethod
    def head(path: str, size: int) -> bytes | None:
        """The first bytes of a regular file anywhere; None where it cannot be read."""
        try:
            handle = os.open(path, _OPEN)
        except (OSError, ValueError):
            return None
        try:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                return None
            with open(handle, "rb", closefd=False) as stream:
                return stream.read(size)
        except OSError:
            return None
        finally:
            os.close(handle)


_shared: dict[tuple[Path, Path], Disk] = {}
_lock = threading.Lock()


def _here() -> Path:
    """The current folder; where it is gone, nothing below it can be read, and no Disk has read anything."""
    try:
        return Path.cwd()
    except OSError:
        return Path()


def _stamp(path: str) -> Stamp | None:
    """What changes with a file or folder; None where it can't be seen or changed just now."""
    status = _status(path)
    return None if status is None or time.time_ns() - max(status[:2]) < _TICK else status


def _status(path: str) -> Stamp | None:
    """The same, also where it changed just now."""
    try:
        status = os.lstat(path)
    except (OSError, ValueError):
        return None
    return status.st_mtime_ns, status.st_ctime_ns, status.st_size
