"""The front end's name in the first line."""

from __future__ import annotations

import pytest

from checks import check_noop, check_transformed
from results import Project

DIRECTIVE = "# syntax=docker/dockerfile:1\n"


@pytest.mark.parametrize(
    "text",
    [
        "FROM python:3.11-slim\n",
        "\nFROM python:3.11-slim\n",
        "# The service\nFROM python:3.11-slim\n",
        "# escape=`\nFROM python:3.11-slim\nRUN a `\n  b\n",
        "# check=skip=all\n# escape=\\\nFROM python:3.11-slim\n",
    ],
)
def test_it_stands_on_top(text: str) -> None:
    result = check_transformed(text, DIRECTIVE + text, select=["syntax-directive"])
    assert [(note.line, "current front end" in note.message) for note in result.changes] == [(1, True)]
    assert not result.declares


@pytest.mark.parametrize("value", ["docker/dockerfile:1", "docker/dockerfile:1.4-labs"])
def test_one_that_is_there_is_kept(value: str) -> None:
    text = f"# escape=`\n# SYNTAX = {value}\nFROM python:3.11-slim\n"
    result = check_noop(text, select=["syntax-directive"], refused=f"the front end {value} already")
    assert [note.line for note in result.refusals] == [2]


def test_only_on_request(project: Project) -> None:
    assert "syntax" not in str(project("FROM python:3.11-slim\n"))
