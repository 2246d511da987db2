"""The script that writes apt_runtime.toml, on indices small enough to read."""

from __future__ import annotations

import gzip
import importlib.util
import lzma
import sys
import threading
import tomllib
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts/make_apt_tables.py"
RELEASE = "Origin: Debian\nSuite: stable\nDate: Sat, 10 Feb 2024 11:07:24 UTC\nArchitectures: amd64\n"

OLD = """\
Package: libpq-dev
Source: postgresql-15 (15.5-0)
Version: 15.5-0+b1
Depends: libpq5 (= 15.5-0), libssl-dev
Section: libdevel

Package: libpq5
Source: postgresql-15
Depends: libc6 (>= 2.34), libssl3 (>= 3.0.0)
Section: libs
Description: PostgreSQL C client library
 libpq is a C library
 .
 Depends: nothing

Package: libssl-dev
Source: openssl
Depends: libssl3 (= 3.0.11-1)
Section: libdevel

Package: libssl3
Source: openssl
Section: libs

Package: default-libmysqlclient-dev
Source: mysql-defaults (1.1.0)
Depends: libmariadb-dev-compat
Section: database

Package: libmariadb-dev-compat
Source: mariadb
Depends: libmariadb-dev (= 1:10.11)
Section: libdevel

Package: libmariadb-dev
Source: mariadb
Depends: libmariadb3 (= 1:10.11) | libmariadb4, libc6-dev | libc-dev, libssl-dev, zlib1g-dev:any
Section: libdevel

Package: libmariadb3
Source: mariadb
Section: libs

Package: libc6-dev
Source: glibc
Depends: libc6 (= 2.36)
Section: libdevel

Package: libc6
Source: glibc
Section: libs

Package: libtesseract-dev
Source: tesseract
Depends: libtesseract4, libssl-dev
Section: libdevel

Package: libtesseract4
Source: tesseract
Section: graphics

Package: libgl1-mesa-dev
Source: libglvnd
Depends: libgl-dev, libegl-dev, libglvnd0
Section: libdevel

Package: libgl-dev
Source: libglvnd
Depends: libgl1
Section: libdevel

Package: libegl-dev
Source: libglvnd
Depends: libegl1, libgl-dev
Section: libs

Package: libgl1
Source: libglvnd
Depends: libglvnd0
Section: libs

Package: libegl1
Source: libglvnd
Section: libs

Package: libglvnd0
Source: libglvnd
Section: libs

Package: libpango1.0-dev
Source: pango1.0
Depends: libpango-1.0-0, pango1.0-tools
Section: libdevel

Package: libpango-1.0-0
Source: pango1.0
Section: libs

Package: pango1.0-tools
Source: pango1.0
Section: libs

Package: libgpgme-dev
Source: gpgme1.0
Depends: gpgme-engine
Section: libdevel

Package: gpgme-engine
Source: gpgme1.0
Section: utils

Package: libeigen3-dev
Source: eigen3
Section: libdevel

Package: libncurses-dev
Source: ncurses
Depends: libtinfo6, libncursesw6
Provides: libncurses5-dev (= 6.4), libtinfo-dev
Section: libdevel

Package: libtinfo6
Source: ncurses
Section: libs

Package: libncursesw6
Source: ncurses
Section: libs

Package: libboost-all-dev
Depends: libboost1.81
Section: libdevel

Package: libboost1.81
Source: libboost-all-dev
Section: libs
"""

NEW = OLD.replace("libssl3", "libssl3t64").replace("Package: libtesseract-dev", "Package: libtesseract6-dev")

EXPECTED = """\
# The runtime libraries of -dev packages, by Debian release. Made by scripts/make_apt_tables.py: don't edit.

# The releases, oldest first, and the dates of their indices (main, amd64).
[indices]
old = "Sat, 10 Feb 2024 11:07:24 UTC"
new = "unknown"

# What holds for all releases, or for each in turn. '-': nothing is known; '': headers alone.
[packages]
default-libmysqlclient-dev = 'libmariadb3'
libegl-dev = 'libegl1 libgl1'
libeigen3-dev = ''
libgl-dev = 'libgl1'
libgl1-mesa-dev = 'libegl1 libgl1 libglvnd0'
libmariadb-dev = 'libmariadb3'
libmariadb-dev-compat = 'libmariadb3'
libncurses-dev = 'libncursesw6 libtinfo6'
libncurses5-dev = 'libncursesw6 libtinfo6'
"libpango1.0-dev" = 'libpango-1.0-0'
libpq-dev = 'libpq5'
libssl-dev = 'libssl3 | libssl3t64'
libtesseract-dev = 'libtesseract4 | -'
libtinfo-dev = 'libncursesw6 libtinfo6'
"""


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_apt_tables", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    old = tmp_path / "dists/old/main/binary-amd64"
    new = tmp_path / "dists/new/main/binary-amd64"
    old.mkdir(parents=True)
    new.mkdir(parents=True)
    (old / "Packages.xz").write_bytes(lzma.compress(OLD.encode()))
    (old / "../../InRelease").write_text(RELEASE, encoding="utf-8")
    (new / "Packages").write_text(NEW, encoding="utf-8")
    return tmp_path / "dists"


