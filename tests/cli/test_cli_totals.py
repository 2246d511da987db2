"""What is said at the end of a run."""

from __future__ import annotations

import pytest

from dockfix.engine.results import FileResult, Note
from dockfix.model.reason import doubt, unseen
from dockfix.report.totals import Totals


@pytest.mark.parametrize(
    ("notes", "said"),
    [
        ((), ""),
        ((Note("slim-base", 1, "it is smaller", doubt("a library may be missing")),), "slim-base waits for proof: "),
        (
            (
                Note("multi-stage", 1, "gcc goes", doubt("x")),
                Note("slim-base", 1, "it is smaller", doubt("x")),
                Note("multi-stage", 2, "g++ goes", doubt("x")),
            ),
            "multi-stage and slim-base wait for proof: ",
        ),
        ((Note("non-root", 1, "it runs as a user", unseen("a folder is mounted")),), ""),
        ((Note("cache-mounts", 1, "pip keeps its cache"),), ""),
    ],
)
def test_what_a_build_could_prove_is_said_once(notes: tuple[Note, ...], said: str) -> None:
    totals = Totals()
    totals.add(FileResult("Dockerfile", unsafe=notes))
    totals.add(FileResult("Dockerfile", unsafe=notes))
    command = "dockfix --apply --verify api/Dockerfile builds the images and makes what holds"
    assert totals.proof("api/Dockerfile") == (f"{said}{command}" if said else "")


def test_a_strange_name_stays_on_one_line() -> None:
    totals = Totals()
    totals.add(FileResult("a\nb", unsafe=(Note("slim-base", 1, "it is smaller", doubt("x")),)))
    assert "\n" not in totals.proof("a\nb")
