"""The file system of an image, read from the tar stream of ``docker export``: what is in it, and who may do what with it."""

from __future__ import annotations

import hashlib
import posixpath
import re
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import IO, BinaryIO, Literal

from dockfix.dataclass import dataclass
from dockfix.lazy import cached_property
from dockfix.managers.databases import DATABASES, Database
from dockfix.syntax import decode
from dockfix.verify import archives, json_files
from dockfix.verify.system import system

_BUFFER = 1 << 16
_MAX_LINKS = 40  # where Linux gives up
_SPACES = 8 * ord(" ")  # what a header's checksum stands for while it is summed up
# The header of a file, a link or a folder whose numbers are octal, as POSIX has it; all else is left to tarfile
_PLAIN = re.compile(
    rb"(?P<name>.{100})(?P<mode>[0-7]{7})\0(?P<uid>[0-7]{7})\0(?P<gid>[0-7]{7})\0(?P<size>[0-7]{11})[\0 ](?P<mtime>[0-7]{11})[\0 ]"
    rb"(?P<sum>[0-7]{6})[\0 ]{2}(?P<type>[0125])(?P<link>.{100})ustar\x0000.{64}.{16}(?P<prefix>.{155}).{12}",
    re.DOTALL,
)
_TEXTS = frozenset({"/etc/passwd", "/etc/group", "/etc/os-release", "/usr/lib/os-release"})


class SnapshotError(Exception):
    """The stream is no whole tar archive."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One path of an image.

    ``mode`` are the permission bits, ``size`` is in bytes, ``mtime`` in seconds. ``digest`` is that of a regular file's
    content, of what an archive holds, "" where it was not taken; ``target`` is where a symbolic link points. ``elf`` is known
    for files with an x bit, those with ".so" in the name, and those with a digest.
    """

    kind: Literal["file", "dir", "link", "other"]
    mode: int = 0o755
    uid: int = 0
    gid: int = 0
    size: int = 0
    mtime: int = 0
    digest: str = ""
    target: str = ""
    elf: bool = False


@dataclass(frozen=True)
class User:
    """Who a container runs as. ``groups`` are all its groups, ``gid`` included."""

    name: str
    uid: int
    gid: int
    groups: frozenset[int]
    home: str

    def __str__(self) -> str:
        return self.name if self.name in ("root", str(self.uid)) else f"{self.name} ({self.uid})"


