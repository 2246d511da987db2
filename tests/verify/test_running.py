"""What an image does: its loader's and its Python's answers, how its container comes up. The engine is a fake program."""

from __future__ import annotations

import json
import time
from types import SimpleNamespace
from typing import Any

import pytest

from dockfix.managers.apt import APT
from dockfix.runtimes.python import PYTHON
from dockfix.verify import running
from dockfix.verify.engines import Engine, EngineError
from dockfix.verify.image import RuntimeFacts
from dockfix.verify.process import Cancelled
from dockfix.verify.running import (
    Conditions,
    Start,
    Tool,
    ask_interpreter,
    missing_libraries,
    package_of,
    run_smoke,
    start,
)
from dockfix.verify.smoke import Smoke, from_text
from fake_docker import FakeDocker

IMAGE = "dockfix-verify/x:1"
TOOL = Tool("dockfix-verify/before:1", PYTHON, "/usr/local/bin/python3")
UP = {"Status": "running", "Running": True, "ExitCode": 0}
PLACES = Conditions(environment=("A=1",), wait=3)


@pytest.fixture
def engine(docker: FakeDocker, monkeypatch: pytest.MonkeyPatch) -> Engine:
    monkeypatch.setattr(running, "POLL", 0.02)
    monkeypatch.setattr(running, "SETTLE", 0.1)
    engine: Engine = docker.engine()
    file = docker.root / "Dockerfile"
    file.write_text("FROM scratch\n", "utf-8")
    engine.call("build", "-t", IMAGE, "-f", str(file), ".")
    return engine


def contained(docker: FakeDocker) -> bool:
    """Whether every container had its limits and the label, and none any privilege."""
    started = docker.argv("run")
    assert started
    for argv in started:
        assert "--memory" in argv
        assert any(word.startswith("dockfix.verify=") for word in argv)
        assert not {
            "--privileged",
            "-v",
            "--volume",
            "--mount",
            "-p",
            "-P",
            "--publish",
            "--cap-add",
            "--device",
            "--pid",
            "--security-opt",
        } & set(argv)
        assert argv[argv.index("--network") + 1] == "none" or argv[argv.index("--network") + 1].startswith(
            "container:dockfix-verify-"
        )
    return True


# --- one command in a container ----------------------------------------------------------------------------------------


def test_what_python_says(docker: FakeDocker, engine: Engine) -> None:
    assert ask_interpreter(engine, IMAGE, PYTHON, "/usr/local/bin/python3", PLACES) == RuntimeFacts(
        "/usr/local/bin/python3", "3.11.7", {"flask": "3.0.3"}, {"ssl": ""}, "/usr/local"
    )
    argv = docker.argv("run")[0]
    assert argv[:2] == ["run", "--rm"]
    assert "-i" in argv
    assert argv[-4:] == ["--entrypoint", "/usr/local/bin/python3", IMAGE, "-"]
    assert "--user" not in argv  # as the image's own
    assert argv[argv.index("--env") + 1] == "A=1"
    assert contained(docker)


@pytest.mark.parametrize(("rule", "said"), [
    ({"err": "a\nexec /usr/bin/python: no such file or directory\n", "status": 127}, "exec /usr/bin/python: no such file or directory"),
    ({"status": 139}, "it ended with status 139"), ({"out": "dockfix-probe:{broken\n"}, "dockfix-probe:{broken"), ({"out": "dockfix-probe:[]\n"}, "dockfix-probe:[]"),
])  # fmt: skip
def test_a_python_that_does_not_answer(docker: FakeDocker, engine: Engine, rule: dict[str, object], said: str) -> None:
    docker.set(runs=[{"words": "--entrypoint", **rule}])
    assert ask_interpreter(engine, IMAGE, PYTHON, "/usr/bin/python", PLACES) == said


def test_a_python_that_takes_too_long(docker: FakeDocker, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "IMPORTS_WITHIN", 0.3)
    docker.set(runs=[{"words": ".", "sleep": 60}])
    assert (
        ask_interpreter(engine, IMAGE, PYTHON, "python", PLACES)
        == "its modules could not be imported: no end after 0 s"
    )


def test_the_last_answer_counts() -> None:
    assert running._answer('x\ndockfix-probe:{"a": 1}\ndockfix-probe:{"a": 2}\nbye') == {"a": 2}
    assert running._answer("") is running._answer(" dockfix-probe:{}") is running._answer("dockfix-probe:3") is None


GLIBC = """\tlinux-vdso.so.1 (0x00007ffd)
\tlibpq.so.5 => not found
\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f)
\tlibldap-2.5.so.0 => not found
"""
MUSL = """\t/lib/ld-musl-x86_64.so.1 (0x7f)
Error loading shared library libpq.so.5: No such file or directory (needed by /x.so)
Error relocating /x.so: PQconnectdb: symbol not found
"""


