"""Instructions in shell form, written again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dockfix.syntax import Comment, Dockerfile, Instruction, parse
from dockfix.syntax.shell import Word, commands_within
from dockfix.syntax.shell_form import ShellForm, append, join, prepend, shell_form

COMMON = settings(max_examples=100, deadline=None)


def form_of(text: str, escape: str = "\\") -> ShellForm:
    form = shell_form(Instruction(text, 1, escape))
    assert form is not None
    return form


def word(form: ShellForm, text: str) -> Word:
    return next(word for command in form.commands for word in command.words if word.text == text)


def edited(text: str, drop: Sequence[int] = (), *, escape: str = "\\", keep_comments: bool = False) -> str | None:
    result = form_of(text, escape).edited(drop=drop, keep_comments=keep_comments)
    return None if result is None else result.text


def changed(text: str, remove: Sequence[str] = (), insert: Sequence[tuple[str, str]] = ()) -> str | None:
    form = form_of(text)
    result = form.edited(
        remove=[word(form, each) for each in remove], insert=[(word(form, each), new) for each, new in insert]
    )
    return None if result is None else result.text


@pytest.mark.parametrize(
    ("text", "drop", "expected"),
    [
        ("RUN a; b && c\n", {1}, "RUN a; c\n"),
        ("RUN a && b; c\n", {1}, "RUN a; c\n"),
        ("RUN a; b && c && d\n", {1, 2}, "RUN a; d\n"),
        ("RUN a && b && c; d\n", {1, 2}, "RUN a; d\n"),
        ("RUN a && b && c && d\n", {1, 2}, "RUN a && d\n"),
        ("RUN a && b; c && d\n", {1, 2}, "RUN a; d\n"),
        ("RUN a; b;\n", {1}, "RUN a;\n"),
        ("RUN a && b \\\n  x \\\n&& c\n", {1}, "RUN a \\\n&& c\n"),
        ("RUN a \\\n\n && b\n", {1}, "RUN a\n\n"),
        ("RUN a \\\n ; b \\\n && c\n", {1}, "RUN a \\\n ; \\\n c\n"),
    ],
)
def test_one_separator_stays_and_a_weak_one_first(text: str, drop: set[int], expected: str) -> None:
    assert edited(text, sorted(drop)) == expected


@pytest.mark.parametrize(
    ("text", "drop", "expected"),
    [
        ("RUN <<E\na\nb\nc\nE\n", [1], "RUN <<E\na\nc\nE\n"),
        ("RUN <<E\na\nb\nc\nE\n", [2], "RUN <<E\na\nb\nE\n"),
        ("RUN <<E\na\nb && c\nE\n", [1], "RUN <<E\na\nc\nE\n"),
        ("RUN <<E\na && \\\n  b\nE\n", [1], "RUN <<E\na\nE\n"),
        ("RUN <<E\r\na\r\nb\r\nE\r\n", [0], "RUN <<E\r\nb\r\nE\r\n"),
        ("RUN <<-E\n\ta\n\tb\n\tE\n", [0], "RUN <<-E\n\tb\n\tE\n"),
        ("RUN <<E\na # x && y\nb\nc\nE\n", [1], "RUN <<E\na # x && y\nc\nE\n"),
        ("RUN <<E\n# of a\na\n# of b\nb\nE\n", [0], "RUN <<E\n# of b\nb\nE\n"),
        ("RUN <<E\na\n# of b\nb\n# end\nE\n", [1], "RUN <<E\na\n# end\nE\n"),
    ],
)
def test_commands_of_a_heredoc(text: str, drop: list[int], expected: str) -> None:
    assert edited(text, drop) == expected


def test_a_heredoc_is_continued_as_its_shell_does_it() -> None:
    assert edited("RUN <<E\na \\\n  x && \\\n  b\nE\n", [1], escape="`") == "RUN <<E\na \\\n  x\nE\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("RUN a `\r\n    && b `\r\n    && c\r\n", "RUN a `\r\n    && c\r\n"),
        ("RUN a && `\r\n\tb && `\r\n\tc\r\n", "RUN a && `\r\n\tc\r\n"),
        ("RUN a `\n && b\\ x `\n && c\n", "RUN a `\n && c\n"),
    ],
)
def test_other_line_ends_and_escape_characters(text: str, expected: str) -> None:
    assert edited(text, [1], escape="`") == expected


@pytest.mark.parametrize(
    ("text", "drop", "expected"),
    [
        ("RUN a \\\n    # of b\n    && b \\\n    && c\n", [1], "RUN a \\\n    && c\n"),
        ("RUN a \\\n    # of b\n    && b \\\n    && c\n", [2], "RUN a \\\n    # of b\n    && b\n"),
        ("RUN a \\\n    # of b\n    && b \\\n    && c\n", [0], "RUN \\\n    # of b\n    b \\\n    && c\n"),
        ("RUN a && \\\n    b \\\n    # in b\n    x && \\\n    c\n", [1], "RUN a && \\\n    c\n"),
        ("RUN a && \\\n    # of b\n\n    b && \\\n    c\n", [1], "RUN a && \\\n    # of b\n\n    c\n"),
    ],
)
def test_comments_go_with_their_command(text: str, drop: list[int], expected: str) -> None:
    assert edited(text, drop) == expected


def test_comments_are_kept_if_wanted() -> None:
    text = "RUN a \\\n    # of b\n    && b \\\n    && c\n"
    assert edited(text, [1], keep_comments=True) == "RUN a \\\n    # of b\n    && c\n"
    assert edited(text, [1, 2], keep_comments=True) == "RUN a\n    # of b\n"
    assert edited("RUN a \\\n # in a\n x \\\n && b\n", [0], keep_comments=True) == "RUN b\n"


@pytest.mark.parametrize(
    ("text", "remove", "insert", "expected"),
    [
        ("RUN i x y\n", ["x"], [], "RUN i y\n"),
        ("RUN i x y\n", ["x"], [("x", "z w")], "RUN i z w y\n"),
        ("RUN i x y\n", ["x"], [("x", "z"), ("x", "w")], "RUN i z w y\n"),
        ("RUN uv sync\n", [], [("sync", "--no-dev")], "RUN uv sync --no-dev\n"),
        ("RUN uv sync", [], [("sync", "--no-dev"), ("sync", "--group 'a b'")], "RUN uv sync --no-dev --group 'a b'"),
        ("RUN uv sync&&x\n", [], [("sync", "--no-dev")], "RUN uv sync --no-dev &&x\n"),
        ("RUN uv sync>f\n", [], [("sync", "--no-dev")], "RUN uv sync --no-dev >f\n"),
        ("RUN uv sync\\\n  -q\n", [], [("sync", "--no-dev")], "RUN uv sync --no-dev \\\n  -q\n"),
        ("RUN uv sync\r\n", [], [("sync", "--no-dev")], "RUN uv sync --no-dev\r\n"),
        ("RUN <<E\nuv sync\nE\n", [], [("sync", "--no-dev")], "RUN <<E\nuv sync --no-dev\nE\n"),
        ("RUN uv sync -n && p\n", ["-n"], [("sync", "--no-dev"), ("p", "q")], "RUN uv sync --no-dev && p q\n"),
        ("RUN X=1 uv sync \\\n    -n >f\n", ["-n"], [("sync", "-q")], "RUN X=1 uv sync -q \\\n    >f\n"),
        ("RUN i \\\n    # for x\n    x \\\n    y\n", ["x"], [], "RUN i \\\n    y\n"),
        ("RUN i \\\n    # for x\n    x \\\n    y\n", ["x"], [("x", "z")], "RUN i \\\n    # for x\n    z \\\n    y\n"),
        ("RUN in\\\nstall x\n", ["install"], [("install", "remove")], "RUN remove x\n"),
    ],
)
def test_words(text: str, remove: list[str], insert: list[tuple[str, str]], expected: str) -> None:
    assert changed(text, remove, insert) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("RUN a && for x in 1 2; do i -n $x; done\n", "RUN a && for x in 1 2; do i $x; done\n"),
        ("RUN if a; then \\\n    i -n x;\\\n  fi && i y -n\n", "RUN if a; then \\\n    i x;\\\n  fi && i y -n\n"),
        ("RUN (i x -n) || (i -n y)\n", "RUN (i x) || (i y)\n"),
        ("RUN i \\\n    -n \\\n    x | tee f\n", "RUN i \\\n    x | tee f\n"),
        ("RUN <<E\nwhile a; do\n    # b\n    i -n x\ndone\nE\n", "RUN <<E\nwhile a; do\n    # b\n    i x\ndone\nE\n"),
    ],
)
def test_words_within_loops_and_the_like_are_removed(text: str, expected: str) -> None:
    form = form_of(text)
    pieces = [command for command in form.commands if not command.simple]
    gone = [
        word
        for piece in pieces
        for each in commands_within(form.script, piece)
        for word in each.words
        if word.text == "-n"
    ]
    result = form.edited(remove=gone, keep_comments=True)
    assert result is not None
    assert result.text == expected


def test_what_a_substitution_runs_is_not_within() -> None:
    form = form_of('RUN if a "$(i -n)"; then `i -n`; fi\n')
    assert [each.text for each in commands_within(form.script, form.commands[0])] == ['a "$(i -n)"', "`i -n`"]


@pytest.mark.parametrize("new", ["a && b", "$(", "> f", "a; b", "# x", "a\nb", "'"])
def test_what_is_put_in_is_words(new: str) -> None:
    assert changed("RUN uv sync\n", [], [("sync", new)]) is None


def test_commands_and_words_at_once() -> None:
    form = form_of("RUN a x y \\\n  && b \\\n  && c z\n")
    result = form.edited(drop=[1], remove=[word(form, "x")], insert=[(word(form, "z"), "w")])
    assert result is not None
    assert result.text == "RUN a y \\\n  && c z w\n"
    assert form.edited(drop=[1], insert=[(word(form, "b"), "w")]) is None
    dropped = form.edited(drop=[2], remove=[word(form, "z")])
    assert dropped is not None
    assert dropped.text == "RUN a x y \\\n  && b\n"


def test_nothing_to_do_is_the_same_instruction() -> None:
    form = form_of("RUN a ;  b \\\n\n && c # d\n")
    assert form.edited() is form.node


@pytest.mark.parametrize(
    ("text", "drop"),
    [
        ("RUN a && b\n", [0, 1]),
        ("RUN a\n", [0]),
        ('RUN a && [ "b" ]\n', [0]),  # what is left would be exec form
        ("RUN a && --b\n", [0]),  # what is left would be a flag
    ],
)
def test_what_would_become_something_else_is_refused(text: str, drop: list[int]) -> None:
    assert edited(text, drop) is None


def test_a_comment_within_a_word_does_not_get_lost() -> None:
    assert changed("RUN x in\\\n# of b\nstall && c\n", ["install"]) is None


def test_an_index_or_a_word_of_another_script_is_an_error() -> None:
    form = form_of("RUN a x\n")
    other = form_of("RUN a  x\n").commands[0].words[1]
    with pytest.raises(ValueError, match="not of this script"):
        form.edited(drop=[1])
    with pytest.raises(ValueError, match="not of this script"):
        form.edited(remove=[other])
    with pytest.raises(ValueError, match="not of this script"):
        form.edited(insert=[(other, "y")])


@pytest.mark.parametrize(
    "text", ['RUN ["a", "b"]\n', "RUN cat <<E > f\na\nE\n", "RUN <<E <<F\na\nE\nb\nF\n", "COPY a b\n"]
)
def test_what_no_shell_runs_has_no_shell_form(text: str) -> None:
    assert shell_form(Instruction(text, 1)) is None


@pytest.mark.parametrize(
    ("text", "program"),
    [
        ("RUN a\n", ""),
        ("RUN <<E\na\nE\n", ""),
        ("RUN <<E\n#!/usr/bin/python\na\nE\n", "python"),
        ("RUN <<E\n#!/usr/bin/env bash\na\nE\n", "bash"),
    ],
)
def test_the_program_that_a_heredoc_names_for_itself(text: str, program: str) -> None:
    form = shell_form(Instruction(text, 1))
    assert form is not None
    assert form.shebang == program


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("RUN a && b\n", True),
        ("RUN --mount=type=ssh a || b\n", True),
        ("RUN a; b\n", False),
        ("RUN a && b;\n", False),
        ("RUN a # b\n", False),
        ("RUN <<E\na && b\nE\n", False),
    ],
)
def test_chains(text: str, expected: bool) -> None:
    assert form_of(text).is_chain is expected


def runs(text: str) -> tuple[Dockerfile, list[Instruction]]:
    tree = parse(text)
    return tree, [node for node in tree.instructions if node.keyword == "RUN"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("RUN a\nRUN b\n", "RUN a \\\n    && b\n"),
        ("RUN a && \\\n  b\nRUN c\n", "RUN a && \\\n  b && \\\n  c\n"),
        ("RUN a \\\n\t&& b\nRUN c", "RUN a \\\n\t&& b \\\n\t&& c"),
        ("RUN a\r\nRUN b\r\n", "RUN a \\\r\n    && b\r\n"),
        ("# escape=`\nRUN a\nRUN b `\n  # of c\n  && c\n", "RUN a `\n  && b `\n  # of c\n  && c\n"),
        ("RUN --network=none a\nRUN b\n", "RUN --network=none a \\\n    && b\n"),
    ],
)
def test_join(text: str, expected: str) -> None:
    tree, (first, second) = runs(text)
    joined = join(tree, first, second)
    assert joined is not None
    assert joined.text == expected


def test_join_with_comments_or_on_one_line() -> None:
    tree, (first, second) = runs("RUN a\n# of b\nRUN b\n")
    comments = [node for node in tree.nodes if isinstance(node, Comment)]
    above, same = join(tree, first, second, comments), join(tree, first, second, same_line=True)
    assert above is not None
    assert above.text == "RUN a \\\n    # of b\n    && b\n"
    assert same is not None
    assert same.text == "RUN a && b\n"


@pytest.mark.parametrize(
    "text",
    [
        "RUN a\nRUN b || c\n",  # (a && b) || c
        "RUN a # d\nRUN b\n",
        "RUN a &\nRUN b\n",
        "RUN a;\nRUN b\n",
        "RUN a\nRUN --network=none b\n",
        "RUN a\nRUN <<E\nb\nE\n",
        "RUN <<E\na\nE\nRUN b\n",
        'RUN a\nRUN ["b"]\n',
    ],
)
def test_runs_that_are_not_joined(text: str) -> None:
    tree, (first, second) = runs(text)
    assert join(tree, first, second) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("RUN a\n", "RUN a && z\n"),
        ("RUN a", "RUN a && z"),
        ("RUN a \\\n  && b\r\n", "RUN a \\\n  && b \\\n  && z\r\n"),
        (f"RUN a {'x' * 100}\n", f"RUN a {'x' * 100} \\\n    && z\n"),
        ("RUN a; b\n", "RUN a; b && z\n"),
        ("RUN a # b\n", None),
        ("RUN <<E\na\nE\n", None),
    ],
)
def test_append(text: str, expected: str | None) -> None:
    tree, (run,) = runs(text)
    result = append(tree, run, "z")
    assert (None if result is None else result.text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("RUN a\n", "RUN \\\n    y \\\n    && z \\\n    && a\n"),
        ("RUN a && \\\n    b\n", "RUN \\\n    y && \\\n    z && \\\n    a && \\\n    b\n"),
        (
            "RUN --network=none \\\n    # of a\n    a",
            "RUN --network=none \\\n    # of a\n    y \\\n    && z \\\n    && a",
        ),
        ("RUN a || b\n", "RUN \\\n    y \\\n    && z \\\n    && a || b\n"),
        ("RUN <<E\na\nE\n", None),
        ('RUN ["a"]\n', None),
    ],
)
def test_prepend(text: str, expected: str | None) -> None:
    tree, (run,) = runs(text)
    result = prepend(tree, run, ["y", "z"])
    assert (None if result is None else result.text) == (None if "||" in text else expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CMD python 'a b' \"c\"\n", 'CMD ["python", "a b", "c"]\n'),
        ("CMD a \\\n    # of b\n    b\r\n", 'CMD ["a", \\\n    # of b\n    "b"]\r\n'),
        ("CMD é\n", 'CMD ["é"]\n'),
        ("CMD a $b\n", None),
        ("CMD a && b\n", None),
        ("CMD a > b\n", None),
        ("CMD X=1 a\n", None),
        ("CMD a # b\n", None),
        ("CMD a;\n", None),
        ("CMD a || b\n", None),
    ],
)
def test_exec_form(text: str, expected: str | None) -> None:
    result = form_of(text).exec_form()
    assert (None if result is None else result.text) == expected


@dataclass(frozen=True)
class Layout:
    """How a RUN is written: one way for all of its commands."""

    newline: str
    escape: str
    indent: str
    heredoc: bool
    front: bool
    separator: str
    commands: tuple[tuple[str, ...], ...]
    broken: frozenset[int]  # commands with a word on each line
    commented: frozenset[int]
    alone: frozenset[int]  # commands that begin a line

    @property
    def text(self) -> str:
        """The RUN."""
        return self._heredoc if self.heredoc else self._continued

    @property
    def _continued(self) -> str:
        line = f" {self.escape}{self.newline}{self.indent}"
        text = "RUN "
        for index, words in enumerate(self.commands):
            if index:
                before, after = ("", f"{self.separator} ") if self.front else (f" {self.separator}", "")
                if index in self.alone | self.commented:
                    comment = f"# of {index}{self.newline}{self.indent}" if index in self.commented else ""
                    text += f"{before}{line}{comment}{after}"
                else:
                    text += f" {self.separator} "
            text += (line if index in self.broken else " ").join(words)
        return text + self.newline

    @property
    def _heredoc(self) -> str:
        text = f"RUN <<E{self.newline}"
        for index, words in enumerate(self.commands):
            text += f"# of {index}{self.newline}" if index in self.commented else ""
            text += (f" \\\n{self.indent}" if index in self.broken else " ").join(words)
            alone = index + 1 in self.alone | self.commented or index + 1 == len(self.commands)
            text += self.newline if alone else f" {self.separator} "
        return f"{text}E{self.newline}"


WORD = st.sampled_from(["-y", "x", "'a b'", '"$y"', "a=b", "$(z)", "é"])
NUMBERS = st.frozensets(st.integers(0, 5))


@st.composite
def layouts(draw: st.DrawFn) -> Layout:
    count = draw(st.integers(1, 5))
    heredoc = draw(st.booleans())
    commands = tuple((f"c{index}", *draw(st.lists(WORD, max_size=3))) for index in range(count))
    return Layout(
        "\n" if heredoc else draw(st.sampled_from(["\n", "\r\n"])),
        draw(st.sampled_from(["\\", "`"])),
        draw(st.sampled_from(["", " ", "    ", "\t"])),
        heredoc,
        draw(st.booleans()),
        draw(st.sampled_from(["&&", ";"])),
        commands,
        draw(NUMBERS),
        draw(NUMBERS),
        draw(NUMBERS),
    )


def words_of(form: ShellForm) -> list[tuple[str, ...]]:
    return [tuple(word.text for word in command.words) for command in form.commands]


@COMMON
@given(layouts(), NUMBERS, st.booleans())
def test_what_is_kept_is_kept_in_every_layout(layout: Layout, drop: frozenset[int], keep_comments: bool) -> None:
    form = form_of(layout.text, layout.escape)
    assert words_of(form) == list(layout.commands)
    dropped = [index for index in drop if index < len(layout.commands)]
    result = form.edited(drop=dropped, keep_comments=keep_comments)
    if len(dropped) == len(layout.commands):
        assert result is None
        return
    assert result is not None
    kept = [index for index in range(len(layout.commands)) if index not in drop]
    assert words_of(form_of(result.text, layout.escape)) == [layout.commands[index] for index in kept]
    for index in layout.commented & {*range(0 if layout.heredoc else 1, len(layout.commands))}:
        assert f"# of {index}{layout.newline}" in result.text or (index in drop and not keep_comments)
    assert result.text.count("\r\n") == (result.text.count("\n") if layout.newline == "\r\n" else 0)
    assert dropped or result is form.node


@COMMON
@given(layouts(), st.data())
def test_words_go_and_come_in_every_layout(layout: Layout, data: st.DataObject) -> None:
    form = form_of(layout.text, layout.escape)
    every = [(index, number) for index, words in enumerate(layout.commands) for number in range(len(words))]
    gone = data.draw(st.sets(st.sampled_from(every).filter(lambda each: each[1] > 0 or len(every) == 1)))
    gone = {each for each in gone if each[1] > 0}
    behind = data.draw(st.sets(st.sampled_from(every)))
    result = form.edited(
        remove=[form.commands[index].words[number] for index, number in gone],
        insert=[(form.commands[index].words[number], "--new 'v w'") for index, number in behind],
    )
    assert result is not None
    expected = [
        tuple(
            each
            for number, text in enumerate(words)
            for each in (
                *(() if (index, number) in gone else (text,)),
                *(("--new", "'v w'") if (index, number) in behind else ()),
            )
        )
        for index, words in enumerate(layout.commands)
    ]
    assert words_of(form_of(result.text, layout.escape)) == expected
    assert result.text.count("#") == layout.text.count("#")
    assert result.text.count("\r\n") == (result.text.count("\n") if layout.newline == "\r\n" else 0)


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("RUN a \\\n    b \\\n    c \\\n    && d\n", "RUN a \\\n    b \\\n    c \\\n    x \\\n    y \\\n    && d\n"),
        ("RUN a \\\n\tb \\\n\tc \\\n\t&& d\n", "RUN a \\\n\tb \\\n\tc \\\n\tx \\\n\ty \\\n\t&& d\n"),
        ("RUN a \\\n    b c \\\n    && d\n", "RUN a \\\n    b c x y \\\n    && d\n"),
        ("RUN a b c && d\n", "RUN a b c x y && d\n"),
        ("RUN a b \\\n    c && d\n", "RUN a b \\\n    c x y && d\n"),
        ("RUN a \\\n    b \\\n    c\n", "RUN a \\\n    b \\\n    c x y\n"),
    ],
)
def test_words_go_on_lines_of_their_own_where_the_others_do(text: str, after: str) -> None:
    assert changed(text, insert=[("c", "x y")]) == after


def test_words_in_place_of_one_on_a_line_of_its_own() -> None:
    text = "RUN a \\\r\n    b \\\r\n    c \\\r\n    && d\r\n"
    assert changed(text, ["b"], [("b", "x y")]) == "RUN a \\\r\n    x \\\r\n    y \\\r\n    c \\\r\n    && d\r\n"
