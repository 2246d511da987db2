"""What releases of Python packages require, and which files they have; and how the table is made of locks."""

from __future__ import annotations

import subprocess
import tarfile
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

import look_into_sources
import make_releases
from dockfix.knowledge import c_library, is_pypi, releases
from dockfix.knowledge.releases import LATEST, SHIPPED, Need, Release, rendered, with_files, with_requires
from dockfix.knowledge.seen import SHIPPED as SEEN
from dockfix.knowledge.seen import read_seen
from dockfix.runtimes.closure import requirement
from dockfix.runtimes.wheels import Target, brings, kind_of

SDIST, PURE = "sdist", "pure"
BOTH = "cp310.cp311-2_17_aarch64.2_17_x86_64"
ROWS = (
    Release("web", ("1.0", "1.2"), (8, LATEST), (PURE, SDIST), (Need("core"),)),
    Release("web", ("3.0",), (8, LATEST), (PURE,), (Need("core"), Need("more", pythons=(0, 10)))),
    Release("native", ("2.0.1", "2.0.4", "2.2"), (8, LATEST), (BOTH, SDIST), ()),
    Release("turned", ("1.0",), (8, LATEST), (PURE,), ()),
    Release("turned", ("2.0",), (8, LATEST), (BOTH,), ()),
    Release("partly", ("1.0", "1.2"), (8, LATEST), (PURE,), (Need("here"),)),
    Release("partly", ("1.1",), (12, LATEST), (PURE,), (Need("there"),)),
    Release("narrow", ("1.0",), (9, 10), (PURE,), (Need("old", ("all",), (0, 10), "fast"),)),
)


@pytest.fixture(name="table")
def know(released: Callable[[Iterable[Release]], None]) -> None:
    released(ROWS)


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize(("name", "version", "requires", "files"), [
    ("web", "1.0", ["1.0"], ["1.0"]),
    ("web", "1.0.0", ["1.0"], ["1.0"]),
    ("web", "2.1", ["1.2", "3.0"], ["1.2", "3.0"]),  # all of it is Python alone
    ("web", "0.9", [], []), ("web", "3.1", [], []), ("web", "2.0rc1", [], []), ("web", "1.0+own", [], []), ("web", "any", [], []),
    ("native", "2.0.2", ["2.0.1", "2.0.4"], ["2.0.1", "2.0.4"]),
    ("native", "2.1", ["2.0.4", "2.2"], []),  # of another series, which may have other wheels
    ("turned", "1.5", ["1.0", "2.0"], []),
    ("other", "1.0", [], []),
])  # fmt: skip
def test_which_releases_speak_for_a_version(name: str, version: str, requires: list[str], files: list[str]) -> None:
    for found, wanted in ((with_requires(name, version, (3, 11)), requires), (with_files(name, version), files)):
        assert all(any(each in row.versions for row in found) for each in wanted)
        assert bool(found) is bool(wanted)


@pytest.mark.usefixtures("table")
def test_for_which_pythons_they_speak() -> None:
    held = [bool(with_requires("narrow", "1.0", (3, minor))) for minor in (8, 9, 10, 11)]
    assert held == [False, True, True, False]
    assert with_requires("narrow", "1.0", (2, 9)) == ()
    (found,) = with_requires("narrow", "1.0", (3, 9))
    assert found.requires == (Need("old", ("all",), (0, 10), "fast"),)
    # of the next ones that were for this Python, and of itself
    names = [need.name for row in with_requires("partly", "1.1", (3, 9)) for need in row.requires]
    assert sorted(names) == ["here", "there"]


@pytest.mark.parametrize(("tags", "machine", "kind"), [
    ((PURE, SDIST), "x86_64", "pure"),
    ((BOTH, SDIST), "aarch64", "binary"),
    ((SDIST,), "x86_64", "compiled"),
    (("cp37.cp38-2_17_x86_64", SDIST), "x86_64", "compiled"),
    (("cp36-abi3-2_12_x86_64", SDIST), "x86_64", "binary"),
    (("cp36-abi3-2_12_x86_64", SDIST), "aarch64", "compiled"),
    (("py3-none-2_17_x86_64",), "x86_64", "binary"),
    (("cp311-2_39_x86_64", SDIST), "x86_64", "compiled"),
    (("py38-none-any",), "x86_64", "pure"),
])  # fmt: skip
def test_what_comes_of_the_files(tags: tuple[str, ...], machine: str, kind: str) -> None:
    each = Release("a", ("1",), (8, LATEST), tags, ())
    assert kind_of(each.files, Target((3, 11), "glibc", (2, 36), machine, "bookworm")) == kind


