"""Tables are parsed once, and again when they have changed."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from dockfix.knowledge import tables


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)
    path = tmp_path / "table.toml"
    path.write_text("one = ['a', 1]\n")
    return path


def kept(path: Path) -> list[Path]:
    return [*(path.parent / "__pycache__").glob("*")]


def test_what_was_parsed_is_kept(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert tables.read(path) == {"one": ["a", 1]}
    assert [each.name for each in kept(path)] == [f"table.toml.{sys.implementation.cache_tag}.pyc"]
    monkeypatch.delattr(tables, "_parsed")
    assert tables.read(path) == {"one": ["a", 1]}


def test_a_table_that_has_changed_is_parsed_again(path: Path) -> None:
    tables.read(path)
    path.write_text("one = ['b', 1]\n")
    os.utime(path, ns=(0, 1))
    assert tables.read(path) == {"one": ["b", 1]}
    assert tables.read(path) == {"one": ["b", 1]}
    assert len(kept(path)) == 1


@pytest.mark.parametrize("data", [b"", b"no marshal", b"\xa9\x01i\x01\x00\x00\x00"])
def test_what_another_has_left_there_is_passed_over(path: Path, data: bytes) -> None:
    tables.read(path)
    kept(path)[0].write_bytes(data)
    assert tables.read(path) == {"one": ["a", 1]}


def test_nothing_is_kept_where_python_keeps_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert tables.read(path) == {"one": ["a", 1]}
    assert not kept(path)


def test_a_folder_that_cannot_be_written_to_is_no_error(path: Path) -> None:
    (path.parent / "__pycache__").write_text("in the way")
    assert tables.read(path) == {"one": ["a", 1]}
