"""Archives that a build makes anew: they hold the time at which they were made, and are the same where all that they hold is."""

from __future__ import annotations

import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator

from dockfix.lazy import regex

# Java's, Python's and plain ones; all are zip files
NAMED = regex(r"(?i).*\.(?:jar|war|ear|aar|zip|whl|egg|pyz|xpi|nupkg)")
MOST = 64 << 20  # bytes, of a file and of what it holds
_MOST_FILES = 20_000
# What zipfile and its decompressors raise for a file that is damaged, encrypted, or made in another way
_UNREAD = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    OSError,
    EOFError,
    ValueError,
    LookupError,
    ArithmeticError,
    RuntimeError,
)


def held(data: bytes) -> Iterator[bytes]:
    """What makes a zip file what it is, for a digest: what stands before it, then its files with names, modes and contents, sorted.

    Of what is no zip file, or too much to be unpacked, the data themselves.
    """
    try:
        found = [*_held(data)]
    except _UNREAD:
        found = []
    yield from found or [data]


def _held(data: bytes) -> Iterator[bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = sorted(archive.infolist(), key=lambda each: each.filename)
        if not members or len(members) > _MOST_FILES or sum(each.file_size for each in members) > MOST:
            return
        yield data[: min(each.header_offset for each in members)]
        for each in members:
            content = archive.read(each)
            name = each.filename.encode("utf-8", "surrogateescape")
            yield b"%d %d %d " % (each.external_attr, len(name), len(content)) + name
            yield content
