"""The bytes of a file as text, and back. No byte is lost, whatever the file's encoding."""

from __future__ import annotations

# What "surrogateescape" makes of the bytes 0x80 to 0xff
_ESCAPED = ("\udc80", "\udcff")


def decode(data: bytes) -> str:
    """The text of a file; bytes that are no UTF-8 survive as surrogates."""
    return data.decode("utf-8", "surrogateescape")


def encode(text: str) -> bytes:
    """The bytes of a text that ``decode`` gave; the inverse of it for every input. Never raises.

    A text with other surrogates, which no file gives, gets the bytes that UTF-8 would have for them.
    """
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return b"".join(
            char.encode("utf-8", "surrogateescape" if _ESCAPED[0] <= char <= _ESCAPED[1] else "surrogatepass")
            for char in text
        )
