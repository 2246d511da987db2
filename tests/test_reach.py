"""scripts/reach.py on a small made-up tree: what is split, what could gain, and why the rest is left."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import reach

GCC = """
FROM python:3.11-slim-bookworm
RUN apt-get update && apt-get install -y gcc libpq-dev && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY app.py .
CMD ["python", "app.py"]
"""
FULL = "FROM python:3.11-bookworm\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\nCMD python app.py\n"
PLAIN = FULL.replace("3.11-bookworm", "3.11-slim")
ALPINE = """
FROM python:3.11-alpine
COPY requirements.txt .
RUN apk add --no-cache --virtual .build-deps gcc libffi-dev
RUN pip install -r requirements.txt
RUN apk del .build-deps
"""
ONE_RUN = """
FROM python:3.11-slim
WORKDIR /app
COPY requirements.txt .
RUN apt-get update && apt-get install -y gcc libpq-dev && pip install -r requirements.txt && apt-get purge -y gcc libpq-dev && apt-get autoremove -y
"""
UV = "FROM ghcr.io/astral-sh/uv:python3.12-bookworm\nWORKDIR /app\nCOPY . .\nRUN uv sync\nCMD uv run app.py\n"
POETRY = "FROM python:3.11-slim\nCOPY . .\nRUN pip install poetry==1.8 && poetry install --no-dev\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = {
        "some/service/Dockerfile": GCC,
        "some/service/requirements.txt": "psycopg2==2.9.9\n",
        "some/service/app.py": "import psycopg2\n",
        "some/service/full/Dockerfile": FULL,
        "some/service/full/requirements.txt": "flask\n",
        "some/service/plain/Dockerfile": PLAIN,
        "some/service/plain/requirements.txt": "flask\n",
        "flat+tree/Dockerfile": ALPINE,
        "flat+tree/requirements.txt": "flask\n",
        "flat+tree/uv/Dockerfile": UV,
        "flat+tree/uv/pyproject.toml": '[project]\nname = "a"\n[dependency-groups]\ndev = ["pytest"]\n',
        "flat+tree/poetry/Dockerfile": POETRY,
        "flat+tree/apt/Dockerfile": ONE_RUN,
        "flat+tree/apt/requirements.txt": "flask\n",
        "flat+tree/apk/Dockerfile": ALPINE.replace("\nRUN pip", " && pip").replace("\nRUN apk del", " && apk del"),
        "flat+tree/apk/requirements.txt": "flask\n",
        "flat+tree/partly/Dockerfile": ONE_RUN.replace("purge -y gcc", "purge -y"),
        "flat+tree/partly/requirements.txt": "flask\n",
        "flat+tree/lacking/Dockerfile": FULL.replace("COPY . .", "COPY requirements.txt ."),
        "flat+tree/lacking/app.py": "",
        "flat+tree/broken/Dockerfile": "RUN true\n",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def reached(folder: Path, *paths: str) -> list[reach.Reach]:
    lines = [reach.Line(*path.split(":")) for path in paths]
    found = []
    for line in lines:
        with reach.tree_of(line, folder, "") as root:
            found.append(reach.reach_of(line, root))
    return found


def test_what_a_file_is_and_what_it_could_gain(folder: Path) -> None:
    paths = ("Dockerfile", "full/Dockerfile", "plain/Dockerfile")
    service = reached(folder, *(f"some/service:HEAD:{path}" for path in paths))
    flat = reached(folder, *(f"flat/tree:HEAD:{path}" for path in ("Dockerfile", "uv/Dockerfile", "poetry/Dockerfile")))
    assert [(each.family, each.manager, each.gains) for each in (*service, *flat)] == [
        ("python-slim", "pip", ("compilers", "-dev packages")),
        ("python", "pip", ("full base",)),
        ("python-slim", "pip", ()),
        ("python-alpine", "pip", ("compilers", "-dev packages", "build group")),
        ("uv image", "uv", ("full base",)),
        ("python-slim", "poetry", ("manager",)),
    ]


def test_what_is_no_gain(folder: Path) -> None:
    paths = ("apt/Dockerfile", "apk/Dockerfile", "partly/Dockerfile", "lacking/Dockerfile:lacking")
    found = reached(folder, *(f"flat/tree:HEAD:{path}" for path in paths))
    assert [(each.gains, each.countable) for each in found] == [
        ((), True),
        ((), True),
        (("compilers",), True),
        ((), False),
    ]


@pytest.mark.parametrize(
    ("start", "gains"),
    [
        ("CMD uv run app.py", ("manager-less",)),
        ("CMD uv run --no-dev app.py", ("dev group",)),
        ("ENV UV_NO_SYNC=1\nCMD uv run app.py", ("dev group",)),
        ('CMD [".venv/bin/python", "app.py"]', ("manager", "dev group")),
    ],
)
def test_a_manager_that_brings_development_back_at_the_start(folder: Path, start: str, gains: tuple[str, ...]) -> None:
    path = folder / "flat+tree/uv/Dockerfile"
    path.write_text(f"FROM python:3.12-slim\nRUN pip install uv\nWORKDIR /app\nCOPY . .\nRUN uv sync\n{start}\n")
    (found,) = reached(folder, "flat/tree:HEAD:uv/Dockerfile")
    assert found.gains == tuple(each for each in gains if each != "manager-less")


@pytest.mark.parametrize(
    ("head", "countable"),
    [
        ("FROM python:3.10-buster\nRUN apt-get update && apt-get install -y gcc", False),
        ("FROM python:3.7-slim-stretch\nRUN apt-get update && apt-get install -y gcc", False),
        ("FROM python:3.4\nRUN apt-get update", False),
        ("FROM python:3.7.3-slim\nRUN apt update && apt install -y gcc", False),
        ("FROM python:3.8.10-slim\nRUN apt-get update && apt-get install -y gcc", False),
        ("FROM python:3.8.11-slim\nRUN apt-get update && apt-get install -y gcc", True),
        (
            "FROM python:3.10-buster\nRUN echo deb http://archive.debian.org/debian buster main >/etc/apt/sources.list && apt-get update",
            True,
        ),
        ("FROM python:3.10-buster", True),
        ("FROM python:3.7-alpine\nRUN apk add gcc", True),
    ],
)
def test_packages_that_are_no_longer_there(folder: Path, head: str, countable: bool) -> None:
    path = folder / "some/service/Dockerfile"
    path.write_text(f"{head}\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\nCMD python app.py\n")
    (found,) = reached(folder, "some/service:HEAD:Dockerfile")
    assert (found.countable, bool(found.gains) <= countable) == (countable, True)


def test_both_modes_are_run(folder: Path) -> None:
    compiled, full = reached(folder, "some/service:HEAD:Dockerfile", "some/service:HEAD:full/Dockerfile")
    assert (compiled.split, compiled.reasons) == ((True, True), ((), ()))
    assert (full.split[1], full.smaller[1]) == (True, True)
    assert full.split[0] or full.reasons[0]


def test_a_file_that_is_left_has_a_reason(folder: Path) -> None:
    (plain,) = reached(folder, "some/service:HEAD:plain/Dockerfile")
    assert plain.split == (False, False)
    assert all(plain.reasons)
    (broken,) = reached(folder, "flat/tree:HEAD:broken/Dockerfile")
    assert broken.problem


def test_reasons_of_one_kind_are_counted_together() -> None:
    one = reach.kind_of("the ENV names /usr/local/lib/python3.11, which would lie in the virtual environment")
    other = reach.kind_of("the CMD names /usr/local/bin/gunicorn, which would lie in the virtual environment")
    assert one == other == "the … names … which would lie in the virtual environment"


def test_the_table_and_the_files_that_are_left(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = ["# repository", "some/service\tHEAD\tDockerfile", "some/service\tHEAD\tplain/Dockerfile\tplain"]
    rows += ["flat/tree\tHEAD\tbroken/Dockerfile", "not/here\tHEAD\tDockerfile"]
    (folder / "list.tsv").write_text("\n".join(rows) + "\n")
    assert reach.main([str(folder / "list.tsv"), str(folder), "--details"]) == 1
    text = capsys.readouterr().out
    assert text.startswith("4 Dockerfiles, 2 read, 1 with something to gain.\n")
    assert "A smaller base without a split, where there is something to gain: 0 by default, 0 with --unsafe." in text
    assert "| all | 2 | 1 | 1 (50%) | 1 (100%) | 1 (50%) | 1 (100%) |" in text
    assert "- flat/tree broken/Dockerfile" in text
    assert "- not/here Dockerfile" in text


def test_a_line_with_too_few_fields_is_told(tmp_path: Path) -> None:
    (tmp_path / "list.tsv").write_text("owner/name\tDockerfile\n")
    with pytest.raises(ValueError, match=r"list\.tsv:1: expected repository, commit, path"):
        reach.read_list(tmp_path / "list.tsv")


def test_the_tree_of_a_commit_is_taken_out_of_a_git_repository(folder: Path, tmp_path: Path) -> None:
    def git(*words: str) -> str:
        who = ("-c", "user.name=Jo", "-c", "user.email=jo@example.com", "-c", "commit.gpgsign=false")
        done = subprocess.run(["git", "-C", str(source), *who, *words], check=True, capture_output=True, text=True)
        return done.stdout.strip()

    source = tmp_path / "origin" / "some" / "service"
    source.parent.mkdir(parents=True)
    (folder / "some" / "service").rename(source)
    git("init", "--quiet")
    git("add", ".")
    git("commit", "--quiet", "--message", "first")
    commit = git("rev-parse", "HEAD")
    (source / "Dockerfile").write_text("FROM scratch\n")
    git("commit", "--quiet", "--all", "--message", "second")
    line = reach.Line("some/service", commit, "Dockerfile")
    place = tmp_path / "clones"
    place.mkdir()
    with reach.tree_of(line, place, str(tmp_path / "origin")) as root:
        assert (root / "Dockerfile").read_text() == GCC
    assert not root.exists()
    assert (place / "some+service" / "HEAD").is_file()
    with (
        pytest.raises(FileNotFoundError, match="not/here is not in"),
        reach.tree_of(line._replace(repository="not/here"), place, ""),
    ):
        pass
