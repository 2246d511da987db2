"""The checklist: what holds for a file, what would, and why the rest does not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from checks import dockfix
from dockfix.cli.app import cli
from dockfix.engine import Settings
from dockfix.engine.results import Item

ITEMS = [
    "front end",
    "small base",
    "stages",
    "dependencies first",
    "downloads",
    "user",
    "health check",
    "ignore file",
    "leftovers",
    "scan",
    "size",
]
SERVICE = """\
FROM python:3.11-slim
WORKDIR /app
RUN apt-get update && apt-get install -y gcc && rm -rf /var/lib/apt/lists/*
COPY . .
RUN pip install --no-cache-dir -r requirements.txt
CMD ["python", "app.py"]
"""


def items(folder: Path, text: str, **settings: object) -> dict[str, Item]:
    result = dockfix(folder, text, settings=Settings(checklist=True, **settings))  # type: ignore[arg-type]
    return {item.id: item for item in result.checklist}


def test_every_item_has_its_status_and_why(tmp_path: Path) -> None:
    found = items(tmp_path, SERVICE)
    assert list(found) == ITEMS
    assert {name: item.status for name, item in found.items()} == {
        "front end": "not met",
        "small base": "met",
        "stages": "would be met",
        "dependencies first": "would be met",
        "downloads": "would be met",
        "user": "would be met",
        "health check": "not met",
        "ignore file": "would be met",
        "leftovers": "would be met",
        "scan": "open",
        "size": "open",
    }
    assert found["dependencies first"].line == 4
    assert found["leftovers"].line == 3
    assert found["leftovers"].by == ("multi-stage", "cache-mounts")
    assert "gcc stays in the builder" in found["stages"].why


@pytest.mark.parametrize(
    ("text", "item", "status", "why", "line"),
    [
        ("# syntax=docker/dockerfile:1\nFROM python:3.11-slim\n", "front end", "met", "docker/dockerfile:1", 1),
        ("FROM python:3.11\nUSER 7\n", "small base", "not met", "python:3.11 is a full image", 1),
        ("FROM company/base\nUSER 7\n", "small base", "open", "company/base is not known", 1),
        ("FROM gcr.io/distroless/python3-debian12\nUSER 7\n", "small base", "met", "only runs programs", 1),
        ("FROM python:3.11-slim\nCOPY app.py .\n", "dependencies first", "no matter", "no packages", 0),
        ("FROM python:3.11-slim\nUSER 7\n", "ignore file", "no matter", "nothing of the build context", 0),
        ("FROM company/base\nCOPY app.py .\n", "user", "open", "is not known", 0),
        ("FROM python:3.11-slim\nHEALTHCHECK NONE\n", "health check", "not met", "nothing asks", 2),
        ("FROM python:3.11-slim\nHEALTHCHECK CMD true\n", "health check", "met", "", 2),
        ('FROM python:3.11-slim\nCMD ["supervisord"]\n', "user", "not met", "runs supervisord", 0),
        (
            "FROM python:3.11-slim AS a\nFROM python:3.11-slim\n",
            "stages",
            "not met",
            "takes nothing from others",
            2,
        ),
        (
            "FROM python:3.11-slim\nRUN apt-get update && apt-get install -y curl\n",
            "leftovers",
            "not met",
            "apt's index stays",
            2,
        ),
    ],
)
def test_one_item(tmp_path: Path, text: str, item: str, status: str, why: str, line: int) -> None:
    found = items(tmp_path, text)[item]
    assert (found.status, found.line) == (status, line), found
    assert why in found.why


def test_what_waits_for_unsafe_is_told(tmp_path: Path) -> None:
    text = SERVICE.replace("python:3.11-slim", "python:3.11").replace("RUN apt", "# RUN apt")
    assert "with --unsafe" in items(tmp_path, text)["small base"].why


def test_none_is_made_unless_it_is_asked_for(tmp_path: Path) -> None:
    assert dockfix(tmp_path, SERVICE).checklist == ()


def test_as_a_list_of_tasks(tmp_path: Path) -> None:
    dockfix(tmp_path, SERVICE)
    said = CliRunner().invoke(cli, ["--format", "checklist", str(tmp_path / "Dockerfile")]).stdout
    assert said.startswith(
        f"## {tmp_path / 'Dockerfile'}: 1 of 11 met\n\n- [ ] names the Dockerfile front end (line 1): not met: "
    )
    assert "\n- [x] runs on a slim base image (line 1): python:3.11-slim\n" in said
    assert said.count("\n- [") == len(ITEMS)


def test_as_json(tmp_path: Path) -> None:
    dockfix(tmp_path, SERVICE)
    said = json.loads(CliRunner().invoke(cli, ["--format", "checklist-json", str(tmp_path / "Dockerfile")]).stdout)
    assert list(said) == ["version", "dockfix", "files"]
    rows = said["files"][0]["items"]
    assert [row["item"] for row in rows] == ITEMS
    assert list(rows[0]) == ["item", "title", "status", "line", "why", "by"]


def test_what_is_written_is_met(tmp_path: Path) -> None:
    dockfix(tmp_path, SERVICE)
    said = CliRunner().invoke(cli, ["--apply", "--format", "checklist", str(tmp_path / "Dockerfile")]).stdout
    assert "7 of 11 met" in said
