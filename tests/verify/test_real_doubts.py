"""With a real engine: what is written on a request alone is a doubt, and what answers it."""

from __future__ import annotations

from pathlib import Path

import pytest

from dockfix.engine import Settings
from dockfix.verify.engines import Engine
from dockfix.verify.measure import Plan
from dockfix.verify.running import Conditions
from dockfix.verify.search import Task, verify
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


def proved(
    engine: Engine, folder: Path, step: str = ":", smoke: str = "", app: str = APP, *, unsafe: bool = False
) -> Verification:
    folder.mkdir()
    (folder / "Dockerfile").write_text(DOCKERFILE.replace("RUN :", f"RUN {step}"))
    (folder / "app.py").write_text(app)
    path = folder / "Dockerfile"
    plan = Plan(conditions=Conditions(wait=20), smokes=(from_text(smoke),) if smoke else ())
    settings = Settings(select=frozenset({"non-root"}), unsafe=unsafe)
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
