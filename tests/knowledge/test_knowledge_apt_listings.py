"""The tables of commands and recommendations: what they say, and the script that writes them, on small indices."""

from __future__ import annotations

import gzip
import os
import random
import tomllib
from pathlib import Path

import pytest

import make_apt_tables as script
from apt_tables import places, tables
from apt_tables.index import Index
from dockfix.knowledge import (
    alongside,
    commands,
    holds,
    known_packages,
    known_suites,
    recommends,
    role,
    runtime_libraries,
)
from dockfix.knowledge.tables import table

BOOKWORM = frozenset({"bookworm"})
TRIXIE = frozenset({"trixie"})
RELEASE = "Date: Sat, 10 Feb 2024 11:07:24 UTC\n"

OLD = [
    "Package: curl\nDepends: libcurl4 (= 7.88), libc6\nSection: web",
    "Package: libcurl4\nSource: curl\nDepends: libssl3\nRecommends: ca-certificates, publicsuffix\nSection: libs",
    "Package: libssl3\nSource: openssl\nSection: libs",
    "Package: ca-certificates\nDepends: openssl\nRecommends: less\nSection: misc",
    "Package: openssl\nDepends: libssl3\nSection: utils",
    "Package: publicsuffix\nSection: net",
    "Package: less\nSection: text",
    "Package: libc6\nSource: glibc\nRecommends: gcc\nPriority: required\nSection: libs",
    "Package: gcc\nSource: gcc-defaults\nDepends: cpp, gcc-12\nRecommends: libc6-dev | libc-dev\nSection: devel",
    "Package: cpp\nSource: gcc-defaults\nSection: devel",
    "Package: gcc-12\nDepends: libc6\nSection: devel",
    "Package: libc6-dev\nSource: glibc\nDepends: libc6\nSection: libdevel",
    "Package: git\nDepends: perl\nRecommends: ssh-client\nSection: vcs",
    "Package: perl\nDepends: perl-base\nSection: perl",
    "Package: perl-base\nSource: perl\nPriority: required\nSection: perl",
    "Package: openssh-client\nProvides: ssh-client\nSection: net",
    "Package: dropbear-bin\nProvides: ssh-client\nSection: net",
    "Package: default-mysql-client\nSource: mysql-defaults\nDepends: mariadb-client\nSection: database",
    "Package: mariadb-client\nSource: mariadb\nDepends: mariadb-client-core, openssl\nSection: database",
    "Package: mariadb-client-core\nSource: mariadb\nSection: database",
    "Package: python3-dev\nSource: python3-defaults\nDepends: python3\nSection: python",
    "Package: python3\nSource: python3-defaults\nSection: python",
    "Package: wkhtmltopdf\nSection: web",
    "Package: libtool\nDepends: file, cpp\nSection: devel",
    "Package: file\nDepends: libmagic1\nSection: utils",
    "Package: libmagic1\nSource: file\nDepends: libc6\nSection: libs",
    "Package: libmagic-dev\nSource: file\nDepends: libmagic1, libsnappy-dev\nSection: libdevel",
    "Package: libsnappy1v5\nSource: snappy\nSection: libs",
    "Package: libsnappy-dev\nSource: snappy\nDepends: libsnappy1v5\nSection: libdevel",
]
_NAMES = ("alongside", "brings", "commands", "full_data", "full_image", "full_programs", "libraries", "recommends", "runtime", "sizes_new", "sizes_old", "slim_image")  # fmt: skip
NEW = [stanza for stanza in OLD if not stanza.startswith("Package: wkhtmltopdf")]

