"""Standard output and standard error: colour, unprintable characters, and readers that go away."""

from __future__ import annotations

import errno
import os
import re
from contextlib import suppress
from typing import TextIO

from dockfix.lazy import regex
from dockfix.syntax import encode

STYLES = {"bold": "1", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}
# Controls, marks that turn the direction of text (CVE-2021-42574), line separators, and bytes that are not UTF-8.
_HIDDEN = regex("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_CLEAR_LINE = "\r\x1b[K"


class OutputError(Exception):
    """Standard output takes no more (a full disk, say)."""


def visible(text: str) -> str:
    """Text whose unprintable characters are spelled out: ``^[`` for escape, ``<U+202E>``, ``<9B>`` for a stray byte."""
    return _HIDDEN.sub(_spelled, text)


def one_line(text: str) -> str:
    """The same for a text that must stay on its line."""
    return visible(text).replace("\n", "^J").replace("\t", " ")


def _spelled(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20 or code == 0x7F:
        return "^" + chr(code ^ 0x40)
    return f"<{code - 0xDC00:02X}>" if 0xDC80 <= code <= 0xDCFF else f"<U+{code:04X}>"


def wants_colour(choice: str, terminal: bool) -> bool:
    """Whether to colour: ``choice`` is auto, always or never; see https://no-color.org and https://force-color.org."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    able = os.name != "nt" or "WT_SESSION" in os.environ
    return terminal and able and os.environ.get("TERM") != "dumb"


class Sink:
    """One standard stream; None where it is closed. ``gone`` says that its reader went away (``dockfix … | head``)."""

    def __init__(self, stream: TextIO | None, choice: str = "auto") -> None:
        self._stream = None if stream is None or stream.closed else stream
        self.gone = False
        self.terminal = self._stream is not None and self._stream.isatty()
        self.colour = wants_colour(choice, self.terminal)

    def style(self, text: str, style: str) -> str:
        """``text`` in one of STYLES, where this stream shows colours."""
        return f"\x1b[{STYLES[style]}m{text}\x1b[0m" if self.colour and text else text

    def words(self, text: str) -> None:
        """Write text for people. What the stream's encoding lacks is spelled out. Raises OutputError."""
        encoding = getattr(self._stream, "encoding", None) or "utf-8"
        self._write(text.encode(encoding, "backslashreplace"))

    def product(self, text: str) -> None:
        """Write text that came from files, byte for byte as it was there. Raises OutputError."""
        self._write(encode(text))

    def _write(self, data: bytes) -> None:
        if self.gone or self._stream is None:
            return
        try:
            buffer = getattr(self._stream, "buffer", None)
            if buffer is None:
                self._stream.write(data.decode("utf-8", "replace"))
            else:
                self._stream.flush()
                buffer.write(data)
                buffer.flush()
            self._stream.flush()
        except (OSError, ValueError) as error:  # ValueError: closed meanwhile
            self.gone = True
            self._detach()
            # Windows reports a closed pipe as EINVAL.
            if isinstance(error, OSError) and error.errno not in (errno.EPIPE, errno.EINVAL, errno.EBADF):
                raise OutputError(error.strerror or str(error)) from error

    def _detach(self) -> None:
        """Lead the stream into nothing, or the interpreter would stumble over the unwritten rest when it ends."""
        try:
            nothing = os.open(os.devnull, os.O_WRONLY)
            if self._stream is not None:
                os.dup2(nothing, self._stream.fileno())
            os.close(nothing)
        except (OSError, ValueError):
            self._stream = None


class Screen:
    """Both streams, and the line of progress, which lives on standard error and gives way to everything else."""

    def __init__(self, out: TextIO | None, err: TextIO | None, choice: str = "auto") -> None:
        self.out = Sink(out, choice)
        self._err = Sink(err, choice)
        self._status = False

    @property
    def shows_progress(self) -> bool:
        """Whether standard error is a terminal."""
        return self._err.terminal

    def style(self, text: str, style: str) -> str:
        """``text`` styled for standard error."""
        return self._err.style(text, style)

    def say(self, line: str) -> None:
        """One line on standard error. Where nobody listens any more, that is no reason to stop."""
        self.clear()
        self._quietly(line + "\n")

    def status(self, text: str) -> None:
        """Show a line of progress in place of the last one."""
        self._status = True
        self._quietly(_CLEAR_LINE + text)

    def clear(self) -> None:
        """Take the line of progress away."""
        if self._status:
            self._status = False
            self._quietly(_CLEAR_LINE)

    def _quietly(self, text: str) -> None:
        with suppress(OutputError):
            self._err.words(text)