@dataclass(frozen=True)
class Snapshot:
    """What is in an image.

    ``entries`` are by absolute path without a slash at the end, "/" included. ``texts`` holds the content of the few files
    that say which users and which distribution there are. ``owned`` are the paths that a package of the distribution owns.
    """

    entries: Mapping[str, Entry]
    texts: Mapping[str, str] = field(default_factory=dict)
    owned: frozenset[str] = frozenset()

    @cached_property
    def suite(self) -> str:
        """The code name of the distribution's version ("bookworm"), "" where it has none."""
        release = self.texts.get("/etc/os-release") or self.texts.get("/usr/lib/os-release", "")
        found = re.search(r"(?m)^VERSION_CODENAME=[\"']?([^\"'\s]*)", release)
        return found[1] if found else ""

    @cached_property
    def children(self) -> Mapping[str, tuple[str, ...]]:
        """The names in each folder that is not empty, sorted."""
        names: dict[str, list[str]] = {}
        for path in sorted(self.entries):
            if path != "/":
                folder, name = posixpath.split(path)
                names.setdefault(folder, []).append(name)
        return {folder: tuple(content) for folder, content in names.items()}

    def resolve(self, path: str) -> str | None:
        """The path behind all links of an absolute path; None where it leads nowhere or in a circle."""
        at, links = "/", 0
        pending = path.split("/")[::-1]
        while pending:
            part = pending.pop()
            if part in {"", "."}:
                continue
            here = self.entries.get(at)
            if here is not None and here.kind != "dir":
                return None
            if part == "..":
                at = posixpath.dirname(at)
                continue
            inside = posixpath.join(at, part)
            entry = self.entries.get(inside)
            if entry is None:
                return None
            if entry.kind != "link":
                at = inside
                continue
            links += 1
            if links > _MAX_LINKS:
                return None
            pending += entry.target.split("/")[::-1]
            if entry.target.startswith("/"):
                at = "/"
        return at

    def is_folder(self, path: str) -> bool:
        """Whether there is a folder, links followed."""
        real = self.resolve(path)
        return real is not None and (real == "/" or self.entries[real].kind == "dir")

    def is_program(self, path: str) -> bool:
        """Whether there is a file with an x bit, links followed."""
        entry = self.entries.get(self.resolve(path) or "")
        return entry is not None and entry.kind == "file" and bool(entry.mode & 0o111)

    def which(self, name: str, path_env: str) -> str | None:
        """The absolute path of a program on PATH, its links not followed; None where there is none."""
        paths = (posixpath.join(folder, name) for folder in path_env.split(":") if folder.startswith("/"))
        return next((path for path in paths if self.is_program(path)), None)

    def programs(self, path_env: str) -> Mapping[str, str]:
        """Every program on PATH by its name, with its absolute path; the first one wins."""
        found: dict[str, str] = {}
        for folder in path_env.split(":"):
            real = self.resolve(folder) if folder.startswith("/") else None
            for name in self.children.get(real or "", ()):
                path = posixpath.join(folder, name)
                if name not in found and self.is_program(path):
                    found[name] = path
        return found

    def user(self, spec: str) -> User:
        """Whom a USER instruction means: "app", "1000", "app:grp", "10001:10001"; "" is root.

        The home is "/" for whom /etc/passwd does not know. Raises KeyError for a name that the image does not know.
        """
        name, _, group = (spec or "0").partition(":")
        accounts = [
            fields
            for fields in _fields(self.texts.get("/etc/passwd", ""), 6)
            if fields[2].isdecimal() and fields[3].isdecimal()
        ]
        groups = [fields for fields in _fields(self.texts.get("/etc/group", ""), 4) if fields[2].isdecimal()]
        known = next((fields for fields in accounts if name in (fields[0], fields[2])), None)
        if known is None and not name.isdecimal():
            raise KeyError(name)
        account, uid, gid, home = (
            (known[0], int(known[2]), int(known[3]), known[5] or "/") if known else (name, int(name), 0, "/")
        )
        if known is None and uid == 0:
            account = "root"
        # the engine gives the groups of /etc/group only where none is asked for
        if not group:
            member = frozenset(int(fields[2]) for fields in groups if account in fields[3].split(","))
            return User(account, uid, gid, member | {gid}, home)
        number = next((fields[2] for fields in groups if group in (fields[0], fields[2])), group)
        if not number.isdecimal():
            raise KeyError(group)
        return User(account, uid, int(number), frozenset({int(number)}), home)

    def writable(self, path: str, user: User) -> bool:
        """Whether a user may write a file, or make files in a folder; False for what is not there."""
        return self._permits(path, user, 0o3 if self.is_folder(path) else 0o2)

    def readable(self, path: str, user: User) -> bool:
        """Whether a user may read a file, or list a folder and open what is in it; False for what is not there."""
        return self._permits(path, user, 0o5 if self.is_folder(path) else 0o4)

    def executable(self, path: str, user: User) -> bool:
        """Whether a user may run a file; False for what is no program."""
        return self.is_program(path) and self._permits(path, user, 0o1)

    def _permits(self, path: str, user: User, bits: int) -> bool:
        real = self.resolve(path)
        if real is None or user.uid == 0:
            return real is not None
        folders = list(parents(real))
        return _granted(self.entries.get(real), user, bits) and all(
            _granted(self.entries.get(folder), user, 0o1) for folder in folders
        )


def parents(path: str) -> Iterator[str]:
    """The folders above an absolute path, the nearest first, up to "/"."""
    while path != "/":
        path = posixpath.dirname(path)
        yield path


def within(path: str, folder: str) -> bool:
    """Whether an absolute path is a folder or below it."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def read_snapshot(stream: BinaryIO, base: Snapshot | None = None) -> Snapshot:
    """Read the tar stream of a file system, to its end.

    The content of files that have the size, time and mode of those in ``base`` is taken to be the same and is not read.
    Raises SnapshotError where the stream is damaged or ends early.
    """
    reader = _Reader(base.entries if base is not None else {})
    try:
        with tarfile.open(fileobj=stream, mode="r|", bufsize=_BUFFER, tarinfo=_Header) as archive:
            for member in archive:
                reader.take(archive, member)
        while stream.read(_BUFFER):
            pass  # who writes the stream must not be left with a broken pipe
    # what tarfile lets through of a header that makes no sense, besides its own errors
    except (tarfile.TarError, EOFError, OSError, ValueError, LookupError, ArithmeticError, RecursionError) as error:
        raise SnapshotError(f"the file system of the image cannot be read: {error}") from error
    return reader.snapshot()


class _Header(tarfile.TarInfo):
    """A header that does not let a damaged archive pass for one that ends here, as tarfile does."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> _Header:
        # an image has ten thousands of these, and tarfile reads each field by itself
        plain = _PLAIN.fullmatch(buf)
        if plain is not None and int(plain["sum"], 8) == sum(buf) - sum(buf[148:156]) + _SPACES:
            return cls._plain(plain, encoding, errors)
        try:
            return super().frombuf(buf, encoding, errors)
        except tarfile.HeaderError as error:
            if len(buf) == tarfile.BLOCKSIZE and not any(buf):
                raise
            raise SnapshotError(f"the file system of the image cannot be read: {error}") from error

    @classmethod
    def _plain(cls, fields: re.Match[bytes], encoding: str, errors: str) -> _Header:
        found = cls()
        name, link, prefix = (fields[key].partition(b"\0")[0] for key in ("name", "link", "prefix"))
        found.name = (prefix + b"/" * bool(prefix) + name).decode(encoding, errors).rstrip("/")
        found.linkname = link.decode(encoding, errors)
        found.type = fields["type"]
        found.mode, found.uid, found.gid, found.size, found.mtime = (
            int(fields[key], 8) for key in ("mode", "uid", "gid", "size", "mtime")
        )
        return found


