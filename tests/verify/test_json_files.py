"""JSON that says the same in another order, and JSON that does not."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dockfix.verify.json_files import NAMED, said

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), VALUES))
def test_the_order_of_members_says_nothing(value: dict[str, object]) -> None:
    other = dict(reversed(value.items()))
    assert said(json.dumps(value).encode()) == said(json.dumps(other, indent=1).encode())


@pytest.mark.parametrize(
    ("data", "other"),
    [
        (b'{"a": [1, 2]}', b'{"a": [2, 1]}'),
        (b'{"a": 1}', b'{"a": "1"}'),
        (b'{"a": 1}', b'{"a": 1, "b": null}'),
        (b'{"a": 1', b'{"a":  1'),
        (b"\xff", b"\xfe"),
        (b"[" * 100_000, b"[" * 100_001),
    ],
)
def test_what_says_something_else_differs(data: bytes, other: bytes) -> None:
    assert said(data) != said(other)


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("/app/.next/app-build-manifest.json", True),
        ("/package.jsonld", False),
        ("/app/package.json", False),
        ("/app/a.json", True),
        ("/app/my-package.json", True),
    ],
)
def test_which_files_are_read(path: str, named: bool) -> None:
    assert bool(NAMED.fullmatch(path)) == named
