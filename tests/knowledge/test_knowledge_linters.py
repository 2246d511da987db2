from __future__ import annotations

import pytest

from dockfix.knowledge import Linter, linters, reader_of
from dockfix.knowledge.tables import table


def test_every_entry_says_where_it_comes_from() -> None:
    entries = table("linters")["linter"]
    assert all(each["source"] and each["reads"] in {"next line", "instruction", "file", "text"} for each in entries)
    assert {each["name"] for each in entries} >= {"hadolint", "tally", "dockfix", "checkov", "trivy", "kics", "semgrep"}


@pytest.mark.parametrize("linter", linters(), ids=lambda linter: linter.example)
def test_the_example_is_read_by_its_linter_alone(linter: Linter) -> None:
    assert [each for each in linters() if each.form.match(linter.example)] == [linter]
    assert reader_of(linter.example.upper()) is linter


@pytest.mark.parametrize(
    ("comment", "name", "reads"),
    [
        ("hadolint global ignore=DL3008", "hadolint", "instruction"),
        ("hadolint stage ignore = DL3008,DL3009 # why", "hadolint", "next line"),
        ("why nosemgrep", "semgrep", "next line"),
        ("some words checkov:skip=CKV_DOCKER_2", "checkov", "file"),
        ("why trivy:ignore:DS002", "trivy", "instruction"),
    ],
)
def test_forms(comment: str, name: str, reads: str) -> None:
    reader = reader_of(comment)
    assert reader is not None
    assert (reader.name, reader.reads) == (name, reads)


@pytest.mark.parametrize(
    "comment",
    [
        "",
        "hadolint does not like this",
        "tally the votes",
        "see trivy: it finds nothing",
        "linter says no",
        "check = on",
        "renovated",
    ],
)
def test_words_about_linters_are_for_people(comment: str) -> None:
    assert reader_of(comment) is None
