"""The README says what is so."""

from __future__ import annotations

import golden
from dockfix.engine.registry import ids

README = (golden.ROOT / "README.md").read_text("utf-8")


def test_the_example_is_the_golden_one() -> None:
    assert golden.readme(README) == README
    assert f"golden/{golden.README_CASE}/before/Dockerfile" in README


def test_every_transform_is_named() -> None:
    for name in ids():
        assert f"| `{name}` |" in README
