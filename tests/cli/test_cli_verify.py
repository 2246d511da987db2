"""dockfix verify, and --verify: options, statuses, what is written, and that nothing is left behind. The engine is a fake program."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from dockfix.cli.app import cli
from dockfix.engine import FileResult
from dockfix.engine.results import Failure
from dockfix.verify import process, starting
from dockfix.verify.engines import new_session
from dockfix.verify.outcome import Verified
from dockfix.verify.verdict import Dropped, Finding, Verdict, Verification
from fake_docker import FakeDocker

TEXT = 'FROM python:3.11-slim\nWORKDIR /app\nRUN pip install flask\nCOPY app.py .\nCMD ["python3", "app.py"]\n'
CACHES = ("--select", "cache-mounts")
BROKEN = {
    "lines": ["#5 [2/3] RUN pip install flask", "#5 ERROR: no wheel for CONTEXT", "ERROR: failed to solve: CONTEXT"],
    "status": 1,
}


@pytest.fixture
def docker(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> FakeDocker:
    """A fake docker, the only engine on PATH; logs go beside it."""
    fake = FakeDocker(tmp_path_factory.mktemp("engine") / "fake")
    scratch = fake.root / "tmp"
    scratch.mkdir()
    monkeypatch.setenv("PATH", f"{fake.bin}:/usr/bin:/bin")
    monkeypatch.setenv("TMPDIR", str(scratch))
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(starting, "POLL", 0.02)
    monkeypatch.setattr(process, "POLL", 0.002)  # its calls are short
    return fake


def invoke(*args: str) -> Result:
    return CliRunner().invoke(cli, args, prog_name="dockfix")


def project(name: str, text: str = TEXT) -> Path:
    folder = Path(name)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "app.py").write_text("print()\n", "utf-8")
    (folder / "Dockerfile").write_text(text, "utf-8")
    return folder / "Dockerfile"


def everything() -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in sorted(Path().rglob("*")) if file.is_file()}


# --- usage -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("args", [("verify",), ("--verify",), ("--apply", "--verify"), ("verify", "--cleanup")])
def test_no_engine(args: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    project(".")
    before = everything()
    result = invoke(*args)
    assert result.exit_code == 2
    assert result.stderr == (
        "error: no container engine answers: docker is not installed; podman is not installed\n"
        "hint: start docker or podman, or point DOCKER_HOST at one; dockfix works without, but cannot verify\n"
    )
    assert result.stdout == ""
    assert everything() == before


def test_an_engine_that_does_not_answer(docker: FakeDocker) -> None:
    project(".")
    docker.set(info={"status": 1, "err": "Cannot connect to the Docker daemon\n"})
    result = invoke("verify", "--engine", "docker")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(
        "error: no container engine answers: docker: Cannot connect to the Docker daemon\nhint: "
    )


@pytest.mark.parametrize("args", [
    ("--engine", "docker"), ("--builder", "x"), ("--build-arg", "A=1"), ("--secret", "id=a"), ("--ssh", "default"), ("--platform", "linux/arm64"),
    ("--network", "host"), ("--target", "x"), ("--pull",), ("--no-cache",), ("--smoke", "true"), ("--env", "A=1"), ("--run-network",),
    ("--memory", "1g"), ("--wait", "1"), ("--timeout", "1"), ("--max-builds", "1"), ("--log-dir", "x"), ("--keep",), ("--timings",),
])  # fmt: skip
def test_options_about_builds_need_verify(args: tuple[str, ...]) -> None:
    project(".")
    result = invoke(*args)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"error: {args[0]} needs --verify\nhint: dockfix --help shows the options\n"


def test_from_the_environment_they_may_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKFIX_ENGINE", "docker")
    monkeypatch.setenv("DOCKFIX_MEMORY", "1g")
    project(".")
    assert invoke().exit_code == 0


@pytest.mark.parametrize(("args", "message"), [
    (("verify", "-"), "verify needs files: the build context of standard input is not known"),
    (("--verify", "-"), "--verify needs a file: the build context of standard input is not known"),
    (("verify", "--engine", "lxc"), "invalid value for '--engine': 'lxc' is not one of 'docker', 'podman'"),
    (("verify", "--wait", "0"), "invalid value for '--wait': 0.0 is not in the range x>0"),
    (("verify", "--max-builds", "0"), "invalid value for '--max-builds': 0 is not in the range x>=1"),
    (("verify", "-j", "0"), "invalid value for '-j' / '--jobs': 0 is not in the range x>=1"),
    (("verify", "--format", "yaml"), "invalid value for '--format': 'yaml' is not one of 'text', 'json', 'markdown'"),
])  # fmt: skip
def test_wrong_usage(args: tuple[str, ...], message: str) -> None:
    project(".")
    result = invoke(*args)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"error: {message}\n")


def test_help_has_the_options_once() -> None:
    shown = invoke("verify", "--help").stdout
    assert all(option in shown for option in ("--build-arg", "--smoke", "--bake", "--cleanup", "Exit status"))
    assert "--build-arg" not in invoke("--help").stdout


@pytest.mark.parametrize("args", [("verify",), ("--verify",)])
def test_a_wrong_setting_names_the_file_and_the_key(args: tuple[str, ...], docker: FakeDocker) -> None:
    project("app")
    Path("app/dockfix.toml").write_text("[verify]\nmemory = 4\n", "utf-8")
    result = invoke(*args)
    assert result.exit_code == 2
    assert result.stderr == f"error: {Path('app/dockfix.toml').absolute()}: verify.memory must be a text\n"
    assert docker.builds == []


def test_a_wrong_smoke_check(docker: FakeDocker) -> None:
    project(".")
    result = invoke("verify", "--smoke", ":99999")
    assert (result.exit_code, result.stderr) == (2, "error: 99999 is no port\n")
    assert docker.builds == []


# --- statuses ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def verdicts(docker: FakeDocker, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Makes up what verifying says of each folder."""

    def say(**found: Verdict | None) -> None:
        def verify(engine: object, task: Any, say: object) -> Verified:
            verdict = found[task.path.parent.name]
            if verdict is None:
                return Verified(FileResult(str(task.path), failures=(Failure("unknown instruction: BAD", 3),)), None)
            reason = "" if verdict.holds else "because"
            findings = (Finding("files", "/x", "/x is gone"),) if verdict is Verdict.DIFFERS else ()
            return Verified(
                FileResult(str(task.path)), Verification(str(task.path), verdict, reason, findings=findings)
            )

        for name in found:
            project(name)
        monkeypatch.setattr("dockfix.cli.verifying.verify", verify)

    return say


