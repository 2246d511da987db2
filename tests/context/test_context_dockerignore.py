"""The rules of a .dockerignore, as Docker was seen to apply them."""

from __future__ import annotations

from pathlib import Path
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dockfix.context.build_context import BuildContext
from dockfix.context.dockerignore import Ignore, parse_ignore
from dockfix.context.patterns import BadPatternError, Matcher, go_match, ignore_matcher

# (text, ignored, kept): each line was tried with `FROM scratch` and `COPY . /` on Docker 26.1 (BuildKit)
TRIED = [
    ("*.md", ["README.md"], ["docs/README.md", "readme.MD"]),
    ("**/*.md", ["README.md", "docs/README.md", "docs/api/README.md"], ["README"]),
    ("build", ["build/out", "build/sub/o"], ["src/build/o", "builder"]),
    ("build/", ["build/out"], ["src/build/o"]),
    ("/build", ["build/out"], ["src/build/o"]),
    ("readme.md", ["readme.md"], ["README.md"]),
    ("docs\n!docs/api", ["docs/a"], ["docs/api/README.md"]),
    ("docs/**\n!docs/api", ["docs/a"], ["docs/api/README.md"]),
    ("*\n!src/main.py", ["a", "src/build/o"], ["src/main.py"]),
    ("!a\na", ["a"], ["b"]),
    ("a\n!a\na", ["a"], ["b"]),
    # what a folder matched holds for what is below, so a pattern that was passed over for the folder stays passed over
    ("d/x\n!d", ["d/x"], ["d/a"]),
    ("d\n!d/x\nd", ["d/a"], ["d/x"]),
    ("*\n!d/e/f", ["d/e/x", "a"], ["d/e/f/x"]),
    ("*\n!sr?/main.py", ["a"], ["src/main.py"]),
    ("*\n!../a", ["a", "b"], []),
    ("d/**", ["d/a", "d/e/x"], ["a"]),
    ("**/x", ["d/x", "d/e/f/x"], ["d/a"]),
    ("**x", ["d/x", "ax"], ["a"]),
    ("d**/x", ["d/x", "d/e/x", "docs/x"], ["a"]),
    ("foo/**/foo", ["foo/foo/foo/x"], ["foo/bar/baz"]),
    ("foo**", ["foobar", "foo/bar/baz"], ["fo"]),
    ("d/?", ["d/a", "d/e/x"], ["docs/a"]),
    ("[a-c]", ["a", "b"], ["d/a", "ab"]),
    ("[^a]", ["b"], ["a"]),
    ("[!a]", ["a"], ["b"]),
    ("a[^b]c", ["a/c"], ["abc"]),
    ("x\\[y\\]", ["x[y]"], ["xy"]),
    ("\\!neg", ["!neg"], ["neg"]),
    ("\\#x", ["#x"], []),
    (" #x", ["#x"], []),
    ("#x", [], ["#x"]),
    ("# a\nb", ["b"], ["a"]),
    ("\ufeffa\nb", ["a", "b"], []),
    ("a \t\r\nb\r\n", ["a", "b"], []),
    ("  a", ["a"], []),
    ("! docs\n", [], ["docs/a"]),
    ("*\n! /docs", ["a"], ["docs/a"]),
    ("a/../b", ["b"], ["a"]),
    ("./a\n//b", ["a", "b"], []),
    ("/", [], ["a"]),
    (".", [], ["a"]),
    ("..", [], ["a"]),
    ("**", ["a", "d/a", ".env"], []),
    ("**/", ["a", "d/a"], []),
    ("*\n!.", ["a"], []),
    (".*", [".env", ".git/HEAD"], ["a"]),
    ("**/.git", [".git/HEAD", "sub/.git/HEAD"], ["a"]),
    ("**/*.py[cod]", ["x.pyc", "s/x.pyc"], ["x.py"]),
    ("a.|)$(}+{bc", ["a.|)$(}+{bc"], []),
    ("{a,b}", [], ["a", "b"]),
    ("^hat", ["^hat"], ["hat"]),
    ("^foo*", ["foobar"], ["^foo"]),
    # what follows are oddities of the way in which a pattern becomes a regular expression of Go
    ("[a*b]", ["^b]", "ab]", "b]"], ["a", "b", "*"]),
    ("q/\\d", ["q/9"], ["q/d"]),
    ("src\\build", [], ["src/build/o"]),
    ("ünï/?.txt", ["ünï/é.txt"], []),
    ("sp ace", ["sp ace"], ["sp"]),
    ("[[:alpha:]]", ["a"], ["a]", "1"]),
]


