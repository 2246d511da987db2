from __future__ import annotations

import pytest

from dockfix.knowledge import slim_reference
from results import Project, refusal, text_of, unsafe

FULL = (
    "FROM python:3.11\nWORKDIR /app\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .\n{more}"
    'CMD ["python", "app.py"]\n'
)


@pytest.mark.parametrize(("full", "slim"), [
    ("python", "python:slim"), ("python:latest", "python:slim"), ("python:3", "python:3-slim"), ("python:3.11", "python:3.11-slim"),
    ("python:3.11.9", "python:3.11.9-slim"), ("python:3.14-rc", "python:3.14-rc-slim"), ("python:3.14.0rc1", "python:3.14.0rc1-slim"),
    ("python:3.11-bookworm", "python:3.11-slim-bookworm"), ("python:bookworm", "python:slim-bookworm"),
    ("registry.example.org:5000/library/python:3.11", "registry.example.org:5000/library/python:3.11-slim"),
    ("python:3.11-slim", None), ("python:3.11-alpine", None), ("python:3.11-alpine3.20", None), ("python:3.11@sha256:" + "0" * 64, None),
    ("${BASE}", None), ("python:$VERSION", None), ("python:3.11-windowsservercore", None), ("golang:1.22", None),
])  # fmt: skip
def test_the_slim_image_of_a_full_one(full: str, slim: str | None) -> None:
    assert slim_reference(full) == slim


def test_it_is_listed_and_not_made_by_default(project: Project) -> None:
    result = project(FULL.format(more=""))
    assert "slim" not in text_of(result)
    assert "AS builder" not in text_of(result)
    assert "python:3.11-slim" in unsafe(result, "slim-base")


def test_the_runtime_stage_starts_from_slim(project: Project) -> None:
    text = text_of(project(FULL.format(more=""), unsafe=True))
    assert text.startswith("FROM python:3.11 AS builder\n")
    assert "\nFROM python:3.11-slim AS runtime\nWORKDIR /app\n" in text
    assert "apt-get" not in text


@pytest.mark.parametrize(
    ("more", "files", "package"),
    [
        ("HEALTHCHECK CMD curl -f http://localhost\n", {}, "curl"),
        ("", {"app.py": "import subprocess\nsubprocess.run(['git', 'log'])\n"}, "git"),
        ("", {"app.py": "import subprocess\nsubprocess.run(['convert', 'a.png', 'b.jpg'])\n"}, "imagemagick"),
        ("", {"requirements.txt": "psycopg2==2.9.9\n"}, "libpq5"),
        ("", {"requirements.txt": "mysqlclient==2.2.4\n"}, "libmariadb3"),
        ("", {"requirements.txt": "GitPython==3.1.43\n"}, "git"),
        ("", {"app.py": "import tkinter\n"}, "libtk8.6"),
        ("", {"app.py": "import ctypes\nctypes.CDLL('libxslt.so.1')\n"}, "libxslt1.1"),
        ("", {"app.py": "import ctypes\nctypes.CDLL(ctypes.util.find_library('cairo'))\n"}, "libcairo2"),
        ("RUN curl -o /app/data.json https://example.org/data.json\n", {}, "curl"),
    ],
)
def test_what_the_full_image_brought_and_something_needs(
    project: Project, more: str, files: dict[str, str], package: str
) -> None:
    text = text_of(project(FULL.format(more=more), files, unsafe=True))
    runtime = text[text.index("AS runtime") :]
    assert f"--no-install-recommends {package} \\\n    && rm -rf /var/lib/apt/lists/*\n" in runtime
    assert runtime.index("apt-get install") < runtime.index("COPY")


@pytest.mark.parametrize(
    ("more", "files", "reason"),
    [
        ("RUN ./configure && make install\n", {"configure": "#!/bin/sh\n"}, "unknown"),
        ("", {"app.py": "import subprocess\nsubprocess.run(['gcc', 'x.c'])\n"}, "app.py:2 names it"),
        ("", {"requirements.txt": "pytensor==2.20\n"}, "compile"),
        ("", {"app.py": "import ctypes\nimport sys\nctypes.CDLL(sys.argv[1])\n"}, "worked out when it runs"),
        ("", {"app.py": "import ctypes\nctypes.CDLL('libmagic.so.1')\n"}, "depends on the Debian release"),
    ],
)
def test_the_full_image_stays(project: Project, more: str, files: dict[str, str], reason: str) -> None:
    result = project(FULL.format(more=more), files, unsafe=True, options={"multi-stage.always": True})
    assert "\nFROM python:3.11 AS runtime\n" in text_of(result)
    assert reason in refusal(result, "slim-base")


def test_what_only_another_image_has_is_not_added(project: Project) -> None:
    text = text_of(
        project(FULL.format(more=""), {"app.py": "import ctypes\nctypes.CDLL('libportaudio.so.2')\n"}, unsafe=True)
    )
    assert "\nFROM python:3.11-slim AS runtime\n" in text
    assert "apt-get" not in text


def test_a_slim_image_is_left_alone(project: Project) -> None:
    result = project(FULL.format(more="").replace("python:3.11", "python:3.11-slim"), unsafe=True)
    assert text_of(result).startswith("FROM python:3.11-slim\n")
    assert "no gain" in refusal(result, "multi-stage")


def test_where_it_is_suppressed_nothing_is_split_for_its_sake(project: Project) -> None:
    result = project("# dockfix: ignore-file[slim-base] the tools are wanted\n" + FULL.format(more=""), unsafe=True)
    assert "AS builder" not in text_of(result)
    assert "no gain" in refusal(result, "multi-stage")


def test_packages_that_a_build_has_found(project: Project) -> None:
    text = text_of(project(FULL.format(more=""), unsafe=True, options={"multi-stage.keep": ["libxslt1.1"]}))
    assert "--no-install-recommends libxslt1.1 \\" in text


@pytest.mark.parametrize("chosen", ["slim-base", "slim-base,non-root", "virtualenv"])
def test_without_the_split_it_says_why_there_is_nothing_to_do(project: Project, chosen: str) -> None:
    text = 'FROM python:3.11\nWORKDIR /app\nRUN apt-get update && apt-get install -y gcc\nCOPY . .\nRUN pip install flask\nCMD ["a"]\n'
    result = project(text, only=chosen, unsafe=True)
    assert not [note for note in result.changes if note.transform != "non-root"]
    assert refusal(result, chosen.partition(",")[0])
    assert "multi-stage" in refusal(result, "slim-base") or chosen == "virtualenv"


def test_beside_the_split_that_is_refused_it_says_nothing(project: Project) -> None:
    assert not refusal(project('FROM python:3.11\nCOPY . .\nCMD ["a"]\n'), "slim-base")


@pytest.mark.parametrize(
    ("head", "below"),
    [("WORKDIR /app\n\n# The source\nCOPY", "\n\n# The source\nCOPY"), ("WORKDIR /app\nCOPY", "\nCOPY")],
)
def test_a_comment_stays_apart_from_the_install_above_it(project: Project, head: str, below: str) -> None:
    text = f'FROM node:20\n{head} . .\nRUN npm ci\nCMD ["node", "index.js"]\n'
    files = {
        "package.json": '{"name": "a", "version": "1.0.0"}',
        "package-lock.json": '{"name": "a", "lockfileVersion": 3, "packages": {"": {"name": "a", "version": "1.0.0"}}}',
        "index.js": "require('child_process').execSync('git log')\n",
    }
    result = text_of(project(text, files, only="slim-base", unsafe=True))
    assert f"ca-certificates git \\\n    && rm -rf /var/lib/apt/lists/*{below} . ." in result
