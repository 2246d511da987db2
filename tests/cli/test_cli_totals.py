"""What is said at the end of a run."""

from __future__ import annotations

import pytest

from dockfix.engine.results import FileResult, Note
from dockfix.model.reason import doubt, unseen
from dockfix.report.repeated import Warnings
from dockfix.report.totals import Mode, Totals
from dockfix.verify.verdict import Built, Verdict, Verification


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


def test_what_builds_have_measured() -> None:
    totals = Totals()
    for before, after, verdict in (
        (518_000_000, 218_000_000, Verdict.EQUAL),
        (100_000_000, 90_000_000, Verdict.EQUAL),
        (9_000_000, 1_000_000, Verdict.DIFFERS),
    ):
        found = Verification("Dockerfile", verdict, before=Built(before), after=Built(after))
        totals.add(FileResult("Dockerfile"), found)
    totals.add(FileResult("Dockerfile"))
    assert totals.sizes == (618_000_000, 308_000_000)
    assert totals.sentence(Mode.APPLY) == "Nothing to change in 4 files (618 MB -> 308 MB, -50 %)"


def test_a_sentence_stands_once_for_many_files() -> None:
    warnings = Warnings()
    for name, line in (("a", 3), ("b", 0), ("b", 9), ("c", 1)):
        warnings.add(name, Note("secrets", line, "a password stands here"))
    warnings.add("b", Note("", 2, "another"))
    warnings.add("b", Note("", 5, "another"))
    assert list(warnings.lines(lambda text, style: text)) == [
        "warning: a:3 and 2 more files: secrets: a password stands here",
        "warning: b:2: another",
        "warning: b:5: another",
    ]
