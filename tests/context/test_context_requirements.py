"""Requirements files, read as pip reads them."""

from __future__ import annotations

import codecs
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dockfix.context.build_context import BuildContext
from dockfix.context.dockerignore import Ignore, parse_ignore
from dockfix.context.requirements import Manifest, closure


def read(tmp_path: Path, files: dict[str, str | bytes], path: str = "requirements.txt", ignore: str = "") -> Manifest:
    for name, text in files.items():
        target = tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text if isinstance(text, bytes) else text.encode())
    return closure(BuildContext(tmp_path), path, parse_ignore(ignore))


def one(tmp_path: Path, text: str | bytes) -> Manifest:
    return read(tmp_path, {"requirements.txt": text})


USUAL = [
    ("flask", "flask"),
    ("Flask==2.0", "flask"),
    ("zope.interface >= 5 , < 6", "zope-interface"),
    ("a_b[c,d]~=1.0", "a-b"),
    ("x==1.0.*", "x"),
    ("x===weird-1", "x"),
    ("x!=1,>=0.5", "x"),
    ("x ; python_version < '3.8'", "x"),
    ("x>=1;sys_platform=='win32'", "x"),
    ("x==1 ; python_version >= '3.6' and python_version < \"4\"", "x"),
    ("x==1 --hash=sha256:abc --hash=sha256:def", "x"),
    ("x==1 # a comment", "x"),
    ("x (>=1)", "x"),
    ("x==1!2.0.post1+local.1", "x"),
    ("uvicorn[standard]", "uvicorn"),
    ("x<2.0a1", "x"),
    ("x ; extra == 'a' or (os_name == 'nt' and python_version not in '2.7')", "x"),
    ('x>=1.0 --config-settings="a=b c"', "x"),
]


@pytest.mark.parametrize(("line", "name"), USUAL, ids=[case[0] for case in USUAL])
def test_requirements(tmp_path: Path, line: str, name: str) -> None:
    manifest = one(tmp_path, line)
    assert [(each.name, each.file, each.line) for each in manifest.requirements] == [(name, "requirements.txt", 1)]
    assert manifest.requirements[0].raw == line.partition(" #")[0]
    assert manifest.complete
    assert manifest.files == ("requirements.txt",)


@pytest.mark.parametrize(
    "line",
    [
        "x==",
        "x>=1 <2",
        "-x",
        "--unknown",
        "x; python",
        "!",
        "x @",
        "==1",
        "-r",
        "--index-url",
        "'",
        "-e 'x",
        "x --pre",
        "x==1..0",
        "${X}==1",
        "<html>",
        "x y",
        "x[",
        "-r https://example.org/r.txt",
        "x=1",
        "x==1.0-",
        "x>=1.*.0",
    ],
)
def test_lines_that_are_not_understood(tmp_path: Path, line: str) -> None:
    manifest = one(tmp_path, f"flask\n{line}\n")
    assert [(problem.file, problem.line) for problem in manifest.problems] == [("requirements.txt", 2)]
    assert manifest.problems[0].message
    assert not manifest.complete
    assert manifest.requirements[0].name == "flask"


def test_the_closure(tmp_path: Path) -> None:
    manifest = read(
        tmp_path,
        {
            "requirements.txt": "-r requirements/base.txt\n-c constraints.txt\n--requirement=requirements/dev.txt\nlast\n",
            "requirements/base.txt": "a==1\n-r./more.txt\n",
            "requirements/more.txt": "b\n--constraint ../constraints.txt\n",
            "requirements/dev.txt": "-r base.txt\nc\n",
            "constraints.txt": "a<2\n-r pinned.txt\n",
            "pinned.txt": "d==4\n",
        },
    )
    assert manifest.files == (
        "requirements.txt",
        "requirements/base.txt",
        "requirements/more.txt",
        "constraints.txt",
        "pinned.txt",
        "requirements/dev.txt",
    )
    assert [each.name for each in manifest.requirements] == ["a", "b", "c", "last"]
    assert [(each.name, each.file) for each in manifest.constraints] == [("a", "constraints.txt"), ("d", "pinned.txt")]
    assert manifest.complete


def test_loops_and_missing_files(tmp_path: Path) -> None:
    manifest = read(
        tmp_path,
        {
            "requirements.txt": "-r requirements.txt\n-r gone.txt\n-r ../above.txt\n-r /etc/hostname\n-r folder\nx\n",
            "folder/y": "",
        },
    )
    assert manifest.missing == ("gone.txt", "../above.txt", "/etc/hostname", "folder")
    assert [each.name for each in manifest.requirements] == ["x"]
    assert not manifest.complete


def test_an_ignored_file_is_missing(tmp_path: Path) -> None:
    manifest = read(tmp_path, {"requirements.txt": "-r dev.txt\n", "dev.txt": "x"}, ignore="dev*")
    assert manifest.missing == ("dev.txt",)
    assert read(tmp_path, {}, ignore="*").missing == ("requirements.txt",)


