"""The build context: which files it holds, and which of them a COPY takes."""

from __future__ import annotations

import os
import posixpath
import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path

from dockfix.context.disk import Disk, Listing, is_file
from dockfix.context.dockerignore import Ignore, parse_ignore
from dockfix.context.patterns import BadPatternError, go_match, has_wildcards
from dockfix.dataclass import dataclass
from dockfix.lazy import cached_property
from dockfix.syntax import decode, encode


@dataclass(frozen=True)
class CopySet:
    """What a COPY takes from the build context; all paths are relative to its root, with slashes.

    ``files`` are regular files and symbolic links. ``missing`` are named sources, as written, that are not there or are
    ignored; a wildcard that matches nothing is not missing, as in Docker. ``directories`` are the folders among the
    sources, "." for the whole context. ``skipped`` are folders taken whose content was not listed (``node_modules``, a
    virtual environment, an unreadable folder). ``known`` is False where the context could not be listed. ``entries`` are the
    files and folders that the sources name or match, in the order in which they are copied.
    """

    files: frozenset[str]
    missing: tuple[str, ...] = ()
    directories: tuple[str, ...] = ()
    skipped: frozenset[str] = frozenset()
    known: bool = True
    entries: tuple[str, ...] = field(default=(), compare=False)

    @cached_property
    def folders(self) -> frozenset[str]:
        """Every folder of the context that a file of ``files`` lies in, at any depth, but for the root."""
        found: set[str] = set()
        for name in self.files:
            folder = name.rpartition("/")[0]
            while folder and folder not in found:
                found.add(folder)
                folder = folder.rpartition("/")[0]
        return frozenset(found)


