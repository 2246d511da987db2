"""From a Dockerfile to a verdict on an engine that is a fake program: what is built, in which order, and what follows from it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dockfix.engine import Settings
from dockfix.verify import container, starting
from dockfix.verify.build import BuildArguments
from dockfix.verify.measure import Plan
from dockfix.verify.outcome import Task
from dockfix.verify.running import Conditions
from dockfix.verify.search import verify
from dockfix.verify.smoke import from_text
from dockfix.verify.verdict import Verdict, Verification
from fake_docker import FILES, NO_FRONT_END, NO_NETWORK, FakeDocker

TEXT = 'FROM python:3.11-slim\nWORKDIR /app\nRUN pip install flask\nCOPY app.py .\nCMD ["python3", "app.py"]\n'
CACHES = Settings(select=frozenset({"cache-mounts"}))
PLAN = Plan(conditions=Conditions(wait=2))


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starting, "POLL", 0.02)
    monkeypatch.setattr(starting, "SETTLE", 0.1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "app.py").write_text("print()\n", "utf-8")
    (folder / "Dockerfile").write_text(TEXT, "utf-8")
    return folder / "Dockerfile"


def verdict_of(
    docker: FakeDocker, path: Path, plan: Plan = PLAN, settings: Settings = CACHES, **more: object
) -> Verification:
    before = sorted(file.name for file in path.parent.iterdir())
    task = Task(path, path.read_bytes(), settings, None, plan, docker.root / "logs" / "app", **more)  # type: ignore[arg-type]
    found = verify(docker.engine(), task, lambda text: None).verification
    assert found is not None
    assert sorted(file.name for file in path.parent.iterdir()) == before  # nothing beside the user's files
    assert docker.containers() == []
    assert all("--privileged" not in call["argv"] for call in docker.calls)
    return found


def kinds(docker: FakeDocker) -> list[str]:
    """What was built, in order: the last part of each tag without its number."""
    return [call["tag"].rpartition(":")[2].removeprefix("app-").rpartition("-")[0] for call in docker.builds]


def result_of(found: Verification, check: str) -> str:
    return next(each.result for each in found.checks if each.check == check)


def test_equal(docker: FakeDocker, path: Path) -> None:
    found = verdict_of(docker, path, replace(PLAN, smokes=(from_text("python3 -c pass"),)))
    assert (found.verdict, found.reason, found.findings, found.applied) == (Verdict.EQUAL, "", (), ("cache-mounts",))
    assert kinds(docker) == ["before", "base", "after-1"]
    assert found.builds == 3
    assert {each.result for each in found.checks} == {"same"}
    assert docker.builds[0]["dockerfile"] == TEXT
    assert docker.builds[1]["dockerfile"] == "FROM python:3.11-slim\n"
    assert "type=cache" in docker.builds[2]["dockerfile"]
    assert found.before is not None
    assert found.after is not None
    assert (found.before.size, found.after.size) == (4000 - len(TEXT), 4000 - len(docker.builds[2]["dockerfile"]))
    assert [layer.instruction for layer in found.after.layers] == ["ADD file:abc in /", "RUN make"]
    assert Path(found.before.log).read_text("utf-8").startswith("#1 [internal]")
    assert docker.images() == []  # all were removed


def test_images_are_kept_on_demand(docker: FakeDocker, path: Path) -> None:
    verdict_of(docker, path, keep=True)
    assert docker.images() == sorted(call["tag"] for call in docker.builds)


@pytest.mark.parametrize(("rule", "verdict", "builds"), [
    ({"lines": ["#5 [2/3] RUN pip install flask", "#5 ERROR: No matching distribution"], "status": 1}, Verdict.ORIGINAL_BROKEN, 1),
    ({"lines": NO_NETWORK, "status": 1}, Verdict.NETWORK, 2), ({"sleep": 60}, Verdict.TIMED_OUT, 1),
])  # fmt: skip
@pytest.mark.parametrize("find", [False, True])
def test_where_the_original_does_not_build_the_new_one_is_never_built(
    docker: FakeDocker, path: Path, rule: dict[str, object], verdict: Verdict, builds: int, find: bool
) -> None:
    docker.set(builds=[rule])
    found = verdict_of(docker, path, replace(PLAN, timeout=0.7), search=find)
    assert (found.verdict, found.applied, found.dropped, found.before, found.after) == (verdict, (), (), None, None)
    assert kinds(docker) == ["before"] * builds
    assert found.reason
    assert found.reason in " ".join(found.tail)


def test_the_new_image_does_not_build(docker: FakeDocker, path: Path) -> None:
    docker.set(
        builds=[
            {
                "dockerfile": "type=cache",
                "lines": ["a", "ERROR: the --mount option requires BuildKit", "b"],
                "status": 1,
            }
        ]
    )
    found = verdict_of(docker, path)
    assert (found.verdict, found.reason) == (Verdict.AFTER_BROKEN, "ERROR: the --mount option requires BuildKit")
    assert found.tail == ("a", "ERROR: the --mount option requires BuildKit", "b")
    assert found.before is not None
    assert found.after is None


def test_a_fault_of_the_network_behind_the_original(docker: FakeDocker, path: Path) -> None:
    docker.set(builds=[{"dockerfile": "type=cache", "lines": NO_NETWORK, "status": 1}])
    found = verdict_of(docker, path, search=True)
    assert (found.verdict, found.dropped) == (Verdict.NETWORK, ())
    assert kinds(docker) == ["before", "base", "after-1", "after-1"]


def test_the_original_fails_its_own_check(docker: FakeDocker, path: Path) -> None:
    docker.set(
        runs=[{"words": "-c check", "out": "no database at hunter22\n", "status": 1}], logs="started\nwith hunter22\n"
    )
    plan = replace(PLAN, smokes=(from_text("check"),), arguments=BuildArguments(build_arg=("PASSWORD=hunter22",)))
    found = verdict_of(docker, path, plan)
    assert (found.verdict, found.reason) == (Verdict.ORIGINAL_FAILS, "check: status 1: no database at [hidden]")
    assert found.tail == ("started", "with [hidden]")
    assert "after-1" not in kinds(docker)


def test_the_new_image_fails_a_check(docker: FakeDocker, path: Path) -> None:
    docker.set(runs=[{"words": "after-1.* -c check", "out": "ImportError\n", "status": 1}])
    found = verdict_of(docker, path, replace(PLAN, smokes=(from_text("check"),)))
    assert (found.verdict, found.reason) == (Verdict.DIFFERS, "check fails in the new image: status 1: ImportError")
    assert result_of(found, "smoke") == "differs"


def test_without_smoke_checks_that_is_said(docker: FakeDocker, path: Path) -> None:
    assert result_of(verdict_of(docker, path), "smoke") == "not checked"


def test_a_base_that_cannot_be_built_alone(docker: FakeDocker, path: Path) -> None:
    docker.set(builds=[{"dockerfile": r"^FROM \S+\n$", "lines": ["no"], "status": 1}])
    found = verdict_of(docker, path)
    assert found.verdict is Verdict.EQUAL
    assert "the base image could not be built by itself, so files were not compared" in found.notes
    assert result_of(found, "files") == result_of(found, "writes") == "not checked"


def test_a_front_end_that_cannot_be_fetched_is_a_note(docker: FakeDocker, path: Path) -> None:
    path.write_text(f"# syntax=docker/dockerfile:1\n{TEXT}", "utf-8")
    docker.set(builds=[{"dockerfile": "syntax", "lines": NO_FRONT_END, "status": 1}])
    found = verdict_of(docker, path)
    assert found.verdict is Verdict.EQUAL
    assert [note for note in found.notes if "could not be fetched" in note] == [
        "# syntax=docker/dockerfile:1 could not be fetched: built with the engine's own front end"
    ]
    assert ["syntax" in call["dockerfile"] for call in docker.builds] == [True, False, False, False]


def test_the_start_is_made_twice_where_it_differs(docker: FakeDocker, path: Path) -> None:
    """The second container of the original ends as the new one does: nothing speaks against the new image."""
    exits = iter([0, 1, 1])
    original = starting.state_of
    seen: dict[str, int] = {}

    def state(engine: object, name: str, refusal: str) -> container.State:
        original(engine, name, refusal)  # type: ignore[arg-type]
        seen.setdefault(name, next(exits) if name not in seen else 0)
        return container.State(seen[name], "")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(starting, "state_of", state)
        found = verdict_of(docker, path)
    assert found.verdict is Verdict.EQUAL
    assert len(seen) == 3


def test_an_original_that_fails_by_itself_leaves_the_start_unchecked(docker: FakeDocker, path: Path) -> None:
    docker.set(states=[{"Status": "exited", "Running": False, "ExitCode": 1}])
    found = verdict_of(docker, path)
    assert found.verdict is Verdict.EQUAL
    checked = next(each for each in found.checks if each.check == "start")
    assert (checked.result, checked.detail) == (
        "not checked",
        "the original itself ends with status 1; --env and --smoke give it more to do",
    )


COMPOSE = "services:\n  web:\n    build: .\n    environment: {A: 1, SECRET_KEY: hunter22}\n    command: serve\n"


def test_a_compose_file_says_how_containers_are_run(docker: FakeDocker, path: Path) -> None:
    (path.parent / "compose.yaml").write_text(COMPOSE, "utf-8")
    found = verdict_of(docker, path, replace(PLAN, conditions=Conditions(wait=2, environment=("A=2",))))
    started = docker.argv("run", "-d")
    assert len(started) == 2  # the original and the new one
    for argv in started:
        assert argv[-1] == "serve"
        pairs = [argv[at + 1] for at, word in enumerate(argv) if word == "--env"]
        assert pairs == ["A=1", "SECRET_KEY=hunter22", "A=2"]  # the last one counts
    assert any("run as the service web of " in note for note in found.notes)


def test_one_that_shows_nothing_that_way_is_run_as_it_is(docker: FakeDocker, path: Path) -> None:
    (path.parent / "compose.yaml").write_text(COMPOSE, "utf-8")
    failed = {"Status": "exited", "Running": False, "ExitCode": 1}
    fine = {"Status": "exited", "Running": False, "ExitCode": 0}
    docker.set(states={"serve": [failed], "": [fine]})
    found = verdict_of(docker, path)
    assert found.verdict is Verdict.EQUAL
    assert [argv[-1] == "serve" for argv in docker.argv("run", "-d")] == [True, False, False]
    assert any("run without what the service web" in note for note in found.notes)
    assert result_of(found, "start") == "same"


def test_a_context_with_an_ignore_file(docker: FakeDocker, path: Path) -> None:
    (path.parent / ".dockerignore").write_text("*.log\n", "utf-8")
    verdict_of(docker, path)
    assert [call["ignore"] for call in docker.builds] == ["*.log\n"] * 3
    assert {call["context"] for call in docker.builds} == {str(path.parent)}


def test_build_arguments_go_to_every_build(docker: FakeDocker, path: Path) -> None:
    verdict_of(docker, path, replace(PLAN, arguments=BuildArguments(("A=1",), pull=True, no_cache=True)))
    words = [call["argv"] for call in docker.builds]
    assert all("--build-arg" in argv for argv in words)
    assert ["--pull" in argv for argv in words] == [True, False, True]


def test_files_of_the_image(docker: FakeDocker, path: Path) -> None:
    """What the loader and Python say is asked of both images, of the same files."""
    docker.set(files={**FILES, "usr/local/lib/libbase.so": "\x7fELF"})
    found = verdict_of(docker, path)
    assert result_of(found, "libraries") == result_of(found, "modules") == "same"
    docker.set(ldd="\tlibpq.so.5 => not found\n")
    assert verdict_of(docker, path).verdict is Verdict.EQUAL  # the original misses it too


@pytest.mark.parametrize(("layers", "exports"), [(["sha256:ab"], 5), ([], 6)])
def test_a_base_image_is_read_once(docker: FakeDocker, path: Path, layers: list[str], exports: int) -> None:
    docker.set(layers=layers)
    engine = docker.engine()
    for name in ("one", "two"):
        found = verify(
            engine, Task(path, path.read_bytes(), CACHES, None, PLAN, docker.root / "logs" / name), lambda text: None
        ).verification
        assert found is not None and found.verdict is Verdict.EQUAL
        assert result_of(found, "files") == "same"
    assert len(docker.argv("export")) == exports


def test_an_image_without_python(docker: FakeDocker, path: Path) -> None:
    docker.set(files={name: text for name, text in FILES.items() if "python" not in name})
    found = verdict_of(docker, path)
    assert next(each for each in found.checks if each.check == "modules").detail == "there is no python on PATH"


def test_a_stream_that_breaks_off(docker: FakeDocker, path: Path) -> None:
    program = docker.program.read_text("utf-8")
    docker.program.write_text(
        program.replace("sys.exit", 'export = lambda files: print("no archive")\nsys.exit'), "utf-8"
    )
    found = verdict_of(docker, path)
    assert found.verdict is Verdict.ENGINE_FAULT
    assert found.reason.startswith("the image's files could not be read: ")
    assert docker.images() == []
