"""Every golden case that can be is built before and after by ``dockfix verify``, and both images do the same."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

import golden

BUILT = [case for case in golden.cases() if case.keys.build]


@pytest.mark.build
@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("case", BUILT, ids=[case.name for case in BUILT])
def test_both_images_work(case: golden.Case, record_property: Callable[[str, object], None]) -> None:
    record = golden.verify(case)
    record_property("verification", json.dumps(record))
    golden.hold(case, record)
    assert (record["verdict"] == "equal") == case.keys.expect.changed
