"""Throw-away copies of what a Compose file mounts from the user's own folders: each container gets its own."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from dockfix.dataclass import dataclass

MOST = 64 << 20  # bytes of one copy
MOST_FILES = 5_000


@dataclass(frozen=True)
class Copy:
    """A file or folder of the user's, and where it lies in a container. ``source`` is None for an empty folder."""

    source: Path | None
    target: str
    folder: bool = True


class NotCopied(Exception):
    """Why something is not copied, as a clause."""


def copy_of(source: Path, target: str, project: Path) -> Copy:
    """What is to be copied of a mount, where it lies in the project and is not too much. Raises NotCopied."""
    try:
        real = source.resolve()
        if not real.is_relative_to(project.resolve()):
            raise NotCopied("it lies outside the project")
        if not real.exists():
            return Copy(None, target)  # where the engine makes a folder
        if real.is_file():
            _within_bounds(real.stat().st_size, 1)
            return Copy(real, target, folder=False)
        if not real.is_dir():
            raise NotCopied("it is neither a file nor a folder")
        _measure(real)
    except (OSError, RuntimeError) as error:  # a circle of links
        raise NotCopied(f"it could not be read: {error}") from error
    return Copy(real, target)


def _measure(folder: Path) -> None:
    size = number = 0
    for place, folders, files in os.walk(folder):
        number += len(folders)
        for name in files:
            found = (Path(place) / name).lstat()
            if not (stat.S_ISREG(found.st_mode) or stat.S_ISLNK(found.st_mode)):
                raise NotCopied(f"{name} in it is neither a file nor a folder")
            size, number = size + found.st_size, number + 1
        _within_bounds(size, number)


def _within_bounds(size: int, number: int) -> None:
    if size > MOST:
        raise NotCopied(f"it is larger than {MOST >> 20} MB")
    if number > MOST_FILES:
        raise NotCopied(f"it holds more than {MOST_FILES:,} files")
