"""Running the engine's program: with a deadline, and so that a stop asked for from anywhere ends it at once."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import IO

from dockfix.dataclass import dataclass
from dockfix.syntax import encode

POLL = 0.1  # seconds between two looks at the clock
GRACE = 5.0  # seconds that a program has to end by itself
DRAIN = 2.0  # seconds for what is still in the pipes of a program that has ended


class Cancelled(Exception):
    """The run was interrupted by the user."""


class TimedOut(Exception):
    """A program took longer than it may; ``seconds`` is what it had."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"no end after {seconds:.0f} s")
        self.seconds = seconds


@dataclass(frozen=True)
class Done:
    """A program that ended: its exit status, and what it wrote to standard output and standard error."""

    status: int
    out: str
    err: str

    @property
    def text(self) -> str:
        """Both outputs."""
        return self.out + self.err


def run(
    command: Sequence[str],
    *,
    timeout: float,
    stop: threading.Event,
    stdin: str = "",
    environment: Mapping[str, str] | None = None,
    line: Callable[[str], None] | None = None,
) -> Done:
    """Run a program to its end. Raises Cancelled, TimedOut, or OSError where it cannot be started.

    ``line`` is called with each line of either output as it comes. ``timeout`` is in seconds.
    """
    until = time.monotonic() + timeout
    texts: tuple[list[str], list[str]] = ([], [])
    readers: list[threading.Thread] = []
    try:
        with _started(command, environment, stdin=subprocess.PIPE) as process:
            lock = threading.Lock()
            readers += [
                threading.Thread(target=_read, args=(stream, kept, line, lock), daemon=True)
                for stream, kept in zip((process.stdout, process.stderr), texts, strict=True)
            ]
            for reader in (*readers, threading.Thread(target=_feed, args=(process.stdin, stdin), daemon=True)):
                reader.start()
            while True:
                if stop.is_set():
                    raise Cancelled
                if time.monotonic() > until:
                    raise TimedOut(timeout)
                with suppress(subprocess.TimeoutExpired):
                    status = process.wait(POLL)
                    break
    finally:
        until = time.monotonic() + DRAIN
        for reader in readers:
            reader.join(max(0.0, until - time.monotonic()))  # a grandchild may keep the pipe open
    return Done(status, "".join(texts[0]), "".join(texts[1]))


@contextmanager
def stream(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Iterator[IO[bytes]]:
    """The standard output of a running program, as bytes; it is ended when the block is left."""
    with _started(command, environment, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        with process.stdout:
            yield process.stdout


@contextmanager
def _started(
    command: Sequence[str], environment: Mapping[str, str] | None, *, stdin: int, stderr: int = subprocess.PIPE
) -> Iterator[subprocess.Popen[bytes]]:
    # In a session of its own: Ctrl-C is ours to handle, and the whole group can be ended.
    process = subprocess.Popen(
        command,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=stderr,
        start_new_session=True,
        env={**os.environ, **(environment or {})},
    )
    try:
        yield process
    finally:
        _end(
            process
        )  # whoever reads or feeds a pipe closes it: another's close would wait for a grandchild that keeps it open


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a program that still runs, and all of its group: what it started may not heed the first signal."""
    if process.poll() is not None:
        return
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(GRACE)


def _read(pipe: IO[bytes], kept: list[str], line: Callable[[str], None] | None, lock: threading.Lock) -> None:
    with suppress(ValueError, OSError), pipe:  # what ``line`` writes to may be closed, or full
        for raw in pipe:
            text = raw.decode("utf-8", "replace")
            kept.append(text)
            if line is not None:
                with lock:
                    line(text)


def _feed(pipe: IO[bytes], text: str) -> None:
    with suppress(OSError), pipe:  # it need not read what it is given
        pipe.write(encode(text))
