"""Reading what may be a Dockerfile."""

from __future__ import annotations

import stat
from pathlib import Path

from dockfix.batch.discover import os_failure
from dockfix.engine.results import Failure
from dockfix.syntax.limits import MOST_BYTES


class UnreadableError(Exception):
    """What was named cannot be read as a Dockerfile; ``failure`` says why."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def read(path: str) -> bytes:
    """The bytes of a file. Raises UnreadableError where there is none, or it cannot be a Dockerfile."""
    file = Path(path)
    try:
        if not stat.S_ISREG(file.stat().st_mode):  # a pipe or a device could block for ever
            raise UnreadableError(Failure("not a regular file", hint="use - to read from standard input"))
        data = file.read_bytes()
    except OSError as error:
        raise UnreadableError(os_failure(error, file)) from error
    check(data)
    return data


def check(data: bytes) -> None:
    """Raise UnreadableError for bytes that cannot be a Dockerfile."""
    if not data:
        raise UnreadableError(Failure("the file is empty", hint="a Dockerfile starts with a FROM line"))
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnreadableError(Failure("the file is UTF-16", hint="save it as UTF-8; docker build needs that too"))
    if len(data) > MOST_BYTES:
        message = f"the file is larger than {MOST_BYTES // 1024:,} KiB, which is the most that dockfix works on"
        raise UnreadableError(Failure(message, hint="copy the data in as files of their own"))
    if b"\0" in data:
        raise UnreadableError(Failure("this is a binary file, not a Dockerfile"))
