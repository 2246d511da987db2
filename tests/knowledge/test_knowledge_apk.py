from __future__ import annotations

import re

import pytest

from dockfix.knowledge import apk
from dockfix.knowledge.tables import table

RELEASES = frozenset({"3.19", "3.20"})
NAME = re.compile(r"\.?[a-z0-9][a-z0-9+.-]*")


def test_the_table_says_where_it_comes_from() -> None:
    data = table("apk_packages")
    assert data["source"] and data["releases"]
    assert all(group["why"] and group["source"] for group in [*data["build_only"], data["in_base"], data["run_only"]])
    assert data["releases"] == table("base_images")["alpine"]["releases"]


def test_every_package_has_one_role() -> None:
    data = table("apk_packages")
    build = [name for group in data["build_only"] for name in group["packages"].split()]
    dev = [*data["runtime"], *data["by_release"], *data["in_base"]["packages"].split()]
    lists = [*build, *dev, *data["run_only"]["packages"].split()]
    assert sorted(lists) == sorted(set(lists))
    assert all(NAME.fullmatch(name) for name in lists)
    assert len(data["runtime"]) >= 40
    assert {apk.role(name) for name in build} == {"build"}
    assert {apk.role(name) for name in dev} == {"dev"}
    assert data["commands"].keys() <= set(dev)
    assert data["alongside"].keys() <= {*build, *dev}


def test_what_stands_in_is_no_build_package() -> None:
    data = table("apk_packages")
    lines = [*data["runtime"].values(), *(group.get("runtime", "") for group in data["build_only"])]
    lines += [line for releases in data["by_release"].values() for line in releases.values()]
    lines += [*data["libraries"], *data["alongside"].values()]
    for name in " ".join(lines).split():
        assert NAME.fullmatch(name)
        assert apk.role(name) in ("run", "unknown"), name


def test_what_comes_along_is_known_by_its_libraries() -> None:
    data = table("apk_packages")
    assert set(" ".join(data["alongside"].values()).split()) <= data["libraries"].keys()


def test_every_release_has_a_name_that_changed() -> None:
    data = table("apk_packages")
    assert all(list(each) == data["releases"] for each in data["by_release"].values())


@pytest.mark.parametrize(
    ("package", "expected"),
    [
        ("build-base", "build"),
        ("gcc@edge", "build"),
        ("musl-dev", "build"),
        ("python3-dev", "build"),
        ("postgresql-dev", "dev"),
        ("proj-dev@edge", "dev"),
        ("no-such-thing-dev", "dev"),
        ("libpq", "run"),
        ("git", "git"),
        ("no-such-thing", "unknown"),
    ],
)
def test_role(package: str, expected: str) -> None:
    assert apk.role(package) == expected


@pytest.mark.parametrize(
    ("package", "expected"),
    [
        ("postgresql-dev", "libpq"),
        ("mariadb-connector-c-dev", "mariadb-connector-c"),
        ("libffi-dev", "libffi"),
        ("jpeg-dev", "libjpeg-turbo"),
        ("zlib-dev", "zlib"),
        ("vips-dev", "vips"),
        ("openssl-dev", ""),
        ("expat-dev", "libexpat"),
        ("gcc", ""),
        ("g++", "libstdc++ libgcc"),
        ("build-base", "libstdc++ libgcc"),
        ("cargo", "libgcc"),
        ("make", ""),
        ("curl", ""),
        ("proj-dev@edge", "proj@edge"),
        ("g++@edge", "libstdc++@edge libgcc@edge"),
    ],
)
def test_what_stands_in(package: str, expected: str) -> None:
    assert apk.instead(package, RELEASES) == tuple(expected.split())


@pytest.mark.parametrize(
    ("package", "suites"),
    [
        ("no-such-thing-dev", RELEASES),
        ("openssl-dev@edge", RELEASES),
        ("expat-dev", frozenset({"3.16", "3.17"})),
        ("zlib-dev", frozenset({"3.9"})),
        ("zlib-dev", None),
    ],
)
def test_what_is_not_certain(package: str, suites: frozenset[str] | None) -> None:
    assert apk.instead(package, suites) is None


def test_libraries_are_the_same_as_debians_by_their_names() -> None:
    assert apk.equivalents(("libpq5", "libgomp1", "libxml2")) == {"libpq", "libgomp", "libxml2"}
    assert apk.equivalents(("no-such-thing",)) == frozenset()
    assert apk.holds("libmagic", "libmagic.so.1") and apk.holds("libmagic", "magic")
    assert apk.holds("libpq", "/usr/lib/libpq.so.5") and not apk.holds("libpq", "libp.so.5")


def test_programs_that_leave_with_a_package() -> None:
    assert {"gcc", "make", "ld"} <= apk.commands("build-base")
    assert apk.commands("postgresql-dev@edge") == {"pg_config", "ecpg"}
    assert apk.commands("git") == {"git"}
    assert not apk.commands("no-such-thing")
