"""How a container comes up, and for how long it is watched. The engine is a fake program."""

from __future__ import annotations

import json
import time
from types import SimpleNamespace
from typing import Any

import pytest
from verify_images import REFERENCE as IMAGE
from verify_images import contained

from dockfix.runtimes.python import PYTHON
from dockfix.verify import starting
from dockfix.verify.engines import Engine, EngineError
from dockfix.verify.manner import Manner
from dockfix.verify.process import Cancelled
from dockfix.verify.running import Conditions, Tool
from dockfix.verify.smoke import Smoke, from_text
from dockfix.verify.starting import Start, Wanted, start
from fake_docker import FakeDocker

TOOL = Tool("dockfix-verify/before:1", PYTHON, "python3")
UP = {"Status": "running", "Running": True, "ExitCode": 0}
ENDED = {"Status": "exited", "Running": False, "ExitCode": 3}
PLACES = Conditions(environment=("A=1",))
NOTHING: dict[str, Any] = {
    "open": [],
    "roots": {},
    "good": [],
    "answers": [],
    "listening": [],
    "processes": [],
    "routes": {},
    "web": 0,
    "held": False,
    "earlier": [],
}


@pytest.fixture
def engine(fake_engine: Engine) -> Engine:
    return fake_engine


def started(
    docker: FakeDocker,
    engine: Engine,
    *states: dict[str, Any],
    tool: Tool | None = TOOL,
    ports: frozenset[int] = frozenset(),
    requests: tuple[Smoke, ...] = (),
    wait: float = 3,
    **more: Any,
) -> Start:
    docker.set(states=states)
    wanted = Wanted(ports, requests, wait=wait, **more)
    found = start(engine, IMAGE, lambda: tool, wanted, PLACES, Manner())
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
    answer = json.dumps(NOTHING)
    docker.set(runs=[{"words": "container:", "out": f"dockfix-probe:{answer}\n"}])
    found = started(docker, engine, UP, ports=frozenset({80}), wait=0.4)
    assert (found.exited, found.ports) == (None, frozenset())
    assert found.seconds >= 0.4