@pytest.mark.covers("dockerignore/last-match-wins")
@pytest.mark.parametrize(("text", "ignored", "kept"), TRIED, ids=[repr(case[0]) for case in TRIED])
def test_as_docker_does(text: str, ignored: list[str], kept: list[str]) -> None:
    ignore = parse_ignore(text)
    assert [path for path in ignored if not ignore.ignores(path)] == []
    assert [path for path in kept if ignore.ignores(path)] == []
    assert ignore.problems == ()


REJECTED = ["[", "a[", "[]a]", "[-]", "[x-]", "[-x]", "[a-b-c]", "[^", "a\\", "!", "!/", "[c-a]", "**\\obj", "\\e"]


@pytest.mark.parametrize("pattern", REJECTED)
def test_a_pattern_that_docker_rejects_is_a_problem_and_matches_nothing(pattern: str) -> None:
    ignore = parse_ignore(f"# comment\n{pattern}\nb\n")
    assert [(problem.line, problem.pattern) for problem in ignore.problems] == [(2, pattern)]
    assert all(problem.message for problem in ignore.problems)
    assert ignore.ignores("b")
    assert not ignore.ignores("a")


def test_patterns_are_as_read() -> None:
    text = "\ufefftest1\n/test2\n/a/file/here\n\nlastfile\n# comment\n! /inverted/abs/path\n!\n! "
    assert parse_ignore(text).patterns == ("test1", "test2", "a/file/here", "lastfile", "!inverted/abs/path", "!", "!")


def test_a_trailing_slash_of_the_path_and_the_root_itself() -> None:
    assert parse_ignore("build").ignores("build/")
    assert parse_ignore("build").ignores("./build/x")
    assert not parse_ignore("*").ignores(".")
    assert not parse_ignore("*").ignores("")


def test_patterns_given_one_by_one() -> None:
    assert Ignore(("*.log", "!keep.log")).ignores("a.log")
    assert not Ignore(("*.log", "!keep.log")).ignores("keep.log")
    assert Ignore(("[",)).problems[0].line == 0


def test_very_deep_paths() -> None:
    path = "/".join("d" * 3000)
    assert parse_ignore("**/x").ignores(path + "/x/y")
    assert not parse_ignore("**/x").ignores(path)


def test_the_ignore_file_beside_the_dockerfile_replaces_the_roots(tmp_path: Path) -> None:
    docker = tmp_path / "docker"
    docker.mkdir()
    dockerfile = docker / "web.Dockerfile"
    assert BuildContext(tmp_path, dockerfile=dockerfile).ignore.patterns == ()
    (tmp_path / ".dockerignore").write_text("a\n")
    assert BuildContext(tmp_path, dockerfile=dockerfile).ignore.patterns == ("a",)
    own = docker / "web.Dockerfile.dockerignore"
    own.write_text("b\n")
    assert BuildContext(tmp_path, dockerfile=dockerfile).ignore.patterns == ("b",)


lines = st.text(st.sampled_from("ab/*?[]^-!\\.# \tdé\ud800\0{}()$"), max_size=12)
paths = st.lists(
    st.sampled_from(["a", "b", "ab", "d", "é", "a-b", "[", "\\", "x\ny", "\udc80"]), min_size=1, max_size=4
).map("/".join)


