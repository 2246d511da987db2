"""The tree, rule by rule. Whatever is shown here is checked against BuildKit's parser too, where it knows it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from syntax_oracle import assert_agrees

from dockfix.syntax import Blank, Comment, Directive, Instruction, Node, decode, encode, parse, problems


def kinds(nodes: tuple[Node, ...]) -> list[str]:
    return [type(node).__name__ for node in nodes]


def only(text: str) -> Instruction:
    """The last instruction of a file that has ``text`` after FROM; the oracle agrees on it."""
    return assert_agrees("FROM a\n" + text).instructions[-1]


def touch(node: Instruction) -> None:
    """Work out everything that an instruction can be asked."""
    assert node.logical.text == node.original
    for start, raw, length in node.logical.segments:
        assert node.text[raw : raw + length] == node.original[start : start + length]
    start, end = node.keyword_span
    assert 0 <= start <= end <= len(node.text)
    for flag in node.flags:
        assert 0 <= flag.start < flag.end <= len(node.text)
    for heredoc in node.heredocs:
        assert node.text[heredoc.body_start : heredoc.body_end] == heredoc.body
    assert node.line <= node.end_line
    assert isinstance(node.words, tuple)
    assert isinstance(node.inner_comments, tuple)
    if node.inner is not None:
        touch(node.inner)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_come_back(data: bytes) -> None:
    text = decode(data)
    assert encode(text) == data
    assert str(parse(text)) == text


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=80) | st.lists(st.sampled_from([
    "FROM a", "RUN ", "ONBUILD ", "HEALTHCHECK CMD ", "COPY ", "ENV ", "<<EOF", "EOF", "\\", "`", "\n", "\r\n", "\r", "# escape=`", "#", " ",
    "\ufeff", '["a"]', "--x=", '"', "'", "$", "${a", "\udc80", "\0", "\x1c", "\u2028", "é",
]), max_size=30).map("".join))  # fmt: skip
def test_any_text_parses_and_can_be_asked_everything(text: str) -> None:
    tree = parse(text)
    assert str(tree) == text
    assert [node.line for node in tree.nodes] == [
        1 + "".join(before.text for before in tree.nodes[:index]).count("\n") for index in range(len(tree.nodes))
    ]
    for node in tree.instructions:
        touch(node)
    assert list(problems(tree)) == sorted(problems(tree), key=lambda problem: (problem.line, problem.column))


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\r\r\n"])
def test_1_lines_end_as_they_end(end: str) -> None:
    tree = assert_agrees(f"FROM a{end or chr(10)}RUN b \\{end or chr(10)}  c{end}")
    assert tree.instructions[1].original == "RUN b   c"
    assert tree.instructions[1].text.endswith("c" + end)


def test_1_a_lone_carriage_return_ends_no_line() -> None:
    assert only("RUN a\rRUN b\n").args == "a\rRUN b"


def test_1_bytes_that_are_no_utf8_survive() -> None:
    data = b"FROM a\nRUN echo \xff\xfe \xc3\xa4\n"
    assert encode(str(parse(decode(data)))) == data


def test_2_a_bom_is_kept_and_ignored() -> None:
    tree = assert_agrees("\ufeff# escape=`\nFROM a\n")
    assert (tree.bom, tree.escape, tree.instructions[0].keyword) == ("\ufeff", "`", "FROM")
    assert tree.nodes[0].text == "# escape=`\n"


def test_3_directives_stand_at_the_very_top() -> None:
    tree = assert_agrees("#Syntax = docker/dockerfile:1 \n  # ESCAPE=`\r\nFROM a\n# escape=\\\nRUN a `\n b\n")
    assert [(node.name, node.value) for node in tree.directives] == [("syntax", "docker/dockerfile:1"), ("escape", "`")]
    assert tree.instructions[1].args == "a  b"


@pytest.mark.parametrize("above", ["\n", "# a comment\n", "# unknown=x\n", "FROM a\n"])
def test_3_anything_else_ends_the_directives(above: str) -> None:
    tree = assert_agrees(above + "# escape=`\nFROM a\n")
    assert tree.directives == ()
    assert tree.escape == "\\"


def test_3_check_is_a_directive() -> None:
    tree = parse("# check=error=true\n# escape=`\nFROM a\n")
    assert [(node.name, node.value) for node in tree.directives] == [("check", "error=true"), ("escape", "`")]


@pytest.mark.parametrize("value", ["x", "\\\\", "``"])
def test_3_an_invalid_escape_leaves_it_as_it_was(value: str) -> None:
    assert assert_agrees(f"# escape={value}\nFROM a\n").escape == "\\"


def test_4_white_space_before_keyword_and_in_continuations() -> None:
    node = only(" \t\xa0RUN a \\\n   b\n")
    assert (node.original, node.keyword_span) == ("RUN a    b", (3, 6))


@pytest.mark.parametrize(
    ("text", "args"),
    [
        ("RUN a \\\nb\n", "a b"),
        ("RUN a\\ \t\nb\n", "ab"),
        ("RUN a \\\\\n", "a \\\\"),
        ("RUN a \\\\\\\n", "a \\\\\\"),
        ("RUN a \\ x\n", "a \\ x"),
        ("RUN \\\n\\\n  a\n", "a"),
        ("RUN a \\", "a"),
        ("RUN a \\\n", "a"),
        ("RUN a \\\n\n# c", "a"),
        ("RUN a \\\x0b\n", "a \\"),
    ],
)
def test_5_continuations(text: str, args: str) -> None:
    assert only(text).args == args


def test_5_a_line_of_nothing_but_the_escape_continues() -> None:
    assert only("\\\nRUN a\n").keyword == "RUN"
    assert only("\\").keyword == ""


def test_6_comments_and_blank_lines_inside_a_continuation() -> None:
    node = only("RUN a \\\n  # one \\\n\n \t\n#two\n  b\n")
    assert node.args == "a   b"
    assert node.inner_comments == ("# one \\", "#two")
    assert (node.line, node.end_line) == (2, 7)


def test_6_outside_they_are_nodes() -> None:
    tree = assert_agrees("FROM a\n\n  # one\nRUN a # not one\n")
    assert kinds(tree.nodes) == ["Instruction", "Blank", "Comment", "Instruction"]
    assert isinstance(tree.nodes[1], Blank)
    assert isinstance(tree.nodes[2], Comment)
    assert tree.nodes[2].content == "one"
    assert tree.instructions[1].args == "a # not one"


@pytest.mark.parametrize(
    ("text", "keyword", "span", "args"),
    [
        ("run a\n", "RUN", (0, 3), "a"),
        ("RuN\t\x0b a\n", "RUN", (0, 3), "a"),
        ("R\\\n# c\nUN a\n", "RUN", (0, 9), "a"),
        ("RUN\n", "RUN", (0, 3), ""),
        ("RUN\\\n a\n", "RUN", (0, 3), "a"),
        ("foo bar\n", "FOO", (0, 3), "bar"),
        ("RUN\xa0a\n", "RUN\xa0A", (0, 5), ""),
        ("RUN\x1ca\n", "RUN\x1cA", (0, 5), ""),
    ],
)
def test_7_keywords(text: str, keyword: str, span: tuple[int, int], args: str) -> None:
    node = only(text)
    assert (node.keyword, node.keyword_span, node.args) == (keyword, span, args)
    assert node.logical.text[node.args_start :].startswith(args)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("RUN <<EOF\necho\nEOF\n", [("EOF", "echo\n", True, False, 0)]),
        ("copy <<a <<'b c' /x\n1\na\nb c\n", [("a", "1\n", True, False, 0), ("b c", "", False, False, 0)]),
        ('ADD 3<<-"E"F /x\n\tEF x\n\t\tEF\n', [("EF", "\tEF x\n", False, True, 3)]),
        ("RUN <<EOF\n EOF\nEOF \nEOF\r\n", [("EOF", " EOF\nEOF \n", True, False, 0)]),
        ("RUN a \\\n# c\n<<EOF \\\n b\n# no comment\nEOF\n", [("EOF", "# no comment\n", True, False, 0)]),
        ("RUN --mount=type=cache,target=/a <<EOF\nEOF", [("EOF", "", True, False, 0)]),
        ("RUN <\\\n<EOF\nx\nEOF\n", [("EOF", "x\n", True, False, 0)]),
        ("RUN <<$X <<a\\'b\n$X\na'b\n", [("$X", "", True, False, 0), ("a'b", "", True, False, 0)]),
        ("RUN cat <<EOF # <<no\nEOF\nno\n", [("EOF", "", True, False, 0), ("no", "", True, False, 0)]),
    ],
)
def test_8_heredocs(text: str, expected: list[tuple[str, str, bool, bool, int]]) -> None:
    node = only(text)
    found = [(doc.name, doc.body, doc.expand, doc.strip_tabs, doc.fd) for doc in node.heredocs]
    assert found == expected
    assert node.text == text
    assert node.end_line == 1 + len(text.splitlines())
    touch(node)


@pytest.mark.parametrize(
    "line",
    [
        "CMD cat <<EOF", "ENV a <<EOF", "RUN [\"a\", \"<<EOF\"]", "RUN '<<EOF'", "RUN cat <<<EOF", "RUN echo $((1<<2))", "RUN a<<EOF",
        "RUN ${x^^} <<EOF", "RUN \"a <<EOF", "RUN it's <<EOF", "RUN <<", "RUN <<\"\"", "ONBUILD CMD <<EOF",
    ],
)  # fmt: skip
def test_8_what_is_no_heredoc(line: str) -> None:
    tree = assert_agrees(f"FROM a\n{line}\n# EOF\nEOF\n")
    assert tree.instructions[1].heredocs == ()
    assert kinds(tree.nodes[2:]) == ["Comment", "Instruction"]


def test_8_blanks_may_stand_after_the_signs() -> None:
    node = parse("FROM a\nRUN cat << \t EOF > b\nx\nEOF\nRUN c\n").instructions[1]
    assert [(heredoc.name, heredoc.body) for heredoc in node.heredocs] == [("EOF", "x\n")]


def test_8_heredocs_under_onbuild() -> None:
    node = only("ONBUILD RUN <<EOF\nx\nEOF\n")
    assert node.inner is not None
    assert [(heredoc.name, heredoc.body) for heredoc in node.heredocs] == [("EOF", "x\n")]
    assert [(heredoc.name, heredoc.body) for heredoc in node.inner.heredocs] == [("EOF", "x\n")]
    touch(node)


def test_8_the_backtick_is_no_escape_in_a_heredocs_line() -> None:
    tree = assert_agrees("# escape=`\nFROM a\nRUN cat <<\\E\nE\n")
    assert [heredoc.name for heredoc in tree.instructions[1].heredocs] == ["E"]


def test_8_an_unterminated_one_runs_to_the_end() -> None:
    tree = assert_agrees("FROM a\nRUN <<EOF\nCMD b\n")
    assert len(tree.instructions) == 2
    assert tree.instructions[1].heredocs[0].body == "CMD b\n"


@pytest.mark.parametrize(
    ("text", "flags", "args"),
    [
        ("COPY --from=x --link a b\n", [("from", "x"), ("link", None)], "a b"),
        (
            "RUN --mount='type=cache, target=/x' --a=\"b'c\" d\n",
            [("mount", "type=cache, target=/x"), ("a", "b'c")],
            "d",
        ),
        ('RUN --a\\ b=c\\"d e\n', [("a b", 'c"d')], "e"),
        ("RUN \\\n  --mount=a \\\n# c\n  --mount=b \\\n  c\n", [("mount", "a"), ("mount", "b")], "c"),
        ("RUN -- --x\n", [], "--x"),
        ("RUN --x -- --y\n", [("x", None)], "--y"),
        ("RUN -x --y\n", [], "-x --y"),
        ("RUN --x='a b\n", [("x", "a b")], ""),
    ],
)
def test_9_flags(text: str, flags: list[tuple[str, str | None]], args: str) -> None:
    node = only(text)
    assert [(flag.name, flag.value) for flag in node.flags] == flags
    assert node.args == args


def test_9_flags_know_their_place_across_lines() -> None:
    node = only("RUN \\\n  --mount=type=cache,target=/x \\\n  a\n")
    flag = node.flags[0]
    assert node.text[flag.start : flag.end] == "--mount=type=cache,target=/x"
    assert node.text[node.logical.raw(node.args_start) :] == "a\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('CMD ["a", "b c"]\n', ("a", "b c")),
        ('RUN  [ "\\u0041\\"" ]\n', ('A"',)),
        ('COPY --link ["a b", \\\n"c"]\n', ("a b", "c")),
        ("ENTRYPOINT []\n", ()),
        ('CMD ["\\ud800"]\n', ("\ufffd",)),
        ("CMD ['a']\n", None),
        ('CMD ["a",]\n', None),
        ('CMD ["a"\n', None),
        ("CMD [NaN]\n", None),
        ('CMD "a"\n', None),
        ('CMD ["a\tb"]\n', None),
        ('USER ["a"]\n', None),
        ("SHELL " + "[" * 5000 + "\n", None),
    ],
)
def test_9_exec_form_is_strict_json(text: str, expected: tuple[str, ...] | None) -> None:
    node = only(text)
    assert node.json == expected
    assert node.words == ((node.args,) if expected is None else expected)


def test_9_nothing_may_follow_the_json() -> None:
    node = parse('FROM a\nCMD ["a"] && b\n').instructions[1]
    assert (node.json, node.words) == (None, ('["a"] && b',))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ENV a b  c\n", ("a", "b  c")),
        ("ENV a=b c='d e' f=g\\ h\n", ("a", "b", "c", "'d e'", "f", "g\\ h")),
        ('LABEL "a b"=c\n', ('"a b"', "c")),
        ('ENV a="b\\"c d" \\\n  e=\n', ("a", '"b\\"c d"', "e", "")),
        ("ARG a b=c d='e f\n", ("a", "b=c", "d='e f")),
        ("FROM --platform=linux/amd64 a AS b\n", ("a", "AS", "b")),
        ("HEALTHCHECK NONE\n", ("NONE",)),
        ("HEALTHCHECK --interval=5s cmd --x y\n", ("cmd", "--x y")),
        ('HEALTHCHECK CMD ["a", "b"]\n', ("CMD", "a", "b")),
        ("ONBUILD copy --from=x a b\n", ("copy", "a", "b")),
        ("COPY  a\tb  c\n", ("a", "b", "c")),
        ("EXPOSE 80 443/udp\n", ("80", "443/udp")),
        ("VOLUME a b\n", ("a", "b")),
        ("WORKDIR a b\n", ("a b",)),
        ("foo a b\n", ()),
    ],
)
def test_10_words(text: str, words: tuple[str, ...]) -> None:
    assert only(text).words == words


def test_10_the_inner_instruction() -> None:
    node = only("ONBUILD \\\n  HEALTHCHECK --interval=5s \\\n  CMD --a \\\n b\n")
    health = node.inner
    assert health is not None
    assert (health.keyword, health.line, health.flags[0].name) == ("HEALTHCHECK", 3, "interval")
    command = health.inner
    assert command is not None
    assert (command.keyword, command.line, command.args, command.flags) == ("CMD", 4, "--a  b", ())
    assert node.text.endswith(command.text)
    assert node.text[node.logical.raw(node.args_start) :] == health.text
    assert command.inner is None


def test_10_only_healthchecks_cmd_is_an_instruction() -> None:
    assert only("HEALTHCHECK NONE\n").inner is None
    assert only("RUN HEALTHCHECK CMD a\n").inner is None
    assert only("ONBUILD\n").inner is None


def test_11_long_lines_do_not_crash() -> None:
    text = "FROM a\nRUN " + "x" * 200_000 + " \\\n" + "\\ " * 100_000 + "\n"
    assert str(parse(text)) == text
    assert [problem.line for problem in problems(parse(text))] == [2, 3]


def test_12_a_comment_after_the_escape_ends_the_instruction() -> None:
    tree = assert_agrees("FROM a\nRUN b \\ # c\n  d\n")
    assert [node.keyword for node in tree.instructions] == ["FROM", "RUN", "D"]


def test_offsets_of_the_logical_line() -> None:
    node = only("  RUN ab \\\n # c\n  cd\n")
    start = node.original.index("cd")
    assert node.text[node.logical.raw(start) : node.logical.raw(start + 1) + 1] == "cd"
    assert node.logical.raw(0) == 2


def test_directives_are_nodes_of_their_own() -> None:
    tree = parse("# syntax=a\n# b\nFROM c\n")
    assert kinds(tree.nodes) == ["Directive", "Comment", "Instruction"]
    assert isinstance(tree.nodes[0], Directive)
    with pytest.raises(ValueError, match="not a parser directive"):
        assert Directive("# b\n", 1).name


def test_nodes_are_frozen_and_compare_by_identity() -> None:
    one, two = parse("FROM a\n").nodes[0], parse("FROM a\n").nodes[0]
    assert one != two
    with pytest.raises(AttributeError):
        one.text = "x"  # type: ignore[misc]
