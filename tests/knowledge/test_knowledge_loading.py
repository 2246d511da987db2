from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from dockfix import knowledge
from dockfix.knowledge.tables import table


def run(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def test_importing_reads_no_table() -> None:
    assert run("import sys, dockfix.knowledge; print('tomllib' in sys.modules)") == "False"


def test_tables_are_small_enough_to_be_read_at_once() -> None:
    sizes = {path.name: path.stat().st_size for path in Path(knowledge.__file__).parent.glob("*.toml")}
    assert max(sizes.values()) < 150_000, sizes
    assert sum(sizes.values()) < 1_200_000, sizes


def test_a_table_is_read_once() -> None:
    assert table("base_images") is table("base_images")


def test_unknown_table() -> None:
    with pytest.raises(FileNotFoundError):
        table("no-such-table")
