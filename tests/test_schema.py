"""Tables written in TOML are read strictly: what is wrong is named with its place."""

from __future__ import annotations

import re
from typing import Any

import pytest

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
