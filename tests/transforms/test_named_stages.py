"""Stages to test and to develop in beside the image's (``--stages``)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from checks import dockfix
from dockfix.batch.settle import Settler
from dockfix.engine import FileResult, Settings, run
from dockfix.knowledge.targets import NAMES, runs_tests, serves_development
from results import Project, broken, refusal, text_of

ROOT = Path(__file__).parents[2]
ALL = {"named-stages.only": "all"}
TESTS = {"tests/test_app.py": "def test_a():\n    assert True\n"}
PIP = 'FROM python:3.11-slim\nWORKDIR /app\nCOPY requirements.txt ./\nRUN pip install -r requirements.txt\nCOPY app.py .\nCMD ["python", "app.py"]\n'
DEV = {"requirements-dev.txt": "-r requirements.txt\npytest\n", **TESTS}


def case(name: str) -> dict[str, str]:
    """The files of a golden case."""
    folder = ROOT / "golden" / name / "before"
    return {
        path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in folder.rglob("*") if path.is_file()
    }


def of_case(folder: Path, name: str, *, only: str = "all", without: tuple[str, ...] = (), **files: str) -> FileResult:
    """dockfix on a golden case, with other files."""
    every = {key: text for key, text in {**case(name), **files}.items() if key not in without}
    text = every.pop("Dockerfile")
    kept = [each for each in ("app.py", "requirements.txt") if each not in every]
    return dockfix(folder, text, every, Settings(options={"named-stages.only": only}), without=kept)


def starts(text: str) -> list[str]:
    """The FROM lines without the word FROM."""
    return [line.removeprefix("FROM ") for line in text.splitlines() if line.startswith("FROM ")]


def body(text: str, stage: str) -> str:
    """What stands in a stage."""
    return text.partition(f" AS {stage}\n")[2].partition("\nFROM ")[0]


def other(result: FileResult, name: str) -> str:
    return next((change.after for change in result.files if change.path.endswith(name)), "")


def again(result: FileResult, options: Mapping[str, object]) -> FileResult:
    """dockfix on what it has written."""
    for change in result.files:
        Path(change.path).write_text(change.after, "utf-8")
    return run(Path(result.path), Settings(options=options))


def test_nothing_is_written_unless_it_is_asked_for(project: Project) -> None:
    assert starts(text_of(project(PIP, DEV))) == ["python:3.11-slim"]


def test_all_six(project: Project) -> None:
    result = project(PIP, DEV, options=ALL)
    text = text_of(result)
    assert starts(text) == [
        "python:3.11-slim AS base",
        "base AS prod-deps",
        "prod-deps AS dev-deps",
        "dev-deps AS test",
        "dev-deps AS dev",
        "python:3.11-slim AS release",
    ]
    assert "WORKDIR /app" in body(text, "base")  # before anything is installed
    assert "pip install -r requirements-dev.txt" in body(text, "dev-deps")
    assert body(text, "test").endswith('COPY app.py .\nCOPY tests ./tests\nCMD ["python", "-m", "pytest"]\n')
    assert body(text, "dev").endswith('COPY app.py .\nCMD ["python", "app.py"]\n')
    assert "tests" not in body(text, "release")
    assert not broken(result)
    for options in (ALL, {}):
        assert not again(result, options).files


@pytest.mark.parametrize(
    ("only", "expected"),
    [
        ("test,release", ["python:3.11-slim AS builder", "builder AS test", "python:3.11-slim AS release"]),
        ("test", ["python:3.11-slim AS builder", "builder AS test", "python:3.11-slim AS runtime"]),
        ("dev,base", ["python:3.11-slim AS base", "base AS builder", "builder AS dev", "python:3.11-slim AS runtime"]),
        (
            "test,dev",
            [
                "python:3.11-slim AS builder",
                "builder AS dev-deps",
                "dev-deps AS test",
                "dev-deps AS dev",
                "python:3.11-slim AS runtime",
            ],
        ),
        (
            "prod-deps,dev-deps",
            ["python:3.11-slim AS prod-deps", "prod-deps AS dev-deps", "python:3.11-slim AS runtime"],
        ),
    ],
)
def test_a_part_of_them(project: Project, only: str, expected: list[str]) -> None:
    result = project(PIP, DEV, options={"named-stages.only": only})
    assert starts(text_of(result)) == expected
    assert not broken(result)
    assert not again(result, {"named-stages.only": only}).files


def test_a_stage_alone_installs_what_serves_development_itself(project: Project) -> None:
    text = text_of(project(PIP, DEV, options={"named-stages.only": "test"}))
    assert "pip install -r requirements-dev.txt" in body(text, "test")


def test_the_names_of_files_for_development(project: Project) -> None:
    files = {
        "requirements/base.txt": "requests\n",
        "requirements/dev.txt": "-r base.txt\n-r test.txt\n",
        "requirements/test.txt": "pytest\n",
    }
    text = PIP.replace("COPY requirements.txt ./", "COPY requirements/base.txt requirements/").replace(
        "requirements.txt", "requirements/base.txt"
    )
    written = body(text_of(project(text, {**files, **TESTS}, options=ALL)), "dev-deps")
    assert "COPY requirements/dev.txt ./requirements/\nCOPY requirements/test.txt ./requirements/\n" in written
    assert "pip install -r requirements/dev.txt -r requirements/test.txt" in written


# --- other managers -------------------------------------------------------------------------------------------------


def poetry(install: str) -> str:
    return (
        "FROM python:3.11-slim\nRUN pip install poetry==1.8.3\nENV POETRY_VIRTUALENVS_IN_PROJECT=true\nWORKDIR /app\n"
        f"COPY pyproject.toml poetry.lock ./\nRUN {install}\nCOPY courier ./courier\n"
        'ENV PATH=/app/.venv/bin:$PATH\nCMD ["gunicorn", "courier.app:app"]\n'
    )


@pytest.mark.parametrize(
    "install",
    [
        "poetry install --no-root",
        "poetry install --no-root --only main",
        "poetry install --no-root --only=main",
        "poetry install --without dev --no-root",
        "poetry install --no-root --no-dev",
    ],
)
def test_poetry(tmp_path: Path, install: str) -> None:
    result = of_case(tmp_path, "poetry-run", Dockerfile=poetry(install), **TESTS)
    text = text_of(result)
    assert "    poetry install --no-root\n" in body(text, "dev-deps")
    assert '-m", "pytest' in body(text, "test")
    assert "COPY tests ./tests" in body(text, "test")
    assert not broken(result)
    assert not again(result, ALL).files


@pytest.mark.parametrize(
    ("install", "expected"),
    [
        ("uv sync --frozen", "uv sync --frozen"),
        ("uv sync --frozen --no-dev", "uv sync --frozen"),
        ("uv sync --no-default-groups --frozen", "uv sync --frozen"),
    ],
)
def test_uv(tmp_path: Path, install: str, expected: str) -> None:
    dockerfile = case("stages-uv")["Dockerfile"].replace("uv sync --frozen --no-install-project", install)
    text = text_of(of_case(tmp_path, "stages-uv", Dockerfile=dockerfile))
    assert f"    {expected}\n" in body(text, "dev-deps")
    assert "--no-" in body(text, "prod-deps")


def test_uv_told_by_a_variable_is_left(tmp_path: Path) -> None:
    dockerfile = case("stages-uv")["Dockerfile"].replace("TZ=Asia/Seoul", "UV_NO_DEV=1")
    assert "UV_NO_DEV leaves the group out" in refusal(
        of_case(tmp_path, "stages-uv", Dockerfile=dockerfile), "named-stages"
    )


def test_case_09_of_the_managers(tmp_path: Path) -> None:
    folder = ROOT.parent / "shared" / "cases" / "managers" / "09-uv-six-stages-on-request" / "before"
    if not folder.is_dir():
        pytest.skip("the cases are not here")
    own = {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in folder.rglob("*") if path.is_file()}
    real = case("stages-uv")  # the lock of the case is shortened
    files = {**own, "uv.lock": real["uv.lock"], "pyproject.toml": real["pyproject.toml"]}
    text = files.pop("Dockerfile")
    result = dockfix(tmp_path, text, files, Settings(options=ALL), without=("app.py", "requirements.txt"))
    written = text_of(result)
    assert [each.partition(" AS ")[2] for each in starts(written)] == [
        "base",
        "prod-deps",
        "dev-deps",
        "test",
        "dev",
        "release",
    ]
    assert "libmariadb3 curl" in body(written, "release")
    assert "tests" not in body(written, "release")
    before = own["compose.yaml"]
    assert other(result, "compose.yaml") == before.replace(
        "      context: .\n", "      context: .\n      target: test\n"
    )


EXPRESS = (
    "FROM node:20\nENV NODE_ENV=production\nWORKDIR /app\nCOPY package*.json ./\nRUN {install}\nCOPY server.js .\n"
    'USER node\nENTRYPOINT ["node"]\nCMD ["server.js"]\n'
)


@pytest.mark.parametrize(
    ("install", "expected"),
    [
        ("npm ci --omit=dev", "npm ci --include=dev"),
        ("npm ci --omit dev && npm cache clean --force", "npm ci --include=dev"),
        ("npm ci --only=production", "npm ci --include=dev"),
        ("npm ci", "npm ci --include=dev"),
    ],
)
def test_npm_without_a_build(tmp_path: Path, install: str, expected: str) -> None:
    package = case("node-express")["package.json"].replace('"dev":', '"test": "node --test", "dev":')
    files = {"package.json": package, "Dockerfile": EXPRESS.format(install=install)}
    result = of_case(tmp_path, "node-express", **files, **{"test/a.js": ""})
    text = text_of(result)
    assert f"    {expected}\n" in body(text, "dev-deps")
    assert body(text, "test").endswith('COPY test ./test\nENV NODE_ENV=test\nCMD ["npm", "test"]\n')
    assert body(text, "dev").endswith('ENV NODE_ENV=development\nCMD ["npm", "run", "dev"]\n')
    assert "ENTRYPOINT" not in body(text, "test")
    assert not broken(result)
    assert not again(result, ALL).files


def test_what_is_built_is_built_once(tmp_path: Path) -> None:
    text = text_of(of_case(tmp_path, "stages-npm"))
    assert [each for each in starts(text) if "AS base" not in each and "node:" not in each] == [
        "base AS dev-deps",
        "dev-deps AS build",
        "build AS prod-deps",
        "build AS test",
        "build AS dev",
    ]
    assert text.count("npm run build") == 1


def test_yarn_takes_away_by_another_install(tmp_path: Path) -> None:
    text = text_of(of_case(tmp_path, "yarn-typescript"))
    assert "yarn install --production" in body(text, "prod-deps")
    assert "yarn build" in body(text, "build")


# --- tests that are there, and none that are not ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"requirements-dev.txt": "pytest\n"}, "no stage test: there are no tests"),
        (
            {"requirements-dev.txt": "ruff\n", **TESTS},
            "no stage test: pytest is not among the packages for development",
        ),
        (
            {**DEV, ".dockerignore": "tests\n"},
            "no stage test: the tests are kept out of the build context by its ignore file",
        ),
    ],
)
def test_no_test_is_made_up(project: Project, files: dict[str, str], reason: str) -> None:
    result = project(PIP, files, options=ALL)
    assert reason in refusal(result, "named-stages")
    assert [each.partition(" AS ")[2] for each in starts(text_of(result))] == [
        "base",
        "prod-deps",
        "dev-deps",
        "dev",
        "release",
    ]


def test_what_npm_init_writes_is_no_test(tmp_path: Path) -> None:
    package = case("stages-npm")["package.json"].replace("mocha test", 'echo \\"Error: no test specified\\" && exit 1')
    result = of_case(tmp_path, "stages-npm", **{"package.json": package}, without=("docker-compose.yml",))
    assert "package.json has no script that runs tests" in refusal(result, "named-stages")


def test_settings_of_tests_come_along(project: Project) -> None:
    written = text_of(
        project(PIP, {**DEV, "pytest.ini": "[pytest]\n", "conftest.py": "", "setup.cfg": ""}, options=ALL)
    )
    assert "COPY tests ./tests\nCOPY conftest.py pytest.ini setup.cfg ./\n" in body(written, "test")


def test_tests_that_the_image_copied_leave_it(project: Project) -> None:
    text = PIP.replace("COPY app.py .", "COPY app.py .\nCOPY tests ./tests")
    written = text_of(project(text, DEV, options=ALL))
    assert "tests" not in body(written, "release")
    assert body(written, "test").count("COPY tests") == 1
    for code in (
        "from tests import test_app\n",
        "import importlib\nimportlib.import_module('tests.test_app')\n",
        "open('tests/test_app.py')\n",
    ):
        assert "tests" in body(text_of(project(text, {**DEV, "app.py": code}, options=ALL)), "release")
    kept = text_of(project(text, {**DEV, "app.py": "print(1)\n"}, options={"named-stages.only": "dev"}))
    assert "COPY --chown=appuser:appuser tests ./tests" in kept


# --- all or nothing --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dockerfile", "files", "reason"),
    [
        (PIP, {}, "there is no file with requirements for development beside requirements.txt"),
        (
            PIP.replace("requirements.txt ./", "requirements.txt requirements-dev.txt ./").replace(
                "install -r", "install -r requirements-dev.txt -r"
            ),
            DEV,
            "the image installs requirements-dev.txt itself",
        ),
        ('FROM python:3.11-slim\nCOPY app.py .\nCMD ["python", "app.py"]\n', DEV, "the image stays one stage: no gain"),
        (
            f"{PIP}\nFROM python:3.11-slim AS x\nFROM x\nCOPY --from=0 /usr /usr\n",
            DEV,
            "the file has several stages, to which no base or dev-deps or test or dev is added",
        ),
        (
            PIP,
            {"requirements-dev.txt": "-r missing.txt\n"},
            "requirements-dev.txt names missing.txt, which is not in the build context",
        ),
    ],
)
def test_refused(project: Project, dockerfile: str, files: dict[str, str], reason: str) -> None:
    result = project(dockerfile, files, options=ALL)
    assert reason in refusal(result, "named-stages")
    assert "release" not in text_of(result)
    assert not broken(result)


def test_where_the_stages_cannot_be_written_nothing_waits_for_them(tmp_path: Path) -> None:
    compose = case("stages-uv")["docker-compose.test.yml"].replace("build: *image", "extends: run")
    result = of_case(tmp_path, "stages-uv", **{"docker-compose.test.yml": compose})
    assert "the service test needs the stage test, and its build is said elsewhere" in refusal(result, "named-stages")
    # the service still runs pytest in the image, which so keeps it
    assert "docker-compose.test.yml runs pytest" in refusal(result, "production-dependencies")
    assert "--no-dev" not in text_of(result)
    assert not other(result, "docker-compose.test.yml")


def test_development_that_stays_parts_nothing(tmp_path: Path) -> None:
    main = case("stages-uv")["app/main.py"] + "\nimport httpx\n"
    result = of_case(tmp_path, "stages-uv", **{"app/main.py": main}, without=("docker-compose.test.yml",))
    assert "what only serves to develop stays in the image" in refusal(result, "named-stages")
    assert "httpx" in refusal(result, "production-dependencies")


@pytest.mark.parametrize(("service", "kept"), [("test", False), ("run", False), ("api", True)])
def test_who_is_run_by_hand(tmp_path: Path, service: str, kept: bool) -> None:
    compose = case("stages-uv")["docker-compose.test.yml"].replace(
        "\n  redis:\n", "\n  api:\n    build: .\n\n  redis:\n", 1
    )
    makefile = f"test:\n\tdocker compose run --rm {service} pytest -q\n"
    result = of_case(tmp_path, "stages-uv", **{"docker-compose.test.yml": compose, "Makefile": makefile})
    assert bool(refusal(result, "named-stages")) == kept


def test_stages_of_the_same_name_stay(project: Project) -> None:
    result = project(PIP.replace("slim\n", "slim AS test\n", 1), DEV, options=ALL)
    assert "no stage test: a stage has this name" in refusal(result, "named-stages")
    assert starts(text_of(result))[-1] == "python:3.11-slim AS test"


TWO = (
    "FROM python:3.11-slim AS build\nARG EXTRA=1\nWORKDIR /app\nRUN python -m venv /venv\nENV PATH=/venv/bin:$PATH\n"
    "COPY requirements.txt ./\nRUN pip install -r requirements.txt\n{between}FROM python:3.11-slim\nWORKDIR /app\n"
    'COPY --from=build /venv /venv\nENV PATH=/venv/bin:$PATH\nCOPY . .\nCMD ["python", "app.py"]\n'
)


@pytest.mark.parametrize("between", ["", "\n# the image\n"])
def test_two_stages_of_the_authors_own(project: Project, between: str) -> None:
    result = project(TWO.format(between=between), DEV, options=ALL)
    text = text_of(result)
    assert [each.partition(" AS ")[2] for each in starts(text)] == [
        "base",
        "build",
        "dev-deps",
        "test",
        "dev",
        "release",
    ]
    assert body(text, "build").startswith("ARG EXTRA=1\n")  # the argument holds in each stage that names it
    assert not broken(result)


# --- Compose ---------------------------------------------------------------------------------------------------------


def compose(**services: str) -> str:
    return "services:\n" + "".join(f"  {name}:\n    build: .\n{text}" for name, text in services.items())


@pytest.mark.parametrize(
    ("service", "stage"),
    [
        ("    command: pytest -q\n", "test"),
        ("    command: [python, -m, pytest]\n", "test"),
        ("    entrypoint: pytest\n", "test"),
        ("    command: sh -c 'flask db upgrade && pytest'\n", "test"),
        ("    command: uvicorn app:app --reload\n", "dev"),
        ("    volumes: ['.:/app']\n", "dev"),
        ("    volumes: ['data:/app/data']\n", ""),
        ("    command: python app.py\n", ""),
        ("", ""),
    ],
)
def test_which_service_gets_a_target(project: Project, service: str, stage: str) -> None:
    result = project(PIP, {**DEV, "compose.yaml": compose(own=service, web="")}, options=ALL)
    written = other(result, "compose.yaml")
    assert written.count("target:") == bool(stage)
    assert (f"  own:\n    build:\n      context: .\n      target: {stage}\n" in written) == bool(stage)
    assert not broken(result)
    assert not again(result, ALL).files


@pytest.mark.parametrize(
    ("name", "target", "stage"),
    [
        ("compose.yaml", "/app/src", "dev"),
        ("compose.yaml", "/app/config", ""),  # settings are no source
        ("compose.yaml", "/app/src/a.py", ""),
        ("docker-compose.prod.yml", "/app/src", ""),
        ("docker-compose.production.yml", "/app", ""),
    ],
)
def test_what_is_mounted_over_source(project: Project, name: str, target: str, stage: str) -> None:
    text = PIP.replace("COPY app.py .", "COPY app.py .\nCOPY src ./src\nCOPY config ./config")
    files = {**DEV, "src/a.py": "", "config/a.yml": "", name: compose(own=f"    volumes: ['./x:{target}']\n")}
    written = other(project(text, files, options=ALL), name)
    assert written.count("target: dev") == bool(stage)


def test_a_target_that_is_there_is_left(project: Project) -> None:
    text = "services:\n  t:\n    build:\n      context: .\n      target: test\n    command: pytest\n"
    result = project(PIP, {**DEV, "compose.yaml": text}, options=ALL)
    assert not other(result, "compose.yaml")


def test_tests_run_in_dev_where_no_other_stage_is_asked_for(project: Project) -> None:
    result = project(
        PIP, {**DEV, "compose.yaml": compose(t="    command: pytest\n")}, options={"named-stages.only": "dev"}
    )
    assert "target: dev" in other(result, "compose.yaml")


def test_a_compose_file_above_the_build_context(tmp_path: Path) -> None:
    text = "services:\n  t:\n    build: ./api # tests\n    command: pytest\n"
    (tmp_path / ".git").mkdir()
    (tmp_path / "compose.yaml").write_text(text, "utf-8")
    result = dockfix(tmp_path / "api", PIP, DEV, Settings(options=ALL))
    change = next(each for each in result.files if each.path.endswith("compose.yaml"))
    assert change.before == text
    assert change.after == text.replace("./api # tests", "# tests\n      context: ./api\n      target: test")
    assert Path(change.path).resolve() == (tmp_path / "compose.yaml").resolve()


def test_a_compose_file_that_the_image_has(project: Project) -> None:
    text = PIP.replace("COPY app.py .", "COPY . .")
    result = project(text, {**DEV, "compose.yaml": compose(t="    command: pytest\n")}, options=ALL)
    assert "target: test" in other(result, "compose.yaml")
    assert not broken(result)


# --- settings --------------------------------------------------------------------------------------------------------


def test_the_names_are_six() -> None:
    assert NAMES == ("base", "prod-deps", "dev-deps", "test", "dev", "release")


@pytest.mark.parametrize(
    ("command", "tests", "develops"),
    [
        ("pytest -q", True, False),
        ("python manage.py test", True, False),
        ("npm run test:ci", True, False),
        ("yarn test", True, False),
        ("uv run pytest", True, False),
        ("python -m unittest", True, False),
        ("npm run dev", False, True),
        ("nodemon server.js", False, True),
        ("uvicorn app:app --reload", False, True),
        ("python manage.py runserver 0:8000", False, True),
        ("vite", False, True),
        ("vite build", False, False),
        ("npm start", False, False),
        ("python test_server.py", False, False),
        ("gunicorn pytest_app:app", False, False),
        ("node developer.js", False, False),
    ],
)
def test_what_commands_are_for(command: str, tests: bool, develops: bool) -> None:
    assert (runs_tests(command), serves_development(command)) == (tests, develops)


def test_two_dockerfiles_of_one_compose_file(tmp_path: Path) -> None:
    text = "services:\n  a:\n    build: ./a\n    command: pytest\n  web:\n    image: nginx\n  b:\n    build: ./b # tests\n    command: pytest\n"
    (tmp_path / ".git").mkdir()
    (tmp_path / "compose.yaml").write_text(text, "utf-8")
    settler = Settler(apply=True)
    for name in "ab":
        result = settler.settle(dockfix(tmp_path / name, PIP, DEV, Settings(options=ALL)))
        assert not result.failures
    for short, long in (("./a\n", "\n      context: ./a\n"), ("./b # tests\n", "# tests\n      context: ./b\n")):
        text = text.replace(f"build: {short}", f"build:{long if long[0] != '#' else ' ' + long}      target: test\n")
    assert (tmp_path / "compose.yaml").read_text("utf-8") == text