@given(st.lists(lines, max_size=6).map("\n".join), paths)
def test_never_raises(text: str, path: str) -> None:
    ignore = parse_ignore(text)
    assert ignore.ignores(path) in {True, False}
    assert len(ignore.problems) <= len(ignore.patterns)


@given(st.text(max_size=60), st.text(max_size=30))
def test_never_raises_for_any_text(text: str, path: str) -> None:
    assert parse_ignore(text).ignores(path) in {True, False}


@pytest.mark.covers("dockerignore/last-match-wins")
@given(st.lists(lines, max_size=6).map("\n".join), paths)
def test_a_last_pattern_for_the_path_decides(text: str, path: str) -> None:
    literal = "".join("\\" + char if char in "*?[]\\^!#" else char for char in path)
    assert Ignore((*parse_ignore(text).patterns, literal)).ignores(path) or "\n" in path or "\udc80" in path


@given(st.lists(st.sampled_from(["a", "b", "d", "*", "**", "?", "[ab]"]), min_size=1, max_size=3).map("/".join), paths)
def test_without_exceptions_all_below_an_ignored_folder_is_ignored(pattern: str, path: str) -> None:
    ignore = parse_ignore(pattern)
    assert not ignore.ignores(path) or ignore.ignores(path + "/below")


@given(st.lists(lines, max_size=5).map("\n".join), st.lists(paths, min_size=2, max_size=6))
def test_the_order_of_questions_does_not_matter(text: str, asked: list[str]) -> None:
    ignore = parse_ignore(text)
    for path in asked:
        assert ignore.ignores(path) == parse_ignore(text).ignores(path)


# what a pattern is made of, and the paths that it is tried on
PIECES = st.sampled_from(["a", "b", "ab", "/", "*", "**", "**/", "?", "[ab]", "[^a]", "\\*", ".", "c"])
PATHS = st.text("abc/.*", min_size=1, max_size=14)


@given(st.lists(PIECES, min_size=1, max_size=9).map("".join), st.lists(PATHS, max_size=8))
def test_both_ways_to_match_agree(pattern: str, paths: list[str]) -> None:
    patterns = (pattern,)
    try:
        quick = _matcher(patterns, 100)
    except BadPatternError:
        return
    slow = _matcher(patterns, 0)
    for path in paths:
        assert slow(path) == quick(path), (pattern, path)


def _matcher(patterns: tuple[str, ...], most_open: int) -> Matcher:
    """A matcher that is made anew, for another number of open atoms from which on it goes step by step."""
    with mock.patch("dockfix.context.patterns._MOST_OPEN", most_open):
        return ignore_matcher.__wrapped__(patterns)


@pytest.mark.parametrize(
    "pattern", ["a*" * 30 + "b", "**a" * 20 + "b", "**/a*/" * 10 + "*a*a*a*b", "[a]*?*" * 20 + "b"]
)
def test_a_pattern_takes_no_more_time_for_more_stars(pattern: str) -> None:
    # with Python's re alone, one path takes longer than anybody waits
    name = "a" * 200
    ignore = parse_ignore(pattern)
    assert not ignore.ignores(name)
    assert not ignore.ignores(f"{name}/{name}/{name}")


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("a*a*b", "aaab", True),
        ("a*b*c", "abbcbc", True),
        ("a*b*c", "abb", False),
        ("*a*", "a", True),
        ("a**b", "ab", True),
        ("*/b", "a/b", True),
        ("*b", "a/b", False),
        ("x*[0-9]*.py", "x1.py", True),
        ("*.tar.*", "a.tar.gz", True),
        ("a*a*" * 30 + "b", "a" * 200, False),
    ],
)
def test_the_source_of_a_copy(pattern: str, path: str, matches: bool) -> None:
    assert (go_match(pattern).match(path) is not None) is matches