LISTING = """\
bin/less                                                text/less
usr/bin/[odd]                                           text/less
usr/bin/a folder/less                                   text/less
usr/bin/curl                                            web/curl
usr/bin/cpp                                             devel/cpp
usr/bin/file                                            utils/file
usr/bin/kill                                            utils/file
usr/bin/gcc                                             devel/gcc
usr/bin/gcc-12                                          devel/gcc-12
usr/bin/git                                             vcs/git
usr/bin/mariadb                                         database/mariadb-client-core,database/other
usr/bin/mysqlaccess                                     database/mariadb-client
usr/bin/openssl                                         utils/openssl
usr/bin/perl                                            perl/perl-base
usr/bin/prove                                           perl/perl
usr/bin/python3                                         python/python3
usr/bin/python3-config                                  python/python3-dev
usr/bin/wkhtmltopdf                                     web/wkhtmltopdf
usr/games/less                                          text/less
usr/lib/bin/less                                        text/less
usr/lib/x86_64-linux-gnu/libmagic.so                    libdevel/libmagic-dev
usr/lib/x86_64-linux-gnu/libmagic.so.1                  libs/libmagic1
usr/lib/x86_64-linux-gnu/libmagic.so.1.0.0              libs/libmagic1
usr/lib/x86_64-linux-gnu/perl/libmagic.so.2             libs/libmagic1
usr/lib/x86_64-linux-gnu/libother.so.1                  libs/libother1
usr/share/doc/curl/README                               web/curl
"""

COMMANDS = """\
# The programs that packages put on PATH, by Debian release. Made by scripts/make_apt_tables.py: don't edit.

# The releases, oldest first, and the dates of their indices (main, amd64).
[indices]
old = "Sat, 10 Feb 2024 11:07:24 UTC"
new = "unknown"

# What all releases that have the package say; then what each of them adds. '-': it hasn't the package.
[packages]
cpp = 'cpp'
curl = 'curl |  | wcurl'
default-mysql-client = 'mariadb mysqlaccess'
file = 'file kill'
gcc = 'cpp gcc'
git = 'git'
less = 'less'
libtool = 'file'
mariadb-client = 'mariadb mysqlaccess'
mariadb-client-core = 'mariadb'
openssl = 'openssl'
perl = 'prove'
python3 = 'python3'
python3-dev = 'python3-config'
wkhtmltopdf = 'wkhtmltopdf |  | -'

# Looked up, and nothing was found.
[without]
packages = '''
ca-certificates libc6 libc6-dev libcurl4 libmagic-dev libmagic1 libsnappy-dev libsnappy1v5 libssl3 openssh-client
'''
"""

RECOMMENDS = """\
[packages]
ca-certificates = 'less'
curl = 'ca-certificates openssl'
gcc = 'libc6-dev'
git = 'openssh-client'
libcurl4 = 'ca-certificates openssl'
"""


def write(folder: Path, *, seed: int | None = None) -> list[str]:
    """Indices of two releases; with a seed, in another order. Returns the arguments for the script."""
    mixed = random.Random(seed)
    arguments: list[str] = []
    for suite, stanzas, listing in [("old", OLD, LISTING), ("new", NEW, LISTING + "usr/bin/wcurl  web/curl\n")]:
        below = folder / "dists" / suite / "main"
        (below / "binary-amd64").mkdir(parents=True)
        lines = listing.splitlines()
        ordered = mixed.sample(stanzas, len(stanzas)) if seed is not None else stanzas
        if seed is not None:
            lines = mixed.sample(lines, len(lines))
        (below / "binary-amd64/Packages").write_text("\n\n".join(ordered) + "\n", encoding="utf-8")
        # two listings, as Debian has them: packages of one architecture and of all
        (below / "Contents-amd64.gz").write_bytes(gzip.compress("\n".join([*lines[::2], ""]).encode()))
        (below / "Contents-all").write_text("\n".join([*lines[1::2], ""]), encoding="utf-8")
        arguments += [f"{suite}={below}/binary-amd64/Packages"]
        arguments += [f"--contents={suite}={below}/Contents-amd64.gz", f"--contents={suite}={below}/Contents-all"]
    (folder / "dists/old/InRelease").write_text(RELEASE, encoding="utf-8")
    return arguments


def output(folder: Path) -> list[str]:
    folder.mkdir(exist_ok=True)
    return ["--output", str(folder / "apt_runtime.toml")]