@pytest.mark.parametrize(("said", "missing"), [
    (GLIBC, {"libpq.so.5", "libldap-2.5.so.0"}), (MUSL, {"libpq.so.5"}), ("\tstatically linked\n", set()), ("\tnot a dynamic executable\n", set()), ("", set()),
])  # fmt: skip
def test_what_the_loader_misses(docker: FakeDocker, engine: Engine, said: str, missing: set[str]) -> None:
    docker.set(ldd=said)
    found = missing_libraries(engine, IMAGE, ["/x.so", "/a b.so"], PLACES)
    assert found == ({"/x.so": missing, "/a b.so": missing} if missing else {})
    assert contained(docker)


def test_no_loader(docker: FakeDocker, engine: Engine) -> None:
    docker.set(runs=[{"words": "ldd", "status": 3}])
    assert missing_libraries(engine, IMAGE, ["/x.so"], PLACES) is None
    assert missing_libraries(engine, IMAGE, [], PLACES) == {}  # without a container
    assert len(docker.argv("run")) == 1


@pytest.mark.parametrize(("said", "package"), [
    ("libpq5:amd64: /usr/lib/x86_64-linux-gnu/libpq.so.5\n", "libpq5"), ("git, git-man: /usr/bin/x\n", "git"), ("curl: /usr/bin/curl\n", "curl"),
])  # fmt: skip
def test_whose_file_it_is(docker: FakeDocker, engine: Engine, said: str, package: str) -> None:
    docker.set(
        runs=[
            {"words": "dpkg .* -S /usr/", "out": said},
            {"words": "dpkg", "err": "dpkg-query: no path found\n", "status": 1},
        ]
    )
    assert package_of(engine, IMAGE, "/lib/x", APT, PLACES) == package  # a merged /usr has two names for it
    docker.set(runs=[{"words": "dpkg", "err": "dpkg-query: no path found matching: x\n", "status": 1}])
    assert package_of(engine, IMAGE, "/lib/x", APT, PLACES) == ""


def test_smoke_commands(docker: FakeDocker, engine: Engine) -> None:
    docker.set(runs=[{"words": "broken", "out": "o\n", "err": "e\n", "status": 3}, {"words": "slow", "sleep": 60}])
    assert run_smoke(engine, IMAGE, from_text("app --version"), PLACES) == (True, "status 0: done")
    assert docker.argv("run")[0][-5:] == ["--entrypoint", "/bin/sh", IMAGE, "-c", "app --version"]
    assert run_smoke(engine, IMAGE, Smoke("x", command=("app", "-x"), statuses=(0,)), PLACES)[0]
    assert docker.argv("run")[1][-3:] == [IMAGE, "app", "-x"]
    assert "--entrypoint" not in docker.argv("run")[1]
    assert run_smoke(engine, IMAGE, from_text("broken"), PLACES) == (False, "status 3: o\ne")
    assert run_smoke(engine, IMAGE, Smoke("x", shell="broken", statuses=(1, 3), expect="e"), PLACES)[0]
    assert not run_smoke(engine, IMAGE, Smoke("x", shell="app", statuses=(0,), expect="other"), PLACES)[0]
    assert run_smoke(engine, IMAGE, Smoke("x", shell="slow", statuses=(0,), wait=0.3), PLACES) == (
        False,
        "no end after 0 s",
    )
    assert contained(docker)
    run_smoke(engine, IMAGE, Smoke("x", shell="app", network=True), PLACES)
    assert "--network" not in docker.argv("run")[-1]


# --- a container's life ------------------------------------------------------------------------------------------------


def started(
    docker: FakeDocker,
    engine: Engine,
    *states: dict[str, Any],
    tool: Tool | None = TOOL,
    ports: frozenset[int] = frozenset(),
    requests: tuple[Smoke, ...] = (),
    conditions: Conditions = PLACES,
) -> Start:
    docker.set(states=states)
    found = start(engine, IMAGE, tool, ports, requests, conditions)
    assert docker.containers() == []
    assert contained(docker)
    return found


def test_one_that_ends(docker: FakeDocker, engine: Engine) -> None:
    docker.set(logs="one\ntwo\n", diff="C /app\nA /app/new\nD /app/old\n")
    found = started(docker, engine, UP, {"Status": "exited", "Running": False, "ExitCode": 3})
    assert (found.exited, found.output, found.health, found.ports) == (3, "one\ntwo\n", "", frozenset())
    assert found.written == {"/app", "/app/new"}
    words = docker.argv("run", "-d")[0]
    assert words[-1] == IMAGE
    assert words[words.index("--env") + 1] == "A=1"