def arguments(root: Path | str, output: Path) -> list[str]:
    old = f"old={root}/old/main/binary-amd64/Packages.xz"
    return [old, f"new={root}/new/main/binary-amd64/Packages", "--output", str(output)]


def test_the_table_is_written(script: ModuleType, archive: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.toml"
    assert script.main(arguments(archive, output)) == 0
    assert output.read_text(encoding="utf-8") == EXPECTED
    assert tomllib.loads(EXPECTED)["packages"]["libpango1.0-dev"] == "libpango-1.0-0"


def test_a_second_run_gives_the_same_bytes(script: ModuleType, archive: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first.toml", tmp_path / "second.toml"
    script.main(arguments(archive, first))
    script.main(arguments(archive, second))
    assert first.read_bytes() == second.read_bytes()


def test_indices_come_from_an_address(script: ModuleType, archive: Path, tmp_path: Path) -> None:
    handler = partial(QuietHandler, directory=str(archive))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    output = tmp_path / "out.toml"
    try:
        script.main(arguments(f"http://127.0.0.1:{server.server_port}", output))
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert output.read_text(encoding="utf-8") == EXPECTED


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


def test_the_order_of_the_releases_is_the_one_given(script: ModuleType, archive: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.toml"
    old, new, *rest = arguments(archive, output)
    script.main([new, old, *rest])
    data = tomllib.loads(output.read_text(encoding="utf-8"))
    assert list(data["indices"]) == ["new", "old"]
    assert data["packages"]["libssl-dev"] == "libssl3t64 | libssl3"


def test_a_release_file_may_be_given(script: ModuleType, tmp_path: Path) -> None:
    index, release = tmp_path / "index.gz", tmp_path / "release"
    index.write_bytes(gzip.compress(OLD.encode()))
    release.write_text(RELEASE, encoding="utf-8")
    assert script.read(str(index)) == OLD
    assert script.release_date(str(index), str(release)) == "Sat, 10 Feb 2024 11:07:24 UTC"
    assert script.release_date(str(index), None) == "unknown"
    with pytest.raises(FileNotFoundError):
        script.release_date(str(index), str(tmp_path / "missing"))


@pytest.mark.parametrize("pair", ["bookworm", "=index", "bookworm="])
def test_bad_arguments(script: ModuleType, pair: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        script.main([pair])
    assert raised.value.code == 2
    assert "SUITE=FILE_OR_URL" in capsys.readouterr().err


def test_two_providers_are_no_answer(script: ModuleType) -> None:
    stanza = "Package: {}\nProvides: libx-dev\nDepends: libx1\nSource: x\nSection: libdevel\n\n"
    library = "Package: libx1\nSource: x\nSection: libs\n\n"
    one = script.Index.parse(stanza.format("libxa-dev") + library)
    two = script.Index.parse(stanza.format("libxa-dev") + stanza.format("libxb-dev") + library)
    assert one.runtime("libx-dev", frozenset()) == {"libx1"}
    assert two.runtime("libx-dev", frozenset()) is None


def test_circles_end(script: ModuleType) -> None:
    index = script.Index.parse(
        "Package: liba-dev\nDepends: libb-dev\nSection: libdevel\n\n"
        "Package: libb-dev\nDepends: liba-dev\nSection: libdevel\n"
    )
    assert index.runtime("liba-dev", frozenset()) == frozenset()


def test_images_have_nothing_that_merges_usr(script: ModuleType) -> None:
    index = script.Index.parse(
        "Package: init-system-helpers\nPriority: required\nDepends: usrmerge | usr-is-merged\n\n"
        "Package: usrmerge\nDepends: perl:any\n\nPackage: usr-is-merged\n\nPackage: perl\n"
    )
    assert index.closure(index.required()) == {"init-system-helpers", "usr-is-merged"}
