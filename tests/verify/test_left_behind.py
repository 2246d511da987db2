"""What may be missing because an outcome declares that its folder is gone, or that only some paths of it arrive."""

from __future__ import annotations

import pytest

from dockfix.model.reason import Declared
from dockfix.verify.compare.leaving import is_left_behind, left_behind

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


def test_a_folder_that_held_nothing_else_is_left_behind_with_it() -> None:
    declared = frozenset({Declared("FILE", "/usr/local/lib/node_modules/npm"), Declared("FILE", "/opt/a/b/c")})
    paths = {
        *("/", "/usr", "/usr/local", "/usr/local/lib", "/usr/local/lib/node_modules", "/usr/local/lib/libx.so"),
        *("/usr/local/lib/node_modules/npm", "/usr/local/lib/node_modules/npm/a.js"),
        *("/opt", "/opt/a", "/opt/a/b", "/opt/a/b/c", "/opt/a/other"),
    }
    assert left_behind(paths, declared) == {
        *("/usr/local/lib/node_modules", "/usr/local/lib/node_modules/npm", "/usr/local/lib/node_modules/npm/a.js"),
        *("/opt/a/b", "/opt/a/b/c"),
    }


def test_what_lies_beside_what_is_gone_is_not_left_behind() -> None:
    declared = frozenset({Declared("FILE", "/usr/local/lib/node_modules/npm")})
    paths = {"/", "/usr/local/lib/node_modules", "/usr/local/lib/node_modules/npm", "/usr/local/lib/node_modules/yarn"}
    assert left_behind(paths, declared) == {"/usr/local/lib/node_modules/npm"}
    assert left_behind(paths, frozenset()) == frozenset()


def test_a_manager_that_leaves_takes_the_folders_along_that_it_is_made_of() -> None:
    paths = {f"/usr/local/lib/node_modules/{name}" for name in ("npm", "npm/index.js", "serve/index.js")}
    found = left_behind(paths, frozenset({Declared("PROGRAM", "npm")}))
    assert found == {"/usr/local/lib/node_modules/npm", "/usr/local/lib/node_modules/npm/index.js"}
    assert not left_behind(paths, frozenset({Declared("PROGRAM", "uv"), Declared("PROGRAM", "gcc")}))