def test_the_tables_are_written(tmp_path: Path) -> None:
    assert script.main([*write(tmp_path), *output(tmp_path / "out")]) == 0
    assert (tmp_path / "out/apt_commands.toml").read_text(encoding="utf-8") == COMMANDS
    text = (tmp_path / "out/apt_recommends.toml").read_text(encoding="utf-8")
    assert RECOMMENDS in text
    assert "libc6 " in tomllib.loads(text)["without"]["packages"]


def test_libraries_that_come_along(tmp_path: Path) -> None:
    script.main([*write(tmp_path), *output(tmp_path / "out")])
    alongside_table = tomllib.loads((tmp_path / "out/apt_alongside.toml").read_text(encoding="utf-8"))
    assert alongside_table["packages"] == {"libmagic-dev": "libsnappy1v5", "libtool": "libmagic1"}
    assert {"gcc", "git", "libsnappy-dev"} <= set(alongside_table["without"]["packages"].split())
    full_image = tomllib.loads((tmp_path / "out/apt_full_image.toml").read_text(encoding="utf-8"))
    assert full_image["packages"]["python"] == "libmagic1"
    assert {"libmagic1", "libtool", "gcc"} <= set(full_image["packages"]["all"].split())
    brings_table = tomllib.loads((tmp_path / "out/apt_brings.toml").read_text(encoding="utf-8"))
    assert brings_table["packages"]["libtool"] == "cpp libmagic1"
    libraries = tomllib.loads((tmp_path / "out/apt_libraries.toml").read_text(encoding="utf-8"))
    assert libraries["packages"] == {"libmagic1": "libmagic.so.1"}
    assert "\nlibtool 0 cpp file\n" in (tmp_path / "out/apt_sizes_new.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_order_of_the_indices_does_not_matter(tmp_path: Path, seed: int) -> None:
    (tmp_path / "mixed").mkdir()
    script.main([*write(tmp_path), *output(tmp_path / "first")])
    script.main([*write(tmp_path / "mixed", seed=seed), *output(tmp_path / "second")])
    names = sorted(path.name for path in (tmp_path / "first").iterdir())
    assert names == [f"apt_{name}.toml" for name in _NAMES]
    for name in names:
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes()


def test_check_compares_and_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [*write(tmp_path), *output(tmp_path / "out")]
    assert script.main([*arguments, "--check"]) == 1
    assert not any((tmp_path / "out").iterdir())
    script.main(arguments)
    capsys.readouterr()
    assert script.main([*arguments, "--check"]) == 0
    assert "byte for byte" in capsys.readouterr().out
    file = tmp_path / "out/apt_commands.toml"
    file.write_text(COMMANDS.replace("git = 'git'", "git = 'got'"), encoding="utf-8")
    assert script.main([*arguments, "--check"]) == 1
    assert "-git = 'got'\n+git = 'git'" in capsys.readouterr().out
    assert "got" in file.read_text(encoding="utf-8")


def test_every_release_needs_its_listing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, *rest = write(tmp_path)
    with pytest.raises(SystemExit):
        script.main([first, rest[2], rest[0], *output(tmp_path / "out")])
    assert "for every release, or for none" in capsys.readouterr().err
    for arguments in ([], [first, "--apt", str(tmp_path)]):
        with pytest.raises(SystemExit):
            script.main(arguments)


def test_what_apt_has_fetched_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path)
    lists = tmp_path / "apt/state/lists"
    lists.mkdir(parents=True)
    folder = tmp_path / "dists/old/main"
    program = tmp_path / "bin/apt-get"
    program.parent.mkdir()
    answers = f"""*:\\ Packages) echo 'old {folder}/binary-amd64/Packages';;
      *:\\ Contents-deb) echo 'old {folder}/Contents-amd64.gz'; echo 'old {folder}/Contents-all'; echo 'old {folder}/missing';;"""
    program.write_text(
        f'#!/bin/sh\necho "$APT_CONFIG $*" >> "{tmp_path}/log"\ncase "$*" in\n{answers}\n*update*) echo > "{lists}/x_InRelease";;\nesac\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    assert script.main(["--apt", str(tmp_path / "apt"), *output(tmp_path / "out")]) == 0
    assert script.main(["--apt", str(tmp_path / "apt"), "--check", *output(tmp_path / "out")]) == 0
    log = (tmp_path / "log").read_text().splitlines()
    assert sum("update" in line for line in log) == 1
    assert all(line.startswith(f"{tmp_path}/apt/apt.conf ") for line in log)
    assert "signed-by" in (tmp_path / "apt/sources.list").read_text()
    assert "git = 'git'" in (tmp_path / "out/apt_commands.toml").read_text(encoding="utf-8")


def test_the_date_of_a_list_of_apt(tmp_path: Path) -> None:
    (tmp_path / "host_debian_dists_trixie_InRelease").write_text(RELEASE)
    assert (
        places.release_date(f"{tmp_path}/host_debian_dists_trixie_main_binary-amd64_Packages.lz4", None)
        == RELEASE[6:-1]
    )


def test_circles_end() -> None:
    index = Index.parse("Package: a\nSource: s\nDepends: b\n\nPackage: b\nSource: s\nDepends: a\nRecommends: a\n")
    assert index.commands("a", {"a": ["x"], "b": ["y"]}, frozenset()) == {"x", "y"}
    assert index.recommended("a", {}) == set()
    assert index.commands("none", {}, frozenset()) == set()


# --- the committed tables


def test_enough_packages_are_known() -> None:
    assert len(known_packages()) >= 400
    for suite in known_suites():
        missing = [line for line in table("apt_commands")["packages"].values() if _part(line, suite) == "-"]
        assert len(known_packages()) - len(missing) >= 400
    together = [name for name in _NAMES if not name.startswith("sizes_")]
    assert len({str(table(f"apt_{name}")["indices"]) for name in together}) == 1
    sizes = [table(f"apt_sizes_{suite}")["indices"] for suite in known_suites()]
    assert {suite: date for each in sizes for suite, date in each.items()} == table("apt_runtime")["indices"]


def _part(line: str, suite: str) -> str:
    common, *parts = line.split("|")
    return parts[known_suites().index(suite)].strip() if parts else common


@pytest.mark.parametrize("name", ["apt_alongside", "apt_commands", "apt_libraries", "apt_recommends"])
def test_tables_are_well_formed(name: str) -> None:
    data = table(name)
    assert list(data["packages"]) == sorted(data["packages"])
    assert not set(data["packages"]) & set(data["without"]["packages"].split())
    for package, line in data["packages"].items():
        assert line.count("|") in (0, len(known_suites())), package
        assert line.replace("|", "").replace("-", "").split(), package


def test_what_is_asked_for_is_known_or_in_no_release() -> None:
    wanted = tables.wanted()
    assert known_packages() <= wanted.installed
    assert {"curl", "gcc", "libpq-dev", "build-essential", "supervisor", "default-mysql-client"} <= known_packages()
    assert set(table("apt_runtime")["packages"]) <= known_packages()


def test_nothing_of_the_hand_made_lists_is_lost() -> None:
    for package, names in table("apt_roles")["commands"].items():
        assert set(names.split()) <= commands(package)
    assert {"cc", "gcc", "c89-gcc", "gcc-ar"} <= commands("gcc")
    assert commands("python3-dev").isdisjoint({"python3", "python"})


@pytest.mark.parametrize(
    ("package", "expected"),
    [
        ("libffi-dev", ""),
        ("default-mysql-client", "mysql mysqldump mariadb"),
        ("libgsl-dev", "gsl-config"),
        ("libxmlsec1-dev", "xmlsec1-config"),
        ("nodejs", "node"),
        ("netcat-openbsd", "nc nc.openbsd"),
        ("no-such-thing", ""),
    ],
)
def test_commands(package: str, expected: str) -> None:
    assert set(expected.split()) <= commands(package)
    assert bool(expected) is bool(commands(package))


def test_recommends() -> None:
    assert recommends("curl", BOOKWORM) >= {"ca-certificates"}
    assert recommends("gcc", TRIXIE) == {"libc6-dev"}
    assert recommends("gcc", None) == {
        "libc6-dev",
        "libkrb5-3",
        "libgssapi-krb5-2",
    }  # of libc6-dev's libnsl-dev in Debian 12
    assert recommends("git", TRIXIE) >= {"ca-certificates", "openssh-client", "less"}
    assert recommends("python3-pip", BOOKWORM) >= {"build-essential", "python3-dev", "gcc"}
    assert recommends("libgomp1", None) == frozenset()
    assert recommends("no-such-thing", BOOKWORM) == frozenset()


def test_recommendations_of_any_candidate_release_are_told() -> None:
    only_new = [
        name for name in table("apt_recommends")["packages"] if recommends(name, TRIXIE) - recommends(name, BOOKWORM)
    ]
    assert only_new
    for name in only_new:
        both = recommends(name, BOOKWORM | TRIXIE)
        assert both == recommends(name, BOOKWORM) | recommends(name, TRIXIE)
        assert both <= recommends(name, None) == recommends(name, frozenset({"buster"}))


@pytest.mark.parametrize(
    ("package", "bookworm", "trixie"),
    [
        ("gcc", {"libgomp1"}, {"libgomp1"}),
        ("gcc-12", {"libgomp1"}, {"libgomp1"}),  # named by a pattern in apt_roles.toml
        ("libtool", {"libmagic1"}, {"libmagic1t64"}),
        ("libraqm-dev", {"libharfbuzz-subset0"}, {"libcairo2", "libharfbuzz-subset0"}),
        ("libcairo2-dev", {"libsm6", "libice6"}, {"libsm6", "libice6"}),
    ],
)
def test_alongside(package: str, bookworm: set[str], trixie: set[str]) -> None:
    assert bookworm <= alongside(package, BOOKWORM, recommended=False)
    assert trixie <= alongside(package, TRIXIE, recommended=False)
    assert bookworm | trixie <= alongside(package, None)


def test_what_stays_or_is_in_every_base_is_not_alongside() -> None:
    assert "libpq5" not in alongside("libpq-dev", TRIXIE)
    assert alongside("libpq-dev", TRIXIE, recommended=False) == frozenset()
    assert not {"libssl3", "libssl3t64", "libffi8", "zlib1g", "libc6"} & alongside(
        "libglib2.0-dev", BOOKWORM | TRIXIE, recommended=False
    )
    assert alongside("no-such-thing", None) == frozenset()
    # of the recommendation alone
    assert "libjpeg62-turbo" in alongside("build-essential", BOOKWORM)
    assert "libjpeg62-turbo" not in alongside("build-essential", BOOKWORM, recommended=False)


@pytest.mark.parametrize(
    ("package", "library", "expected"),
    [
        ("libmagic1", "libmagic.so.1", True),
        ("libmagic1t64", "magic", True),
        ("libmagic1", "/usr/lib/x86_64-linux-gnu/libmagic.so.1", True),
        ("libmagic1", "libmagic.so.1.0.0", True),
        ("libmagic1", "libmagic.so", True),
        ("libmagic1", "libmagic.so.2", False),
        ("libmagic1", "libmagic.so.10", False),
        ("libmagic1", "mag", False),
        ("libglib2.0-0", "libgobject-2.0.so.0", True),
        ("libicu72", "icudata", True),
        ("libcairo2", "cairo", True),
        ("libcairo2", "cairo-gobject", False),
        ("no-such-thing", "magic", False),
    ],
)
def test_holds(package: str, library: str, expected: bool) -> None:
    assert holds(package, library) is expected


def test_runtime_libraries_that_are_known_have_no_build_role() -> None:
    names = {name for line in table("apt_runtime")["packages"].values() for name in line.replace("|", " ").split()} - {
        "-"
    }
    assert [name for name in names if role(name) in ("build", "dev")] == []
    assert runtime_libraries("libpq-dev", BOOKWORM) == ("libpq5",)
