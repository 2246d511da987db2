"""Flags, and the parts of a FROM, written again."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dockfix.syntax import Instruction, parse
from dockfix.syntax.rewrite import with_flags, with_image


def flagged(text: str, *flags: str, lines: bool = False) -> str | None:
    tree = parse(text)
    result = with_flags(tree, tree.instructions[0], flags, lines)
    return None if result is None else result.text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("COPY a b\n", "COPY --chown=u:g a b\n"),
        ("COPY --from=x a b", "COPY --chown=u:g --from=x a b"),
        ("  copy\ta b\r\n", "  copy --chown=u:g\ta b\r\n"),
        ('COPY ["a b", "c"]\n', 'COPY --chown=u:g ["a b", "c"]\n'),
        ("COPY \\\n  # of a\n  a b\n", "COPY --chown=u:g \\\n  # of a\n  a b\n"),
        ("COPY <<E b\na\nE\n", "COPY --chown=u:g <<E b\na\nE\n"),
        ("# escape=`\nCOPY `\n a b\n", "COPY --chown=u:g `\n a b\n"),
    ],
)
def test_a_flag_on_the_same_line(text: str, expected: str) -> None:
    assert flagged(text, "--chown=u:g") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("RUN a\n", "RUN --mount=type=ssh \\\n    --network=none \\\n    a\n"),
        ("run   a\r\n", "run --mount=type=ssh \\\r\n    --network=none \\\r\n    a\r\n"),
        ("RUN \\\n\ta\n", "RUN --mount=type=ssh \\\n    --network=none \\\n\ta\n"),
        ("# escape=`\nRUN a\n", "RUN --mount=type=ssh `\n    --network=none `\n    a\n"),
        ("RUN <<E\na\nE\n", "RUN --mount=type=ssh \\\n    --network=none <<E\na\nE\n"),
    ],
)
def test_flags_on_lines_of_their_own(text: str, expected: str) -> None:
    assert flagged(text, "--mount=type=ssh", "--network=none", lines=True) == expected


def test_no_flag_is_no_change() -> None:
    tree = parse("RUN a\n")
    assert with_flags(tree, tree.instructions[0], []) is tree.instructions[0]


@pytest.mark.parametrize("flag", ["chown=u", "--chown=a b", "--chown=a\nb", "", "--chown='a", "--a # b"])
def test_what_is_no_flag_is_refused(flag: str) -> None:
    assert flagged("COPY a b\n", flag) is None


@pytest.mark.parametrize(
    ("text", "image", "name", "expected"),
    [
        ("FROM a\n", "b", "", "FROM b\n"),
        ("FROM a", "", "x", "FROM a AS x"),
        ("from a\n", "", "x", "from a as x\n"),
        ("FROM a as y\n", "", "x", "FROM a as x\n"),
        ("FROM --platform=$P  a  AS  y\r\n", "b:1", "x", "FROM --platform=$P  b:1  AS  x\r\n"),
        ("FROM a \\\n  # why\n  AS y\n", "b", "", "FROM b \\\n  # why\n  AS y\n"),
        ("FROM im\\\nage\n", "b", "x", "FROM b AS x\n"),
        ("FROM a AS y\n", "", "", "FROM a AS y\n"),
        ("FROM a AS a\n", "", "b", "FROM a AS b\n"),
    ],
)
def test_the_parts_of_a_from(text: str, image: str, name: str, expected: str) -> None:
    result = with_image(Instruction(text, 1), image, name)
    assert result is not None
    assert result.text == expected


@pytest.mark.parametrize(
    ("text", "image", "name"),
    [
        ("FROM a b\n", "c", ""),
        ("FROM\n", "c", ""),
        ("RUN a\n", "c", ""),
        ("FROM a\n", "c d", ""),
        ("FROM a\n", "", "x y"),
        ("FROM a AS b\n", "c\nd", ""),
        ("FROM im\\\n# why\nage\n", "b", ""),
    ],
)
def test_a_from_that_cannot_be_taken_apart_is_refused(text: str, image: str, name: str) -> None:
    assert with_image(Instruction(text, 1), image, name) is None


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(["COPY", "copy", "RUN"]),
    st.lists(st.sampled_from(["--from=x", "--mount=type=ssh", '--a="b c"']), max_size=2),
    st.lists(st.sampled_from(["a", "'b c'", "$x"]), min_size=2, max_size=3),
    st.sampled_from([" ", "  ", "\t", " \\\n  ", " \\\n  # why\n  ", " \\\r\n\t"]),
    st.booleans(),
)
def test_whatever_the_layout_nothing_else_changes(
    keyword: str, flags: list[str], words: list[str], gap: str, lines: bool
) -> None:
    tree = parse(gap.join([keyword, *flags, *words]) + "\n")
    node = tree.instructions[0]
    result = with_flags(tree, node, ["--chown=u", "--link"], lines)
    assert result is not None
    assert [flag.name for flag in result.flags] == ["chown", "link", *(flag.name for flag in node.flags)]
    assert (result.args, result.inner_comments) == (node.args, node.inner_comments)
    assert [type(each) for each in parse(result.text).nodes] == [Instruction]
