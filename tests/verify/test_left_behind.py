"""What may be missing because an outcome declares that its folder is gone, or that only some paths of it arrive."""

from __future__ import annotations

import pytest

from dockfix.model.reason import Declared
from dockfix.verify.compare.leaving import is_left_behind

GONE = frozenset({Declared("FILE", "/app/node_modules")})
IN_PART = frozenset({Declared("FILE", "/app", ("/app/.next/standalone",))})


@pytest.mark.parametrize(
    ("path", "declared", "expected"),
    [
        ("/app/node_modules", GONE, True),
        ("/app/node_modules/vite/bin/vite.js", GONE, True),
        ("/app/node_modules_kept/a.js", GONE, False),
        ("/app/main.py", GONE, False),
        ("/app/src/a.ts", IN_PART, True),
        ("/app/.next/standalone/server.js", IN_PART, False),
        ("/app/.next", IN_PART, False),
        ("/srv/a", IN_PART, False),
    ],
)
def test_what_lies_in_a_folder_that_is_gone_is_left_behind(
    path: str, declared: frozenset[Declared], expected: bool
) -> None:
    assert is_left_behind(path, declared) is expected
