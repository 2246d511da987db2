from __future__ import annotations

import re
import tomllib

import pytest

from dockfix.knowledge import BuildOnly, build_only, commands, known_suites, role, runtime_libraries
from dockfix.knowledge.tables import is_pattern, table

BOOKWORM = frozenset({"bookworm"})
TRIXIE = frozenset({"trixie"})
BOTH = BOOKWORM | TRIXIE
ALL = frozenset({"bullseye", "bookworm", "trixie"})
NAME = re.compile(r"[a-z0-9][a-z0-9+.-]+")


def groups(kind: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = table("apt_roles")[kind]
    return found


def names(kind: str) -> list[str]:
    return [name for group in groups(kind) for name in group["packages"].split()]


@pytest.mark.parametrize("kind", ["build_only", "run_only", "in_python_base"])
def test_groups_are_well_formed(kind: str) -> None:
    for group in groups(kind):
        assert group["why"]
        for name in group["packages"].split():
            assert NAME.fullmatch(re.sub(r"\[0-9\]|\*", "0", name)), name


def test_no_package_is_listed_twice() -> None:
    listed = [*names("build_only"), *names("run_only"), *table("apt_roles")["git"]["packages"].split()]
    assert sorted(listed) == sorted(set(listed))


@pytest.mark.parametrize("other", ["build_only", "run_only"])
def test_no_headers_with_libraries_have_another_role(other: str) -> None:
    looked_up = [*table("apt_runtime")["packages"], *names("in_python_base")]
    clashes = [name for name in looked_up if role(name) != "dev"]
    assert clashes == []
    assert not set(looked_up) & set(names(other))


def test_exact_names_are_not_taken_by_patterns_of_another_role() -> None:
    for kind, expected in [("build_only", "build"), ("run_only", "run")]:
        assert [name for name in names(kind) if not is_pattern(name) and role(name) != expected] == []


def test_build_only_packages_bring_commands_or_headers_alone() -> None:
    without = [group for group in groups("build_only") if not group["commands"].split() and "brings" not in group]
    assert [group["why"].split()[0] for group in without] == ["headers"]
    for group in groups("build_only"):
        for name in group["packages"].split():
            known = build_only(re.sub(r"\[0-9\]|\*", "1", name))
            assert known is not None, name
            assert bool(known.commands) is (group is not without[0]), name


def test_what_is_brought_is_build_only() -> None:
    brought = {name for group in groups("build_only") for name in group.get("brings", "").split()}
    assert brought
    assert all(build_only(name) for name in brought)


def test_everything_in_the_python_base_has_runtime_libraries_elsewhere() -> None:
    for name in names("in_python_base"):
        assert runtime_libraries(name, ALL) == ()
        assert runtime_libraries(name, BOOKWORM, python_base=False), name


def test_runtime_table_is_well_formed() -> None:
    packages = table("apt_runtime")["packages"]
    assert len(packages) >= 120
    assert list(packages) == sorted(packages)
    for name, line in packages.items():
        assert NAME.fullmatch(name)
        values = line.split(" | ")
        assert len(values) in (1, len(known_suites())), name
        for library in " ".join(values).split():
            assert library == "-" or NAME.fullmatch(library), name
            assert not library.endswith("-dev"), name


def test_table_holds_no_package_that_was_left_out() -> None:
    asked = table("apt_packages")
    left_out = {name for group in asked["left_out"] for name in group["packages"].split()}
    assert all(group["why"] for group in asked["left_out"])
    assert not left_out & set(table("apt_runtime")["packages"])
    wanted = {*asked["packages"].split(), *asked["headers_only"]["packages"].split(), *asked["same_as"]}
    assert set(table("apt_runtime")["packages"]) <= wanted


def test_indices_are_dated() -> None:
    assert known_suites() == ("bullseye", "bookworm", "trixie")
    for date in table("apt_runtime")["indices"].values():
        assert re.fullmatch(r"\w{3}, \d\d \w{3} 20\d\d [\d:]{8} UTC", date)


@pytest.mark.parametrize(
    ("package", "bullseye", "bookworm", "trixie"),
    [
        ("libpq-dev", "libpq5", "libpq5", "libpq5"),
        ("default-libmysqlclient-dev", "libmariadb3", "libmariadb3", "libmariadb3"),
        ("libmariadb-dev-compat", "libmariadb3", "libmariadb3", "libmariadb3"),
        ("libssl-dev", "libssl1.1", "libssl3", "libssl3t64"),
        ("libffi-dev", "libffi7", "libffi8", "libffi8"),
        ("libjpeg-dev", "libjpeg62-turbo", "libjpeg62-turbo", "libjpeg62-turbo"),
        ("libxml2-dev", "libxml2", "libxml2", "libxml2"),
        ("libxslt1-dev", "libxslt1.1", "libxslt1.1", "libxslt1.1"),
        ("libgdal-dev", "libgdal28", "libgdal32", "libgdal36"),
        ("libgeos-dev", "libgeos-c1v5", "libgeos-c1v5", "libgeos-c1t64"),
        ("zlib1g-dev", "zlib1g", "zlib1g", "zlib1g"),
        ("libldap2-dev", "libldap-2.4-2", "libldap-2.5-0", "libldap2"),
        ("libmagic-dev", "libmagic1", "libmagic1", "libmagic1t64"),
        ("libcurl4-openssl-dev", "libcurl4", "libcurl4", "libcurl4t64"),
        ("libvips-dev", "libvips42", "libvips42", "libvips42t64"),
        ("libtesseract-dev", "libtesseract4", "libtesseract5", "libtesseract5"),
        ("portaudio19-dev", *["libportaudio2 libportaudiocpp0"] * 3),
        ("libncurses5-dev", *["libncurses6 libncursesw6 libtinfo6"] * 3),
        ("unixodbc-dev", "libodbc1 odbcinst1debian2", *["libodbc2 libodbccr2 libodbcinst2"] * 2),
        ("libeigen3-dev", "", "", ""),
    ],
)
def test_runtime_libraries(package: str, bullseye: str, bookworm: str, trixie: str) -> None:
    for suite, expected in [("bullseye", bullseye), ("bookworm", bookworm), ("trixie", trixie)]:
        assert runtime_libraries(package, frozenset({suite}), python_base=False) == tuple(expected.split())


def test_libraries_have_to_agree_between_the_candidates() -> None:
    assert runtime_libraries("libpq-dev", BOTH) == ("libpq5",)
    assert runtime_libraries("libvips-dev", BOTH) is None
    assert runtime_libraries("libvips-dev", TRIXIE) == ("libvips42t64",)
    assert runtime_libraries("libssl-dev", BOTH, python_base=False) is None
    assert runtime_libraries("libssl-dev", BOTH) == ()


@pytest.mark.parametrize(
    ("package", "suites"),
    [
        ("no-such-thing-dev", BOTH),
        ("python3-dev", BOTH),
        ("libboost-all-dev", BOOKWORM),
        ("libgirepository1.0-dev", BOOKWORM),
        ("libpq-dev", None),
        ("libffi-dev", None),
        ("libpq-dev", frozenset()),
        ("libpq-dev", frozenset({"buster"})),
        ("libpq-dev", BOTH | {"forky"}),
        ("libatlas-base-dev", TRIXIE),
        ("libatlas-base-dev", BOTH),
        ("libpcre3-dev", TRIXIE),
    ],
)
def test_unknown_libraries(package: str, suites: frozenset[str] | None) -> None:
    assert runtime_libraries(package, suites) is None


@pytest.mark.parametrize(
    ("package", "expected"),
    [
        ("gcc", "build"),
        ("gcc-12", "build"),
        ("build-essential", "build"),
        ("python3-dev", "build"),
        ("python3.11-dev", "build"),
        ("linux-headers-6.1.0-21-amd64", "build"),
        ("libc6-dev", "build"),
        ("libpq-dev", "dev"),
        ("no-such-thing-dev", "dev"),
        ("libreoffice-dev", "dev"),
        ("curl", "run"),
        ("fonts-noto-cjk", "run"),
        ("tesseract-ocr-deu", "run"),
        ("libgl1", "run"),
        ("git", "git"),
        ("ca-certificates", "unknown"),
        ("openssh-client", "unknown"),
        ("gcc-doc", "unknown"),
        ("nodejs", "unknown"),
        ("", "unknown"),
    ],
)
def test_role(package: str, expected: str) -> None:
    assert role(package) == expected


def test_build_only() -> None:
    gcc = build_only("gcc")
    assert gcc is not None
    assert {"gcc", "cc", "cpp", "ld", "as", "ar", "nm", "objdump", "strip"} <= gcc.commands
    assert gcc.runtime == ()
    essential = build_only("build-essential")
    assert essential is not None
    assert {"g++", "make", "patch", "xz", "dpkg-buildpackage"} | gcc.commands <= essential.commands
    versioned = build_only("g++-12")
    assert versioned is not None
    assert {"g++-12", "g++", "gcc"} <= versioned.commands
    fortran = build_only("gfortran")
    assert fortran is not None
    assert fortran.runtime == ("libgfortran5",)
    assert build_only("linux-headers-amd64") == BuildOnly(frozenset(), ())
    assert build_only("curl") is None
    assert build_only("libpq-dev") is None


def test_commands() -> None:
    assert commands("libpq-dev") == {"pg_config"}
    assert commands("ffmpeg") >= {"ffmpeg", "ffprobe"}
    assert commands("make") >= {"make"}
    assert commands("git") >= {"git", "ssh"}
    assert "ps" in commands("cmake")
    assert commands("no-such-thing") == frozenset()


def test_every_table_is_plain_toml() -> None:
    from dockfix.knowledge import tables

    folder = tables._HERE
    found = {path.stem for path in folder.glob("*.toml")}
    assert {"apt_packages", "apt_roles", "apt_runtime", "base_images", "python_packages"} <= found
    for name in found:
        assert tomllib.loads((folder / f"{name}.toml").read_text(encoding="utf-8")) == table(name)
