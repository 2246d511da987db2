"""New trees from old ones."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dockfix.syntax import Comment, Dockerfile, Instruction, Node, parse, replace_nodes, snippet

COMMON = settings(max_examples=150, deadline=None)


def edited(tree: Dockerfile, index: int, *, before: str = "", after: str = "") -> Dockerfile:
    node = tree.nodes[index]
    result = replace_nodes(tree, {node: [*snippet(tree, before, 1), node, *snippet(tree, after, 1)]})
    assert shape(parse(str(result))) == shape(result)
    return result


def shape(tree: Dockerfile) -> list[tuple[type[Node], str]]:
    return [(type(node), node.text) for node in tree.nodes]


def test_replacing_nothing_gives_the_same_file() -> None:
    tree = parse("FROM a\r\n# b\r\nRUN c")
    assert str(replace_nodes(tree, {})) == str(tree)


def test_nodes_are_replaced_inserted_and_removed() -> None:
    tree = parse("FROM a\n# b\nRUN c\nCMD d\n")
    first, comment, run, last = tree.nodes
    result = replace_nodes(
        tree, {comment: (), run: snippet(tree, "RUN e\nRUN f\n", 3), last: [*snippet(tree, "USER g\n", 4), last]}
    )
    assert str(result) == "FROM a\nRUN e\nRUN f\nUSER g\nCMD d\n"
    assert (result.nodes[0], result.nodes[-1]) == (first, last)
    assert [node.line for node in result.nodes] == [1, 3, 3, 4, 4]


def test_a_node_of_another_tree_is_an_error() -> None:
    with pytest.raises(KeyError):
        replace_nodes(parse("FROM a\n"), {parse("FROM a\n").nodes[0]: ()})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FROM a", "FROM a\nRUN b\n"),
        ("FROM a\r\nRUN c", "FROM a\r\nRUN c\r\nRUN b\r\n"),
        ("FROM a\n# c", "FROM a\n# c\nRUN b\n"),
        ("FROM a\n  ", "FROM a\n  \nRUN b\n"),
        ("FROM a\nRUN <<c\nc", "FROM a\nRUN <<c\nc\nRUN b\n"),
        ("FROM a\nRUN <<'# c'\nd \\\n# c", "FROM a\nRUN <<'# c'\nd \\\n# c\nRUN b\n"),
        ("FROM a\nRUN c \\", "FROM a\nRUN c \nRUN b\n"),
        ("FROM a\nRUN c \\\n", "FROM a\nRUN c \nRUN b\n"),
        ("FROM a\nRUN c \\\n  d \\\n# e\n\n", "FROM a\nRUN c \\\n  d \n# e\n\nRUN b\n"),
        ("FROM a\nRUN c \\\n# d \\", "FROM a\nRUN c \n# d \\\nRUN b\n"),
        ("FROM a\nRUN c \\\\", "FROM a\nRUN c \\\\\nRUN b\n"),
        ("# escape=`\nFROM a\nRUN c:\\ `", "# escape=`\nFROM a\nRUN c:\\ \nRUN b\n"),
    ],
)
def test_what_follows_the_last_node_stays_apart_from_it(text: str, expected: str) -> None:
    assert str(edited(parse(text), -1, after="RUN b\n")) == expected


def test_a_last_line_without_an_end_may_go() -> None:
    tree = parse("FROM a\nRUN b")
    assert str(replace_nodes(tree, {tree.nodes[1]: ()})) == "FROM a\n"
    assert str(replace_nodes(tree, {tree.nodes[0]: ()})) == "RUN b"
    assert str(replace_nodes(tree, {tree.nodes[0]: (), tree.nodes[1]: ()})) == ""


def test_the_tree_says_so_where_a_directive_stops_being_one() -> None:
    tree = parse("# escape=`\nFROM a\nRUN b `\n  c\n")
    result = edited(tree, 0, before="# new\n")
    assert [type(node) for node in result.nodes[:2]] == [Comment, Comment]
    assert [node.line for node in result.nodes] == [1, 1, 2, 3, 3]
    assert result.escape == "\\"


def test_an_unterminated_heredoc_takes_what_follows() -> None:
    result = edited(parse("FROM a\nRUN <<b\n"), -1, after="RUN c\n")
    assert len(result.nodes) == 2


def test_snippets_take_the_line_that_is_given() -> None:
    tree = parse("FROM a\n")
    nodes = snippet(tree, "# b\nRUN c \\\n  d\n\nCMD e", 7)
    assert [(type(node).__name__, node.text, node.line) for node in nodes] == [
        ("Comment", "# b\n", 7), ("Instruction", "RUN c \\\n  d\n", 7), ("Blank", "\n", 7), ("Instruction", "CMD e\n", 7),
    ]  # fmt: skip
    assert snippet(tree, "", 1) == ()


def test_snippets_take_over_line_ends() -> None:
    nodes = snippet(parse("FROM a\r\nRUN b\n# c\r\n"), "# d\nRUN e \\\n  # f\n  g <<h\ni\nh\n\n", 1)
    assert [node.text for node in nodes] == ["# d\r\n", "RUN e \\\r\n  # f\r\n  g <<h\r\ni\r\nh\r\n", "\r\n"]


def test_snippets_take_over_the_escape_character() -> None:
    tree = parse("# escape=`\nFROM a\n")
    nodes = snippet(tree, 'RUN a \\\n  b\\\\ \\ \n  c <<d\ne \\\nd\nENV a="\\"b\\\\" \\\n  c=\'\\d\' e=`f\n', 1)
    assert [node.text for node in nodes] == [
        "RUN a `\n  b\\\\ ` \n  c <<d\ne \\\nd\n",
        'ENV a="`"b\\" `\n  c=\'\\d\' e=``f\n',
    ]
    assert isinstance(nodes[0], Instruction)
    assert nodes[0].args == "a   b\\\\   c <<d"
    assert nodes[0].escape == "`"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FROM --platform=AS as-AS-as:AS AS b\n", "from --platform=AS as-AS-as:AS as b\n"),
        ("FROM a \\\n  AS b\n", "from a \\\n  as b\n"),
        ("ONBUILD \\\n  RUN A\n", "onbuild \\\n  run A\n"),
        ("ONBUILD HEALTHCHECK --interval=1S CMD A\n", "onbuild healthcheck --interval=1S cmd A\n"),
        ("HEALTHCHECK NONE\n", "healthcheck NONE\n"),
        ("# FROM\nRUN <<FROM\nRUN\nFROM\n", "# FROM\nrun <<FROM\nRUN\nFROM\n"),
    ],
)
def test_snippets_take_over_the_case_of_keywords(text: str, expected: str) -> None:
    lower, upper, even = parse("from a\nrun b\nCMD c\n"), parse("FROM a\nRUN b\ncmd c\n"), parse("from a\nRUN b\n")
    assert "".join(node.text for node in snippet(lower, text, 1)) == expected
    assert "".join(node.text for node in snippet(upper, text, 1)) == text
    assert "".join(node.text for node in snippet(even, text, 1)) == text


@pytest.mark.parametrize(
    ("text", "newline"),
    [("", "\n"), ("a", "\n"), ("a\r\n", "\r\n"), ("a\r\nb\n", "\n"), ("a\r\nb\r\nc\n", "\r\n"), ("a\r", "\n")],
)
def test_the_files_line_end(text: str, newline: str) -> None:
    assert parse(text).newline == newline


@pytest.mark.parametrize(
    ("text", "indent"),
    [
        ("FROM a\n", "    "),
        ("RUN a \\\n\tb \\\n  c \\\n # d\n\te\n", "\t"),
        ("RUN a \\\nb\n", ""),
        ("RUN a \\\n  b <<c\n    d\nc\n", "  "),
    ],
)
def test_the_files_indentation(text: str, indent: str) -> None:
    assert parse(text).indent == indent


PIECES = st.sampled_from([
    "FROM a\n", "RUN b \\\n  c\n", "RUN d \\\n# e\n\n", "# f\n", "\n", "# syntax=g\n", "# escape=`\n", "RUN <<h\ni\nh\n", "COPY <<j /k\n", "env l=`\n",
    "RUN m", "RUN n \\", "\\\n", "RUN o `\n", "cmd p\r\n", "run q\r\n", "RUN r \\ # s\n", "\ufeff",
])  # fmt: skip


@COMMON
@given(st.lists(PIECES, max_size=8).map("".join), st.lists(PIECES, max_size=3).map("".join), st.data())
def test_any_edit_parses_to_its_own_nodes(text: str, new: str, data: st.DataObject) -> None:
    tree = parse(text)
    made = snippet(tree, new, 3)
    edits: dict[Node, list[Node]] = {}
    for node in tree.nodes:
        match data.draw(st.sampled_from(["keep", "keep", "remove", "before", "after"])):
            case "remove":
                edits[node] = []
            case "before":
                edits[node] = [*made, node]
            case "after":
                edits[node] = [node, *made]
    result = replace_nodes(tree, edits)
    again = parse(str(result))
    assert shape(again) == shape(result)
    assert again.escape == result.escape
    assert [node.escape for node in again.instructions] == [node.escape for node in result.instructions]
    if not edits:
        assert str(result) == text
