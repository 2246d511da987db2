from __future__ import annotations

import subprocess
import sys

import pytest

from dockfix.knowledge.tables import table

MEASURE = """
import time, tomllib
from dockfix.knowledge.tables import table
best = 1.0
for _ in range(5):
    table.cache_clear()
    start = time.perf_counter()
    for name in ("apt_roles", "apt_runtime", "base_images", "python_packages"):
        table(name)
    best = min(best, time.perf_counter() - start)
print(best)
"""


def run(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def test_importing_reads_no_table() -> None:
    assert run("import sys, dockfix.knowledge; print('tomllib' in sys.modules)") == "False"


def test_all_tables_load_quickly() -> None:
    assert float(run(MEASURE)) < 0.015


def test_a_table_is_read_once() -> None:
    assert table("base_images") is table("base_images")


def test_unknown_table() -> None:
    with pytest.raises(FileNotFoundError):
        table("no-such-table")
