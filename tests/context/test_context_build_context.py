"""The files of a build context, and what a COPY takes of them."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dockfix.context import disk
from dockfix.context.build_context import BuildContext, CopySet
from dockfix.context.dockerignore import Ignore, parse_ignore

FILES = (
    "a.txt",
    "b.txt",
    "README.md",
    "d/a",
    "d/b",
    "d/e/x",
    "f[1].txt",
    "sub/app/main.py",
    "sub/lib/l.py",
    "node_modules/m/i.js",
    "ign/x",
    "ign/y",
    "keep/z",
    "conf/x.conf",
    ".hidden",
    "[slug]/p.js",
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in FILES:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (tmp_path / "empty").mkdir()
    (tmp_path / "link.txt").symlink_to("a.txt")
    (tmp_path / "linkd").symlink_to("d")
    (tmp_path / "dead").symlink_to("nowhere")
    (tmp_path / "out").symlink_to("/etc/passwd")
    (tmp_path / "inner").symlink_to("/a.txt")
    (tmp_path / ".dockerignore").write_text("ign\n!ign/y\nREADME.md\nkeep\n")
    return tmp_path


# (sources, files, missing, directories): tried with COPY on Docker 26.1
COPIES: list[tuple[list[str], set[str], list[str], list[str]]] = [
    (["a.txt"], {"a.txt"}, [], []),
    (["/a.txt", "./b.txt"], {"a.txt", "b.txt"}, [], []),
    (["../a.txt"], {"a.txt"}, [], []),
    (["d"], {"d/a", "d/b", "d/e/x"}, [], ["d"]),
    (["d/"], {"d/a", "d/b", "d/e/x"}, [], ["d"]),
    (["d/*"], {"d/a", "d/b", "d/e/x"}, [], ["d/e"]),
    (["[ab].txt"], {"a.txt", "b.txt"}, [], []),
    (["[^a].txt"], {"b.txt"}, [], []),
    (["f[[]1].txt"], {"f[1].txt"}, [], []),
    (["f[1].txt"], set(), [], []),
    (["sub/*/main.py"], {"sub/app/main.py"}, [], []),
    (["sub/*"], {"sub/app/main.py", "sub/lib/l.py"}, [], ["sub/app", "sub/lib"]),
    (["*.py"], set(), [], []),
    (["**/*.py"], set(), [], []),
    (["**/main.py"], set(), [], []),
    (["*/*/*.py"], {"sub/app/main.py", "sub/lib/l.py"}, [], []),
    (["nothing", "a.txt"], {"a.txt"}, ["nothing"], []),
    (["noth*", "a.txt"], {"a.txt"}, [], []),
    (["nothing/*"], set(), ["nothing/*"], []),
    (["README.md"], set(), ["README.md"], []),
    (["READ*"], set(), [], []),
    (["ign"], {"ign/y"}, [], ["ign"]),
    (["ign/x"], set(), ["ign/x"], []),
    (["ign/*"], {"ign/y"}, [], []),
    (["keep"], set(), ["keep"], []),
    (["keep/*"], set(), ["keep/*"], []),
    (["empty"], set(), [], ["empty"]),
    (["link.txt"], {"link.txt"}, [], []),
    (["linkd"], {"d/a", "d/b", "d/e/x"}, [], ["d"]),
    (["linkd/a"], {"linkd/a"}, [], []),
    (["dead"], set(), ["dead"], []),
    (["out"], set(), ["out"], []),
    (["out*"], set(), ["out*"], []),
    (["inner"], {"inner"}, [], []),
    (["conf/["], set(), ["conf/["], []),
    (["[[]slug]/p.js"], {"[slug]/p.js"}, [], []),
    (["https://example.org/x", "git@example.org:a/b"], set(), [], []),
]


@pytest.mark.parametrize(
    ("sources", "files", "missing", "directories"), COPIES, ids=[" ".join(case[0]) for case in COPIES]
)
def test_copied(root: Path, sources: list[str], files: set[str], missing: list[str], directories: list[str]) -> None:
    context = BuildContext(root)
    taken = context.copied(sources, context.ignore)
    assert taken.files == files
    assert list(taken.missing) == missing
    assert sorted(taken.directories) == directories
    assert taken.known


def test_copy_of_everything(root: Path) -> None:
    context = BuildContext(root)
    taken = context.copied(["."], context.ignore)
    assert taken.directories == (".",)
    assert taken.skipped == {"node_modules"}
    assert taken.files == (
        set(FILES) - {"README.md", "ign/x", "keep/z", "node_modules/m/i.js"}
        | {"link.txt", "linkd", "dead", "out", "inner", ".dockerignore"}
    )
    everything = context.copied(["./"], Ignore(()))
    assert "keep/z" in everything.files


@pytest.mark.parametrize(
    ("sources", "skipped"),
    [
        (["node_modules"], {"node_modules"}),
        (["node_modules/m"], {"node_modules/m"}),
        (["node_modules/*"], {"node_modules"}),
        (["d"], set()),
    ],
)
def test_folders_that_are_not_listed_are_told(root: Path, sources: list[str], skipped: set[str]) -> None:
    assert BuildContext(root).copied(sources, Ignore(())).skipped == skipped


def test_files_with_sizes_and_skipped_folders(tmp_path: Path) -> None:
    for name in (
        "app.py",
        ".git/HEAD",
        "src/__pycache__/a.pyc",
        "venv/pyvenv.cfg",
        "venv/bin/python",
        "env/settings.py",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("12345")
    context = BuildContext(tmp_path)
    assert context.files() == {"app.py": 5, "env/settings.py": 5}
    assert context.listing is not None
    assert context.listing.skipped == {".git", "src/__pycache__", "venv"}
    assert context.exists("venv/pyvenv.cfg")
    assert context.unreadable_dirs == frozenset()


def test_reading(root: Path) -> None:
    (root / "latin").write_bytes(b"caf\xe9")
    (root / "large").write_bytes(b"x" * (1 << 20))
    (root / "larger").write_bytes(b"x" * ((1 << 20) + 1))
    context = BuildContext(root)
    assert context.read("a.txt") == "a.txt"
    assert context.read("./d/../a.txt") == "a.txt"
    assert context.read("link.txt") == "a.txt"
    assert context.read("linkd/a") == "d/a"
    assert context.read("latin") == "caf\udce9"
    assert len(context.read("large") or "") == 1 << 20
    assert context.read("larger") is None


@pytest.mark.parametrize(
    "path",
    [
        "",
        ".",
        "d",
        "out",
        "dead",
        "nothing",
        "../x",
        "/etc/passwd",
        "a.txt/x",
        "x" * 300,
        "a\0b",
        "/".join("x" * 3000),
        "d/../../x",
    ],
)
def test_what_is_no_file_of_the_context_cannot_be_read(root: Path, path: str) -> None:
    (root.parent / "x").write_text("secret")
    assert BuildContext(root).read(path) is None


def test_exists_and_is_dir(root: Path) -> None:
    context = BuildContext(root)
    assert [
        name for name in ("a.txt", "d", "link.txt", "linkd/a", "dead", ".", "./d/e/") if not context.exists(name)
    ] == []
    assert [
        name for name in ("nothing", "../" + root.name, "/etc", "a.txt/b", "out/x", "\0") if context.exists(name)
    ] == []
    assert [name for name in ("d", "linkd", ".", "linkd/e", "empty") if not context.is_dir(name)] == []
    assert [name for name in ("a.txt", "dead", "out", "..") if context.is_dir(name)] == []


def test_links_lead_nowhere_outside(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "secret").write_text("secret")
    (root / "up").symlink_to("../secret")
    (root / "dir").symlink_to("..")
    (root / "absolute").symlink_to(tmp_path / "secret")
    (root / "loop").symlink_to("loop")
    (root / "ping").symlink_to("pong")
    (root / "pong").symlink_to("ping")
    context = BuildContext(root)
    for name in ("up", "dir/secret", "absolute", "loop", "ping", "loop/x"):
        assert context.read(name) is None, name
    taken = context.copied(["up", "loop", "ping", "absolute"], Ignore(()))
    assert taken.missing == ("up", "loop", "ping", "absolute")
    assert set(context.files() or ()) == {"up", "dir", "absolute", "loop", "ping", "pong"}


def test_pipes_are_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    context = BuildContext(tmp_path)
    assert context.read("pipe") is None
    assert context.files() == {}
    assert context.copied(["pipe"], Ignore(())).missing == ("pipe",)


def test_odd_names(tmp_path: Path) -> None:
    for name in (b"caf\xe9", b"new\nline", b" blank ", b"-r"):
        (tmp_path / os.fsdecode(name)).write_bytes(b"x")
    context = BuildContext(tmp_path)
    assert set(context.files() or ()) == {"caf\udce9", "new\nline", " blank ", "-r"}
    assert context.read("caf\udce9") == "x"
    assert context.copied(["."], parse_ignore("*\n!-r")).files == {"-r"}


def test_a_context_that_is_not_there(tmp_path: Path) -> None:
    context = BuildContext(tmp_path / "nothing")
    assert context.files() is None
    assert context.read("a") is None
    assert context.ignore.patterns == ()
    taken = context.copied([".", "a", "*.txt"], Ignore(()))
    assert (taken.files, taken.missing, taken.known) == (frozenset(), ("a",), False)


def test_a_huge_context_is_unknown_not_empty(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "MAX_ENTRIES", 5)
    context = BuildContext(root)
    assert context.files() is None
    taken = context.copied(["a.txt", "d"], context.ignore)
    assert taken == CopySet(frozenset({"a.txt"}), directories=("d",), known=False)


def test_an_unreadable_folder_is_told(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scan = os.scandir

    def forbid(path: str) -> object:
        if path == str(root / "d"):
            raise PermissionError(path)
        return scan(path)

    monkeypatch.setattr(os, "scandir", forbid)
    context = BuildContext(root)
    assert "sub/lib/l.py" in (context.files() or {})
    assert context.unreadable_dirs == {"d"}
    assert context.copied(["."], Ignore(())).skipped == {"d", "node_modules"}


def test_overlay(root: Path) -> None:
    context = BuildContext(root).with_overlay({".dockerignore": "*.txt\n", "new/file": "text"})
    assert context.ignore.patterns == ("*.txt",)
    assert context.read("new/file") == "text"
    assert context.exists("new") and context.is_dir("new") and not context.is_dir("new/file")
    assert (context.files() or {})["new/file"] == 4
    assert context.copied(["new"], context.ignore).files == {"new/file"}
    assert context.copied(["new/file"], context.ignore).files == {"new/file"}
    assert BuildContext(root).ignore.patterns == ("ign", "!ign/y", "README.md", "keep")
    again = context.with_overlay({"new/file": "other"})
    assert (again.read("new/file"), again.ignore.patterns) == ("other", ("*.txt",))


def test_the_dockerfiles_own_ignore_file(root: Path) -> None:
    (root / "docker").mkdir()
    dockerfile = root / "docker" / "Dockerfile"
    assert BuildContext(root, dockerfile=dockerfile).ignore_name == ".dockerignore"
    (root / "docker" / "Dockerfile.dockerignore").write_text("own\n")
    context = BuildContext(root, dockerfile=dockerfile)
    assert context.ignore_name == "docker/Dockerfile.dockerignore"
    assert context.ignore.patterns == ("own",)
    below = BuildContext(root / "sub", dockerfile=dockerfile)
    assert below.ignore_name == "../docker/Dockerfile.dockerignore"
    assert below.ignore.patterns == ("own",)
    assert below.exists(below.ignore_name)
    assert below.read("../docker/Dockerfile") is None


def test_an_overlay_can_be_the_dockerfiles_own_ignore_file(root: Path) -> None:
    context = BuildContext(root, {"Dockerfile.dockerignore": "x\n"}, root / "Dockerfile")
    assert context.ignore.patterns == ("x",)


def test_a_relative_root(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    context = BuildContext(Path(), dockerfile=Path("Dockerfile"))
    assert context.read("d/a") == "d/a"
    assert "d/e/x" in context.copied(["."], context.ignore).files


def test_a_change_of_the_disk_is_seen(root: Path) -> None:
    assert BuildContext(root).read("a.txt") == "a.txt"
    assert "new" not in (BuildContext(root).files() or {})
    (root / "a.txt").write_text("other")
    (root / "d" / "new").write_text("x")
    context = BuildContext(root)
    assert context.read("a.txt") == "other"
    assert "d/new" in (context.files() or {})


def test_what_did_not_change_is_read_once(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "_TICK", 0)
    before = BuildContext(root)
    assert before.copied(["."], before.ignore).files
    assert before.read("a.txt") == "a.txt"
    assert before.read("later") is None
    again = BuildContext(root)
    assert again.disk is before.disk
    (root / "later").write_text("now")
    os.utime(root, ns=(1, 1))  # so that the test does not hang on the clock's ticks
    after = BuildContext(root)
    assert after.disk is not before.disk
    assert after.read("later") == "now"
    assert "later" in (after.files() or {})


names = st.text(st.sampled_from("ab/.*?[]^-\\é\0\n"), max_size=8)


@given(st.lists(names, max_size=4), st.text(st.sampled_from("ab*?[]!/\n"), max_size=10))
def test_copied_never_raises(sources: list[str], ignored: str) -> None:
    context = BuildContext(Path(__file__).parent, {"a/b": "x", "b": "y"})
    taken = context.copied(sources, parse_ignore(ignored))
    assert set(taken.files) <= set(context.files() or ()) | {name for name in taken.files if context.exists(name)}
    assert set(taken.missing) <= set(sources)


def test_files_by_their_names(root: Path) -> None:
    text = re.compile(r".*\.txt")
    context = BuildContext(root)
    assert context.file_names == frozenset(context.files() or ())
    assert context.named(text) == {"a.txt", "b.txt", "f[1].txt", "link.txt"}
    # the same sets for another Dockerfile of the context
    assert BuildContext(root, dockerfile=root / "d/a", disk=context.disk).named(text) is context.named(text)
    laid = context.with_overlay({"new.txt": "x", "a.txt": "y", "new.md": "z"})
    assert laid.file_names == context.file_names | {"new.txt", "new.md"}
    assert laid.named(text) == {"a.txt", "b.txt", "f[1].txt", "link.txt", "new.txt"}
    assert context.named(text) == {"a.txt", "b.txt", "f[1].txt", "link.txt"}


def test_no_file_is_named_where_they_cannot_be_listed(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "MAX_ENTRIES", 3)
    context = BuildContext(root)
    assert context.files() is None
    for each in (context, context.with_overlay({"new.txt": "x"})):
        assert each.file_names == frozenset()
        assert each.named(re.compile(r".*\.txt")) == frozenset()
