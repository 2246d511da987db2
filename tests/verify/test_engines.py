"""Finding an engine, and what is called on it; the engine is a fake program."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from dockfix.verify import engines
from dockfix.verify.engines import Engine, EngineError, NoEngineError, alive, find_engine, limits, new_session
from dockfix.verify.process import Cancelled, TimedOut
from dockfix.verify.snapshot import read_snapshot
from dockfix.verify.verdict import Layer
from fake_docker import FakeDocker


def find(asked: str | None = None, builder: str = "") -> Engine:
    return find_engine(asked, builder, threading.Event())


def test_none_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoEngineError) as caught:
        find()
    assert caught.value.message == "no container engine answers: docker is not installed; podman is not installed"
    assert "start docker or podman" in caught.value.hint
    with pytest.raises(NoEngineError, match=r"^no container engine answers: podman is not installed$"):
        find("podman")


def test_one_that_answers(docker: FakeDocker) -> None:
    engine = find()
    assert (engine.name, engine.program, engine.version, engine.buildx, engine.builder) == (
        "docker",
        str(docker.program),
        "28.2.2",
        True,
        "",
    )
    assert engine.environment["DOCKER_BUILDKIT"] == "1"


@pytest.mark.parametrize(("info", "reason"), [
    ({"status": 1, "err": "WARNING: x\nCannot connect to the Docker daemon at unix:///run/docker.sock. Is it running?\n"},
     "docker: Cannot connect to the Docker daemon at unix:///run/docker.sock. Is it running?"),
    ({"status": 1}, "docker: it does not answer"),
    ({"status": 0, "out": "\n"}, "docker: it does not answer"),  # docker's way without a server: no version, and status 0
])  # fmt: skip
def test_installed_but_silent(docker: FakeDocker, info: dict[str, object], reason: str) -> None:
    docker.set(info=info)
    with pytest.raises(NoEngineError) as caught:
        find("docker")
    assert caught.value.message == f"no container engine answers: {reason}"
    assert "DOCKER_HOST" in caught.value.hint


def test_installed_but_too_slow(docker: FakeDocker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "ANSWERS_WITHIN", 0.6)
    docker.set(info={"sleep": 60})
    with pytest.raises(NoEngineError, match="docker: no end after 1 s"):
        find("docker")


def test_installed_but_no_program(docker: FakeDocker) -> None:
    docker.program.write_bytes(b"\x7fELF nonsense")
    with pytest.raises(NoEngineError, match=r"docker: .*(Exec format error|not found)"):
        find("docker")


def test_the_second_one_answers(docker: FakeDocker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    docker.set(info={"status": 1})
    podman = FakeDocker(tmp_path / "other", "podman", version="podman version 5.4.0", info={"out": "5.4.0\n"})
    monkeypatch.setenv("PATH", f"{docker.bin}:{podman.bin}:/usr/bin:/bin")
    engine = find()
    assert (engine.name, engine.program, engine.version, engine.buildx) == (
        "podman",
        str(podman.program),
        "5.4.0",
        False,
    )
    assert podman.argv("info") == [["info", "--format", "{{.Version.Version}}"]]
    assert engine.environment == {}


def test_podman_under_the_name_docker(docker: FakeDocker) -> None:
    docker.set(version="podman version 4.9.3", info={"out": "4.9.3\n"})
    engine = find()
    assert (engine.name, engine.program, engine.version, engine.buildx) == (
        "podman",
        str(docker.program),
        "4.9.3",
        False,
    )


def test_a_builder(docker: FakeDocker) -> None:
    assert find(builder="mine").builder == "mine"
    with pytest.raises(NoEngineError, match='docker: builder other: ERROR: no builder "other" found'):
        find("docker", "other")
    docker.set(buildx=False)
    with pytest.raises(NoEngineError, match="docker: --builder needs docker with buildx"):
        find("docker", "mine")
    assert find("docker").buildx is False


def test_a_stop_while_looking(docker: FakeDocker) -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(Cancelled):
        find_engine(None, "", stop)


# --- sessions ----------------------------------------------------------------------------------------------------------


def test_sessions_differ_and_fit_a_repository_name() -> None:
    names = {new_session() for _ in range(50)}
    assert len(names) == 50
    assert all(re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", name) for name in names)


@pytest.mark.parametrize("host", ["", "_.-", "My_Host.example.org", "x" * 300, "caf\u00e9"])
def test_any_host_name_will_do(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: host)
    session = new_session()
    assert re.fullmatch(r"[a-z0-9]{1,20}-\d+-\d+-[0-9a-f]{8}", session)
    assert alive(session)


def dead_pid() -> int:
    with subprocess.Popen([sys.executable, "-IS", "-c", ""]) as process:
        process.wait()
    return process.pid


def test_who_is_alive() -> None:
    own = new_session()
    host = own.partition("-")[0]
    assert alive(own)
    assert alive(f"{host}-1-00000000")  # someone else's process
    assert not alive(f"{host}-{dead_pid()}-00000000")
    assert not alive(f"x{host}-{os.getpid()}-00000000")
    assert alive(f"x{host}-1-{int(time.time()) - 3600}-00000000")  # another machine's, which may use the same engine
    assert not alive(f"x{host}-1-{int(time.time()) - 90_000}-00000000")
    assert not any(alive(text) for text in ("", "-", host, f"{host}-", f"{host}-x-1", f"{host}--1"))


# --- calls -------------------------------------------------------------------------------------------------------------


def test_a_call_that_fails_says_why(docker: FakeDocker) -> None:
    engine = docker.engine()
    with pytest.raises(EngineError) as caught:
        engine.call("frobnicate", "now")
    assert caught.value.message == "docker frobnicate failed: unknown command: frobnicate now"
    assert engine.call("frobnicate", check=False).status == 125


def test_a_call_ends_with_the_session(docker: FakeDocker) -> None:
    engine = docker.engine()
    docker.set(info={"sleep": 60})
    with pytest.raises(TimedOut):
        engine.call("info", timeout=0.3)
    engine.stop.set()
    with pytest.raises(Cancelled):
        engine.call("info")


def built(docker: FakeDocker, engine: Engine, tag: str = "dockfix-verify/x:1") -> str:
    file = docker.root / "Dockerfile"
    file.write_text("FROM scratch\n", "utf-8")
    engine.call("build", "--label", engine.label, "-t", tag, "-f", str(file), str(docker.root))
    return tag


def test_what_is_known_of_an_image(docker: FakeDocker) -> None:
    engine = docker.engine()
    image = engine.image(built(docker, engine))
    assert image["Config"]["Cmd"] == ["python3", "app.py"]
    assert image["Config"]["Labels"] == {"dockfix.verify": engine.session}


def test_layers_have_a_size_and_come_in_order(docker: FakeDocker) -> None:
    engine = docker.engine()
    long = {"CreatedBy": "RUN |2 A=1 B=2 /bin/sh -c make \\\n  all # buildkit", "Size": "77"}
    docker.set(history=[long, *docker.settings["history"]])
    assert engine.layers(built(docker, engine)) == (
        Layer("ADD file:abc in /", 1000), Layer("RUN make", 2000), Layer("RUN make \\ all", 77),
    )  # fmt: skip


def test_the_files_of_an_image(docker: FakeDocker) -> None:
    engine = docker.engine()
    with engine.exported(built(docker, engine)) as tar:
        snapshot = read_snapshot(tar)  # type: ignore[arg-type]
    assert snapshot.entries["/app/app.py"].kind == "file"
    assert snapshot.which("python3", "/usr/local/bin") == "/usr/local/bin/python3"
    assert docker.containers() == []
    assert docker.argv("create") == [["create", "--label", engine.label, "dockfix-verify/x:1", "true"]]
    assert docker.argv("rm") == [["rm", "-f", "-v", "created1"]]


def test_a_container_goes_even_after_a_stop(docker: FakeDocker) -> None:
    engine = docker.engine()
    tag = built(docker, engine)
    with pytest.raises(ZeroDivisionError), engine.exported(tag):
        engine.stop.set()
        raise ZeroDivisionError
    assert docker.containers() == []
    engine.remove_images(tag)
    assert docker.images() == []


def test_nothing_to_remove_is_no_call(docker: FakeDocker) -> None:
    engine = docker.engine()
    engine.remove()
    engine.remove_images()
    assert docker.calls == []


def test_clean_removes_what_is_of_its_own_session(docker: FakeDocker) -> None:
    engine = docker.engine()
    other = new_session()
    for kind in ("images", "containers"):
        docker.add(kind, f"mine-{kind}", engine.session)
        docker.add(kind, f"other-{kind}", other)
    engine.stop.set()  # it works after Ctrl-C too
    assert engine.clean(engine.session) == 2
    assert (docker.images(), docker.containers()) == (["other-images"], ["other-containers"])


def test_clean_removes_what_dead_runs_left(docker: FakeDocker) -> None:
    engine = docker.engine()
    host = engine.session.partition("-")[0]
    for kind in ("images", "containers"):
        docker.add(kind, f"going-{kind}", engine.session)
        docker.add(kind, f"dead1-{kind}", f"{host}-{dead_pid()}-00000000")
        docker.add(kind, f"dead2-{kind}", f"{host}-{dead_pid()}-00000001")
    assert engine.clean() == 4
    assert (docker.images(), docker.containers()) == (["going-images"], ["going-containers"])
    assert engine.left_over() == ({"going-containers": engine.session}, {"going-images": engine.session})
    assert engine.clean() == 0


def test_limits() -> None:
    words = list(limits(False, "2g"))
    assert words[words.index("--memory") + 1] == "2g"
    assert words[words.index("--network") + 1] == "none"
    assert int(words[words.index("--pids-limit") + 1]) > 0
    assert "--network" not in limits(True, "2g")
    assert "--memory" in limits(True, "2g")
