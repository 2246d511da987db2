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


@pytest.mark.parametrize(
    ("start", "port"),
    [
        ('CMD ["uvicorn", "app:app", "--host", "0.0.0.0", "--port", "8001"]', 8001),
        ('CMD ["uvicorn", "app:app", "--port=8001"]', 8001),
        ("CMD uvicorn app:app --port 8001", 8001),
        ('CMD ["sh", "-c", "uvicorn app:app --port 8001"]', 8001),
        ('CMD ["python", "-m", "uvicorn", "app:app"]', 8000),
        ('ENTRYPOINT ["uvicorn", "app:app"]\nCMD ["--port", "8001"]', 8001),
        ('CMD ["gunicorn", "-b", "0.0.0.0:8001", "app:app"]', 8001),
        ('CMD ["gunicorn", "--bind=:8001", "app:app"]', 8001),
        ('CMD ["flask", "run", "--host=0.0.0.0", "-p", "5001"]', 5001),
        ('CMD ["flask", "run"]', 5000),
        ('ENV FLASK_RUN_PORT=5002\nCMD ["flask", "run"]', 5002),
        ('CMD ["fastapi", "run", "app.py", "--port", "80"]', 80),
        ('ENV PORT=8001\nCMD ["sh", "-c", "uvicorn app:app --port $PORT"]', 8001),
        ('EXPOSE 8001\nCMD ["sh", "-c", "uvicorn app:app --port ${PORT:-8001}"]', 8001),
        ('ENTRYPOINT ["./start.sh"]', 8003),
        ('EXPOSE 5000\nCMD ["gunicorn", "-b", ":8001", "app:app"]', 8001),
        ('EXPOSE 8001 9090\nCMD ["gunicorn", "-b", ":8001", "app:app"]', 8001),
        ('EXPOSE 8080\nCMD ["gunicorn", "app:app"]', 8080),
    ],
)
def test_the_port_that_the_server_is_told(project: Project, start: str, port: int) -> None:
    files = {
        "app.py": FLASK.format(path="/health", more=""),
        "start.sh": "#!/bin/sh\nexec uvicorn app:app --port 8003\n",
    }
    text = f"FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\n{start}\n"
    assert f"127.0.0.1:{port}/health" in text_of(project(text, files, only="healthcheck", unsafe=True))


@pytest.mark.parametrize(
    ("start", "reason"),
    [
        ('CMD ["sh", "-c", "uvicorn app:app --port $PORT"]', "the variable PORT says on which port"),
        ('CMD ["gunicorn", "-b", ":8000", "-b", ":8001", "app:app"]', "8000 (CMD in line 4) or 8001"),
        ('EXPOSE 8000\nCMD ["python", "app.py"]', "EXPOSE names 8000, and app.py:7 has the program listen on 5001"),
        ('EXPOSE 80 443\nCMD ["gunicorn", "app:app"]', "EXPOSE names more than one port"),
        ('CMD ["python", "other.py"]', "nothing says on which port it listens"),
    ],
)
def test_why_no_port_is_known(project: Project, start: str, reason: str) -> None:
    run = "app.run(host='0.0.0.0', port=5001)\n" if "app.py" in start else ""
    files = {"app.py": FLASK.format(path="/health", more="") + run, "other.py": "import app\n"}
    text = f"FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\n{start}\n"
    result = project(text, files, only="healthcheck", unsafe=True)
    assert text_of(result) == ""
    assert reason in refusal(result, "healthcheck")


@pytest.mark.parametrize(
    "setting",
    [
        "QDRANT_PORT: 6333",
        "REDIS_PORT: 6379",
        "DJANGO_DB_PORT: 5432",
        "SMTP_PORT: 587",
        "BILLING_HOST: billing\n      BILLING_PORT: 9000",
        "BILLING_URL: http://billing\n      BILLING_PORT: 9000",
        "OTHER_API_PORT: 9000",
        "APP_HOST: 0.0.0.0\n      APP_PORT: 8000",
    ],
)
def test_a_port_of_somebody_else(project: Project, setting: str) -> None:
    compose = f"services:\n  web:\n    build: .\n    environment:\n      {setting}\n  other-api:\n    image: x\n"
    files = {"app.py": FLASK.format(path="/health", more=""), "compose.yaml": compose}
    text = SERVICE.format(expose="EXPOSE 8000\n")
    assert "HEALTHCHECK" in text_of(project(text, files, only="healthcheck", unsafe=True))


@pytest.mark.parametrize(
    "setting", ["PORT: 9000", "APP_PORT: 9000", "SERVICES_PORT: 9000", "APP_HOST: 0.0.0.0\n      APP_PORT: 9000"]
)
def test_a_port_of_its_own(project: Project, setting: str) -> None:
    compose = f"services:\n  web:\n    build: .\n    environment:\n      {setting}\n"
    files = {"app.py": FLASK.format(path="/health", more=""), "compose.yaml": compose}
    result = project(SERVICE.format(expose="EXPOSE 8000\n"), files, only="healthcheck", unsafe=True)
    assert "compose.yaml gives the port 9000" in refusal(result, "healthcheck")


def test_a_low_port_of_somebody_else_takes_no_root(project: Project) -> None:
    text = SERVICE.format(expose="EXPOSE 8000\n").replace("COPY . .", "ENV SMTP_PORT=25 S3_PORT=443\nCOPY . .")
    text = text.replace("COPY . .\n", "COPY . .\nRUN pip install flask==3.0.0 gunicorn==22.0.0\n")
    result = project(text, {"app.py": FLASK.format(path="/health", more="")}, only="non-root", unsafe=True)
    assert "USER" in text_of(result)
    assert not any("below 1024" in note.message for note in (*result.unsafe, *result.warnings))
