"""What is kept from one run to the next."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dockfix.kept import Answers, Kept
from dockfix.lazy import compiled, regex

EXPRESSIONS = [
    "",
    "a|b",
    r"(?i)(?:.*/)?readme[^/]*",
    r"(?P<name>\w+)=(?P<value>[^\x00-\x20\u2028]*)(x)?",
    r"[\u0400-\u04ff\U0001f600]+(?<!a)\b",
    rb"(?m)^[ \t]*(?:from|import)[ \t]+(?P<what>\w+)$",
]


@pytest.mark.parametrize("pattern", EXPRESSIONS)
@pytest.mark.parametrize("flags", [0, re.IGNORECASE, re.MULTILINE | re.DOTALL])
def test_an_expression_is_what_re_compiles(pattern, flags):
    made = compiled(pattern, flags)
    assert made == re.compile(pattern, flags)  # the same code
    assert (made.groups, dict(made.groupindex)) == (
        re.compile(pattern, flags).groups,
        dict(re.compile(pattern, flags).groupindex),
    )


def test_the_names_of_groups():
    match = regex(r"(?P<name>\w+)=(?P<value>\w*)(x)?").fullmatch("a=b")
    assert match is not None
    assert (match.groupdict(), match.lastgroup, match.expand(r"\g<value>")) == (
        {"name": "a", "value": "b"},
        "value",
        "b",
    )


def test_what_is_no_expression():
    with pytest.raises(re.error, match="unterminated"):
        regex("(a").match("a")


def test_a_python_whose_re_has_other_parts(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("dockfix.lazy.compiler", None)
    compiled.cache_clear()
    assert compiled(r"(?P<a>b)+") is re.compile(r"(?P<a>b)+")
    compiled.cache_clear()


@pytest.fixture
def writes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.dont_write_bytecode", False)
    monkeypatch.setattr("sys.pycache_prefix", None)


@pytest.mark.usefixtures("writes")
def test_it_holds_as_long_as_the_source_is_the_same(tmp_path: Path):
    source = tmp_path / "a.toml"
    source.write_text("a = 1\n")
    assert Kept(source).read() is None
    Kept(source).write({"a": 1})
    assert Kept(source).read() == {"a": 1}
    source.write_text("a = 12\n")
    assert Kept(source).read() is None


@pytest.mark.usefixtures("writes")
def test_what_is_broken_is_worked_out_again(tmp_path: Path):
    source = tmp_path / "a.py"
    source.touch()
    Kept(source).write([1])
    (kept,) = (tmp_path / "__pycache__").iterdir()
    kept.write_bytes(kept.read_bytes()[:-2])
    assert Kept(source).read() is None


@pytest.mark.usefixtures("writes")
def test_answers_are_asked_for_once_in_all_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    source = tmp_path / "a.py"
    source.touch()
    at_end = []
    monkeypatch.setattr("atexit.register", at_end.append)
    asked = []

    def length(text: str) -> int:
        asked.append(text)
        return len(text)

    one, other = (Answers(str(source), length) for _ in range(2))
    assert [one.of("ab"), one.of("ab"), other.of("abc")] == [2, 2, 3]
    for write in at_end:
        write()
    last = Answers(str(source), length)
    assert [last.of("ab"), last.of("abc")] == [2, 3]
    assert (asked, len(at_end)) == (["ab", "abc"], 2)


@pytest.mark.usefixtures("writes")
def test_answers_do_not_grow_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    source = tmp_path / "a.py"
    source.touch()
    at_end = []
    monkeypatch.setattr("atexit.register", at_end.append)
    monkeypatch.setattr("dockfix.kept._MAX_ANSWERS", 3)
    for names in ("ab", "bc", "de"):
        answers = Answers(str(source), str.upper)
        for name in names:
            answers.of(name)
        at_end.pop()()
    assert Kept(source).read() == {"d": "D", "e": "E"}
    answers = Answers(str(source), str.upper)
    for name in "fghij":
        answers.of(name)
    at_end.pop()()
    assert Kept(source).read() == {"f": "F", "g": "G", "h": "H"}
