"""What is kept out of the build context, and what never is."""

from __future__ import annotations

import pytest

import golden
from dockfix.context.dockerignore import parse_ignore
from results import Project, ignore_of, refusal

BASIC = 'FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\nCMD ["python", "app.py"]\n'


def run(project: Project, files: dict[str, str] | None = None, text: str = BASIC) -> list[str]:
    return ignore_of(project(text, files, only="dockerignore")).splitlines()


def test_a_new_file(project: Project) -> None:
    lines = run(project)
    for pattern in (
        ".git",
        "**/.env",
        "**/*.pem",
        "**/__pycache__",
        "**/*.py[cod]",
        "**/.venv",
        "*.md",
        "docs",
        "build",
        "dist",
        "Dockerfile",
    ):
        assert pattern in lines


@pytest.mark.parametrize(
    ("files", "pattern"),
    [
        ({"pyproject.toml": '[project]\nreadme = "README.md"\n', "README.md": "x"}, "*.md"),
        ({"app.py": "open('README.md')\n", "README.md": "x"}, "*.md"),
        ({"docs/a.txt": "x", "app.py": "serve('docs')\n"}, "docs"),
        ({"build/x.txt": ""}, "build"),
        ({"lib/x.so": ""}, "**/*.so"),
        ({"setup.py": "setup(use_scm_version=True, setup_requires=['setuptools_scm'])\n"}, ".git"),
        ({"app.py": "subprocess.run(['git', 'rev-parse', 'HEAD'])\n"}, ".git"),
        ({"key.pem": "x", "app.py": "load('key.pem')\n"}, "**/*.pem"),
        ({".env": "A=1\n", "app.py": "from dotenv import load_dotenv\n"}, "**/.env"),
        ({"Dockerfile.docs": "FROM python:3.11\nCOPY docs /docs\n", "docs/x": ""}, "docs"),
    ],
)
def test_nothing_that_is_needed_is_taken_away(project: Project, files: dict[str, str], pattern: str) -> None:
    lines = run(project, files)
    assert lines
    assert pattern not in lines


def test_a_file_that_a_copy_names_stays(project: Project) -> None:
    lines = run(project, {"README.md": "x", "notes.md": "x"}, BASIC.replace("COPY . .", "COPY . .\nCOPY README.md /r"))
    assert "*.md" not in lines
    assert "docs" in lines


def test_a_secret_that_the_program_reads_stays_with_a_warning(project: Project) -> None:
    result = project(BASIC, {".env": "A=1\n", "app.py": "from dotenv import load_dotenv\n"}, only="dockerignore")
    assert any(".env is copied into the image" in note.message for note in result.warnings)


def test_the_warning_stands_where_nothing_else_is_to_do(project: Project) -> None:
    files = {".env": "A=1\n", "app.py": "from dotenv import load_dotenv\n"}
    done = ignore_of(project(BASIC, files, only="dockerignore"))
    again = project(BASIC, {**files, ".dockerignore": done}, only="dockerignore")
    assert not again.files
    assert any(".env is copied into the image" in note.message for note in again.warnings)


def test_a_secret_that_nothing_reads_goes(project: Project) -> None:
    assert "**/.env" in run(project, {".env": "A=1\n"})


def test_an_existing_file_is_completed_and_keeps_its_lines(project: Project) -> None:
    before = "node_modules\r\n.git\r\n!docs\r\n"
    after = ignore_of(project(BASIC, {".dockerignore": before}, only="dockerignore"))
    assert after.startswith(before)
    assert "\r\n**/.env\r\n" in after
    assert after.count(".git\r\n") == 1
    assert "*.md" not in after


@pytest.mark.covers("dockerignore/last-match-wins")
def test_what_an_existing_file_takes_back_is_not_ignored_again(project: Project) -> None:
    lines = run(project, {".dockerignore": "**/.env*\n!.env\n"})
    assert lines[:2] == ["**/.env*", "!.env"] and ".git" in lines
    assert "**/.env" not in lines


def test_a_file_that_lets_in_only_what_it_names_is_complete(project: Project) -> None:
    assert run(project, {".dockerignore": "*\n!app.py\n!.env\n"}) == []


@pytest.mark.covers("dockerignore/file-of-the-dockerfile")
def test_the_file_that_belongs_to_the_dockerfile_is_the_one_completed(project: Project) -> None:
    result = project(BASIC, {"Dockerfile.dockerignore": "x\n", ".dockerignore": "y\n"}, only="dockerignore")
    assert [change.path.rsplit("/", 1)[-1] for change in result.files] == ["Dockerfile.dockerignore"]


def test_no_folder_no_file(project: Project) -> None:
    result = project(BASIC.replace("COPY . .", "COPY app.py requirements.txt ./"), only="dockerignore")
    assert not result.files
    assert "no COPY takes a folder" in refusal(result, "dockerignore")


def test_an_unknown_context_gets_no_file(project: Project) -> None:
    result = project(BASIC.replace("COPY . .", "COPY . .\nCOPY gone /x"), only="dockerignore")
    assert not result.files
    assert "not known" in refusal(result, "dockerignore")


@pytest.mark.parametrize(
    "path",
    [
        "__pycache__/a",
        "a.pyc",
        "a.pyo",
        "a$py.class",
        "a.so",
        ".venv/a",
        "venv/a",
        "env/a",
        ".env",
        ".env.local",
        "a.egg-info/b",
        "dist/a",
        "build/a",
        ".pytest_cache/a",
        ".coverage",
        "htmlcov/a",
        ".idea/a",
        ".vscode/a",
        "a.swp",
        ".git/HEAD",
        ".gitignore",
        "Dockerfile",
        "docker-compose.dev.yml",
        ".dockerignore",
        "README.md",
        "docs/a",
        "a.log",
        "a.tmp",
        ".DS_Store",
    ],
)
def test_a_service_gets_what_a_careful_guide_ignores(path: str) -> None:
    case = next(case for case in golden.cases() if case.name == "user-service")
    assert parse_ignore(case.expected()[".dockerignore"].decode()).ignores(path)
