"""What becomes of apt packages, against decisions that were labelled by hand before the code that decides them was looked at.

Right is what the label says. Undecided is a package that stays, itself or as its runtime library, where the label lets more
go: it costs room and breaks nothing; the entry says so. Everything else is wrong.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from entries import Decision, Entry, Seen, load, see
from results import broken

ENTRIES = load("decisions", Decision)
AT_MOST_UNDECIDED = 0.10


def swapped(seen: Seen, package: str) -> bool:
    """Whether the notes say that something takes the package's place."""
    return any(
        part.startswith((f"{package} becomes ", f"{package} leaves behind "))
        for note in seen.result.changes
        for part in note.message.split("; ")
    )


def judge(keys: Decision, seen: Seen) -> str:
    """What the outcome is by the label: right, undecided or wrong."""
    stays = keys.package in seen.installed
    if keys.decision == "keep":
        return "right" if stays else "wrong"
    if stays:
        return "undecided"
    if keys.decision == "leave":
        return "undecided" if swapped(seen, keys.package) else "right"
    return "right" if set(keys.instead) <= seen.installed else "wrong"


@pytest.mark.parametrize("entry", ENTRIES, ids=str)
def test_what_is_decided_is_right(entry: Entry[Decision], tmp_path: Path) -> None:
    keys = entry.keys
    seen = see(replace(keys, options={"multi-stage.always": True, **keys.options}), tmp_path)
    said = f"{entry.place}: {keys.why}\n{seen.shown()}"
    assert not seen.result.failures and not broken(seen.result), said
    assert seen.split == keys.split, said
    assert judge(keys, seen) == ("undecided" if keys.undecided else "right"), said


def test_few_are_undecided() -> None:
    assert len(ENTRIES) >= 120
    undecided = [entry.place for entry in ENTRIES if entry.keys.undecided]
    assert len(undecided) <= AT_MOST_UNDECIDED * len(ENTRIES), undecided


def test_the_reasons_are_sentences_and_the_names_differ() -> None:
    assert [entry.place for entry in ENTRIES if not entry.keys.why.endswith(".")] == []
    assert len({entry.keys.name for entry in ENTRIES}) == len(ENTRIES)
