"""With a real engine: what is written on a request alone is a doubt, and what answers it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dockfix.engine import Settings, run
from dockfix.engine.runner import gather
from dockfix.syntax import parse
from dockfix.verify.attempts import rewritten
from dockfix.verify.engines import Engine
from dockfix.verify.measure import Plan
from dockfix.verify.outcome import Task
from dockfix.verify.prove import Prover
from dockfix.verify.running import Conditions
from dockfix.verify.search import verify
from dockfix.verify.smoke import from_text
from dockfix.verify.verdict import Verdict, Verification

pytestmark = [pytest.mark.build, pytest.mark.usefixtures("engine")]

DOCKERFILE = """\
FROM python:3.11-slim
WORKDIR /app
ENV STORE=/var/lib/shop
RUN :
COPY app.py .
EXPOSE 8000
CMD ["python", "app.py"]
"""
# It writes where its environment says, once somebody saves; no reader of the code knows which variable that is.
APP = """\
import os
from http.server import BaseHTTPRequestHandler, HTTPServer


STORE = os.environ["".join(["ST", "ORE"])]


class Shop(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/save":
            os.makedirs(STORE, exist_ok=True)
            with open(STORE + "/orders", "a") as file:
                file.write("1")
        self.send_response(200)
        self.end_headers()


HTTPServer(("", 8000), Shop).serve_forever()
"""


# The same with a route that stands in the code
FLASK = """\
import os

from flask import Flask

app = Flask(__name__)


@app.route("/save")
def save():
    folder = os.environ["".join(["ST", "ORE"])]
    os.makedirs(folder, exist_ok=True)
    open(folder + "/orders", "a").close()
    return "saved"


app.run("0.0.0.0", 8000)
"""


# It starts a program of a package once somebody asks, with an environment that somebody else has written
CALLER = """\
import json
import subprocess
from http.server import BaseHTTPRequestHandler, HTTPServer


class Shop(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/run":
            with open("environment.json") as file:
                environment = json.load(file)
            subprocess.run("flask --version", shell=True, env=environment, check=True)
        self.send_response(200)
        self.end_headers()


HTTPServer(("", 8000), Shop).serve_forever()
"""
INSTALLS = """\
FROM python:3.11-slim
WORKDIR /app
RUN apt-get update && apt-get install -y --no-install-recommends gcc && rm -rf /var/lib/apt/lists/*
COPY requirements.txt .
RUN pip install -r requirements.txt
COPY app.py environment.json ./
EXPOSE 8000
CMD ["python", "app.py"]
"""


def proved(
    engine: Engine,
    folder: Path,
    step: str = ":",
    smoke: str = "",
    app: str = APP,
    *,
    unsafe: bool = False,
    dockerfile: str = DOCKERFILE,
    select: frozenset[str] = frozenset({"non-root"}),
    **files: str,
) -> Verification:
    folder.mkdir()
    (folder / "Dockerfile").write_text(dockerfile.replace("RUN :", f"RUN {step}"))
    for name, text in {"app.py": app, **files}.items():
        (folder / name).write_text(text)
    path = folder / "Dockerfile"
    plan = Plan(conditions=Conditions(wait=20), smokes=(from_text(smoke),) if smoke else ())
    settings = Settings(select=select, unsafe=unsafe)
    task = Task(path, path.read_bytes(), settings, None, plan, folder.parent / f"{folder.name}-logs", search=True)
    found = verify(engine, task, lambda text: None).verification
    assert found is not None
    return found


def test_a_path_that_is_written_on_a_request_alone(engine: Engine, tmp_path: Path) -> None:
    found = proved(engine, tmp_path / "lazy")
    assert (found.verdict, found.applied) == (Verdict.UNCHANGED, ())
    assert [(each.transform, each.reason) for each in found.dropped] == [
        (
            "non-root",
            "the ENV in line 3 names /var/lib/shop, which only root may be able to write, "
            "and /var/lib is not writable for appuser (10001)",
        )
    ]
    assert found.dropped[0].keep == "/var/lib/shop written would answer it; --unsafe keeps it without"

    kept = proved(engine, tmp_path / "unsafe", unsafe=True)
    assert (kept.verdict, kept.applied) == (Verdict.EQUAL, ("non-root",))
    assert [each.lack for each in kept.unanswered] == ["/var/lib is not writable for appuser (10001)"]


def test_a_folder_that_the_user_may_write_answers_it(engine: Engine, tmp_path: Path) -> None:
    found = proved(engine, tmp_path / "open", "mkdir -m 777 /var/lib/shop")
    assert (found.verdict, found.applied, found.dropped, found.unanswered) == (Verdict.EQUAL, ("non-root",), (), ())


def test_a_request_decides_it(engine: Engine, tmp_path: Path) -> None:
    found = proved(engine, tmp_path / "asked", smoke=":8000/save")
    assert found.applied == ()
    assert [each.transform for each in found.dropped] == ["non-root"]
    assert "Permission denied: '/var/lib/shop'" in found.dropped[0].reason
    assert "gives the user what the message names" in found.dropped[0].keep


def test_a_route_that_the_code_names_is_asked(engine: Engine, tmp_path: Path) -> None:
    """Also where the environment that the folder's name comes from is none of the image's."""
    found = proved(engine, tmp_path / "routed", "pip install flask==3.0.3", app=FLASK, unsafe=True)
    assert [each.transform for each in found.dropped] == ["non-root"]
    assert "GET /save gives 500, the original gives 200" in found.dropped[0].reason


# --- a home that an earlier step made (50) -----------------------------------------------------------------------------

HOME = """\
FROM python:3.11-slim
WORKDIR /home/appuser/app
RUN :
COPY app.py .
EXPOSE 8000
CMD ["python", "app.py"]
"""
AT_HOME = APP.replace('os.environ["".join(["ST", "ORE"])]', 'os.path.expanduser("".join(["~", "/.shop"]))')


def test_a_home_that_is_written_on_a_request_alone(engine: Engine, tmp_path: Path) -> None:
    """The new user's home is its own, or another folder, wherever WORKDIR has made one of its name before."""
    found = proved(engine, tmp_path / "home", smoke=":8000/save", app=AT_HOME, dockerfile=HOME)
    assert (found.verdict, found.applied, found.unanswered) == (Verdict.EQUAL, ("non-root",), ())


def test_a_home_that_the_new_user_does_not_own(engine: Engine, tmp_path: Path) -> None:
    """What names the folder is a doubt, which a request decides."""
    told = HOME.replace("RUN :", "ENV HOME=/home/other\nRUN mkdir /home/other")
    found = proved(engine, tmp_path / "told", app=AT_HOME, dockerfile=told)
    assert found.applied == ()
    assert [each.transform for each in found.dropped] == ["non-root"]
    assert "/home/other" in found.dropped[0].reason
    asked = proved(engine, tmp_path / "asked", smoke=":8000/save", app=AT_HOME, dockerfile=told)
    assert asked.applied == ()
    assert "Permission denied: '/home/other/.shop'" in asked.dropped[0].reason


# --- a program that is called with another PATH (97, 98) ---------------------------------------------------------------


def called(engine: Engine, folder: Path, environment: str, smoke: str = "") -> Verification:
    return proved(
        engine,
        folder,
        smoke=smoke,
        app=CALLER,
        dockerfile=INSTALLS,
        select=frozenset({"virtualenv", "multi-stage"}),
        **{"environment.json": environment, "requirements.txt": "flask==3.0.3\n"},
    )


def test_a_program_that_is_called_on_a_request_alone(engine: Engine, tmp_path: Path) -> None:
    """Without a check nobody knows with which PATH it is called."""
    found = called(engine, tmp_path / "lazy", '{"LANG": "C.UTF-8"}')
    assert (found.verdict, found.applied) == (Verdict.UNCHANGED, ())
    assert {each.transform for each in found.dropped} == {"virtualenv", "multi-stage"}
    assert "app.py:11 starts flask in an environment that is not known" in found.dropped[0].reason
    assert "--smoke" in found.dropped[0].keep


def test_a_request_decides_whether_it_is_found(engine: Engine, tmp_path: Path) -> None:
    found = called(engine, tmp_path / "none", '{"LANG": "C.UTF-8"}', ":8000/run")
    assert found.applied == ()
    assert {each.transform for each in found.dropped} == {"virtualenv", "multi-stage"}
    assert "CalledProcessError" in found.dropped[0].reason

    path = '{"PATH": "/opt/venv/bin:/usr/local/bin:/usr/bin:/bin"}'
    kept = called(engine, tmp_path / "path", path, ":8000/run")
    assert (kept.verdict, set(kept.applied), kept.unanswered) == (Verdict.EQUAL, {"virtualenv", "multi-stage"}, ())


# --- a mount over the environment (113) --------------------------------------------------------------------------------


def test_a_mount_over_the_environment_is_seen(engine: Engine, tmp_path: Path) -> None:
    """Compose lays a folder over /opt: an environment there is hidden, and the folder of the user's stays as it was."""
    mounted = tmp_path / "project" / "opt"
    compose = "services:\n  web:\n    build: .\n    volumes:\n      - ./opt:/opt\n"
    app = "import os, flask\nopen('/opt/written', 'w').close()\nprint(flask.__name__, sorted(os.listdir('/opt')))\n"
    (tmp_path / "project").mkdir()
    mounted.mkdir()
    (mounted / "there").write_text("1")
    files = {"Dockerfile": INSTALLS, "app.py": app, "environment.json": "{}", "requirements.txt": "flask==3.0.3\n"}
    for name, text in {**files, "compose.yaml": compose}.items():
        (tmp_path / "project" / name).write_text(text)
    path = tmp_path / "project" / "Dockerfile"
    facts = gather(path, parse(INSTALLS))
    prover = Prover(engine, facts, Plan(conditions=Conditions(wait=20)), tmp_path / "logs", lambda text: None)
    settings = Settings(select=frozenset({"virtualenv", "multi-stage"}))
    good = rewritten(prover.before, run(path, settings))
    assert "/opt/venv" not in good.dockerfile  # Compose says so
    try:
        original = prover.original()
        assert "['there', 'written']" in original.start.output
        assert prover.check(original, good).verdict is Verdict.EQUAL
        hidden = replace(good, dockerfile=good.dockerfile.replace("/venv", "/opt/venv"))
        proof = prover.check(original, hidden)
        assert proof.verdict is Verdict.DIFFERS
        assert "No module named 'flask'" in proof.findings[0].message
    finally:
        prover.close()
        prover.builder.remove()
    assert [each.name for each in mounted.iterdir()] == ["there"]
