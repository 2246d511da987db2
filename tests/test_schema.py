"""Tables written in TOML are read strictly: what is wrong is named with its place."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import entries
import golden
import schema

GIVEN: dict[str, Any] = {"title": "A case", "expect": {"changed": True}}
BY_HTTP = {"kind": "http", "expect": "ok", "port": 80, "path": "/"}


@pytest.mark.parametrize(
    ("more", "wrong"),
    [
        ({"bild": True}, "unknown key bild"),
        ({"expect": {"changed": True, "refuse": {}, "transform": []}}, "unknown key refuse, transform"),
        ({"expect": {}}, "expect.changed"),
        ({"select": "multi-stage"}, "select"),
        ({"unsafe": 1}, "unsafe"),
        ({"build": False}, "why_not_built"),
        ({"why_not_built": "it takes too long"}, "why_not_built"),
        ({"smoke": [{**BY_HTTP, "kind": "https"}]}, "smoke.kind"),
        ({"smoke": [{**BY_HTTP, "command": ["true"]}]}, "and no command"),
        ({"smoke": [{"kind": "run", "expect": ""}]}, "has a command"),
        ({"smoke": [{"kind": "run", "expect": "", "command": ["true"], "wait": 3}]}, "neither port"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(more: dict[str, Any], wrong: str) -> None:
    with pytest.raises(schema.SchemaError, match=rf"^golden/x/case\.toml: .*{re.escape(wrong)}"):
        schema.read(golden.Keys, {**GIVEN, **more}, "golden/x/case.toml")


def test_what_is_left_out_has_a_value() -> None:
    keys = schema.read(golden.Keys, {**GIVEN, "smoke": [BY_HTTP]}, "")
    assert (keys.build, keys.dockerfile, keys.select, keys.gone.smaller) == (True, "Dockerfile", [], None)
    assert keys.smoke == [golden.Smoke("http", "ok", 80, "/")]


def test_every_key_is_documented() -> None:
    rows = schema.table(golden.Keys).splitlines()
    assert '| `smoke.kind` | `"http"` or `"run"` | must be given |' in next(row for row in rows if "smoke.kind" in row)
    assert all(re.fullmatch(r"\| `[a-z_.]+` \| [^|]+ \| [^|]* \| [^|]{10,} \|", row) for row in rows[2:]), rows


ENTRY = '# A topic.\n\n[[entry]]\nname = "a"\nkeeps = ["gcc"]\n\n[[entry]]\nname = "b"\n'


def test_an_entry_knows_its_line(tmp_path: Path) -> None:
    path = tmp_path / "topic.toml"
    path.write_text(ENTRY + "dockerfile = '''\nFROM x\n'''\n", "utf-8")
    first, second = entries.read(path, entries.Breakage)
    assert (first.topic, first.line, first.keys.keeps, str(second), second.line) == ("topic", 3, ["gcc"], "topic/b", 7)
    assert second.keys.written() == "FROM x\n"
    assert first.keys.written().startswith("FROM python:3.11-slim-bookworm\n")


@pytest.mark.parametrize(
    ("more", "wrong"),
    [
        ("keep = []\n", ":7: unknown key keep"),
        ("text.had = []\n", ":7: unknown key had"),
        ('shape = "round"\n', ":7: there is no shape round: entry, late, plain"),
        ('without = ["app.py", "main.py"]\n', ":7: main.py would not be there anyway"),
        ("\nbase = 1\nbase = 1\n", ": Cannot overwrite a value"),
        ("dockerfile = '''\n[[entry]]\n'''\n", ": a file is a list of"),
        ("[defaults]\n", ": a file is a list of"),
    ],
)
def test_what_is_wrong_about_an_entry_is_named_with_its_line(tmp_path: Path, more: str, wrong: str) -> None:
    path = tmp_path / "topic.toml"
    path.write_text(ENTRY + more, "utf-8")
    with pytest.raises(schema.SchemaError, match=f"^{re.escape(str(path) + wrong)}"):
        entries.read(path, entries.Breakage)


@pytest.mark.parametrize(
    ("more", "wrong"),
    [
        ('package = "g++"\ndecision = "keep"', "g++ is not among the packages"),
        ('package = "gcc"\ndecision = "drop"', "decision"),
        ('package = "gcc"\ndecision = "replace"', "instead is given"),
        ('package = "gcc"\ndecision = "keep"\ninstead = ["x"]', "instead is given"),
    ],
)
def test_a_decision_has_to_make_sense(tmp_path: Path, more: str, wrong: str) -> None:
    path = tmp_path / "topic.toml"
    path.write_text(f'[[entry]]\nname = "a"\nwhy = "So."\n{more}\n', "utf-8")
    with pytest.raises(schema.SchemaError, match=f":1: .*{re.escape(wrong)}"):
        entries.read(path, entries.Decision)