@pytest.mark.parametrize(("found", "status"), [
    ({"a": Verdict.EQUAL, "b": Verdict.UNCHANGED}, 0), ({"a": Verdict.EQUAL, "b": Verdict.DIFFERS}, 1), ({"a": Verdict.AFTER_BROKEN}, 1),
    *(({"a": Verdict.DIFFERS, "b": verdict}, 2) for verdict in Verdict if not (verdict.holds or verdict.blames_rewrite)),
    ({"a": Verdict.EQUAL, "b": None}, 2),
])  # fmt: skip
def test_exit_status(verdicts: Callable[..., None], found: dict[str, Verdict | None], status: int) -> None:
    verdicts(**found)
    result = invoke("verify")
    assert result.exit_code == status
    for name, verdict in found.items():
        assert (
            f"{name}/Dockerfile: {verdict.value}"
            if verdict
            else f"error: {name}/Dockerfile:3: unknown instruction: BAD"
        ) in result.output


def test_no_dockerfile(docker: FakeDocker) -> None:
    result = invoke("verify")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "no Dockerfile found in this folder" in result.stderr


@pytest.mark.parametrize("form", ["json", "markdown"])
def test_other_formats(verdicts: Callable[..., None], form: str) -> None:
    verdicts(a=Verdict.EQUAL, b=Verdict.DIFFERS)
    result = invoke("verify", "--format", form)
    assert result.exit_code == 1
    if form == "json":
        assert [(each["path"], each["verdict"]) for each in json.loads(result.stdout)["verifications"]] == [
            ("a/Dockerfile", "equal"),
            ("b/Dockerfile", "differs"),
        ]
    else:
        assert result.stdout.startswith("| ")
        assert "b/Dockerfile" in result.stdout


@pytest.mark.parametrize(
    ("verdict", "status"),
    [
        (Verdict.EQUAL, 0),
        (Verdict.DIFFERS, 0),
        (Verdict.ORIGINAL_BROKEN, 2),
        (Verdict.NETWORK, 2),
        (Verdict.NOT_COMPARED, 2),
    ],
)
def test_exit_status_of_apply(verdicts: Callable[..., None], verdict: Verdict, status: int) -> None:
    verdicts(a=verdict)
    assert invoke("--verify").exit_code == status
    result = invoke("--apply", "--verify", "--format", "json")
    assert result.exit_code == status
    assert (
        verdict.value
        in (json.loads(result.stdout)["files"][0]["failures"] or [{"message": verdict.value}])[0]["message"]
    )


