"""What is said of one file: the same sentence once."""

from __future__ import annotations

from dockfix.engine.results import FileResult, Note
from dockfix.report.words import details


def test_a_sentence_is_said_once() -> None:
    twice = Note("cache-mounts", 5, "Poetry keeps its cache")
    left = [Note("cache-mounts", line, "the home is unknown") for line in (3, 5, 9)]
    result = FileResult("Dockfile", changes=(twice, twice), refusals=(*left, Note("non-root", 0, "root is needed")))
    assert [*details(result)] == [
        "  left  cache-mounts (lines 3, 5 and 9): the home is unknown",
        "  left  non-root: root is needed",
    ]


def test_what_is_made_anyway_is_not_said_to_wait() -> None:
    made = Note("apt-hygiene", 5, "the lists go")
    result = FileResult("Dockfile", unsafe=(made, Note("slim-base", 1, "a smaller base")), changes=(made,))
    assert [*details(result)] == ["  unsafe  slim-base (line 1): a smaller base"]
