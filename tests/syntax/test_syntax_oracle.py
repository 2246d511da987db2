"""Generated Dockerfiles: the tree against BuildKit's own parser."""

from __future__ import annotations

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from syntax_oracle import assert_agrees, is_newer

from dockfix.syntax import parse, problems

COMMON = settings(max_examples=250, deadline=None)
NAMES = st.sampled_from(
    ["a", "b-c", "x_1", "é", "/srv/app", "$HOME", "${X:-y}", "a=b", "\\", "`", "'", '"', "#", "1.0"]
)
BLANKS = st.sampled_from([" ", "  ", "\t", " \t", "\v"])


@st.composite
def shell_text(draw: st.DrawFn) -> str:
    words = draw(
        st.lists(NAMES | st.sampled_from(["apt-get", "install", "&&", "-y", "\\\\", "echo"]), min_size=1, max_size=5)
    )
    return "".join(word + draw(BLANKS) for word in words)


JSON = st.lists(st.sampled_from(['"a"', '"b c"', '"\\u0041\\n"', '"é"', '"<<EOF"']), max_size=3).map(
    lambda items: f"[{', '.join(items)}]"
)
NEAR_JSON = st.sampled_from(
    ['["a",]', "['a']", '["a"', "[NaN]", '["a" "b"]', '["a", 1]', "[null]", '["a\tb"]', '{"a": 1}', '"a"', "["]
)
FLAGS = st.lists(
    st.sampled_from(
        ["--from=x", "--chown=a:b", '--mount="type=cache,target=/x y"', "--link", "--x='a b'", "--", "--a=é", '--q="']
    ),
    max_size=2,
).map(lambda flags: "".join(f"{flag} " for flag in flags))
COMMANDS = shell_text() | JSON | NEAR_JSON
PAIRS = st.sampled_from([
    "a=b", "a b c", "a", 'a="b c" d=e', "a='b' c=d\\ e", 'a="b\\"c"', "=b", "a=b c", "a=`b`", '"a b"=c', "a=", "é=$X", "a='b",
])  # fmt: skip
FORMS = st.one_of(
    st.tuples(st.sampled_from(["RUN", "CMD", "ENTRYPOINT", "SHELL", "run", "Cmd"]), FLAGS, COMMANDS),
    st.tuples(
        st.sampled_from(["COPY", "ADD", "VOLUME", "add"]),
        FLAGS,
        st.sampled_from(["a b", "a  b\tc", '"a b" c', "a"]) | JSON | NEAR_JSON,
    ),
    st.tuples(st.sampled_from(["ENV", "LABEL", "ARG", "env"]), st.just(""), PAIRS),
    st.tuples(
        st.just("HEALTHCHECK"),
        st.sampled_from(["", "--interval=5s ", "--timeout=1s --retries=2 "]),
        st.sampled_from(["NONE", "", "CMD", "OTHER x"])
        | COMMANDS.map("CMD {}".format)
        | COMMANDS.map("cmd  {}".format),
    ),
    st.tuples(
        st.sampled_from(["FROM", "EXPOSE", "USER", "WORKDIR", "STOPSIGNAL", "MAINTAINER", "from", "foo", "\\", "É"]),
        FLAGS,
        shell_text(),
    ),
)
PLAIN = FORMS.map(lambda form: f"{form[0]} {form[1]}{form[2]}")
OPENERS = st.sampled_from([
    ("<<EOF", "EOF"), ("<<-EOF", "EOF"), ("<<'E F'", "E F"), ('<<-"X"', "X"), ("3<<Y", "Y"), ("<<a\\b", "ab"), ("<<$X", "$X"),
    ("<<<no", None), ("$((1<<2))", None), ("'<<no'", None), ("x<<no", None), ("<<no\"", None), ("${x^^}", None),
])  # fmt: skip


@st.composite
def heredoc(draw: st.DrawFn) -> tuple[str, list[str]]:
    """The line of an instruction that opens heredocs, and the lines of their bodies."""
    keyword = draw(
        st.sampled_from(
            ["RUN", "COPY", "ADD", "ONBUILD RUN", "onbuild copy", "CMD", "RUN --mount=type=tmpfs,target=/t"]
        )
    )
    found = draw(st.lists(OPENERS, min_size=1, max_size=3))
    body: list[str] = []
    for opener, name in found:
        body += draw(
            st.lists(st.sampled_from(["echo hi", "", "# no comment", "a \\", "\tEOF", "EOF ", "\tx"]), max_size=3)
        )
        if name is not None:
            body.append(draw(st.sampled_from(["", "\t"])) * ("<<-" in opener) + name)
    return f"{keyword} {' '.join(opener for opener, _ in found)} /x", body


@st.composite
def dockerfiles(draw: st.DrawFn) -> str:
    escape = draw(st.sampled_from(["\\", "\\", "`"]))
    lines = draw(
        st.lists(
            st.sampled_from(["# syntax=docker/dockerfile:1", "#SYNTAX = x", " # escape=\\", "# escape=x"]), max_size=1
        )
    )
    if escape == "`":
        lines.append(draw(st.sampled_from(["# escape=`", "#  Escape = ` "])))
    ignorable = st.sampled_from(["# comment", "  # comment \\", "", "   ", "\t#"])
    for _ in range(draw(st.integers(1, 6))):
        body: list[str] = []
        head = draw(
            st.one_of(PLAIN, PLAIN, PLAIN.map("ONBUILD {}".format), heredoc(), ignorable.map(lambda line: (line, [])))
        )
        if isinstance(head, tuple):
            head, body = head
        head = head.replace("\\", draw(st.sampled_from(["\\", escape]))) if "--" not in head else head
        head = draw(st.sampled_from(["", "", "  ", "\t"])) + head
        for _ in range(draw(st.integers(0, 2))):
            place = draw(st.integers(0, len(head)))
            tail = escape + draw(st.sampled_from(["", "", " ", "\t", " # no"]))
            between = "".join(f"{line}\n" for line in draw(st.lists(ignorable, max_size=2)))
            head = f"{head[:place]}{tail}\n{between}{head[place:]}"
        lines += [head, *body]
    text = "".join(f"{line}\n" for line in lines)
    if draw(st.booleans()):
        text = text[: draw(st.integers(len(text) // 2, len(text)))]
    text = draw(st.sampled_from(["", "", "\ufeff"])) + text
    return text.replace("\n", "\r\n") if draw(st.integers(0, 3)) == 0 else text


@COMMON
@given(dockerfiles())
def test_generated_files(text: str) -> None:
    assume(not any(map(is_newer, parse(text).instructions)))
    assert_agrees(text)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="RUNCOPY \\\n\r\t#<-EO`'\"$[],=a\x0b\x0c\x85\u2028", max_size=60).map("RUN {}".format))
def test_generated_noise(text: str) -> None:
    assume(not any(map(is_newer, parse(text).instructions)))
    assert_agrees(text)


def test_a_line_may_be_as_long_as_buildkit_reads() -> None:
    longest = "FROM a\nRUN ab" + "   b" * (65528 // 4) + "b"
    for text in (longest, longest + "\n", longest.replace("ab", "é")):
        assert not problems(assert_agrees(text))
    for text in (longest + "x", longest + "x\n", longest + "\r\n"):
        assert [problem.line for problem in problems(assert_agrees(text))] == [2]
