from __future__ import annotations

import pytest

from dockfix.knowledge import (
    is_python,
    package_manager,
    python_program,
    python_programs,
    server_in,
    user_changing_servers,
)
from dockfix.knowledge.tables import table

KEYS = {
    "programs",
    "port",
    "variable",
    "serve",
    "http",
    "user",
    "application",
    "any_user",
    "module",
    "file",
    "settings",
}


def test_no_name_stands_twice() -> None:
    names = [name for program in python_programs() for name in program.names]
    assert sorted(names) == sorted(set(names))
    assert not [name for name in names if package_manager(name) or is_python(name)]


def test_what_is_said_of_a_program_goes_together() -> None:
    assert all(set(each) <= KEYS for each in table("python_programs")["program"])
    for program in python_programs():
        assert program.port is not None or not (program.serve or program.http)
        assert program.port is None or 0 <= program.port < 65536


@pytest.mark.parametrize(
    ("name", "port", "http"),
    [
        ("gunicorn", 8000, True),
        ("waitress-serve", 8080, True),
        ("flask", 5000, True),
        ("uwsgi", 0, False),
        ("streamlit", 8501, False),
        ("pytest", None, False),
    ],
)
def test_servers(name: str, port: int | None, http: bool) -> None:
    program = python_program(name)
    assert program is not None
    assert (program.port, program.http) == (port, http)


def test_what_a_package_puts_on_path() -> None:
    kinds = {name: program.command for program in python_programs() for name in program.names}
    assert not kinds["manage.py"]
    assert not kinds["http.server"]
    assert kinds["django-admin"]


@pytest.mark.parametrize(
    ("command", "found"),
    [
        ("exec gunicorn -k uvicorn.workers.UvicornWorker app", ("gunicorn", 8000)),
        ("python src/manage.py runserver", ("manage.py runserver", 8000)),
        ("mlflow --env-file x server", ("mlflow --env-file x server", 5000)),
        ("uwsgi --ini x", ("uwsgi", None)),
        ("celery -A app worker", None),
        ("flask db upgrade", None),
        ("gunicorns", None),
    ],
)
def test_commands_that_start_servers(command: str, found: tuple[str, int | None] | None) -> None:
    server = server_in(command)
    assert (None if server is None else (server[0].strip("/"), server[1].port or None)) == found


def test_servers_that_change_their_user() -> None:
    assert {"gunicorn", "uwsgi", "celery", "hypercorn"} < user_changing_servers()
    assert "uvicorn" not in user_changing_servers()


@pytest.mark.parametrize(
    ("program", "python"),
    [("python", True), ("python3", True), ("python3.11", True), ("pypy3", True), ("ipython", False), ("", False)],
)
def test_interpreters(program: str, python: bool) -> None:
    assert is_python(program) is python
