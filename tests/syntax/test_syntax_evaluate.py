"""Values of ENV, LABEL and ARG, variables, image references."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dockfix.syntax import ImageRef, Instruction, expand, image, pairs, parse
from dockfix.syntax.lexer import Lexer

ENV = {"A": "1", "B": "x y", "E": "", "Q": "\"'\\"}


def instruction(text: str, *, escape: str = "\\") -> Instruction:
    head = "# escape=`\n" if escape == "`" else ""
    return parse(f"{head}{text}\n").instructions[0]


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("", ""),
        ("a b", "a b"),
        ("$A", "1"),
        ("a${A}b$B", "a1bx y"),
        ("'$A'", "$A"),
        ('"$A"', "1"),
        ('"it\'s" \'a "b"\'', 'it\'s a "b"'),
        ("\\$A", "$A"),
        ('"\\$A \\" \\\\ \\n"', '$A " \\ \\n'),
        ("a\\ b\\n", "a bn"),
        ("$Q", "\"'\\"),
        ("${N:-d}", "d"),
        ("${A:-d}", "1"),
        ("${E:-d}", "d"),
        ("${E-d}", ""),
        ("${N-d}", "d"),
        ("${A:+alt}", "alt"),
        ("${E:+alt}", ""),
        ("${E+alt}", "alt"),
        ("${N:+alt}", ""),
        ("${N:-${A}-$B}", "1-x y"),
        ('${N:-"a b"}', "a b"),
        ("${A:-$N}", "1"),
        ("${N:+$N}", ""),
        ("${A:?no}", "1"),
        ("$", "$"),
        ("a$/", "a$/"),
        ("$N", None),
        ("${N}", None),
        ("a'$N'", "a$N"),
        ("${N:-$N}", None),
        ("${N:?no}", None),
        ("${E:?no}", None),
        ("${A#1}", None),
        ("${A/1/2}", None),
        ("${A^^}", None),
        ("${A", None),
        ("${}", None),
        ('"a', None),
        ("'a", None),
        ("$1", None),
        ("${Aé}", None),
    ],
)
def test_expand(word: str, value: str | None) -> None:
    assert expand(word, ENV) == value


@pytest.mark.parametrize(
    ("word", "value"), [("C:\\a\\b", "C:\\a\\b"), ("`$A", "$A"), ("$A\\$A", "1\\1"), ('"`"\\"', '"\\'), ("'`'", "`")]
)
def test_expand_with_the_backtick_as_escape(word: str, value: str) -> None:
    assert expand(word, ENV, "`") == value


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(["a", " ", "$A", "${B}", "$E", "'", '"', "=", "$Q", "${Q}", "b_", "$A$B", "<<", "{", "}"]),
        max_size=8,
    ).map("".join)
)
def test_the_two_ways_to_expand_agree(word: str) -> None:
    value = expand(word, ENV)
    if value is not None:
        lexer = Lexer(word, "\\", ENV, raw=False)
        assert (lexer.run()[0], lexer.unknown) == (value, False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ENV a b  c", [("a", "b  c")]),
        ("ENV a \"b\" 'c'", [("a", "b c")]),
        ("ENV a=b c='d e' f=\"g $A\" h=i\\ j", [("a", "b"), ("c", "d e"), ("f", "g 1"), ("h", "i j")]),
        ("ENV a=1 b=$a", [("a", "1"), ("b", None)]),
        ("ENV PATH=/x:$PATH", [("PATH", None)]),
        ("ENV a=${N:-b} \\\n# c\n  d=$A", [("a", "b"), ("d", "1")]),
        ('LABEL "a b"=c $A=d', [("a b", "c"), ("1", "d")]),
        ("LABEL a=", [("a", "")]),
        ("ARG a", [("a", None)]),
        ('ARG a= b="c d" e=$A', [("a", ""), ("b", "c d"), ("e", "1")]),
        ("ENV a", []),
        ("ENV a=b c", []),
        ("ENV", []),
        ("RUN a=b", []),
    ],
)
def test_pairs(text: str, expected: list[tuple[str, str | None]]) -> None:
    assert list(pairs(instruction(text), ENV)) == expected


def test_pairs_with_the_backtick_as_escape() -> None:
    node = instruction('ENV a=C:\\b c="`"d`"" e=f` g `\n  h=\\', escape="`")
    assert pairs(node, {}) == (("a", "C:\\b"), ("c", '"d"'), ("e", "f g"), ("h", "\\"))


@pytest.mark.parametrize(
    ("reference", "parts"),
    [
        ("python", ("", "python", "", "")),
        ("python:3.11-slim", ("", "python", "3.11-slim", "")),
        ("library/python:3", ("", "library/python", "3", "")),
        ("docker.io/library/python:3", ("docker.io", "library/python", "3", "")),
        ("localhost/a", ("localhost", "a", "", "")),
        ("localhost:5000/a/b:c", ("localhost:5000", "a/b", "c", "")),
        ("host:5000/a", ("host:5000", "a", "", "")),
        ("a@sha256:0f", ("", "a", "", "sha256:0f")),
        ("ghcr.io/a/b:c@sha256:0f", ("ghcr.io", "a/b", "c", "sha256:0f")),
        ("scratch", ("", "scratch", "", "")),
        ("--platform=linux/amd64 python:3 AS build", ("", "python", "3", "")),
        ("python:3 as build", ("", "python", "3", "")),
        ("", ("", "", "", "")),
        (" ", ("", "", "", "")),
    ],
)
def test_image(reference: str, parts: tuple[str, str, str, str]) -> None:
    assert image(reference) == ImageRef(*parts)


def test_plain_values_do_not_import_dockerfile_parse() -> None:
    code = (
        "import sys; from dockfix.syntax import *\n"
        "assert pairs(parse('ENV a=b c=d').instructions[0], {}) == (('a', 'b'), ('c', 'd'))\n"
        "assert image('a:b').tag == 'b'\n"
        "assert 'dockerfile_parse' not in sys.modules\n"
        "assert expand('$A', {'A': 'b'}) == 'b'\n"
        "assert 'dockerfile_parse' in sys.modules\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
