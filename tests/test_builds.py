"""Every golden case that can be is built before and after by ``dockfix verify``, and both images do the same."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

import at_hand
import golden
from dockfix.verify.engines import Engine

BUILT = [case for case in golden.cases() if case.keys.build]
# How far an estimate may be from the truth: by this share of it, or, where an image loses little, by so many bytes
SHARE, LITTLE = 0.25, 10_000_000


@pytest.fixture(scope="module")
def lacking(engine: Engine) -> int:
    """What leaves the official full image and does not leave the one at hand, in bytes."""
    return at_hand.lacking(engine)


@pytest.mark.build
@pytest.mark.parametrize("case", BUILT, ids=[case.name for case in BUILT])
def test_both_images_work(case: golden.Case, lacking: int, record_property: Callable[[str, object], None]) -> None:
    record = golden.verify(case)
    record_property("verification", json.dumps(record))
    golden.hold(case, record)
    assert (record["verdict"] == "equal") == case.keys.expect.changed
    if record["estimate"] is not None:
        expected = record["estimate"] - (lacking if "slim-base" in record["applied"] else 0)
        shrunk = record["before"]["size"] - record["after"]["size"]
        assert abs(expected - shrunk) <= max(SHARE * shrunk, LITTLE), f"{expected:,} expected, {shrunk:,} in truth"
