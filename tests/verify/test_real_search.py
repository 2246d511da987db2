"""With a real engine: what the search learns and drops, and that it leaves nothing behind, however it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from dockfix.engine import Settings
from dockfix.verify.engines import Engine, find_engine
from dockfix.verify.measure import Plan
from dockfix.verify.outcome import Task, Verified
from dockfix.verify.running import Conditions
from dockfix.verify.search import verify
from dockfix.verify.verdict import Verdict

pytestmark = [pytest.mark.build, pytest.mark.usefixtures("engine")]

PSYCOPG = {
    "Dockerfile": "FROM python:3.11-slim\nWORKDIR /app\nRUN apt-get update && apt-get install -y gcc libpq-dev\n"
                  "COPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY main.py .\nCMD [\"python\", \"main.py\"]\n",
    "requirements.txt": "psycopg2==2.9.9\n",
    "main.py": "import psycopg2\n\nprint(psycopg2.__libpq_version__ > 0)\n",
}  # fmt: skip
# The path is put together when it runs, so that no reader of the code knows it.
ROOT_ONLY = {
    "Dockerfile": "FROM python:3.11-slim\nWORKDIR /app\nRUN apt-get update && apt-get install -y gcc\n"
                  "COPY requirements.txt .\nRUN pip install --no-cache-dir -r requirements.txt\nCOPY . .\nCMD [\"python\", \"main.py\"]\n",
    "requirements.txt": "markupsafe==2.1.5\n",
    "main.py": "folder = '/' + 'srv'\nwith open(folder + '/count.txt', 'w') as file:\n    file.write('1')\nprint('counted')\n",
}  # fmt: skip


def put(folder: Path, files: dict[str, str]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder / "Dockerfile"


def search(engine: Engine, path: Path, **more: object) -> Verified:
    task = Task(
        path,
        path.read_bytes(),
        Settings(),
        None,
        Plan(conditions=Conditions(wait=20)),
        path.parent.parent / "logs",
        search=True,
        **more,
    )  # type: ignore[arg-type]
    return verify(engine, task, lambda text: None)


def ours(session: str = "") -> list[str]:
    """Containers and images of a session, or of every one that this test started."""
    own = find_engine(None, "", threading.Event())
    containers, images = own.left_over()
    return [name for name, owner in (*containers.items(), *images.items()) if session in owner]


def dockfix(*words: str, folder: Path, **more: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "dockfix", *words],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **more,
    )  # type: ignore[call-overload,no-any-return]


def test_a_library_is_found_without_any_table(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dockfix.knowledge.apt.runtime_libraries", lambda *_, **__: None)
    found = search(engine, put(tmp_path / "app", PSYCOPG))
    assert found.verification is not None
    assert found.verification.verdict is Verdict.EQUAL, found.verification.findings
    assert {"multi-stage.drop": "libpq-dev", "multi-stage.keep": "libpq5"}.items() <= {
        each.key: each.value for each in found.verification.learned
    }.items()
    text = found.result.files[0].after
    runtime = text[text.index("AS runtime") :]
    assert "libpq5" in runtime
    assert "libpq-dev" not in runtime
    assert found.verification.saved is not None
    assert found.verification.saved > 0.3


def test_only_the_transform_that_breaks_it_is_dropped(tmp_path: Path) -> None:
    path = put(tmp_path / "app", ROOT_ONLY)
    with dockfix(
        "--apply", "--verify", "--format", "json", "--wait", "20", "Dockerfile", folder=path.parent
    ) as process:
        out, err = process.communicate(timeout=600)
    record = json.loads(out)["files"][0]["verification"]
    assert process.returncode == 0, err
    assert [each["transform"] for each in record["dropped"]] == ["non-root"]
    assert "/srv" in record["dropped"][0]["reason"]
    assert record["applied"] == ["virtualenv", "multi-stage", "cache-mounts", "dockerignore"]
    text = path.read_text()
    assert "AS runtime" in text
    assert "USER" not in text


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_after_a_kill(tmp_path: Path, number: signal.Signals) -> None:
    path = put(tmp_path / "app", {**ROOT_ONLY, "main.py": "import time\ntime.sleep(300)\n"})
    before = path.read_bytes()
    process = dockfix(
        "--apply",
        "--verify",
        "Dockerfile",
        folder=path.parent,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    try:
        until = time.monotonic() + 300
        mine = f"-{process.pid}-"
        while not any_running(mine):  # killed while a container runs
            assert time.monotonic() < until
            assert process.poll() is None, process.communicate()
            time.sleep(0.2)
        process.send_signal(number)
        process.communicate(timeout=120)
        if number == signal.SIGKILL:
            assert ours(mine)
            with dockfix("verify", "--cleanup", folder=path.parent) as sweep:
                assert sweep.wait(120) == 0
        else:
            assert process.returncode == 130
        assert ours(mine) == []
        assert path.read_bytes() == before
    finally:
        process.kill()


def any_running(session: str) -> bool:
    own = find_engine(None, "", threading.Event())
    return any(session in owner for owner in own.left_over()[0].values())


def test_cleanup_lets_runs_be_that_are_still_going(engine: Engine, tmp_path: Path) -> None:
    name = engine.call("create", "--label", engine.label, "python:3.11-slim", "true").out.strip()
    try:
        with dockfix("verify", "--cleanup", folder=tmp_path) as sweep:
            assert sweep.wait(120) == 0
        assert name in engine.left_over()[0]
    finally:
        engine.remove(name)


def test_twenty_at_once_do_not_mix(tmp_path: Path) -> None:
    for number in range(20):
        put(
            tmp_path / f"app{number:02}",
            {
                "Dockerfile": f"FROM python:3.11-slim\nWORKDIR /app\nENV NUMBER={number}\nCOPY . .\n"
                'CMD ["python", "main.py"]\n',
                "main.py": f"print('this is {number}')\n",
            },
        )
    (tmp_path / "dockfix.toml").write_text("")
    for number in range(20):
        (tmp_path / f"app{number:02}" / "dockfix.toml").write_text(
            f'[[verify.smoke]]\nrun = "python main.py && echo $NUMBER"\nexpect = "this is {number}\\n{number}\\n"\n'
        )
    with dockfix("verify", "--format", "json", "-j", "8", ".", folder=tmp_path) as process:
        out, err = process.communicate(timeout=900)
    records = json.loads(out)["verifications"]
    assert process.returncode == 0, err + out
    assert [record["path"] for record in records] == [f"app{number:02}/Dockerfile" for number in range(20)]
    assert {record["verdict"] for record in records} == {"equal"}
    assert len({record["logs"] for record in records}) == 20
    assert ours(f"-{process.pid}-") == []


def test_a_secret_is_in_no_log_and_no_report(tmp_path: Path) -> None:
    secret = "s3cr3t-" + os.urandom(8).hex()
    path = put(
        tmp_path / "app",
        {
            **ROOT_ONLY,
            "main.py": "print('done')\n",
            "Dockerfile": "FROM python:3.11-slim\nWORKDIR /app\nARG API_TOKEN\nCOPY requirements.txt .\n"
            "RUN --mount=type=secret,id=netrc cat /run/secrets/netrc && echo token $API_TOKEN && pip install -r requirements.txt\n"
            'COPY . .\nCMD ["python", "main.py"]\n',
        },
    )
    (tmp_path / "netrc").write_text(f"machine example.org login me password {secret}\n")
    words = [
        "--secret",
        f"id=netrc,src={tmp_path / 'netrc'}",
        "--build-arg",
        f"API_TOKEN=token-{secret}",
        "--log-dir",
        str(tmp_path / "logs"),
    ]
    with dockfix("verify", "--format", "json", *words, "Dockerfile", folder=path.parent) as process:
        out, err = process.communicate(timeout=600)
    assert json.loads(out)["verifications"][0]["verdict"] == "equal", out + err
    logs = [file.read_text() for file in (tmp_path / "logs").rglob("*") if file.is_file()]
    assert any("[hidden]" in text for text in logs)
    assert not [text for text in (out, err, *logs) if secret in text]


def test_a_front_end_that_cannot_be_fetched_is_done_without(tmp_path: Path) -> None:
    path = put(
        tmp_path / "app",
        {
            "Dockerfile": "# syntax=registry.invalid/docker/dockerfile:1\n"
            'FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\nCMD ["python", "main.py"]\n',
            "main.py": "print('done')\n",
        },
    )
    with dockfix("verify", "--format", "json", "Dockerfile", folder=path.parent) as process:
        out, err = process.communicate(timeout=600)
    record = json.loads(out)["verifications"][0]
    assert record["verdict"] == "equal", out + err
    assert "registry.invalid/docker/dockerfile:1 could not be fetched" in record["notes"][0]


def test_timings_measure_what_caches_save(tmp_path: Path) -> None:
    path = put(
        tmp_path / "app",
        {**PSYCOPG, "Dockerfile": PSYCOPG["Dockerfile"].replace("COPY requirements.txt .\n", "COPY . .\n")},
    )
    with dockfix("verify", "--timings", "--format", "json", "Dockerfile", folder=path.parent) as process:
        out, err = process.communicate(timeout=900)
    record = json.loads(out)["verifications"][0]
    assert record["verdict"] == "equal", out + err
    before, after = record["before"]["timing"], record["after"]["timing"]
    # measured on two cores: 63 times and 5 times
    assert before["source"] > 5 * after["source"]
    assert before["dependency"] > 1.5 * after["dependency"]