def test_the_table_is_as_it_is_written() -> None:
    text = SHIPPED.read_text("utf-8")
    rows = [releases._read(line) for line in text.splitlines() if not line.startswith("#")]
    assert rendered(rows) == text
    assert all(row.versions and row.tags and row.pythons[0] <= row.pythons[1] for row in rows)


def test_some_well_known_ones() -> None:
    (flask,) = with_requires("flask", "2.0.3", (3, 11))
    assert {need.name for need in flask.requires if not need.extra} == {"click", "itsdangerous", "jinja2", "werkzeug"}
    assert with_requires("flask", "999.0", (3, 11)) == with_files("flask", "999.0") == ()


@pytest.mark.parametrize(("address", "answer"), [
    ("https://pypi.org/simple", True), ("https://pypi.tuna.tsinghua.edu.cn/simple/", True),
    ("https://mirrors.aliyun.com/pypi/simple/", True), ("https://www.piwheels.org/simple", False),
    ("https://download.example.org/whl/cpu", False), ("https://user:key@pypi.org/simple", False), ("", False),
])  # fmt: skip
def test_what_has_the_files_of_pypi(address: str, answer: bool) -> None:
    assert is_pypi(address) is answer


def test_it_agrees_with_what_images_were_seen_to_hold() -> None:
    known = 0
    for seen in read_seen(SEEN):
        version = c_library(seen.system)
        if version is None or seen.libc != "glibc":
            continue
        major, minor = map(int, seen.python.split("."))
        target = Target((major, minor), "glibc", version, seen.machine, seen.system)
        told = with_requires(seen.name, seen.version, target.python)
        known += bool(told)
        names = {need.name for row in told for need in row.requires if need.pythons[0] <= minor <= need.pythons[1]}
        parsed = [each for text in seen.requires if (each := requirement(text)) is not None]
        brought = {each.name for each in parsed if not each.marker or brings(each.marker, target, ())}
        assert not told or brought - {"setuptools"} <= names, seen
        kinds = {kind_of(row.files, target) for row in with_files(seen.name, seen.version)}
        assert len(kinds) != 1 or kinds == {seen.kind}, seen
    assert known > 50


# --- How it is made