class BuildContext:
    """A build context: the files below ``root``, with the texts of ``overlay`` (by relative path) laid over them.

    ``dockerfile`` is the file that is built, whose own ignore file takes the place of the root's. What was read once is
    not read again, also by the contexts that ``with_overlay`` makes. No method raises OSError.
    """

    def __init__(
        self,
        root: Path,
        overlay: Mapping[str, str] | None = None,
        dockerfile: Path | None = None,
        *,
        disk: Disk | None = None,
    ) -> None:
        self.root = root
        self.overlay: Mapping[str, str] = {normal(path): text for path, text in (overlay or {}).items()}
        self.dockerfile = dockerfile
        self.disk = disk or Disk.at(root)
        self._copied: dict[tuple[tuple[str, ...], tuple[str, ...]], CopySet] = {}
        self._overlaid: dict[tuple[tuple[str, str], ...], BuildContext] = {}
        self._kept: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._beside: dict[str, str] = {}

    def with_overlay(self, files: Mapping[str, str]) -> BuildContext:
        """The same context with more texts laid over it; the same one for the same texts.

        What lies beside it is kept apart, but for an ignore file.
        """
        key = tuple(sorted(files.items()))
        if key not in self._overlaid:
            inside = {
                path: text for path, text in files.items() if not path.startswith("../") or path.endswith("ignore")
            }
            made = BuildContext(self.root, {**self.overlay, **inside}, self.dockerfile, disk=self.disk)
            made._beside = {**self._beside, **{path: text for path, text in files.items() if path not in inside}}
            self._overlaid[key] = made
        return self._overlaid[key]

    @cached_property
    def own_name(self) -> str:
        """The path of the Dockerfile relative to the context; it starts with ``..`` where it lies elsewhere, "" where there is none."""
        return Path(os.path.relpath(self.dockerfile, self.root)).as_posix() if self.dockerfile is not None else ""

    @cached_property
    def is_below_repository(self) -> bool:
        """Whether the context is a folder of a repository whose own data lie further up."""
        at = self.root.absolute()
        return not (at / ".git").exists() and any((folder / ".git").exists() for folder in at.parents)

    @cached_property
    def listing(self) -> Listing | None:
        """What ``files`` and its companions are made of, the overlay included."""
        found = self.disk.listing
        if found is None or not self.overlay:
            return found
        files = {**found.files, **{path: len(encode(text)) for path, text in self.overlay.items()}}
        above = {parent for path in self.overlay for parent in _parents(path)}
        return Listing(files, found.links - set(self.overlay), found.folders | above, found.skipped, found.unreadable)

    def files(self) -> Mapping[str, int] | None:
        """The sizes of all regular files and symbolic links; None where the context cannot be listed or is huge."""
        return self.listing.files if self.listing else None

    @cached_property
    def file_names(self) -> frozenset[str]:
        """The names of ``files``, none where the context cannot be listed."""
        # one set for all Dockerfiles of the context: as a part of a key, another that is equal is compared name by name
        known = self._names_on_disk
        return known.union(self.overlay) if self.listing and not self.overlay.keys() <= known else known

    @property
    def _names_on_disk(self) -> frozenset[str]:
        listing = self.disk.listing
        return self.disk.once("names", lambda: frozenset(listing.files if listing is not None else ()))

    def named(self, pattern: re.Pattern[str]) -> frozenset[str]:
        """The files whose whole name an expression, a constant, matches; none where the context cannot be listed.

        They are looked for once for all Dockerfiles of the context.
        """
        found = self.disk.once(("named", pattern), lambda: frozenset(filter(pattern.fullmatch, self._names_on_disk)))
        added = {name for name in self.overlay if pattern.fullmatch(name)} if self.overlay and self.listing else set()
        return found if found >= added else found | added

    @property
    def unreadable_dirs(self) -> frozenset[str]:
        """Folders that could not be read."""
        return self.listing.unreadable if self.listing else frozenset()

    def exists(self, path: str) -> bool:
        """Whether there is a file, folder or link at a relative path that stays within the context."""
        name = self._name(path)
        if name is None:
            return path == self.ignore_name and is_file(self.disk.absolute(path))
        return name in self.overlay or self._above_overlay(name) or bool(self.disk.kind(name))

    def is_dir(self, path: str) -> bool:
        """Whether there is a folder, or a link to one within the context."""
        name = self._name(path)
        if name is None or name in self.overlay:
            return False
        return self._above_overlay(name) or self.disk.kind(name) == "folder"

    def mode(self, path: str) -> int | None:
        """The permission bits of a file; None where it cannot be asked."""
        try:
            return (self.root / path).stat().st_mode & 0o777
        except OSError:
            return None

    def read(self, path: str) -> str | None:
        """The text of a file of at most 1 MiB, of a lock of at most 8 MiB; None where it can't be read.

        Bytes that are not UTF-8 become surrogate escapes.
        """
        name = self._name(path)
        if name is not None and name in self.overlay:
            return self.overlay[name]
        data = self.read_bytes(path)
        return None if data is None else decode(data)

    def read_beside(self, path: str) -> str | None:
        """The text of a file that says how images are run, which may lie outside of the context: its path, clean, from the root."""
        if not path.startswith("../") or path == self.ignore_name:
            return self.read(path)
        if path in self._beside:
            return self._beside[path]
        data = Disk.read_outside(posixpath.normpath(posixpath.join(self.root.absolute().as_posix(), path)))
        return decode(data) if data is not None else None

    def read_bytes(self, path: str) -> bytes | None:
        """The bytes of a file of at most 1 MiB, of a lock of at most 8 MiB; None where it can't be read or lies outside the context."""
        name = self._name(path)
        if name is None:
            # the Dockerfile, and with it its own ignore file, may lie outside the context
            return Disk.read_outside(self.disk.absolute(path)) if path == self.ignore_name else None
        if name in self.overlay:
            return encode(self.overlay[name])
        return self.disk.read(name)

    def _name(self, path: str) -> str | None:
        """A path made clean; None where it is absolute or leaves the root by its form."""
        name = posixpath.normpath(path)
        return None if name.startswith(("/", "../")) or name == ".." or "\0" in path else name

    def _above_overlay(self, name: str) -> bool:
        return bool(self.overlay) and any(name in _parents(path) for path in self.overlay)

    @cached_property
    def ignore_name(self) -> str:
        """The ignore file that counts, relative to the root, whether or not it is there.

        It starts with ``../`` where the Dockerfile has one of its own and lies outside the context.
        """
        if self.dockerfile is not None:
            own = f"{self.dockerfile}.dockerignore"
            if self.overlay or is_file(own):
                name = os.path.relpath(own, self.root).replace(os.sep, "/")
                if name in self.overlay or is_file(own):
                    return name
        return ".dockerignore"

    @cached_property
    def ignore(self) -> Ignore:
        """The patterns of the ignore file that counts; none where there is no such file."""
        text = self.read(self.ignore_name)
        return parse_ignore(text) if text else Ignore(())

    def kept(self, ignore: Ignore) -> tuple[str, ...]:
        """The files that an ignore file leaves in the context, sorted; empty where the context cannot be listed."""
        listing = self.disk.listing
        if listing is None:
            return ()
        if ignore.patterns not in self._kept:
            kept = self.disk.once(("kept", ignore.patterns), lambda: tuple(sorted(ignore.kept(listing.files))))
            new = ignore.kept(name for name in self.overlay if name not in listing.files)
            self._kept[ignore.patterns] = tuple(sorted((*kept, *new))) if new else kept
        return self._kept[ignore.patterns]

    def kept_below(self, ignore: Ignore, folder: str) -> Sequence[str]:
        """Those of them that lie below a folder, "." for the root."""
        kept = self.kept(ignore)
        if folder == ".":
            return kept
        after_slash = chr(ord("/") + 1)
        return kept[bisect_left(kept, f"{folder}/") : bisect_left(kept, f"{folder}{after_slash}")]

    def copied(self, sources: Sequence[str], ignore: Ignore) -> CopySet:
        """What a COPY of ``sources`` takes; URLs among them are passed over."""
        key = (tuple(sources), ignore.patterns)
        if key not in self._copied:
            self._copied[key] = _Copy(self, ignore).of(sources)
        return self._copied[key]


