from __future__ import annotations

import re

import pytest

from dockfix.knowledge import apk_role, apk_runtime
from dockfix.knowledge.tables import table

RELEASES = frozenset({"3.19", "3.20"})
NAME = re.compile(r"\.?[a-z0-9][a-z0-9+.-]*")


def test_the_table_says_that_it_was_not_looked_up() -> None:
    data = table("apk_packages")
    assert data["looked_up"] is False
    assert data["releases"]
    assert all(group["why"] and group["source"] for group in [*data["build_only"], data["virtual"], data["run_only"]])


def test_every_package_has_one_role() -> None:
    data = table("apk_packages")
    build = [name for group in data["build_only"] for name in group["packages"].split()]
    lists = [
        *build,
        *data["runtime"],
        *data["by_release"],
        *data["run_only"]["packages"].split(),
        *data["virtual"]["packages"].split(),
    ]
    assert sorted(lists) == sorted(set(lists))
    assert all(NAME.fullmatch(name) for name in lists)
    assert len(data["runtime"]) >= 40
    assert {apk_role(name) for name in build} == {"build"}
    assert {apk_role(name) for name in [*data["runtime"], *data["by_release"]]} == {"dev"}


def test_what_stands_in_is_no_build_package() -> None:
    data = table("apk_packages")
    lines = [*data["runtime"].values(), *(group.get("runtime", "") for group in data["build_only"])]
    lines += [line for releases in data["by_release"].values() for line in releases.values()]
    for name in " ".join(lines).split():
        assert NAME.fullmatch(name)
        assert apk_role(name) in ("run", "unknown"), name


@pytest.mark.parametrize(
    ("package", "expected"),
    [
        (".build-deps", "build"),
        ("build-base", "build"),
        ("musl-dev", "build"),
        ("python3-dev", "build"),
        ("postgresql-dev", "dev"),
        ("no-such-thing-dev", "dev"),
        ("libpq", "run"),
        ("git", "git"),
        ("no-such-thing", "unknown"),
    ],
)
def test_role(package: str, expected: str) -> None:
    assert apk_role(package) == expected


@pytest.mark.parametrize(
    ("package", "expected"),
    [
        ("postgresql-dev", "libpq"),
        ("libpq-dev", "libpq"),
        ("mariadb-connector-c-dev", "mariadb-connector-c"),
        ("libffi-dev", "libffi"),
        ("openssl-dev", "libssl3 libcrypto3"),
        ("jpeg-dev", "libjpeg-turbo"),
        ("zlib-dev", "zlib"),
        ("libxml2-dev", "libxml2"),
        ("libxslt-dev", "libxslt"),
        ("g++", "libstdc++ libgcc"),
        ("make", ""),
    ],
)
def test_runtime(package: str, expected: str) -> None:
    assert apk_runtime(package, RELEASES) == tuple(expected.split())


def test_unknown_runtime() -> None:
    assert apk_runtime("openssl-dev", frozenset({"3.16", "3.17"})) is None
    assert apk_runtime("openssl-dev", frozenset({"3.16"})) == ("libssl1.1", "libcrypto1.1")
    assert apk_runtime("openssl-dev", frozenset({"3.1"})) is None
    assert apk_runtime("openssl-dev", None) is None
    assert apk_runtime("zlib-dev", None) is None
    assert apk_runtime("zlib-dev", frozenset({"3.9"})) is None
    assert apk_runtime("no-such-thing-dev", RELEASES) is None
    assert apk_runtime("curl", RELEASES) is None