@pytest.mark.parametrize("line", [
    'supported-markers = ["sys_platform == \'darwin\'"]',
    '[manifest]\noverrides = [{ name = "core", marker = "sys_platform == \'never\'" }]',
    '[[manifest.dependency-metadata]]\nname = "web"',
])  # fmt: skip
def test_locks_that_tell_less_than_the_metadata(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    text = UV.replace("\n[[package]]", f"\n{line}\n\n[[package]]", 1)
    monkeypatch.setattr(make_releases, "REPOSITORIES", 1)
    for whole, found in ((UV, 1), (text, 0)):
        monkeypatch.setattr(
            make_releases,
            "blobs",
            lambda folders, *names, whole=whole: [("a", "uv.lock", whole)] if "uv.lock" in names else [],
        )
        assert len(make_releases.told([tmp_path])) == found


@pytest.mark.parametrize(("text", "span"), [
    ('requires-python = ">=3.10"\n', (10, LATEST)),
    ('requires-python = ">=3.9, <3.13"\n', (9, 12)),
    ('requires-python = "==3.12.*"\n', (12, 12)),
    ('python-versions = ">=2.7"\n\n[metadata]\npython-versions = "^3.8"\n', (8, LATEST)),
    ('[metadata]\npython-versions = "~3.9"\n', (9, 9)),
    ('[metadata]\npython-versions = ">=3.8.1,<4.0,!=3.9.7"\n', (8, LATEST)),
    ('[metadata]\npython-versions = "^3.7 || ^2.7"\n', None),
    ('[metadata]\npython-versions = "*"\n', None),
    ("", None),
])  # fmt: skip
def test_for_which_pythons_a_lock_is(text: str, span: tuple[int, int] | None) -> None:
    assert make_releases.pythons_of(text) == span


def test_the_tags_of_files() -> None:
    files = (
        "a-1-cp310-cp310-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
        "a-1-cp310-cp310-manylinux_2_28_x86_64.whl",
        "a-1-cp311-cp311-manylinux2014_x86_64.whl",
        "a-1-cp37-cp37m-manylinux1_x86_64.whl",
        "a-1-cp313-cp313t-manylinux2014_x86_64.whl",
        "a-1-cp36-abi3-manylinux2014_aarch64.whl",
        "a-1-cp36-cp36m-manylinux2014_aarch64.whl",
        "a-1-cp311-cp311-musllinux_1_1_x86_64.whl",
        "a-1-cp311-cp311-win_amd64.whl",
        "a-1.tar.gz",
    )
    assert make_releases.tags(files) == ("cp310.cp311-2_17_x86_64", "cp36-abi3-2_17_aarch64", "cp37-2_5_x86_64", SDIST)
    assert make_releases.tags(("a-1-py2.py3-none-any.whl",)) == (PURE,)
    assert make_releases.tags(("a-1-py2-none-any.whl",)) == ("py2-none-any",)


POETRY = """\
[[package]]
name = "Web"
version = "1.0"
optional = false
python-versions = ">=3.6"
files = [{file = "web-1.0-py3-none-any.whl", hash = "sha256:0"}]

[package.dependencies]
core = {version = ">=1", extras = ["all"]}
old = {version = "*", markers = "python_version < \\"3.10\\""}
paint = {version = "*", markers = "sys_platform == \\"win32\\""}
fast = {version = "*", optional = true, markers = "extra == \\"speed\\""}
check = {version = "*", optional = true, markers = "extra == \\"test\\""}

[package.extras]
speed = ["fast", "never-asked"]
test = ["check"]

[[package]]
name = "own"
version = "1.0"
files = [{file = "own-1.0.tar.gz", hash = "sha256:0"}]

[package.source]
type = "git"
url = "https://git.example.org/own"

[metadata]
lock-version = "2.0"
python-versions = "^3.8"
"""
UV = """\
version = 1
requires-python = ">=3.11"

[[package]]
name = "own"
version = "0.1"
source = { editable = "." }
dependencies = [{ name = "web", extra = ["speed"] }]

[[package]]
name = "web"
version = "1.0"
source = { registry = "https://pypi.org/simple" }
dependencies = [
    { name = "core", extra = ["all"] },
    { name = "late", marker = "python_full_version >= '3.13'" },
]
wheels = [{ url = "https://files.example.org/web-1.0-py3-none-any.whl" }]

[package.optional-dependencies]
speed = [{ name = "fast", marker = "sys_platform == 'linux'" }]

[[package]]
name = "web"
version = "2.0"
source = { registry = "https://private.example.org/simple" }
wheels = [{ url = "https://files.example.org/web-2.0-py3-none-any.whl" }]
"""


def test_locks_in_any_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    for name, text in (("poetry.lock", POETRY), ("uv.lock", UV), ("uv.lock", "version = 1\n")):
        (tmp_path / name).write_text(text)
        subprocess.run([*git, "add", "."], check=True)
        subprocess.run([*git, "commit", "--quiet", "--message", "a lock"], check=True)
    monkeypatch.setattr(make_releases, "REPOSITORIES", 1)
    found = sorted(make_releases.releases(make_releases.told([tmp_path / ".git"])))
    assert found == [
        # poetry's lock is for more Pythons, and tells no more of uv's
        Release("web", ("1.0",), (8, LATEST), (PURE,), (
            Need("core", ("all",)), Need("fast", extra="speed"), Need("old", pythons=(0, 9)),
        )),
    ]  # fmt: skip


def test_what_is_added_leaves_the_table_as_it_is() -> None:
    new = Release("web", ("1.2",), (8, LATEST), (SDIST,), ())
    newer = Release("web", ("1.4",), (8, LATEST), (PURE,), ())
    extra = Release("web", ("1.0",), (9, 9), (PURE, SDIST), (Need("core"), Need("fast", extra="speed")))
    assert make_releases.added(ROWS, [new, newer, extra]) == [*ROWS, newer, extra]


def test_a_lock_for_fewer_pythons_counts_where_it_knows_more_extras() -> None:
    files = frozenset({"web-1.0-py3-none-any.whl"})
    told = {("web", "1.0"): [
        make_releases.Told((8, LATEST), frozenset({"core"}), files),
        make_releases.Told((8, 8), frozenset({"core", "zones; extra == 'zones'"}), files),
        make_releases.Told((9, 9), frozenset({"core"}), files),
    ]}  # fmt: skip
    assert sorted(each.pythons for each in make_releases.releases(told)) == [(8, 8), (8, LATEST)]


@pytest.mark.parametrize(("files", "pure"), [
    ({"a-1/a.py": "", "a-1/setup.py": "setup(name='a')"}, True),
    ({"a-1/a.py": "", "a-1/a.pyx": "", "a-1/setup.py": "setup(name='a')"}, False),
    ({"a-1/src/fast.c": "", "a-1/pyproject.toml": ""}, False),
    ({"a-1/setup.py": "setup(ext_modules=[Extension('a', ['a.txt'])])"}, False),
    ({"a-1/pyproject.toml": "[build-system]\nrequires = ['maturin']"}, False),
    ({"a-1/docs/notes.txt": "ext_modules", "a-1/a/data.json": "{}"}, True),
    ({"a-1/lib/liba.so": ""}, False),
])  # fmt: skip
@pytest.mark.parametrize("form", ["gz", "zip"])
def test_a_source_is_looked_into(tmp_path: Path, files: dict[str, str], pure: bool, form: str) -> None:
    source = tmp_path / f"a-1.{'tar.gz' if form == 'gz' else 'zip'}"
    if form == "gz":
        with tarfile.open(source, "w:gz") as archive:
            for name, text in files.items():
                (tmp_path / "file").write_text(text)
                archive.add(tmp_path / "file", name)
    else:
        with zipfile.ZipFile(source, "w") as packed:
            for name, text in files.items():
                packed.writestr(name, text)
    assert look_into_sources.is_pure(source) is pure


def test_a_source_of_python_alone_is_marked() -> None:
    rows = [Release("a", ("1.0", "1.1"), (8, LATEST), (SDIST,), ()), Release("a", ("2.0",), (8, LATEST), (PURE,), ())]
    marked = list(look_into_sources.marked(rows, "a", "1.1"))
    assert marked == [
        rows[0]._replace(versions=("1.1",), tags=(PURE, SDIST)),
        rows[0]._replace(versions=("1.0",)),
        rows[1],
    ]


def test_what_two_locks_of_the_same_pythons_tell_counts_together(tmp_path: Path) -> None:
    told = {("web", "1.0"): [
        make_releases.Told((9, 12), frozenset({"core", "a; python_version < '3.11'"}), frozenset({"web-1.0.tar.gz"})),
        make_releases.Told((9, 12), frozenset({"a; python_version < '3.10'"}), frozenset({"web-1.0-py3-none-any.whl"})),
        make_releases.Told((13, LATEST), frozenset(), frozenset({"web-1.0.tar.gz"})),
    ], ("web", "2.0b1"): [make_releases.Told((9, 12), frozenset(), frozenset({"web-2.0b1.tar.gz"}))]}  # fmt: skip
    assert sorted(make_releases.releases(told)) == [
        Release("web", ("1.0",), (9, 12), (PURE, SDIST), (Need("a", pythons=(0, 10)), Need("core"))),
        Release("web", ("1.0",), (13, LATEST), (PURE, SDIST), ()),
    ]


def test_what_comes_on_some_pythons_alone_tells_its_files_and_no_more() -> None:
    text = UV.replace(
        '{ name = "web", extra = ["speed"] }', '{ name = "web", marker = "python_full_version < \'3.12\'" }'
    )
    for whole, found in (
        (UV, {("web", "1.0"): {"", "speed"}, ("web", "2.0"): {"", "speed"}}),
        (text, {}),
        (
            text.replace("python_full_version < '3.12'", "sys_platform == 'linux'"),
            {("web", "1.0"): {""}, ("web", "2.0"): {""}},
        ),
    ):
        blocks = whole.split("[[package]]\n")[1:]
        assert make_releases.reached(blocks, (11, LATEST)) == found
    told = {("web", "1.0"): [make_releases.Told((11, LATEST), None, frozenset({"web-1.0-py3-none-any.whl"}))]}
    (release,) = make_releases.releases(told)
    assert (release.tags, release.covers((3, 11))) == ((PURE,), False)
