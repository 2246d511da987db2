"""Poetry, Pipenv and PDM: what single commands do. What becomes of whole files, the catalogue shows."""

from __future__ import annotations

import pytest

from dockfix.managers.commands import call_of, effects_of
from dockfix.managers.protocol import LanguageManager
from dockfix.managers.registry import by_program
from dockfix.managers.venv import environment
from dockfix.model import commands
from dockfix.model.actions import Configure, Export, Install, Provide
from dockfix.model.state import State
from dockfix.syntax.shell import parse_script

APP = State(workdir="/app")


def last(script: str, state: State = APP) -> object:
    """The action of the last command of a script, each in the state that those before have left."""
    action: object = None
    for command in parse_script(script).commands:
        effects = effects_of(command, state)
        assert not effects.opaque, effects.opaque
        state, action = commands.state_after(command, effects, state), effects.action
    return action


def install(script: str, state: State = APP) -> Install:
    action = last(script, state)
    assert isinstance(action, Install)
    return action


@pytest.mark.parametrize(
    ("script", "root"),
    [
        ("poetry config virtualenvs.create false && poetry install", "/usr/local"),
        ("POETRY_VIRTUALENVS_CREATE=false poetry install", "/usr/local"),
        ("poetry config virtualenvs.in-project true && poetry install", "/app/.venv"),
        ("poetry config virtualenvs.in-project true && poetry -C /srv/x sync", "/srv/x/.venv"),
        ("python -m venv .venv && poetry install", "/app/.venv"),
        ("python -m venv .venv && poetry config virtualenvs.in-project false && poetry install", "/root/.cache/pypoetry/virtualenvs"),
        ("POETRY_VIRTUALENVS_PATH=/opt/envs poetry install", "/opt/envs"),
        ("python -m venv /opt/x && . /opt/x/bin/activate && poetry install", "/opt/x"),
        ("python -m venv /opt/p && /opt/p/bin/pip install poetry && poetry config virtualenvs.create false && poetry install", "/opt/p"),
        ("pipenv install --system", "/usr/local"),
        ("PIPENV_SYSTEM=1 pipenv sync", "/usr/local"),
        ("export PIPENV_VENV_IN_PROJECT=enabled && pipenv install --dev", "/app/.venv"),
        ("WORKON_HOME=/envs pipenv install", "/envs"),
        ("pdm install", "/app/.venv"),
        ("pdm config python.use_venv false && pdm install", "/app/__pypackages__"),
        ("pdm sync -p /srv", "/srv/.venv"),
    ],
)  # fmt: skip
def test_where_packages_go(script: str, root: str) -> None:
    assert install(script).into.root == root


@pytest.mark.parametrize(
    ("script", "groups"),
    [
        ("poetry install", "dev main"),
        ("poetry install --only main,web", "main web"),
        ("poetry install --no-dev", "main"),
        ("poetry install --without dev -E pg", "--without dev|dev|extra pg|main"),
        ("pipenv install --dev", "dev main"),
        ("pipenv sync", "main"),
        ("pdm sync --prod -G web,db", "db main web"),
    ],
)
def test_which_groups_are_asked_for(script: str, groups: str) -> None:
    assert install(script).groups == frozenset(groups.split("|") if "|" in groups else groups.split())


def test_the_script_brings_poetry() -> None:
    fetched = last(
        "curl -sSL https://install.python-poetry.org | POETRY_HOME=/opt/poetry POETRY_VERSION=1.8.3 python3 -"
    )
    assert isinstance(fetched, Provide)
    assert (fetched.paths, fetched.shared) == (("/opt/poetry/bin/poetry",), False)


@pytest.mark.parametrize(
    "packages", ["poetry", "poetry==1.8.3 poetry-plugin-export", "-U pip poetry", "'poetry==1.1.15' 'urllib3<2'"]
)
def test_pip_brings_poetry_with_what_belongs_to_it(packages: str) -> None:
    action = last(f"pip install {packages}")
    assert isinstance(action, Provide)
    assert action.shared


def test_what_else_pip_installs_is_an_install() -> None:
    assert isinstance(last("pip install poetry gunicorn"), Install)
    made = State(workdir="/app", env={"PATH": "/opt/x/bin:/usr/bin"}, environments=(environment("/opt/x"),))
    inside = last("pip install poetry", made)
    assert isinstance(inside, Provide)
    assert not inside.shared


def test_settings_and_exports_are_actions() -> None:
    told = last("poetry config --local virtualenvs.create false")
    assert isinstance(told, Configure)
    assert told.settings == {"virtualenvs.create": "false"}
    assert last("poetry config --list") is None
    for script in (
        "poetry export -o r.txt",
        "pipenv requirements > r.txt",
        "pdm export -o r.txt",
        "uv export -o r.txt",
    ):
        assert isinstance(last(script), Export)


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("poetry run gunicorn a:app -b :80", ("gunicorn", "a:app", "-b", ":80")),
        ("poetry -C x run gunicorn", None),
        ("poetry install", None),
        ("pipenv run python app.py", ("python", "app.py")),
        ("pdm run -s app.py", None),
        ("uv run app.py --x", ("python", "app.py", "--x")),
        ("uv run --frozen uvicorn a:app", ("uvicorn", "a:app")),
        ("uv run --with rich app.py", None),
        ("uv sync", None),
    ],
)
def test_what_a_run_starts(script: str, words: tuple[str, ...] | None) -> None:
    (command,) = parse_script(script).commands
    manager = by_program()[command.name or ""]
    assert isinstance(manager, LanguageManager)
    started = manager.starts(call_of(command))
    found = (*started.before, *(word.value for word in started.words)) if started is not None else None
    assert found == words


@pytest.mark.parametrize(
    "script",
    [
        "poetry add flask",
        "poetry install $MORE",
        "pipenv install flask",
        "pipenv --rm",
        "pdm install --global",
        "pdm use 3.12",
    ],
)
def test_what_is_not_known_is_opaque(script: str) -> None:
    (command,) = parse_script(script).commands
    assert effects_of(command, APP).opaque
