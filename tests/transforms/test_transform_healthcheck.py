from __future__ import annotations

import pytest

from dockfix.engine import FileResult
from results import Project, refusal, text_of, unsafe

SERVICE = 'FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\n{expose}CMD ["gunicorn", "app:app"]\n'
FLASK = "from flask import Flask\napp = Flask(__name__)\n\n@app.get('{path}')\n{more}def check():\n    return 'ok'\n"


def one(
    project: Project, path: str = "/health", expose: str = "EXPOSE 8000\n", more: str = "", allowed: bool = True
) -> FileResult:
    return project(
        SERVICE.format(expose=expose),
        {"app.py": FLASK.format(path=path, more=more)},
        unsafe=allowed,
        only="healthcheck",
    )


def test_the_route_of_the_code_is_asked(project: Project) -> None:
    text = text_of(one(project))
    assert text.endswith(
        "EXPOSE 8000\n\nHEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \\\n"
        '    CMD ["python", "-c", "import urllib.request as r; r.urlopen(\'http://127.0.0.1:8000/health\', timeout=4)"]\n'
        'CMD ["gunicorn", "app:app"]\n'
    )


def test_it_is_unsafe(project: Project) -> None:
    result = one(project, allowed=False)
    assert "/health" in unsafe(result, "healthcheck")
    assert text_of(result) == ""


@pytest.mark.parametrize(
    ("path", "expose", "more", "reason"),
    [
        ("/health", "", "", "port"),
        ("/health", "EXPOSE 80 443\n", "", "port"),
        ("/health", "EXPOSE $PORT\n", "", "port"),
        ("/health", "EXPOSE 8000\n", "@login_required\n", "login"),
    ],
)
def test_what_is_not_known_is_not_asked(project: Project, path: str, expose: str, more: str, reason: str) -> None:
    result = one(project, path, expose, more)
    assert text_of(result) == ""
    assert reason in refusal(result, "healthcheck")


@pytest.mark.parametrize("program", ["sanic", "litestar", "hypercorn", "python3.11", "manage.py"])
def test_whatever_serves_the_routes(project: Project, program: str) -> None:
    text = f'FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\nEXPOSE 8000\nCMD ["{program}", "app:app"]\n'
    assert "HEALTHCHECK" in text_of(
        project(text, {"app.py": FLASK.format(path="/health", more="")}, only="healthcheck", unsafe=True)
    )


@pytest.mark.parametrize("program", ["streamlit", "celery", "uwsgi", "mlflow"])
def test_what_serves_no_routes_of_the_application(project: Project, program: str) -> None:
    text = f'FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\nEXPOSE 8000\nCMD ["{program}", "run"]\n'
    result = project(text, {"app.py": FLASK.format(path="/health", more="")}, only="healthcheck", unsafe=True)
    assert "nothing shows that the container starts a server" in refusal(result, "healthcheck")


@pytest.mark.parametrize(
    ("path", "expose"), [("/orders", "EXPOSE 8000\n"), ("/health", "EXPOSE 8000\nHEALTHCHECK NONE\n")]
)
def test_nothing_to_say(project: Project, path: str, expose: str) -> None:
    result = one(project, path, expose)
    assert text_of(result) == refusal(result, "healthcheck") == ""


def test_a_batch_job_has_no_health(project: Project) -> None:
    result = project(
        'FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\nEXPOSE 8000\nCMD ["celery", "worker"]\n',
        {"app.py": FLASK.format(path="/health", more="")},
        unsafe=True,
        only="healthcheck",
    )
    assert "server" in refusal(result, "healthcheck")
