"""What an image says: its loader's and its Python's answers, and those of commands. The engine is a fake program."""

from __future__ import annotations

import json

import pytest
from verify_images import REFERENCE as IMAGE
from verify_images import contained

from dockfix.managers.apt import APT
from dockfix.runtimes.probes import MARK
from dockfix.runtimes.python import PYTHON
from dockfix.verify import running
from dockfix.verify.engines import Engine
from dockfix.verify.image import RuntimeFacts
from dockfix.verify.running import (
    Conditions,
    ask_interpreter,
    missing_by_loader,
    missing_libraries,
    package_of,
    run_smoke,
)
from dockfix.verify.smoke import Smoke, from_text
from fake_docker import FakeDocker

PLACES = Conditions(environment=("A=1",), wait=3)


@pytest.fixture
def engine(fake_engine: Engine) -> Engine:
    return fake_engine


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
    assert running.answer_of('x\ndockfix-probe:{"a": 1}\ndockfix-probe:{"a": 2}\nbye') == {"a": 2}
    assert (
        running.answer_of("") is running.answer_of(" dockfix-probe:{}") is running.answer_of("dockfix-probe:3") is None
    )


GLIBC = """\tlinux-vdso.so.1 (0x00007ffd)
\tlibpq.so.5 => not found
\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f)
\tlibldap-2.5.so.0 => not found
"""
MUSL = """\t/lib/ld-musl-x86_64.so.1 (0x7f)
Error loading shared library libpq.so.5: No such file or directory (needed by /x.so)
Error relocating /x.so: PQconnectdb: symbol not found
"""
# what a script of the linker stands for in the place of a library: a file made for musl asks for libc.so
SCRIPT = "/a/rollup.linux-x64-musl.node: error while loading shared libraries: /lib/x86_64-linux-gnu/libc.so: invalid ELF header\n"
SHORT = "/a/x.so: error while loading shared libraries: libm.so: file too short\n"


@pytest.mark.parametrize(("said", "missing"), [
    (SCRIPT, {"libc.so"}), (SHORT, {"libm.so"}), (GLIBC, {"libpq.so.5", "libldap-2.5.so.0"}), (MUSL, {"libpq.so.5"}), ("\tstatically linked\n", set()), ("\tnot a dynamic executable\n", set()), ("", set()),
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


def test_without_a_shell_an_interpreter_asks_the_loader(docker: FakeDocker, engine: Engine) -> None:
    answer = {"said": {"/x.so": "\tlibpq.so.5 => not found\n", "/y.so": "\tstatically linked\n"}, "loads": True}
    docker.set(runs=[{"words": "/usr/bin/python3", "out": f"{MARK}{json.dumps(answer)}\n"}])
    runtimes = {"python": RuntimeFacts("/usr/bin/python3", "3.11.2", {}, {})}
    found = missing_by_loader(engine, IMAGE, ["/x.so", "/y.so"], PLACES, runtimes)
    assert found == {"/x.so": {"libpq.so.5"}}
    assert contained(docker)
    assert missing_by_loader(engine, IMAGE, ["/x.so"], PLACES, {}) is None
    docker.set(runs=[{"words": "/usr/bin/python3", "status": 1}])
    assert missing_by_loader(engine, IMAGE, ["/x.so"], PLACES, runtimes) is None


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
