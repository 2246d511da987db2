"""Building one image: the words of the call, what is hidden, whose fault a failure is. The engine is a fake program."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dockfix.syntax import Directive, parse
from dockfix.verify.build import (
    HIDDEN,
    TAIL,
    BuildArguments,
    Builder,
    BuildResult,
    Outcome,
    Recipe,
    failed_step,
    without_front_end,
)
from fake_docker import NO_FRONT_END, NO_NETWORK, FakeDocker

PLAIN = "FROM python:3.11\nRUN pip install flask\n"
SYNTAX = "# syntax=docker/dockerfile:1\n" + PLAIN


@pytest.fixture
def context(tmp_path: Path) -> Path:
    folder = tmp_path / "context"
    folder.mkdir()
    (folder / "Dockerfile").write_text(PLAIN, "utf-8")
    return folder


def builder(
    docker: FakeDocker, arguments: BuildArguments | None = None, timeout: float = 30, **engine: object
) -> Builder:
    return Builder(
        replace(docker.engine(), **engine), docker.root / "logs" / "app", arguments or BuildArguments(), timeout
    )  # type: ignore[arg-type]


def build(
    made: Builder, context: Path, dockerfile: str = PLAIN, ignore: str | None = None, name: str = "before"
) -> BuildResult:
    return made.build(name, Recipe(dockerfile, ignore, context))


# --- the call ----------------------------------------------------------------------------------------------------------


def test_no_arguments_are_no_words() -> None:
    assert BuildArguments().words() == []


def test_all_arguments() -> None:
    arguments = BuildArguments(("A=1 2", "B"), ("id=x,src=f",), ("default",), "linux/arm64", "host", "dev", True, True)
    assert arguments.words() == [
        "--build-arg", "A=1 2", "--build-arg", "B", "--secret", "id=x,src=f", "--ssh", "default", "--platform", "linux/arm64",
        "--network", "host", "--target", "dev", "--pull", "--no-cache",
    ]  # fmt: skip


def test_a_build(docker: FakeDocker, context: Path) -> None:
    made = builder(docker, BuildArguments(("A=1",)))
    result = build(made, context)
    assert (result.outcome, result.note) == (Outcome.OK, "")
    session = made.engine.session
    assert result.image == f"dockfix-verify/{session}:app-before-1"
    argv = docker.calls[0]["argv"]
    assert argv == [
        "buildx", "build", "--load", "--progress", "plain", "--provenance=false", "--build-arg", "A=1", "--label", f"dockfix.verify={session}",
        "-t", result.image, "-f", str(made.folder / "before.Dockerfile"), str(context),
    ]  # fmt: skip
    assert docker.calls[0]["dockerfile"] == PLAIN
    assert docker.calls[0]["buildkit"] == "1"
    assert result.log == made.folder / "before.log"
    assert result.log.read_text("utf-8").splitlines() == [
        "#1 [internal] load build definition",
        "#2 [1/2] FROM x",
        "#2 DONE 0.1s",
    ]
    assert made.images == [result.image]
    made.remove()
    assert docker.images() == made.images == []


def test_a_builder_of_its_own(docker: FakeDocker, context: Path) -> None:
    build(builder(docker, builder="mine"), context)
    argv = docker.calls[0]["argv"]
    assert argv[argv.index("--builder") + 1] == "mine"


def test_docker_without_buildx(docker: FakeDocker, context: Path) -> None:
    build(builder(docker, buildx=False), context)
    assert docker.calls[0]["argv"][:4] == ["build", "--progress", "plain", "--label"]
    assert docker.calls[0]["buildkit"] == "1"


def test_podman(docker: FakeDocker, context: Path) -> None:
    made = builder(docker, name="podman", buildx=False)
    assert build(made, context, ignore=".git\n").outcome is Outcome.OK
    assert docker.calls[0]["argv"][:5] == [
        "build",
        "--format",
        "docker",
        "--ignorefile",
        str(made.folder / "before.Dockerfile.dockerignore"),
    ]
    assert docker.calls[0]["buildkit"] is None


def test_the_ignore_file_lies_beside_the_dockerfile_or_not_at_all(docker: FakeDocker, context: Path) -> None:
    made = builder(docker)
    build(made, context, ignore="*.log\n")
    build(made, context, ignore=None)
    build(made, context, ignore="")
    assert [call["ignore"] for call in docker.builds] == ["*.log\n", None, ""]


def test_the_users_folder_stays_as_it_is(docker: FakeDocker, context: Path) -> None:
    made = builder(docker)
    build(made, context, SYNTAX, "*\n")
    assert [file.name for file in context.iterdir()] == ["Dockerfile"]
    assert sorted(file.name for file in made.folder.iterdir()) == [
        "before.Dockerfile",
        "before.Dockerfile.dockerignore",
        "before.log",
    ]


def test_a_dockerfile_that_is_not_utf8(docker: FakeDocker, context: Path) -> None:
    text = "FROM a\r\n# caf\udce9\r\n"
    build(builder(docker), context, text)
    assert docker.builds[0]["dockerfile"] == text


def test_tags_differ_between_long_names(docker: FakeDocker, context: Path) -> None:
    """Two Dockerfiles that are verified at the same time, in folders whose names begin alike, in one session."""
    engine = docker.engine()
    tags = set()
    for folder in ("x" * 90 + "-one", "x" * 90 + "-two"):
        made = Builder(engine, docker.root / folder, BuildArguments(), 30)
        for name in (
            "before",
            "timing-before-dependency-of-something-long-1",
            "timing-before-dependency-of-something-long-2",
            "Äöü/.-x",
        ):
            tags.add(build(made, context, name=name.replace("/", "")).image.partition(":")[2])
    assert len(tags) == 8
    assert all(len(tag) <= 128 and tag.isascii() for tag in tags)


# --- faults ------------------------------------------------------------------------------------------------------------


def test_a_failure_shows_its_last_lines(docker: FakeDocker, context: Path) -> None:
    docker.set(builds=[{"lines": [f"line {number}\n" for number in range(100)], "status": 1}])
    made = builder(docker)
    result = build(made, context)
    assert (result.outcome, result.image, made.images) == (Outcome.FAILED, "", [])
    assert result.tail == tuple(f"line {number}" for number in range(100 - TAIL, 100))
    assert len(docker.builds) == 1
    assert result.log.read_text("utf-8").splitlines()[0] == "line 0"


def test_the_failed_step_and_not_what_ran_beside_it() -> None:
    lines = [
        "#5 [2/3] RUN make",
        "#6 [other 1/1] RUN sleep",
        "#5 0.1 gcc: not found",
        "#6 0.2 zzz",
        "",
        "#5 ERROR: exit code: 1",
        "------",
        "ERROR: failed to solve: exit code: 1",
    ]
    assert failed_step(lines) == ("gcc: not found", "ERROR: failed to solve: exit code: 1")
    assert failed_step([*(f"#5 0.{number} x{number}" for number in range(50)), "#5 ERROR: y"]) == (
        *(f"x{n}" for n in range(31, 50)),
        "#5 ERROR: y",
    )
    assert failed_step([]) == ()


def test_no_word_at_all(docker: FakeDocker, context: Path) -> None:
    docker.set(builds=[{"lines": [], "status": 1}])
    assert build(builder(docker), context).tail == ()


@pytest.mark.parametrize("line", [
    "E: Failed to fetch http://deb.debian.org/x  Could not connect, connection timed out",
    "Err:1 http://deb.debian.org bookworm InRelease: Temporary failure resolving 'deb.debian.org'",
    "ERROR: toomanyrequests: You have reached your pull rate limit",
    'ERROR: failed to do request: Head "https://registry-1.docker.io": dial tcp 1.2.3.4:443: i/o timeout',
    "curl: (6) Could not resolve host: example.org", "received unexpected HTTP status: 503 Service Unavailable",
    "E: Failed to fetch x  Hash Sum mismatch", "net/http: TLS handshake timeout", "fatal: unable to access: Connection reset by peer",
])  # fmt: skip
def test_a_fault_of_the_network_is_tried_once_more(docker: FakeDocker, context: Path, line: str) -> None:
    docker.set(builds=[{"lines": [line], "status": 1}])
    result = build(builder(docker), context)
    assert (result.outcome, result.image, result.tail) == (Outcome.NETWORK, "", (line,))
    assert len(docker.builds) == 2


def test_a_fault_of_the_network_that_goes_away(docker: FakeDocker, context: Path) -> None:
    docker.set(builds=[{"lines": NO_NETWORK, "status": 1, "times": 1}])
    made = builder(docker)
    result = build(made, context)
    assert result.outcome is Outcome.OK
    assert made.images == [result.image] == docker.images()
    assert made.count == 1  # images, not attempts


def test_a_plain_failure_is_not_tried_again(docker: FakeDocker, context: Path) -> None:
    docker.set(
        builds=[
            {"lines": ["#5 [2/3] RUN pip install x", "#5 ERROR: No matching distribution found for x"], "status": 1}
        ]
    )
    assert build(builder(docker), context).outcome is Outcome.FAILED
    assert len(docker.builds) == 1


def test_time_is_up(docker: FakeDocker, context: Path) -> None:
    docker.set(builds=[{"lines": ["#5 [2/3] RUN sleep 1000"], "sleep": 60}])
    result = build(builder(docker, timeout=0.7), context)
    assert (result.outcome, result.image) == (Outcome.TIMED_OUT, "")
    assert result.tail[-1] == "the build took longer than 1 s (--timeout)"
    assert result.log.read_text("utf-8").splitlines() == ["#5 [2/3] RUN sleep 1000", result.tail[-1]]
    assert 0.6 < result.seconds < 10
    assert len(docker.builds) == 1


# --- the front end -----------------------------------------------------------------------------------------------------


def test_a_front_end_that_cannot_be_fetched(docker: FakeDocker, context: Path) -> None:
    docker.set(builds=[{"dockerfile": "syntax", "lines": NO_FRONT_END, "status": 1}])
    made = builder(docker)
    first = build(made, context, SYNTAX)
    note = "# syntax=docker/dockerfile:1 could not be fetched: built with the engine's own front end"
    assert (first.outcome, first.note) == (Outcome.OK, note)
    assert [call["dockerfile"] for call in docker.builds] == [SYNTAX, "#\n" + PLAIN]
    second = build(made, context, SYNTAX + "USER 1\n", name="after")
    assert (second.outcome, second.note) == (Outcome.OK, note)
    assert [call["dockerfile"] for call in docker.builds[2:]] == ["#\n" + PLAIN + "USER 1\n"]  # not asked for again
    assert build(made, context, PLAIN, name="third").note == ""


def test_a_fault_of_the_network_behind_the_front_end(docker: FakeDocker, context: Path) -> None:
    docker.set(
        builds=[{"dockerfile": "syntax", "lines": NO_FRONT_END, "status": 1}, {"lines": NO_NETWORK, "status": 1}]
    )
    assert build(builder(docker), context, SYNTAX).outcome is Outcome.NETWORK
    assert ["syntax" in call["dockerfile"] for call in docker.builds] == [True, False, False]


@pytest.mark.parametrize("lines", [
    ["#2 resolve image config for docker-image://docker.io/docker/dockerfile:1", "#2 DONE 0.3s",
     "#3 docker-image://docker.io/docker/dockerfile:1@sha256:abc", "#3 ERROR: failed to copy: unexpected EOF",
     "ERROR: failed to solve: failed to copy: unexpected EOF"],
    ["ERROR: failed to solve: frontend grpc server closed unexpectedly"],
    ["failed to solve with frontend dockerfile.v0: failed to solve with frontend gateway.v0: pull access denied for docker/dockerfile"],
])  # fmt: skip
def test_other_ways_to_miss_it(docker: FakeDocker, context: Path, lines: list[str]) -> None:
    docker.set(builds=[{"dockerfile": "syntax", "lines": lines, "status": 1}])
    result = build(builder(docker), context, SYNTAX)
    assert result.outcome is Outcome.OK
    assert "could not be fetched" in result.note


FETCHED = ["#2 resolve image config for docker-image://docker.io/docker/dockerfile:1", "#2 DONE 0.3s",
           "#3 docker-image://docker.io/docker/dockerfile:1@sha256:abc", "#3 CACHED"]  # fmt: skip


@pytest.mark.parametrize(("lines", "outcome"), [
    ([*FETCHED, "#4 [internal] load metadata for docker.io/library/python:3.11", "#4 ERROR: dial tcp: lookup registry-1.docker.io: no such host",
      "Dockerfile:2", "   1 |     # syntax=docker/dockerfile:1", "   2 | >>> FROM python:3.11",
      "ERROR: failed to solve: python:3.11: failed to resolve source metadata for docker.io/library/python:3.11: no such host"], Outcome.NETWORK),
    ([*FETCHED, "Dockerfile:3", "   1 |     # syntax=docker/dockerfile:1", "   3 | >>> BAD",
      "ERROR: failed to solve: dockerfile parse error on line 3: unknown instruction: BAD"], Outcome.FAILED),
    ([*FETCHED, "#6 [2/2] RUN cat Dockerfile", "#6 0.2 # syntax=docker/dockerfile:1", "#6 ERROR: exit code: 1",
      "ERROR: failed to solve: exit code: 1"], Outcome.FAILED),
])  # fmt: skip
def test_what_is_not_the_front_ends_fault(
    docker: FakeDocker, context: Path, lines: list[str], outcome: Outcome
) -> None:
    docker.set(builds=[{"lines": lines, "status": 1}])
    made = builder(docker)
    result = build(made, context, SYNTAX)
    assert (result.outcome, result.note, made.own_front_end) == (outcome, "", False)
    assert all("syntax" in call["dockerfile"] for call in docker.builds)


def test_the_line_goes_and_its_number_stays() -> None:
    assert without_front_end(PLAIN) == (PLAIN, "")
    assert without_front_end(SYNTAX) == ("#\n" + PLAIN, "# syntax=docker/dockerfile:1")
    assert without_front_end("# syntax=a\r\nFROM b\r\n")[0] == "#\r\nFROM b\r\n"
    assert without_front_end("# Syntax = a\n# escape=`\nFROM b\n") == ("# escape=`\n#\nFROM b\n", "# Syntax = a")
    assert without_front_end("# escape=`\n# syntax=a\nFROM b\n")[0] == "# escape=`\n#\nFROM b\n"
    assert without_front_end("FROM b\n# syntax=a\n") == ("FROM b\n# syntax=a\n", "")  # a comment


bodies = st.sampled_from(
    [
        "",
        "FROM a",
        "FROM a\nRUN b `\n  c\nCOPY d \\\n e\n",
        "# a comment\nFROM a\n",
        "\nFROM a\n",
        "# check=skip=all\nFROM a",
    ]
)
others = st.lists(
    st.sampled_from(["# escape=`", "#escape = \\", "# check=error=true", "#  CHECK=skip=JSONArgsRecommended"]),
    max_size=2,
    unique=True,
)


@given(
    others,
    bodies,
    st.sampled_from(["\n", "\r\n"]),
    st.integers(0, 2),
    st.sampled_from(["# syntax=docker/dockerfile:1", "#SYNTAX = a/b@sha256:0"]),
    st.booleans(),
)
def test_the_other_directives_keep_their_effect(
    names: list[str], body: str, end: str, place: int, syntax: str, bare: bool
) -> None:
    lines = [*names[:place], syntax, *names[place:]]
    text = end.join(lines) + ("" if bare and not body else end) + body.replace("\n", end)
    before = parse(text)
    plain, line = without_front_end(text)
    after = parse(plain)
    assert line == syntax
    assert plain.count("\n") == text.count("\n")
    assert [(each.name, each.value) for each in after.directives] == [
        (each.name, each.value) for each in before.directives if each.name != "syntax"
    ]
    assert after.escape == before.escape
    assert [(node.line, node.text) for node in after.instructions] == [
        (node.line, node.text) for node in before.instructions
    ]
    assert not any(isinstance(node, Directive) and node.name == "syntax" for node in after.nodes)


@given(st.text(st.sampled_from("#=\\`\r\n \ufeffsyntaxecp1FROM"), max_size=60))
def test_any_text_loses_no_line(text: str) -> None:
    plain, line = without_front_end(text)
    assert plain.count("\n") == text.count("\n")
    assert bool(line) == any(each.name == "syntax" for each in parse(text).directives)


# --- secrets -----------------------------------------------------------------------------------------------------------


def test_what_is_hidden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("netrc").write_text("machine example.org\nlogin me password sesame-1234\n", "utf-8")
    Path("with,comma").write_text("comma-secret\r\n", "utf-8")
    Path("bare").write_text("bare-in-a-file\n", "utf-8")
    for name, value in {
        "A_VARIABLE": "from-a-variable",
        "BARE": "bare-in-environment",
        "LINES": "-----BEGIN-----\nabcdef\n-----END-----",
        "TYPED": "typed-secret",
        "MY_TOKEN": "token-of-mine",
    }.items():
        monkeypatch.setenv(name, value)
    hidden = BuildArguments(
        ("MY_TOKEN", "API_KEY=key=with=signs", "PIP_INDEX_PASSWORD=ab", "VERSION=1.2.3.4", "db_passwd=multi\nline"),
        ("id=netrc,src=netrc", "id=x,env=A_VARIABLE", "id=BARE", "id=bare", '"id=c","source=with,comma"', "id=l,env=LINES",
         "type=env,id=t,src=TYPED", "id=gone,src=nowhere", "id=gone,env=NOWHERE", "id=folder,src=.", "", "id=u,src=~nobody/x"),
    ).hidden()  # fmt: skip
    assert {
        "machine example.org",
        "sesame-1234",
        "from-a-variable",
        "bare-in-environment",
        "bare-in-a-file",
        "comma-secret",
        "abcdef",
        "typed-secret",
        "token-of-mine",
        "key=with=signs",
    } <= set(hidden)
    assert not {"1.2.3.4", "ab", "", "nowhere"} & set(hidden)  # what is very short would hide half of a log
    assert [len(text) for text in hidden] == sorted(map(len, hidden), reverse=True)  # the whole before its parts


def test_no_log_and_no_report_has_a_secret(docker: FakeDocker, context: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = docker.root / "secret"
    file.write_text("index-url = https://me:hunter2222@pypi.example/simple\n", "utf-8")
    monkeypatch.setenv("FAKE_ENV_SECRET", "open-sesame")
    secrets = ("https://me:hunter2222@pypi.example/simple", "hunter2222", "open-sesame", "t0ken", "the-bare-one")
    monkeypatch.setenv("bare", "the-bare-one")
    lines = [f"#5 0.1 {secret}" for secret in secrets] + [
        "#5 0.2 open-sesame=open-sesameopen-sesame t0kent0ken",
        "#5 ERROR: t0ken is wrong",
        "ERROR: failed to solve: t0ken is wrong ENV:FAKE_ENV_SECRET",
    ]
    arguments = BuildArguments(("AUTH=t0ken", "NAME=fine"), (f"id=a,src={file}", "id=b,env=FAKE_ENV_SECRET", "id=bare"))
    for status in (1, 0):
        docker.set(builds=[{"lines": lines, "status": status}])
        made = builder(docker, arguments)
        result = build(made, context)
        assert result.outcome is (Outcome.FAILED if status else Outcome.OK)
        for text in (result.log.read_text("utf-8"), "\n".join(result.tail), repr(result)):
            assert not any(secret in text for secret in secrets)
        assert f"ERROR: failed to solve: {HIDDEN} is wrong {HIDDEN}" in result.tail
        assert made.hide("say t0ken") == f"say {HIDDEN}"
    assert all("t0ken" not in file.read_text("utf-8") for file in made.folder.iterdir())