def test_one_that_goes_on(docker: FakeDocker, engine: Engine) -> None:
    found = started(docker, engine, UP)
    assert (found.exited, found.health) == (None, "")
    assert found.seconds < 2


def test_requests_of_one_that_ended(docker: FakeDocker, engine: Engine) -> None:
    found = started(docker, engine, {"Status": "exited", "Running": False, "ExitCode": 0}, requests=(from_text(":80"),))
    assert (found.good, found.answers) == ((False,), ("status 0: the container has ended",))


def test_ports_are_asked_from_beside(docker: FakeDocker, engine: Engine) -> None:
    found = started(docker, engine, UP, ports=frozenset({8000, 90}), requests=(from_text(":8000/x"),))
    assert (found.ports, found.good, found.answers) == ({8000, 90}, (True,), ("status 200: fine",))
    probe = next(argv for argv in docker.argv("run") if "-d" not in argv)
    name = docker.argv("run", "-d")[0][3]
    assert probe[probe.index("--network") + 1] == f"container:{name}"
    assert probe[-4:] == ["--entrypoint", TOOL.interpreter, TOOL.image, "-"]
    wanted = json.loads(probe[probe.index("--env") + 1].removeprefix("DOCKFIX_PROBE="))
    assert wanted["ports"] == [90, 8000]
    assert wanted["requests"] == [{"port": 8000, "path": "/x", "statuses": [200], "expect": ""}]


def test_a_port_that_stays_silent_takes_all_the_time(docker: FakeDocker, engine: Engine) -> None:
    answer = json.dumps({"open": [], "roots": {}, "good": [], "answers": []})
    docker.set(runs=[{"words": "container:", "out": f"dockfix-probe:{answer}\n"}])
    found = started(docker, engine, UP, ports=frozenset({80}), conditions=Conditions(wait=0.4))
    assert (found.exited, found.ports) == (None, frozenset())
    assert found.seconds >= 0.4


def test_a_port_that_falls_silent_again_is_watched_to_its_end(
    docker: FakeDocker, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of a server that listens before its worker fails: what counts is how it ends."""
    monkeypatch.setattr(running, "POLL", 0.2)
    answer = json.dumps({"open": [], "roots": {}, "good": [], "answers": []})
    docker.set(runs=[{"words": '"roots": true', "out": f"dockfix-probe:{answer}\n"}])
    ended = {"Status": "exited", "Running": False, "ExitCode": 3}
    found = started(docker, engine, *[UP] * 8, ended, ports=frozenset({80}), conditions=Conditions(wait=60))
    assert (found.exited, found.ports) == (3, frozenset())
    assert any('"roots": true' in word for argv in docker.argv("run") for word in argv)  # it had been taken for ready


def health(status: str, key: str = "Health") -> dict[str, Any]:
    return {**UP, key: {"Status": status}}


def test_health_is_waited_for(docker: FakeDocker, engine: Engine) -> None:
    docker.set(config={**docker.settings["config"], "Healthcheck": {"Test": ["CMD", "true"]}})
    assert started(docker, engine, health("starting"), health("unhealthy"), health("healthy")).health == "healthy"
    words = docker.argv("run", "-d")[0]
    assert words[words.index("--health-interval") + 1] == "2s"
    assert started(docker, engine, health("healthy", "Healthcheck")).health == "healthy"  # podman's name for it
    assert started(docker, engine, health("unhealthy"), conditions=Conditions(wait=0.3)).health == "unhealthy"
    assert started(docker, engine, health("none")).health == ""


def test_one_that_cannot_be_started(docker: FakeDocker, engine: Engine) -> None:
    """The engine makes the container and says why its command is not to be had."""
    state = {"Status": "created", "Running": False, "ExitCode": 127, "Error": "exec: gunicorn: not found in $PATH"}
    assert started(docker, engine, state).exited == 127
    assert started(docker, engine, {**state, "ExitCode": 0}).exited == 127


def test_one_that_cannot_even_be_made(docker: FakeDocker, engine: Engine) -> None:
    docker.set(runs=[{"words": " -d ", "err": "docker: invalid reference\n", "status": 125}])
    with pytest.raises(EngineError, match="the container could not be made: docker: invalid reference"):
        start(engine, IMAGE, None, frozenset(), (), PLACES)


def test_a_stop_takes_the_container_away(docker: FakeDocker, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    docker.set(states=[UP])
    monkeypatch.setattr(
        running, "time", SimpleNamespace(monotonic=time.monotonic, sleep=lambda seconds: engine.stop.set())
    )
    with pytest.raises(Cancelled):
        start(engine, IMAGE, None, frozenset(), (), PLACES)
    assert docker.containers() == []
    assert len(docker.argv("rm")) == 1
