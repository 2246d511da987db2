"""Every transform is documented, named after its module, and shown by a golden case."""

from __future__ import annotations

import inspect

import pytest

import golden
from dockfix.engine.registry import ids, transforms

ALL = transforms()


@pytest.mark.parametrize("transform", ALL, ids=[transform.id for transform in ALL])
def test_page(transform: object) -> None:
    page = inspect.getdoc(type(transform)) or ""
    for heading in ("What it does", "Why", "Example", "Fix safety"):
        assert f"\n{heading}\n" in page
    assert type(transform).__module__.rsplit(".", 1)[-1] == transform.id.replace("-", "_")  # type: ignore[attr-defined]


def test_ids_are_unique_and_known() -> None:
    assert sorted(transform.id for transform in ALL) == sorted(ids())


def test_every_transform_has_a_golden_case() -> None:
    shown = {name for case in golden.cases() for name in case.keys.expect.transforms}
    assert shown >= {transform.id for transform in ALL}