class _Reader:
    def __init__(self, base: Mapping[str, Entry]) -> None:
        self.base = base
        self.entries: dict[str, Entry] = {}
        self.texts: dict[str, str] = {}
        self.owned: list[str] = []

    def take(self, archive: tarfile.TarFile, member: tarfile.TarInfo) -> None:
        """Takes in one member, before the next one is asked for."""
        path = _absolute(member.name)
        if member.islnk():
            self.entries[path] = self.entries[_absolute(member.linkname)]
            return
        digest, elf, target = "", False, ""
        kind: Literal["file", "dir", "link", "other"] = "other"
        if member.isfile():
            kind = "file"
            digest, elf = self.content(archive, member, path)
        elif member.isdir():
            kind = "dir"
        elif member.issym():
            kind, target = "link", member.linkname
        self.entries[path] = Entry(
            kind, member.mode & 0o7777, member.uid, member.gid, member.size, int(member.mtime), digest, target, elf
        )

    def content(self, archive: tarfile.TarFile, member: tarfile.TarInfo, path: str) -> tuple[str, bool]:
        """A file's digest, and whether it is an ELF file; keeps the texts."""
        database = _database_of(path)
        if path in _TEXTS or database is not None:
            data = b"".join(_chunks(archive.extractfile(member)))
            if database is not None:
                self.owned += map(_absolute, database.paths(decode(data)))
            else:
                self.texts[path] = decode(data)
            return _hash(data).hexdigest(), False
        old = self.base.get(path)
        if old and (old.kind, old.size, old.mtime, old.mode) == (
            "file",
            member.size,
            int(member.mtime),
            member.mode & 0o7777,
        ):
            return old.digest, old.elf
        if system().fullmatch(path):
            wanted = member.mode & 0o111 or ".so" in posixpath.basename(path)
            file = archive.extractfile(member) if wanted else None
            return "", file is not None and file.read(4) == b"\x7fELF"
        if archives.NAMED.fullmatch(path) and member.size <= archives.MOST:
            digest = _hash()
            for part in archives.held(b"".join(_chunks(archive.extractfile(member)))):
                digest.update(part)
            return digest.hexdigest(), False
        if json_files.NAMED.fullmatch(path) and member.size <= json_files.MOST:
            return _hash(json_files.said(b"".join(_chunks(archive.extractfile(member))))).hexdigest(), False
        digest, head = _hash(), b""
        for chunk in _chunks(archive.extractfile(member)):
            digest.update(chunk)
            head = head or chunk[:4]
        return digest.hexdigest(), head == b"\x7fELF"

    def snapshot(self) -> Snapshot:
        """What was read, with the folders that the stream does not name."""
        self.entries.setdefault("/", Entry("dir"))
        for path in list(self.entries):
            folder = posixpath.dirname(path)
            while folder not in self.entries:
                self.entries[folder] = Entry("dir")
                folder = posixpath.dirname(folder)
        found = Snapshot(self.entries, self.texts)
        folders: dict[str, str] = {}
        owned = set()
        for path in self.owned:
            folder, name = posixpath.split(path)
            if folder not in folders:  # /bin/sh of a list is /usr/bin/sh where /bin is a link
                folders[folder] = found.resolve(folder) or folder
            owned.add(posixpath.join(folders[folder], name))
        return Snapshot(self.entries, self.texts, frozenset(owned))


def _hash(data: bytes = b"") -> hashlib.blake2b:
    return hashlib.blake2b(data, digest_size=16)


def _chunks(file: IO[bytes] | None) -> Iterator[bytes]:
    while file is not None and (chunk := file.read(_BUFFER)):
        yield chunk


def _database_of(path: str) -> Database | None:
    """The system's database of packages one of whose lists lies at a path."""
    return next((each for each in DATABASES if re.fullmatch(each.lists, path)), None)


def _absolute(name: str) -> str:
    return posixpath.normpath("/" + name.lstrip("/"))


def _fields(text: str, least: int) -> list[list[str]]:
    """The fields of the lines of a file like /etc/passwd, without those that have too few."""
    return [fields for line in text.splitlines() if len(fields := line.split(":")) >= least]


def _granted(entry: Entry | None, user: User, bits: int) -> bool:
    """Whether the mode of an entry gives a user, who is not root, all of some bits; the folders of the stream are all known."""
    if entry is None:
        return False
    shift = 6 if entry.uid == user.uid else 3 if entry.gid in user.groups else 0
    return entry.mode >> shift & bits == bits