def test_a_port_that_falls_silent_again_is_watched_to_its_end(
    docker: FakeDocker, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of a server that listens before its worker fails: what counts is how it ends."""
    monkeypatch.setattr(starting, "POLL", 0.2)
    answer = json.dumps(NOTHING)
    up = json.dumps(NOTHING | {"open": [80], "good": []})
    docker.set(
        runs=[
            {"words": '"roots": false', "out": f"dockfix-probe:{up}\n"},
            {"words": '"roots": true', "out": f"dockfix-probe:{answer}\n"},
        ]
    )
    ended = {"Status": "exited", "Running": False, "ExitCode": 3}
    found = started(docker, engine, *[UP] * 8, ended, ports=frozenset({80}), wait=60)
    assert (found.exited, found.ports) == (3, frozenset())
    assert any('"roots": true' in word for argv in docker.argv("run") for word in argv)  # it had been taken for ready


def health(status: str, key: str = "Health") -> dict[str, Any]:
    return {**UP, key: {"Status": status}}


def test_health_is_waited_for(docker: FakeDocker, engine: Engine) -> None:
    docker.set(config={**docker.settings["config"], "Healthcheck": {"Test": ["CMD", "true"]}})
    assert started(docker, engine, health("starting"), health("unhealthy"), health("healthy")).health == "healthy"
    words = docker.argv("run", "-d")[0]
    assert words[words.index("--health-interval") + 1] == "1s"
    assert started(docker, engine, health("healthy", "Healthcheck")).health == "healthy"  # podman's name for it
    assert started(docker, engine, health("unhealthy"), wait=0.3).health == "unhealthy"
    assert started(docker, engine, health("none")).health == ""


def test_one_that_cannot_be_started(docker: FakeDocker, engine: Engine) -> None:
    """The engine makes the container and says why its command is not to be had."""
    state = {"Status": "created", "Running": False, "ExitCode": 127, "Error": "exec: gunicorn: not found in $PATH"}
    assert started(docker, engine, state).exited == 127
    assert started(docker, engine, {**state, "ExitCode": 0}).exited == 127


def test_one_that_cannot_even_be_made(docker: FakeDocker, engine: Engine) -> None:
    docker.set(runs=[{"words": " -d ", "err": "docker: invalid reference\n", "status": 125}])
    with pytest.raises(EngineError, match="the container could not be made: docker: invalid reference"):
        start(engine, IMAGE, lambda: None, Wanted(), PLACES, Manner())


def test_a_stop_takes_the_container_away(docker: FakeDocker, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    docker.set(states=[UP])
    monkeypatch.setattr(
        starting, "time", SimpleNamespace(monotonic=time.monotonic, sleep=lambda seconds: engine.stop.set())
    )
    with pytest.raises(Cancelled):
        start(engine, IMAGE, lambda: None, Wanted(), PLACES, Manner())
    assert docker.containers() == []
    assert len(docker.argv("rm")) == 1


# --- for how long ------------------------------------------------------------------------------------------------------


def says(docker: FakeDocker, **answer: Any) -> None:
    """What the probe is to say of every container."""
    docker.set(runs=[{"words": "container:", "out": f"dockfix-probe:{json.dumps(NOTHING | answer)}\n"}])


def answers(status: int) -> dict[str, Any]:
    return {"listening": [80], "good": [False], "answers": [{"status": status, "body": "no"}]}


@pytest.mark.parametrize(("status", "steady"), [(404, 60.0), (503, 0.3)])
def test_an_answer_that_stays_wrong_ends_it(
    docker: FakeDocker, engine: Engine, monkeypatch: pytest.MonkeyPatch, status: int, steady: float
) -> None:
    """An error of the server has more time to become another answer than a refusal."""
    monkeypatch.setattr(starting, "STEADY_AGAIN", 0.3)
    says(docker, **answers(status))
    found = started(docker, engine, UP, requests=(from_text(":80/x"),), wait=60, steady=steady)
    assert (found.good, found.answers) == ((False,), (f"status {status}: no",))
    assert found.seconds < 10


def test_a_server_that_is_not_up_yet_has_all_its_time(docker: FakeDocker, engine: Engine) -> None:
    says(docker, good=[False], answers=[{"status": 0, "body": "nothing listens"}])
    assert started(docker, engine, UP, requests=(from_text(":80"),), wait=1, steady=0.1).seconds >= 1
    says(docker, **answers(503))
    assert started(docker, engine, UP, requests=(from_text(":80"),), wait=1, least=1, steady=0.1).seconds >= 1


def test_a_port_that_stays_silent_beside_another_one_ends_it(docker: FakeDocker, engine: Engine) -> None:
    says(docker, listening=[5000])
    found = started(docker, engine, UP, ports=frozenset({80}), wait=60, steady=0.3)
    assert (found.ports, found.listening) == (frozenset(), {5000})
    assert found.seconds < 10


def test_one_that_stays_unhealthy_ends_it(docker: FakeDocker, engine: Engine) -> None:
    found = started(docker, engine, health("unhealthy"), wait=60, steady=0.3)
    assert (found.health, found.exited) == ("unhealthy", None)
    assert found.seconds < 10


def test_a_health_check_that_need_not_pass_is_not_waited_for(docker: FakeDocker, engine: Engine) -> None:
    assert started(docker, engine, health("starting"), wait=60, healthy=False).seconds < 10


def test_one_that_is_to_end_is_watched_to_its_end(docker: FakeDocker, engine: Engine) -> None:
    assert started(docker, engine, *[UP] * 20, ENDED, wait=60, ends=True).exited == 3


def test_one_that_computes_and_does_not_listen_yet_has_more_time(
    docker: FakeDocker, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(starting, "BUSY", 1.5)
    ticks = [{"pid": 1, "command": ["python3", "app.py"], "ticks": 10**6 * at} for at in range(1, 40)]
    docker.set(
        runs=[
            {"words": "container:", "times": 1, "out": f"dockfix-probe:{json.dumps(NOTHING | {'processes': [each]})}\n"}
            for each in ticks
        ]
    )
    assert started(docker, engine, UP, wait=60).seconds >= 1.5


def test_what_listens_and_what_goes_on_running(docker: FakeDocker, engine: Engine) -> None:
    processes = [
        {"pid": 1, "command": ["/bin/sh", "-c", "x"], "ticks": 1},
        {"pid": 7, "command": ["/usr/bin/python3.11", "/usr/local/bin/gunicorn", "app"], "ticks": 1},
        {"pid": 9, "command": ["nginx: worker process"], "ticks": 1},
    ]
    says(docker, listening=[80, 8000], processes=processes)
    found = started(docker, engine, UP)
    assert found.listening == {80, 8000}
    assert found.programs == {"python", "gunicorn", "nginx"}


def test_routes_are_asked_for_once_it_is_up(docker: FakeDocker, engine: Engine) -> None:
    found = started(docker, engine, UP, ports=frozenset({80}), routes=("/reports",))
    assert found.routes == {"/reports": 200}
    probes = [argv[argv.index("--env") + 1] for argv in docker.argv("run") if "-d" not in argv]
    asked = [json.loads(each.removeprefix("DOCKFIX_PROBE="))["routes"] for each in probes]
    assert asked[-1] == ["/reports"]
    assert not any(asked[:-1])


def test_what_another_image_is_watched_for(monkeypatch: pytest.MonkeyPatch) -> None:
    quick = Start(None, "", "healthy", frozenset({80}), seconds=2.0, listening=frozenset({80, 90}))
    wanted = Wanted(frozenset({80, 81}), wait=60)
    assert quick.again(wanted) == Wanted(frozenset({80, 90}), (), (), True, False, 15.0, 2.0, 5.0)
    slow = Start(3, "", "unhealthy", seconds=18.0)
    assert slow.again(wanted) == Wanted(frozenset(), (), (), False, True, 54.0, 18.0, 5.0)
    assert Start(None, "", seconds=61.0).again(wanted).wait == 60
