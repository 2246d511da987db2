"""Writing files so that each is whole, old or new, at any moment, and that those of one Dockerfile change together."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from dockfix.batch.discover import os_failure
from dockfix.batch.leftovers import temporary_name
from dockfix.dataclass import dataclass
from dockfix.engine.results import Failure, FileChange
from dockfix.syntax import encode


class WriteError(Exception):
    """A file could not be written, and nothing was; ``failure`` says why."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


@dataclass
class _Write:
    shown: str
    target: Path  # the real file, behind any link
    before: bytes | None
    after: bytes
    staged: Path | None = None


def write_together(changes: Sequence[FileChange]) -> None:
    """Write all files or none.

    Each new text goes to a temporary file beside its target first, with the target's mode and, where the system lets
    us, owner; a new file gets what the umask leaves. Then each takes its target's place. Raises WriteError, after what
    was already replaced has been put back.
    """
    writes = [
        _Write(
            change.path,
            Path(change.path).resolve(),
            None if change.before is None else encode(change.before),
            encode(change.after),
        )
        for change in changes
    ]
    done: list[_Write] = []
    try:
        for write in writes:
            _guarded(write, _stage)
        for write in writes:
            _guarded(write, _replace)
            done.append(write)
    except BaseException as error:  # an interrupt must not leave one file new and another old either
        lost = _restore(done)
        if lost and isinstance(error, WriteError):
            hint = f"{', '.join(lost)} could not be put back and is changed already"
            raise WriteError(Failure(error.failure.message, hint=hint)) from error
        raise
    finally:
        for write in writes:
            if write.staged is not None:
                write.staged.unlink(missing_ok=True)


def _guarded(write: _Write, step: Callable[[_Write], None]) -> None:
    """Do one step for one file; an OSError becomes a WriteError that names the file."""
    try:
        step(write)
    except OSError as error:
        failure = os_failure(error, write.target)
        message = f"cannot write {write.shown}: {failure.message}"
        raise WriteError(Failure(message, hint=failure.hint)) from error


def _stage(write: _Write) -> None:
    _recheck(write)
    old = None
    if write.before is not None:
        old = write.target.stat()
        if not os.access(write.target, os.W_OK):
            message = f"cannot write {write.shown}: it is read-only"
            raise WriteError(Failure(message, hint="chmod u+w makes it writable"))
    write.staged = _temporary(write.target, write.after, old)


def _temporary(target: Path, data: bytes, old: os.stat_result | None) -> Path:
    """A file beside ``target`` that holds ``data`` safely on disk, with the attributes of the file it is to replace."""
    path = target.with_name(temporary_name())
    # The system itself takes the umask off; until it has its owner, a replacement is for our eyes only.
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags, 0o666 if old is None else 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            if old is not None:
                _like(path, target, old)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path


def _like(path: Path, target: Path, old: os.stat_result) -> None:
    import shutil

    new = path.stat()
    if hasattr(os, "chown") and (new.st_uid, new.st_gid) != (old.st_uid, old.st_gid):
        with suppress(OSError):
            os.chown(path, -1, old.st_gid)
        with suppress(OSError):
            os.chown(path, old.st_uid, -1)
    with suppress(OSError):
        shutil.copystat(target, path)  # extended attributes too; the times change with the text
    path.chmod(stat.S_IMODE(old.st_mode))


def _recheck(write: _Write) -> None:
    if write.before is None:
        if Path(write.shown).is_symlink():
            raise WriteError(Failure(f"{write.shown} is a symbolic link to {write.target}, and is left"))
        if write.target.exists():
            raise WriteError(Failure(f"{write.shown} appeared while dockfix ran", hint="run dockfix again"))
        return
    try:
        now = write.target.read_bytes()
    except FileNotFoundError:
        now = None
    if now != write.before:
        raise WriteError(Failure(f"{write.shown} changed while dockfix ran", hint="run dockfix again"))


def _replace(write: _Write) -> None:
    _recheck(write)
    assert write.staged is not None
    write.staged.replace(write.target)
    write.staged = None
    _sync_folder(write.target.parent)


def _sync_folder(folder: Path) -> None:
    """Make a new name in a folder last through a power cut, where the system can."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _restore(done: Sequence[_Write]) -> list[str]:
    """Put back what was there before; the names of the files for which that failed."""
    lost = []
    for write in reversed(done):
        try:
            if write.before is None:
                write.target.unlink(missing_ok=True)
            else:
                _temporary(write.target, write.before, write.target.stat()).replace(write.target)
        except OSError:
            lost.append(write.shown)
    return lost