class _Copy:
    """Works out one COPY."""

    def __init__(self, context: BuildContext, ignore: Ignore) -> None:
        self.context = context
        self.ignore = ignore
        self.listing = context.listing
        self.files: set[str] = set()
        self.missing: list[str] = []
        self.folders: list[str] = []
        self.entries: list[str] = []
        self.skipped: set[str] = set()
        self.known = True

    def of(self, sources: Sequence[str]) -> CopySet:
        for source in sources:
            if "://" in source or source.startswith("git@"):
                continue
            name = normal(source)
            if has_wildcards(name):
                self._wildcard(source, name)
            elif not self._take(name):
                self.missing.append(source)
        folders = tuple(dict.fromkeys(self.folders))
        return CopySet(
            frozenset(self.files),
            tuple(self.missing),
            folders,
            frozenset(self.skipped),
            self.known,
            tuple(self.entries),
        )

    def _wildcard(self, source: str, name: str) -> None:
        parts = name.split("/")
        fixed = "/".join(parts[: next(number for number, part in enumerate(parts) if has_wildcards(part))])
        try:
            pattern = go_match(name)
        except BadPatternError:
            self.missing.append(source)
            return
        if self.listing is None:
            self.known = False
            return
        if fixed and not self._has_folder(fixed):
            self.missing.append(source)
            return
        self.skipped |= {entry for entry in self.listing.skipped if (fixed + "/").startswith(entry + "/")}
        for entry in [entry for entry in (*self.listing.files, *self.listing.folders) if pattern.match(entry)]:
            if not self._take(entry) and not self.ignore.ignores(entry) and source not in self.missing:
                self.missing.append(source)  # a link that leads to nothing

    def _has_folder(self, name: str) -> bool:
        """Whether there is a folder that is not ignored with all that is in it."""
        return self.context.is_dir(name) and (
            not self.ignore.ignores(name) or bool(self.context.kept_below(self.ignore, name))
        )

    def _take(self, name: str) -> bool:
        """Takes a file or folder; False where it is not there or is ignored."""
        if self.listing is not None and name in self.listing.files and name not in self.listing.links:
            return self._take_file(name)
        if name == "." or (self.listing is not None and name in self.listing.folders):
            return self._take_folder(name)
        kind = "file" if name in self.context.overlay else self.context.disk.kind(name)
        if kind not in {"file", "folder"}:
            return False
        target = self.context.disk.resolve(name) or name
        if self.ignore.ignores(target) and kind == "file":
            return False
        return self._take_file(name) if kind == "file" else self._take_folder(target)

    def _take_file(self, name: str) -> bool:
        if self.ignore.ignores(name):
            return False
        self.files.add(name)
        self.entries.append(name)
        return True

    def _take_folder(self, name: str) -> bool:
        prefix = "" if name == "." else name + "/"
        if self.listing is None:
            self.known = False
            taken: Sequence[str] = ()
        else:
            taken = self.context.kept_below(self.ignore, name)
            for entry in self.listing.skipped | self.listing.unreadable:
                if entry.startswith(prefix) and not self.ignore.ignores(entry):
                    self.skipped.add(entry)
                elif prefix.startswith(entry + "/"):
                    self.skipped.add(name)
        if not taken and name != "." and self.ignore.ignores(name):
            return False
        self.files.update(taken)
        self.folders.append(name)
        self.entries.append(name)
        return True


def normal(source: str) -> str:
    """A COPY source as a clean path relative to the context's root, "." for the root itself."""
    return posixpath.normpath("/" + source).lstrip("/") or "."


def _parents(path: str) -> set[str]:
    parts = path.split("/")[:-1]
    return {"/".join(parts[:number]) for number in range(1, len(parts) + 1)}
