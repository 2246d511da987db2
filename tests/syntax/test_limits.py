"""Files that are larger than dockfix works on: refused, with the line and what to do, before anything costs time."""

from __future__ import annotations

from pathlib import Path

import pytest

from dockfix.batch.read import UnreadableError, check
from dockfix.engine import Settings
from dockfix.engine.results import FileResult
from dockfix.engine.runner import run
from dockfix.syntax import expand, parse
from dockfix.syntax.lexer import DEEPEST, LONGEST, Lexer, LexError, TooLongError
from dockfix.syntax.limits import MOST_BYTES, MOST_COMMANDS, MOST_INSTRUCTIONS, MOST_LINES, MOST_VARIABLES
from dockfix.syntax.shell import parse_script

DEEP = "${A:-" * 10_000 + "x" + "}" * 10_000


def outcome(tmp_path: Path, text: str) -> FileResult:
    return run(tmp_path / "Dockerfile", Settings(), data=text.encode())


@pytest.mark.parametrize(
    ("text", "line", "message", "hint"),
    [
        ("FROM a\n" + "RUN true\n" * 20_000, MOST_LINES + 1, "20,001 lines", "files of their own"),
        ("FROM a\n" + "RUN pip install b\n" * 2_000, MOST_INSTRUCTIONS + 1, "2,001 instructions", "join the commands"),
        ("FROM a AS s0\n" + "".join(f"FROM s{i} AS s{i + 1}\n" for i in range(3000)), 101, "3,001 stages", "split"),
        (f"FROM a\nENV A={DEEP}\n", 2, "within each other more than 20 deep", "variable of its own"),
        (f"FROM {DEEP}\n", 1, "within each other more than 20 deep", "variable of its own"),
        (f"FROM a\nRUN echo {DEEP}\n", 2, "within each other more than 20 deep", "variable of its own"),
        ("FROM a\nENV A=0123456789\n" + "ENV A=$A$A$A$A\n" * 40, 9, "the value of A is longer", "doubles each time"),
        ("FROM a\nARG A=0123456789\n" + 'ARG A="${A}${A:-b}$A"\n' * 40, 11, "the value of A is longer", "doubles"),
        ("ARG A=0123456789\n" + "ARG A=$A$A$A$A\n" * 40 + "FROM $A\n", 8, "the value of A is longer", "doubles"),
        ("FROM a\nENV " + " ".join(f"A{n}=b" for n in range(2000)), 2, "more than 1,000 variables", "in a file"),
        ("FROM a\nRUN true" + " && \\\n  true" * 3_000, 2, "more than 1,000 commands", "in a script"),
        ("FROM a\nRUN <<E\n" + "true\n" * 3_000 + "E\n", 2, "more than 1,000 commands", "in a script"),
    ],
)
def test_what_is_too_large_is_refused_with_its_line(
    tmp_path: Path, text: str, line: int, message: str, hint: str
) -> None:
    result = outcome(tmp_path, text)
    assert not result.changed
    assert not result.warnings
    assert any(
        failure.line == line and message in failure.message and hint in failure.hint for failure in result.failures
    ), result.failures


def test_files_at_the_limits_are_worked_on(tmp_path: Path) -> None:
    full = "FROM python:3.11\n" + "RUN true\n" * (MOST_INSTRUCTIONS - 1)
    many = "FROM python:3.11\nRUN true" + " && \\\n  true" * (MOST_COMMANDS - 1) + "\n"
    variables = "FROM python:3.11\nENV " + " ".join(f"A{number}=b" for number in range(MOST_VARIABLES - 1)) + "\n"
    for text in (full, many, variables):
        result = outcome(tmp_path, text)
        assert not result.failures
        assert not [note for note in result.warnings if "failed" in note.message or "please report" in note.message]


def test_a_file_of_too_many_bytes_is_not_even_parsed() -> None:
    with pytest.raises(UnreadableError, match="512 KiB"):
        check(b"FROM a\n" + b"#" * MOST_BYTES)


def test_a_value_has_a_bound_before_it_is_made() -> None:
    env = {"A": "x" * (LONGEST // 2)}
    assert len(expand("$A$A", env) or "") == LONGEST
    for word in (
        "$A$A$A",
        '"${A}${A}${A}"',
        "$A${A:-b}$A",
        "${B:-$A$A$A}",
        "${A:+$A$A$A}",
        "$A" * 10_000,
        "${A:?}" * 9,
    ):
        assert expand(word, env) is None
    lexer = Lexer("${A:-b}" * 10_000, "\\", env, raw=False)
    with pytest.raises(TooLongError):
        lexer.run()
    assert lexer.pos < 100  # it stopped at once


def test_variables_within_each_other_have_a_bound() -> None:
    def nested(depth: int) -> str:
        return "${A:-" * depth + "x" + "}" * depth

    assert expand(nested(DEEPEST), {}) == "x"
    assert expand(nested(DEEPEST + 1), {}) is None
    with pytest.raises(LexError):
        Lexer(nested(DEEPEST + 1), "\\", {}, raw=False).run()
    assert str(parse(f"FROM {DEEP}\n")) == f"FROM {DEEP}\n"


def test_a_list_of_thousands_of_commands_is_cut_without_recursion() -> None:
    commands = parse_script("true" + " && true > f" * 5_000).commands
    assert len(commands) == 5_001
    assert {command.separator for command in commands[1:]} == {"&&"}
    assert all(command.redirects for command in commands[1:])
    assert parse_script("echo " + "$(" * 3_000 + ")" * 3_000).commands[0].words[1:] is not None
