"""What systems write down of their packages: where an image has it, and which paths it names."""

from __future__ import annotations

import re

import pytest

from dockfix.managers.databases import DATABASES, Apk, Database, Dpkg
from dockfix.managers.registry import system_managers


@pytest.mark.parametrize(
    ("database", "list_", "text", "paths"),
    [
        (Dpkg(), "/var/lib/dpkg/info/dash.list", "/.\n/bin/sh\n\n/usr/share/doc/x\n", ["/.", "/bin/sh", "/usr/share/doc/x"]),
        (
            Apk(),
            "/lib/apk/db/installed",
            "P:musl\nV:1.2.5-r0\nF:\nR:top\nF:lib\nR:ld-musl.so.1\n\nP:zlib\nF:usr/lib\nR:libz.so\n",
            ["", "top", "lib", "lib/ld-musl.so.1", "usr/lib", "usr/lib/libz.so"],
        ),
    ],
)  # fmt: skip
def test_the_paths_that_packages_brought(database: Database, list_: str, text: str, paths: list[str]) -> None:
    assert list(database.paths(text)) == paths
    assert [each for each in DATABASES if re.fullmatch(each.lists, list_)] == [
        each for each in DATABASES if isinstance(each, type(database))
    ]


def test_which_one_an_image_has() -> None:
    for database in DATABASES:
        for file in database.files:
            assert [each for each in DATABASES if each.there({"/app/x", file})] == [database]
        assert all(file.startswith(database.folders) for file in database.files)
    assert not any(each.there({"/app/x", "/var/lib"}) for each in DATABASES)


def test_every_system_manager_has_one_of_them() -> None:
    assert {manager.database for manager in system_managers()} <= set(DATABASES)
