"""Every golden case that can be is built before and after by ``dockfix verify``, and both images do the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

import at_hand
import golden
from dockfix.engine import run
from dockfix.verify.engines import Engine

BUILT = [case for case in golden.cases() if case.keys.build]
# How far an estimate may be from the truth: by this share of it, or, where an image loses little, by so many bytes
SHARE, LITTLE = 0.25, 10_000_000


@dataclass(frozen=True)
class Bases:
    """The release of Debian of the base images at hand, and what the full one lacks of what leaves the official one, in bytes."""

    release: str
    lacking: int

    def expected(self, case: golden.Case) -> tuple[int | None, bool]:
        """By how many bytes a case's image is expected to become smaller with these; whether something leaves whose size nobody knows."""
        settings = case.settings
        settings = replace(settings, options={"multi-stage.suite": self.release, **settings.options})
        result = run(case.path / "before" / case.dockerfile, settings)
        slimmed = any(note.transform == "slim-base" for note in result.changes)
        unknown = any(each.part == "GROUP" or (each.part == "FILE" and each.instead) for each in result.declares)
        unknown |= any("packages that only development needs" in note.message for note in result.changes)
        unknown |= any(note.transform == "runtime-base" for note in result.changes)
        return None if result.saves is None else result.saves - (self.lacking if slimmed else 0), unknown


@pytest.fixture(scope="module")
def bases(engine: Engine) -> Bases:
    return Bases(at_hand.release(engine), at_hand.lacking(engine))


@pytest.mark.build
@pytest.mark.parametrize("case", BUILT, ids=[case.name for case in BUILT])
def test_both_images_work(case: golden.Case, bases: Bases, record_property: Callable[[str, object], None]) -> None:
    record = golden.verify(case)
    record_property("verification", json.dumps(record))
    golden.hold(case, record)
    assert (record["verdict"] == "equal") == case.keys.expect.changed
    expected, more = bases.expected(case)
    assert (record["estimate"] is None) == (expected is None)
    if expected is not None:
        shrunk = record["before"]["size"] - record["after"]["size"]
        off = expected - shrunk if more else abs(expected - shrunk)
        assert off <= max(SHARE * shrunk, LITTLE), f"{expected:,} expected, {shrunk:,} in truth"
