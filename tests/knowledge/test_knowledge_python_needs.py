from __future__ import annotations

import re

import pytest

from dockfix.knowledge import Needs, known_packages, known_suites, python_needs, role, runtime_libraries
from dockfix.knowledge.tables import table

ALL = frozenset(known_suites())
RECENT = [frozenset({"bookworm"}), frozenset({"trixie"})]


def groups() -> list[dict[str, str]]:
    found: list[dict[str, str]] = table("python_needs")["needs"]
    return found


def names() -> list[str]:
    return [name for group in groups() for name in group["distributions"].split()]


def known() -> list[Needs]:
    return [needs for name in names() if (needs := python_needs(name))]


def test_enough_is_known_and_looked_into() -> None:
    assert len(names()) == len(set(names())) >= 60
    assert len([group for group in groups() if group.get("checked", "").startswith("wheel")]) >= 25


@pytest.mark.parametrize("group", groups(), ids=lambda group: group["distributions"].split()[0])
def test_entries_are_well_formed(group: dict[str, str]) -> None:
    assert set(group) <= {
        "distributions",
        "libraries",
        "linked",
        "commands",
        "build",
        "compiler",
        "embeds",
        "wheel",
        "checked",
        "why",
        "source",
    }
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) for name in group["distributions"].split())
    assert group["wheel"] in ("whole", "part", "pure", "none")
    assert re.match(r"https?://", group["source"])
    assert group["why"]
    assert not group["why"].endswith(".")
    assert re.fullmatch(r"(wheels? \d.*|no wheel.*|)", group.get("checked", ""))
    assert ("no wheel" in group.get("checked", "")) <= (group["wheel"] == "none")
    assert group.get("compiler", "g++") == "g++"
    if group["wheel"] in ("none", "pure"):
        assert "linked" not in group


def test_libraries_are_known_to_debian() -> None:
    libraries = {name for line in table("apt_runtime")["packages"].values() for name in line.split()}
    for needs in known():
        for name in needs.libraries:
            assert role(name) in ("run", "dev") or name in libraries, name
        for name in (*needs.libraries, *needs.linked):
            assert not name.endswith("-dev") or all(
                runtime_libraries(name, suites, python_base=False) for suites in RECENT
            ), name
        assert all(name.endswith("-dev") for name in needs.linked)


def test_build_packages_build() -> None:
    for needs in known():
        for name in needs.build:
            assert name in known_packages(), name
            assert role(name) in ("build", "dev") or name in ("flex", "proj-bin"), name


@pytest.mark.parametrize("suites", RECENT)
def test_names_are_certain_in_each_recent_release(suites: frozenset[str]) -> None:
    for needs in known():
        assert needs.packages(suites, compiled=True) is not None


def test_names_follow_the_release() -> None:
    magic = python_needs("python-magic")
    assert magic is not None
    assert magic.packages(frozenset({"bookworm"})) == ("libmagic1",)
    assert magic.packages(frozenset({"trixie"})) == ("libmagic1t64",)
    assert magic.packages(ALL) is None
    assert magic.packages(None) is None


def test_a_wheel_that_is_whole_needs_nothing() -> None:
    pillow = python_needs("Pillow")
    assert pillow is not None
    assert pillow.wheel_bundles
    assert pillow.packages(ALL) == ()
    assert "libjpeg62-turbo" in (pillow.packages(frozenset({"bookworm"}), compiled=True) or ())
    assert {"gcc", "libjpeg-dev"} <= set(pillow.build)


def test_a_wheel_that_is_not() -> None:
    fiona = python_needs("Fiona")
    assert fiona is not None
    assert not fiona.wheel_bundles
    assert fiona.packages(ALL) == ("libexpat1",)
    assert fiona.checked == "wheel 1.10.1"


def test_what_other_tables_know_is_joined() -> None:
    assert (python_needs("lightgbm") or Needs()).libraries == ("libgomp1",)
    assert (python_needs("pydub") or Needs()).commands == {"ffmpeg", "ffprobe"}
    assert (python_needs("ansible") or Needs()).commands >= {"git", "ssh"}
    assert python_needs("no-such-thing") is None


OFTEN = """
psycopg2 mysqlclient pyodbc lxml Pillow opencv-python weasyprint cairosvg python-magic pdf2image pytesseract pydub lightgbm
pycurl python-ldap xmlsec GDAL Fiona shapely h5py dlib playwright selenium nltk spacy
"""


@pytest.mark.parametrize("name", OFTEN.split())
def test_those_that_come_up_most_are_known(name: str) -> None:
    assert python_needs(name)
