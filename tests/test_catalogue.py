"""What breaks when a stage is split: for each way there is an entry in catalogue.toml that says what must hold, and it holds."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

import golden
from dockfix.engine import FileResult
from dockfix.model.stages import build
from dockfix.syntax import parse
from results import Project, ignore_of, installed, refusal, text_of, unsafe

FOLDER = Path(__file__).parent
DATA = tomllib.loads((FOLDER / "catalogue.toml").read_text("utf-8"))
ENTRIES: dict[str, dict[str, Any]] = {entry["name"]: entry for entry in DATA["entry"]}
TOPICS = {
    "virtual environment",
    "data outside the environment",
    "apt packages",
    "non-root",
    "cache mounts",
    "layer order",
    ".dockerignore",
    "instructions",
    "refusals",
    "comparison",
}
SAYS = {"topic", "name", "covered_by"}
SHOWS = {"dockerfile", "base", "packages", "start", "files", "only", "options", "allow_unsafe"}
HOLDS = {
    "text",
    "builder",
    "runtime",
    "ignore",
    "order",
    "keeps",
    "drops",
    "whole",
    "unchanged",
    "refused",
    "held_back",
    "warned",
}
COVERED = [(name, place) for name, entry in ENTRIES.items() for place in entry.get("covered_by", ())]
SHOWN = [name for name, entry in ENTRIES.items() if HOLDS & set(entry)]


def dockerfile(entry: dict[str, Any]) -> str:
    text: str = entry.get("dockerfile", DATA["plain"])
    for key in ("base", "packages", "start"):
        text = text.replace(f"{{{key}}}", entry.get(key, DATA[key]))
    return text


def parts(text: str, result: FileResult) -> dict[str, str]:
    """What an entry may speak of, with each instruction on one line; builder and runtime only where there are two stages."""
    joined = re.sub(r"[ \t]*\\\n\s*", " ", text)
    found = {"text": joined, "ignore": ignore_of(result)}
    if len(build(parse(text)).stages) == 2:
        found["builder"], _, found["runtime"] = joined.rpartition("\nFROM ")
    return found


@pytest.mark.parametrize("name", SHOWN)
def test_what_must_hold(project: Project, name: str) -> None:
    entry = ENTRIES[name]
    source = dockerfile(entry)
    result = project(
        source,
        entry.get("files"),
        only=",".join(entry.get("only", ())),
        options=entry.get("options"),
        unsafe=entry.get("allow_unsafe", False),
    )
    assert not result.failures
    assert not [note for note in result.warnings if "report this" in note.message or "rolled back" in note.message]
    text = text_of(result) or source
    content = parts(text, result)
    for part in ("text", "builder", "runtime", "ignore"):
        if part in entry:
            assert part in content, (result.refusals, result.unsafe)
            assert [each for each in entry[part].get("has", ()) if each not in content[part]] == [], content[part]
            assert [each for each in entry[part].get("lacks", ()) if each in content[part]] == [], content[part]
    position = 0
    for each in entry.get("order", ()):
        position = content["text"].find(each, position)
        assert position >= 0, (each, text)
        position += len(each)
    assert set(entry.get("keeps", ())) - installed(text) == set(), text
    assert set(entry.get("drops", ())) & installed(text) == set(), text
    if entry.get("whole"):
        assert "builder" not in content, text
    if entry.get("unchanged"):
        assert text_of(result) == ""
    for transform, reason in entry.get("refused", {}).items():
        assert refusal(result, transform), result
        assert reason in refusal(result, transform), result.refusals
    for transform, reason in entry.get("held_back", {}).items():
        assert unsafe(result, transform), result
        assert reason in unsafe(result, transform), result.unsafe
    if "warned" in entry:
        assert any(entry["warned"] in note.message for note in result.warnings), result.warnings


@pytest.mark.parametrize(("name", "place"), COVERED)
def test_what_covers_an_entry_is_there(name: str, place: str) -> None:
    if place.startswith("golden/"):
        assert place.removeprefix("golden/") in {case.name for case in golden.cases()}
    elif place.startswith("tests/decisions.toml: "):
        decisions = tomllib.loads((FOLDER / "decisions.toml").read_text("utf-8"))["decision"]
        assert place.removeprefix("tests/decisions.toml: ") in {decision["name"] for decision in decisions}
    else:
        path, _, function = place.partition("::")
        tree = ast.parse((FOLDER.parent / path).read_text("utf-8"))
        assert function in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_entry_says_something() -> None:
    assert len(ENTRIES) == len(DATA["entry"]) >= 250
    assert {entry["topic"] for entry in DATA["entry"]} == TOPICS
    for name, entry in ENTRIES.items():
        assert set(entry) <= SAYS | SHOWS | HOLDS, name
        assert HOLDS & set(entry) or not SHOWS & set(entry), name
        assert HOLDS & set(entry) or entry["covered_by"], name
