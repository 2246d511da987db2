"""Archives that are made anew are the same where all that they hold is, and other ones where anything differs."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from verify_images import tar

from dockfix.verify import archives, snapshot

Member = tuple[str, bytes, int]
ONE: Sequence[Member] = (("META-INF/MANIFEST.MF", b"a", 0o644), ("py4j/A.class", b"\xca\xfe" * 50, 0o644))


def zipped(
    members: Sequence[Member] = ONE, year: int = 2024, before: bytes = b"", method: int = zipfile.ZIP_DEFLATED
) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content, mode in members:
            info = zipfile.ZipInfo(name, (year, 1, 1, 0, 0, 0))
            info.external_attr, info.compress_type = mode << 16, method
            archive.writestr(info, content)
    return before + file.getvalue()


def digest(data: bytes) -> str:
    return hashlib.sha256(b"".join(archives.held(data))).hexdigest()


@pytest.mark.parametrize(
    "again",
    [zipped(year=2025), zipped([*reversed(ONE)]), zipped(method=zipfile.ZIP_STORED), zipped(method=zipfile.ZIP_LZMA)],
    ids=["time", "order", "stored", "compressed otherwise"],
)
def test_the_same(again: bytes) -> None:
    assert again != zipped()
    assert digest(again) == digest(zipped())


@pytest.mark.parametrize(
    "other",
    [
        zipped([ONE[0], ("py4j/A.class", b"\xca\xfe" * 49 + b"\xca\xff", 0o644)]),
        zipped([ONE[0], ("py4j/B.class", ONE[1][1], 0o644)]),
        zipped([ONE[0], ("py4j/A.class", ONE[1][1], 0o755)]),
        zipped(ONE[:1]),
        zipped([*ONE, ("more", b"", 0o644)]),
        zipped(before=b"#!/usr/bin/python3\n"),
        zipped()[:-5],
        b"",
        b"PK\x05\x06" + bytes(18),
    ],
    ids=["content", "name", "mode", "fewer", "more", "start", "damaged", "nothing", "no files"],
)
def test_another(other: bytes) -> None:
    assert digest(other) != digest(zipped())


def test_what_cannot_be_unpacked_counts_byte_for_byte() -> None:
    damaged = bytearray(zipped(method=zipfile.ZIP_STORED))
    damaged[damaged.index(b"\xca\xfe")] = 0  # its checksum is that of the old content
    assert [*archives.held(bytes(damaged))] == [bytes(damaged)]
    encrypted = bytearray(zipped())
    encrypted[encrypted.index(b"PK\x01\x02") + 8] |= 1
    assert [*archives.held(bytes(encrypted))] == [bytes(encrypted)]


def test_an_archive_that_holds_too_much_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MOST", 100)
    assert [*archives.held(zipped())] == [zipped()]


@given(st.binary(max_size=200), st.integers(0, 400), st.binary(max_size=8))
def test_any_bytes(before: bytes, cut: int, after: bytes) -> None:
    for data in (before, before + zipped()[:cut] + after, zipped()[:cut] + after + zipped()[cut + len(after) :]):
        assert [*archives.held(data)]


def test_in_an_image() -> None:
    def seen(data: bytes, path: str) -> str:
        return snapshot.read_snapshot(io.BytesIO(tar({path: data}))).entries[f"/{path}"].digest

    assert seen(zipped(), "app/a.jar") == seen(zipped(year=2025), "app/a.jar") != ""
    assert seen(zipped(), "app/a.dat") != seen(zipped(year=2025), "app/a.dat")
