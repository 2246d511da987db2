"""Temporary files of dockfix: named so that a later run knows whose they are, and can remove those of a run that was killed."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from dockfix.lazy import regex

_PREFIX = ".dockfix-"
_NAME = regex(r"\.dockfix-(?P<host>[0-9a-f]{8})-(?P<process>[1-9][0-9]{0,9})-[0-9a-f]{16}")


def temporary_name() -> str:
    """A new name for a temporary file of this process."""
    return f"{_PREFIX}{_host()}-{os.getpid()}-{os.urandom(8).hex()}"


def remove_leftovers(folder: Path) -> None:
    """Removes the temporary files in a folder of runs that were killed.

    Only regular files with such a name, of the same user and machine, whose process is gone. What cannot be removed stays.
    """
    if os.name == "nt":  # where a process cannot be asked for without harm
        return
    with suppress(OSError):
        for entry in os.scandir(folder):
            match = _NAME.fullmatch(entry.name) if entry.name.startswith(_PREFIX) else None
            if match is None or match["host"] != _host() or _lives(int(match["process"])):
                continue
            with suppress(OSError):
                found = entry.stat(follow_symlinks=False)
                if stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid():
                    Path(entry.path).unlink()


def _host() -> str:
    """Eight characters for the machine, or the container: a folder may be shared with others, which have processes of their own."""
    import platform
    from zlib import crc32

    return f"{crc32(platform.node().encode('utf-8', 'surrogateescape')):08x}"


def _lives(process: int) -> bool:
    """Whether there is a process of this number; it may be another one by now."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):  # somebody else's, or no number that a process could have
        return True
    return True