def test_a_long_chain_of_files(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {f"r{number}.txt": f"-r r{number + 1}.txt\n" for number in range(300)}
    manifest = read(tmp_path, files, "r0.txt")
    assert len(manifest.files) == 200
    assert manifest.missing == ("r200.txt",)


def test_a_path_below_a_folder(tmp_path: Path) -> None:
    manifest = read(
        tmp_path,
        {"app/req/base.txt": "-r ../x.txt\n-f wheels\n", "app/x.txt": "x", "app/req/wheels/a": ""},
        "./app/req/base.txt",
    )
    assert manifest.files == ("app/req/base.txt", "app/x.txt")
    assert manifest.find_links == ("app/req/wheels",)


def test_continuations_and_comments(tmp_path: Path) -> None:
    manifest = one(
        tmp_path,
        "# comment\nx==1 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb  # why\n\n  y \\\n# inside \\\nz\n a \\",
    )
    assert [(each.name, each.line) for each in manifest.requirements] == [("x", 2), ("y", 6), ("z", 8), ("a", 9)]
    assert manifest.complete


def test_options(tmp_path: Path) -> None:
    manifest = one(
        tmp_path,
        """
-i https://example.org/simple
--extra-index-url=https://example.org/extra
--no-binary :all:
--only-binary=numpy
--pre
--no-index --find-links ./wheels --find-links https://example.org/wheels
--trusted-host example.org
-f file:///srv/wheels
--require-hashes
""",
    )
    assert manifest.options == (
        "-i=https://example.org/simple",
        "--extra-index-url=https://example.org/extra",
        "--no-binary=:all:",
        "--only-binary=numpy",
        "--pre",
        "--no-index",
        "--find-links=https://example.org/wheels",
        "--trusted-host=example.org",
        "--require-hashes",
    )
    assert manifest.find_links == ("wheels", "/srv/wheels")
    assert manifest.complete


def test_editable_local_and_remote(tmp_path: Path) -> None:
    manifest = one(
        tmp_path,
        """
-e .
--editable=./libs/one[extra]
-e git+https://example.org/two.git@main#egg=Two
git+ssh://git@example.org/three.git
four @ git+https://example.org/four.git
five @ https://example.org/five-1.0.tar.gz ; python_version > '3'
https://example.org/six-1.0-py3-none-any.whl
./local
./local[extra]
packages/seven-1.0-py3-none-any.whl
eight-2.0.tar.gz
file:./nine
ten @ file:///srv/ten
../up
-e file:///srv/eleven#egg=eleven
""",
    )
    assert manifest.editable == (
        ".",
        "./libs/one[extra]",
        "git+https://example.org/two.git@main#egg=Two",
        "file:///srv/eleven#egg=eleven",
    )
    assert manifest.local_paths == (
        ".",
        "libs/one",
        "local",
        "packages/seven-1.0-py3-none-any.whl",
        "eight-2.0.tar.gz",
        "nine",
        "/srv/ten",
        "../up",
        "/srv/eleven",
    )
    assert manifest.vcs == (
        "git+https://example.org/two.git@main#egg=Two",
        "git+ssh://git@example.org/three.git",
        "four @ git+https://example.org/four.git",
    )
    assert [each.name for each in manifest.requirements] == [
        "two",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "ten",
        "eleven",
    ]
    assert manifest.complete


def test_variables(tmp_path: Path) -> None:
    manifest = one(tmp_path, "--index-url https://${USER}:${TOKEN}@example.org\nx @ https://${TOKEN}/x.whl\n")
    assert manifest.variables == ("USER", "TOKEN")
    assert manifest.complete


@pytest.mark.parametrize(
    "data",
    [
        codecs.BOM_UTF8 + b"caf\xc3\xa9 ; extra == 'x'\nflask\n",
        codecs.BOM_UTF16_LE + "flask\n".encode("utf-16-le"),
        codecs.BOM_UTF16_BE + "flask\n".encode("utf-16-be"),
        codecs.BOM_UTF32_LE + "flask\n".encode("utf-32-le"),
        b"flask\r\n",
        b"flask\r",
    ],
)
def test_encodings(tmp_path: Path, data: bytes) -> None:
    assert "flask" in {each.name for each in one(tmp_path, data).requirements}


@pytest.mark.parametrize("data", [b"flask\xff\n", "flask\n".encode("utf-16-le"), codecs.BOM_UTF16_LE + b"x"])
def test_what_is_no_text(tmp_path: Path, data: bytes) -> None:
    manifest = one(tmp_path, data)
    assert not manifest.complete
    assert manifest.files == ("requirements.txt",)


def test_the_usual_forms_need_no_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "packaging.requirements", None)
    manifest = one(
        tmp_path,
        "\n".join(f"name{number}=={number}.0 ; python_version >= '3.8' --hash=sha256:ab" for number in range(5)),
    )
    assert len(manifest.requirements) == 5
    assert manifest.complete


@settings(deadline=None)  # the first example imports a library
@given(
    st.lists(
        st.one_of(
            st.binary(max_size=40),
            st.text(st.sampled_from("-reicf #=<>[]@:/.\\\"'${}A;,\n\r\fab1"), max_size=40).map(str.encode),
        ),
        max_size=5,
    ).map(b"\n".join)
)
def test_never_raises(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    context = BuildContext(Path(__file__).parent, {"r.txt": text, "a": "b\n-r r.txt"})
    manifest = closure(context, "r.txt", Ignore(()))
    assert manifest.files[0] == "r.txt"
    assert manifest.complete == (not manifest.missing and not manifest.problems)
    assert all(each.name or each.raw for each in manifest.requirements)