def test_a_bug_with_one_file_does_not_stop_the_others(
    verdicts: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    verdicts(a=Verdict.EQUAL)
    project("b")  # of which nothing is made up
    result = invoke("verify")
    assert result.exit_code == 2
    assert "error: b/Dockerfile: internal error: KeyError: 'b'" in result.stderr
    assert "a/Dockerfile: equal" in result.stdout


def test_flags_and_files_reach_the_build(docker: FakeDocker) -> None:
    docker.set(builds=[BROKEN])
    project("app")
    Path("app/dockfix.toml").write_text('[verify]\nbuild-args = ["A=1"]\nplatform = "linux/arm64"\n', "utf-8")
    result = invoke(
        "verify",
        "--build-arg",
        "B=2",
        "--platform",
        "linux/amd64",
        "--builder",
        "mine",
        "--target",
        "",
        "--log-dir",
        "logs",
    )
    assert result.exit_code == 2
    words = " ".join(docker.builds[0]["argv"])
    assert "--builder mine --build-arg A=1 --build-arg B=2 --platform linux/amd64 --label" in words
    assert (
        Path("logs/app-dockerfile/before.log")
        .read_text("utf-8")
        .splitlines()[-1]
        .startswith("ERROR: failed to solve: ")
    )


def test_nothing_to_verify_leaves_no_folder(docker: FakeDocker) -> None:
    project("app", "FROM scratch\n")
    assert invoke("verify").stdout == "app/Dockerfile: nothing to verify\n"
    assert list((docker.root / "tmp").iterdir()) == []
    assert docker.builds == []


# --- cleaning up -------------------------------------------------------------------------------------------------------


def test_cleanup(docker: FakeDocker) -> None:
    own = new_session()
    host, other = own.partition("-")[0], subprocess.Popen(["true"])
    other.wait()
    for kind in ("containers", "images"):
        docker.add(kind, f"dead-{kind}", f"{host}-{other.pid}-0")
    docker.add("images", "going", own)
    result = invoke("verify", "--cleanup")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "Removed 2 containers and images of earlier runs; 1 belong to runs that are still going\n"
    assert (docker.containers(), docker.images()) == ([], ["going"])
    docker.add("images", "dead", f"{host}-{other.pid}-0")
    assert invoke("verify", "--cleanup").stderr.startswith("Removed 1 container and images")
    assert docker.builds == []


# --- the Bake file -----------------------------------------------------------------------------------------------------


def test_bake(docker: FakeDocker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    project("app")
    project("plain", "FROM scratch\n")
    project("other")
    Path("other/.dockerignore").write_text("*.log\n", "utf-8")
    (tmp_path / "out").mkdir()
    result = invoke("verify", *CACHES, "--bake", "out/all.json", "--build-arg", "A=1")
    assert (result.exit_code, result.stdout) == (0, "")
    assert (
        result.stderr
        == "Wrote all.json with 4 images of 2 Dockerfiles; build them with docker buildx bake -f out/all.json\n"
    )
    assert docker.calls == []
    whole = json.loads(Path("out/all.json").read_text("utf-8"))
    assert whole["group"]["default"]["targets"] == [
        f"{name}-dockerfile-{side}" for name in ("app", "other") for side in ("before", "after")
    ]
    before, after = (whole["target"][f"app-dockerfile-{side}"] for side in ("before", "after"))
    assert Path(before["dockerfile"]).read_text("utf-8") == TEXT
    assert "type=cache" in Path(after["dockerfile"]).read_text("utf-8")
    assert before["context"] == str(tmp_path / "app")
    assert before["args"] == {"A": "1"}
    folder = Path("out/all.json.d")
    assert sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()) == [
        "app-dockerfile/after", "app-dockerfile/before", "other-dockerfile/after",
        "other-dockerfile/after.dockerignore", "other-dockerfile/before", "other-dockerfile/before.dockerignore",
    ]  # fmt: skip
    assert Path("app/Dockerfile").read_text("utf-8") == TEXT


def test_bake_to_standard_output(docker: FakeDocker, tmp_path: Path) -> None:
    project("app")
    result = invoke("verify", *CACHES, "--bake", "-")
    whole = json.loads(result.stdout)
    assert result.exit_code == 0
    assert not Path("-").exists()
    before = Path(whole["target"]["app-dockerfile-before"]["dockerfile"])
    assert before.read_text("utf-8") == TEXT
    assert before.is_absolute()
    assert not before.is_relative_to(tmp_path / "app")
    assert result.stderr.startswith(f"Wrote 2 images of 1 Dockerfile in {before.parents[1]}; build them with ")
    assert result.stderr.endswith("bake -f -\n")


def test_bake_where_it_cannot_be_written(docker: FakeDocker) -> None:
    project("app")
    result = invoke("verify", "--bake", "app/Dockerfile/x.json")
    assert result.exit_code == 2
    assert "cannot write the Bake file" in result.stderr


def test_bake_with_a_broken_file(docker: FakeDocker) -> None:
    project("app")
    project("bad", "FROM a\nBAD\n")
    result = invoke("verify", "--bake", "x.json")
    assert result.exit_code == 2
    assert "error: bad/Dockerfile:2" in result.stderr
    assert len(json.loads(Path("x.json").read_text("utf-8"))["target"]) == 2


# --- what is written ---------------------------------------------------------------------------------------------------


def test_only_what_was_proved_is_written(docker: FakeDocker) -> None:
    good, bad, broken = project("good"), project("bad"), project("broken")
    docker.set(builds=[{**BROKEN, "context": "broken"}, {**BROKEN, "context": "bad", "dockerfile": "type=cache"}])
    before = everything()
    result = invoke("--apply", "--verify", *CACHES, "-j", "3")
    assert result.exit_code == 2
    assert "type=cache" in good.read_text("utf-8")
    assert {name: data for name, data in everything().items() if name != str(good)} == {
        name: data for name, data in before.items() if name != str(good)
    }
    assert "error: broken/Dockerfile: not verified: the original does not build: " in result.stderr
    assert "hint: the logs are in " in result.stderr
    assert "bad/Dockerfile: the new image does not build: " in result.stderr
    assert "good/Dockerfile: equal" in result.stderr
    assert "Changed 1 of 3 files" in result.stderr
    assert docker.images() == docker.containers() == []
    assert bad.read_text("utf-8") == broken.read_text("utf-8") == TEXT


def test_what_does_not_hold_is_dropped_and_the_rest_written(docker: FakeDocker) -> None:
    text = TEXT.replace("app.py .", ". .")
    path = project(".", text)
    docker.set(builds=[{**BROKEN, "dockerfile": "type=cache"}])
    result = invoke("--apply", "--verify", "--select", "cache-mounts,dockerignore", "--format", "json")
    assert result.exit_code == 0, result.output
    entry = json.loads(result.stdout)["files"][0]
    assert entry["verification"]["verdict"] == "equal"
    assert [each["transform"] for each in entry["verification"]["dropped"]] == ["cache-mounts"]
    assert path.read_text("utf-8") == text
    assert Path(".dockerignore").exists()


def test_check_with_verify_writes_nothing(docker: FakeDocker) -> None:
    path = project(".")
    result = invoke("--check", "--verify", *CACHES)
    assert result.exit_code == 1
    assert "type=cache" in result.stdout
    assert path.read_text("utf-8") == TEXT


def test_without_apply_it_is_shown(docker: FakeDocker) -> None:
    path = project(".")
    result = invoke("--verify", *CACHES, "--format", "json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["files"][0]["verification"]["holds"] is True
    assert path.read_text("utf-8") == TEXT
    shown = json.loads(invoke(*CACHES, "--format", "json").stdout)["files"][0]
    assert "verification" not in shown


def test_dropped_is_a_word_to_the_user(verdicts: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    project("a")
    verification = Verification("a/Dockerfile", Verdict.EQUAL, dropped=(Dropped("non-root", "it cannot write /data"),))
    monkeypatch.setattr("dockfix.cli.verifying.verify", lambda *_: Verified(FileResult("a/Dockerfile"), verification))
    assert "dropped  non-root: it cannot write /data" in invoke("verify").stdout


# --- many at once ------------------------------------------------------------------------------------------------------


def test_many_at_once_do_not_get_mixed_up(docker: FakeDocker) -> None:
    names = [f"{'a-very-long-name-of-a-folder-' * 2}{number:02}" for number in range(20)]
    for name in names:
        project(name, TEXT + f"# {name}\n")
    whole = names[3], names[11]
    docker.set(
        builds=[
            {"context": "|".join(whole), "dockerfile": "type=cache", **BROKEN},
            {"context": "|".join(whole)},
            BROKEN,
        ]
    )
    result = invoke("verify", "-j", "20", "--format", "json", *CACHES, "--log-dir", "logs")
    assert result.exit_code == 2
    found = json.loads(result.stdout)["verifications"]
    assert [each["path"] for each in found] == [f"{name}/Dockerfile" for name in names]
    for name, each in zip(names, found, strict=True):
        assert each["verdict"] == ("after-broken" if name in whole else "original-broken")
        assert each["reason"].endswith(name)
        assert Path(each["logs"]).name == f"{name}-dockerfile"
        assert name in Path(each["logs"], "before.Dockerfile").read_text("utf-8")
    tags = [call["tag"] for call in docker.builds]
    assert len(tags) == len(set(tags)) == 20 + 2 * len(whole)
    for call in docker.builds:
        assert Path(call["context"]).name in call["dockerfile"] or call["dockerfile"] == "FROM python:3.11-slim\n"
    assert docker.images() == docker.containers() == []
    assert all("--privileged" not in call["argv"] for call in docker.calls)


# --- interrupted -------------------------------------------------------------------------------------------------------


def interrupted(
    docker: FakeDocker, number: int, ready: Callable[[], bool], *args: str
) -> subprocess.CompletedProcess[str]:
    """Run it in a process of its own, and send a signal to that once something is so."""
    with subprocess.Popen(
        [sys.executable, "-m", "dockfix", *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:  # fmt: skip
        until = time.monotonic() + 30
        while not ready() and time.monotonic() < until and process.poll() is None:
            time.sleep(0.05)
        assert ready(), process.communicate(timeout=5)
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    return subprocess.CompletedProcess(args, process.returncode, out, err)


def running_still(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] not in "ZX"
    except (ProcessLookupError, FileNotFoundError):
        return False


def clean(docker: FakeDocker, done: subprocess.CompletedProcess[str]) -> bool:
    assert done.returncode == 130, done.stderr
    assert "Traceback" not in done.stderr
    assert "KeyboardInterrupt" not in done.stderr
    assert docker.images() == docker.containers() == []
    assert not [call for call in docker.calls if running_still(call["pid"])]
    return True


@pytest.mark.parametrize(
    ("number", "args"),
    [(signal.SIGINT, ("verify",)), (signal.SIGTERM, ("--apply", "--verify")), (signal.SIGHUP, ("verify",))],
)
def test_a_signal_while_an_image_is_built(docker: FakeDocker, number: int, args: tuple[str, ...]) -> None:
    project("a")
    project("b")
    before = everything()
    docker.set(builds=[{"dockerfile": "type=cache", "sleep": 60}, {"context": "b$", "dockerfile": "COPY", "sleep": 60}])
    waiting = lambda: sum("COPY" in call["dockerfile"] for call in docker.builds) == 3  # noqa: E731
    done = interrupted(docker, number, waiting, *args, *CACHES, "-j", "2")
    assert clean(docker, done)
    assert done.stdout == ""
    removed = [argv[2:] for argv in docker.argv("rmi")]
    assert sorted(
        call["tag"]
        for call in docker.builds
        if call["tag"].split(":")[1].startswith("a-") and "after" not in call["tag"]
    ) in map(sorted, removed)
    assert everything() == before


def test_a_signal_while_a_container_runs(docker: FakeDocker) -> None:
    project(".")
    docker.set(states=[{"Status": "running", "Running": True, "ExitCode": 0}])
    assert clean(
        docker,
        interrupted(
            docker, signal.SIGINT, lambda: bool(docker.containers() and docker.argv("inspect")), "verify", *CACHES
        ),
    )
    assert docker.argv("rm", "-f", "-v")


def test_a_signal_while_a_probe_runs(docker: FakeDocker) -> None:
    project(".")
    docker.set(runs=[{"words": "--entrypoint", "sleep": 60}])
    assert clean(docker, interrupted(docker, signal.SIGTERM, lambda: bool(docker.argv("run")), "verify", *CACHES))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_the_engine_is_looked_for(docker: FakeDocker, number: int) -> None:
    project(".")
    docker.set(info={"sleep": 60})
    done = interrupted(docker, number, lambda: bool(docker.argv("info")), "verify")
    assert clean(docker, done)


def test_a_signal_does_not_take_other_runs_along(docker: FakeDocker) -> None:
    project(".")
    docker.add("images", "other", new_session())
    docker.set(builds=[{"sleep": 60}])
    done = interrupted(docker, signal.SIGINT, lambda: bool(docker.builds), "verify", *CACHES)
    assert done.returncode == 130
    assert docker.images() == ["other"]
