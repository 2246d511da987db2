"""What is said of files that BuildKit refuses."""

from __future__ import annotations

import pytest
from syntax_oracle import assert_agrees

from dockfix.syntax import Problem, parse, problems

SEED = """\
# 단일 스테이지 빌드
FROM python:3.11-slim

WORKDIR /app

# 시스템 의존성 설치 (빌드 + 런타임 도구 혼재)
RUN apt-get update && apt-get install -y \\
    gcc \\           # 빌드용 (런타임에 불필요)
    libffi-dev \\    # 빌드용 (런타임에 불필요)
    curl \\          # 런타임용 (헬스체크)
    && rm -rf /var/lib/apt/lists/*

# Python 의존성 설치
COPY requirements.txt .
"""


def one(text: str) -> Problem:
    found = problems(assert_agrees(text))
    assert len(found) == 1, found
    return found[0]


def place(text: str) -> tuple[int, int]:
    problem = one(text)
    return problem.line, problem.column


def test_a_good_file_has_none() -> None:
    text = (
        "# syntax=docker/dockerfile:1\nARG V=1\nFROM --platform=linux/amd64 a:$V AS b\nRUN --mount=type=bind,target=/x a\n"
        "HEALTHCHECK --interval=1m30s --timeout=.5s --start-period=0 --retries=3 CMD a\nHEALTHCHECK NONE\n"
        'COPY --link --from=b <<a b /c\na\nVOLUME ["/a"]\nSHELL ["/bin/sh", "-c"]\nONBUILD ENV a=b\nRUN\nCMD []\n'
    )
    assert problems(assert_agrees(text)) == ()


def test_an_empty_file() -> None:
    assert one("").message == "the file is empty"
    assert one(" \n\n").message == "the file is empty"
    assert one("# a\n").message == "the file has no instructions"
    assert "FROM" in one("").hint


@pytest.mark.parametrize(
    ("text", "expected", "message"),
    [
        ("RUN a\nFROM b\n", (1, 1), "RUN stands before the first FROM"),
        ("ARG a\n  COPY b c\nFROM d\nRUN e\n", (2, 3), "COPY stands before the first FROM"),
        ("ARG a\nARG b\n", (1, 1), "the file has no FROM"),
    ],
)
def test_from_comes_first(text: str, expected: tuple[int, int], message: str) -> None:
    assert (place(text), one(text).message) == (expected, message)


def test_an_unterminated_heredoc_is_named_with_the_line_that_opens_it() -> None:
    problem = one("FROM a\nRUN cat <<A <<B\nx\nA\nCMD b\n")
    assert (problem.line, problem.column) == (2, 9)
    assert problem.message == "the heredoc B that line 2 opens is never ended"
    assert "put B alone on the line" in problem.hint


def test_a_heredocs_name_that_cannot_be_read() -> None:
    assert place("FROM a\nRUN cat <<${a:-\\'}\n") == (2, 1)


def test_a_second_directive() -> None:
    problem = one("# syntax=a\n #Syntax=b\nFROM c\n")
    assert (problem.line, problem.column, problem.message) == (2, 2, "a second syntax directive")
    assert "line 1" in problem.hint


def test_an_invalid_escape() -> None:
    problem = one("# escape=x\nFROM a\n")
    assert (problem.line, problem.message) == (1, "x can't be the escape character")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("RUNN a", "did you mean RUN?"),
        ("form a", "did you mean FROM?"),
        ("ENTRYPOIT a", "did you mean ENTRYPOINT?"),
        ("// a", "a comment begins with #"),
        ("gcc", "a line begins with an instruction, such as RUN or COPY, unless the line above ends with \\"),
    ],
)
def test_an_unknown_instruction(text: str, hint: str) -> None:
    problem = one(f"FROM a\n{text}\nRUN b\n")
    assert (problem.line, problem.column, problem.hint) == (2, 1, hint)
    assert problem.message == f"unknown instruction {text.split(maxsplit=1)[0]}"


def test_a_forgotten_escape() -> None:
    problem = one("FROM a\nRUN apt-get install \\\n    gcc\n    curl\n")
    assert (problem.line, problem.column, problem.hint) == (4, 5, "if it continues line 3, end that line with \\")


def test_the_seeds_comments_after_the_escape() -> None:
    problem = one(SEED)
    line = SEED.splitlines()[problem.line - 1]
    assert line.startswith("    gcc")
    assert line[problem.column - 1 :] == "# 빌드용 (런타임에 불필요)"
    assert problem.message == "a comment after \\ ends the RUN instruction here: the next line is no longer part of it"
    assert problem.hint == "put the comment on a line of its own; nothing but the line end may follow \\"


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("FROM a\nRUN b \\# c\n  d\n", [(2, 8)]),
        ("FROM a\r\nRUN b \\\t# c\r\n  d \\ # e\r\n  f\r\n", [(2, 9)]),
        ("# escape=`\nFROM a\nRUN b ` # c\n  d\n", [(3, 9)]),
        ("FROM a\nRUN b \\\n # fine\n  c \\ # not\n  d\n", [(4, 7)]),
        ("FROM a\nRUN b \\ # c\n\n# between\n  d\n", [(2, 9)]),
        ("FROM a\nRUN b \\ # c\n  d\nRUN e \\ # f\n  g\n", [(2, 9), (4, 9)]),
        ("FROM a\nRUN b \\ # c\n  d\n  e\n", [(2, 9), (4, 3)]),
        ("FROM a\nRUN b \\ # c\nRUN d\n", []),
        ("FROM a\nRUN sed s/\\#//\nRUNN d\n", [(3, 1)]),
    ],
)
def test_one_problem_for_each_broken_run_of_lines(text: str, places: list[tuple[int, int]]) -> None:
    assert [(problem.line, problem.column) for problem in problems(assert_agrees(text))] == places


def test_a_binary_file() -> None:
    problem = problems(parse("\x7fELF\n\0\0\nfoo\nbar\n"))
    assert [(item.line, item.message) for item in problem] == [(2, "this looks like a binary file")]


def test_a_line_that_is_too_long() -> None:
    problem = one("FROM a\nRUN b\n# " + "c" * 70_000 + "\n")
    assert (problem.line, problem.message) == (3, "the line is longer than 65535 bytes")


@pytest.mark.parametrize(
    ("line", "column", "message"),
    [
        ("FROM", 1, "FROM names no image"),
        ("FROM a # b", 6, "FROM takes an image and, if need be, AS and a name"),
        ("FROM a b", 6, "FROM takes an image and, if need be, AS and a name"),
        ("FROM a AS 1b", 6, "1b can't be the name of a stage"),
        ("COPY a", 6, "COPY needs a source and a destination"),
        ("ADD", 1, "ADD needs a source and a destination"),
        ('COPY ["a"]', 6, "COPY needs a source and a destination"),
        ("COPY a <<b\nb", 6, "COPY has a heredoc where its destination should be"),
        ("ENV", 1, "ENV needs an argument"),
        ("ENV a", 5, "ENV has no value for a"),
        ("LABEL a=b c", 7, "LABEL has no value for c"),
        ("ENV =a", 5, "ENV has a value without a name"),
        ("ARG", 1, "ARG needs an argument"),
        ("ARG =a", 5, "ARG has a value without a name"),
        ("EXPOSE", 1, "EXPOSE needs an argument"),
        ("USER", 1, "USER needs an argument"),
        ("WORKDIR", 1, "WORKDIR needs an argument"),
        ("STOPSIGNAL", 1, "STOPSIGNAL needs an argument"),
        ("MAINTAINER", 1, "MAINTAINER needs an argument"),
        ("VOLUME", 1, "VOLUME needs an argument"),
        ('VOLUME ["a", " "]', 8, "VOLUME has an empty path"),
        ("SHELL bash", 7, "SHELL needs a JSON array"),
        ("SHELL []", 7, "SHELL needs a JSON array"),
        ("ONBUILD", 1, "ONBUILD needs an argument"),
        ("ONBUILD FROM b", 9, "ONBUILD can't trigger FROM"),
        ("ONBUILD ENV b", 9, "ENV has no value for b"),
        ('ONBUILD RUN ["a", 1]', 9, "the JSON array of RUN holds more than strings"),
        ("ONBUILD HEALTHCHECK CMD [1]", 9, "the JSON array of HEALTHCHECK holds more than strings"),
        ("HEALTHCHECK", 1, "HEALTHCHECK needs an argument"),
        ("HEALTHCHECK CMD", 13, "HEALTHCHECK CMD has no command"),
        ("HEALTHCHECK NONE a", 13, "HEALTHCHECK NONE takes no arguments"),
        ("HEALTHCHECK curl a", 13, "HEALTHCHECK CURL is unknown"),
        ("HEALTHCHECK --interval=30 CMD a", 13, "--interval is a time with its unit, not 30"),
        ("HEALTHCHECK --retries=a CMD a", 13, "--retries is a number, not a"),
        ("CMD [1]", 5, "the JSON array of CMD holds more than strings"),
        ("CMD --a b", 5, "CMD takes no flags such as --a"),
        ("COPY --form=b a c", 6, "COPY has no flag --form"),
        ("COPY --from b c", 6, "--from has no value"),
        ("COPY --link=yes b c", 6, "--link is true or false, not yes"),
        ("COPY --chown=a --chown=b c d", 16, "--chown is given twice"),
    ],
)
def test_arguments_that_buildkit_refuses(line: str, column: int, message: str) -> None:
    problem = one(f"FROM a\nRUN b\n{line}\n")
    assert (problem.line, problem.column, problem.message) == (3, column, message)
    assert problem.hint


def test_flags_that_we_do_not_know_are_left_to_buildkit() -> None:
    assert problems(parse("FROM a\nRUN --device=b c\nRUN --quite-new=d e\nARG --f g\n")) == ()


def test_problems_come_in_the_order_of_the_file() -> None:
    found = problems(assert_agrees("# escape=x\nRUN\nFOO\nFROM\nCOPY a\n"))
    assert [problem.line for problem in found] == [1, 2, 3, 4, 5]
