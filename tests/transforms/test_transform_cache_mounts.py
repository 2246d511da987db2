"""Cache mounts and what would defeat them."""

from __future__ import annotations

import pytest

from results import Project, refusal, text_of

MOUNT = "RUN --mount=type=cache,target=/root/.cache/pip \\\n    "
SPLIT = """FROM python:3.11-slim AS builder
# tools
RUN apt-get update && apt-get install -y gcc && rm -rf /var/lib/apt/lists/*
FROM python:3.11-slim
RUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*
"""


def run(project: Project, line: str, head: str = "FROM python:3.11-slim\n") -> str:
    return text_of(project(f"{head}{line}\n", only="cache-mounts")).removeprefix(head)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("RUN pip install x", MOUNT + "pip install x\n"),
        ("RUN pip install --no-cache-dir x", MOUNT + "pip install x\n"),
        (
            "RUN pip install --no-cache-dir -U pip && pip install --no-cache-dir -r r.txt",
            MOUNT + "pip install -U pip && pip install -r r.txt\n",
        ),
        ("RUN pip install x && rm -rf /root/.cache", MOUNT + "pip install x\n"),
        ("RUN pip install x \\\n && rm -rf ~/.cache/pip \\\n && mkdir /y", MOUNT + "pip install x \\\n && mkdir /y\n"),
        ("RUN pip install x && pip cache purge", MOUNT + "pip install x\n"),
        ("RUN --network=host pip install x", MOUNT + "--network=host pip install x\n"),
        (
            "RUN <<E\npip install --no-cache-dir x\nE",
            "RUN --mount=type=cache,target=/root/.cache/pip <<E\npip install x\nE\n",
        ),
    ],
)
def test_pip(project: Project, line: str, expected: str) -> None:
    assert run(project, line) == expected


@pytest.mark.covers("cache-mounts/moved-cache")
@pytest.mark.parametrize(
    ("line", "head", "reason"),
    [
        ("RUN pip install x", "FROM python:3.11-slim\nUSER app\n", "does not run as root"),
        ("RUN pip install x", "FROM someone/python\n", "not known as which user"),
        ("RUN pip install x", "FROM python:3.11-slim\nENV PIP_NO_CACHE_DIR=off\n", "PIP_NO_CACHE_DIR"),
        ("RUN PIP_NO_CACHE_DIR=1 pip install x", "FROM python:3.11-slim\n", "PIP_NO_CACHE_DIR"),
        ("RUN pip install x", "FROM python:3.11-slim\nENV XDG_CACHE_HOME=/c\n", "moves pip's cache"),
        ("RUN pip install --cache-dir /c x", "FROM python:3.11-slim\n", "--cache-dir moves"),
        ("RUN pip install x && rm -rf /root/.cache /x", "FROM python:3.11-slim\n", "would fail on a mounted cache"),
        ("RUN pip install x", "# syntax=docker/dockerfile:1.1\nFROM python:3.11-slim\n", "has no cache mounts"),
    ],
)
def test_refusals(project: Project, line: str, head: str, reason: str) -> None:
    result = project(f"{head}{line}\n", only="cache-mounts")
    assert text_of(result) == ""
    assert reason in refusal(result, "cache-mounts")


def test_an_existing_mount_is_enough(project: Project) -> None:
    assert run(project, "RUN --mount=type=cache,target=/root/.cache/pip pip install --no-cache-dir x") == ""


def test_apt_in_a_builder(project: Project) -> None:
    assert (
        text_of(project(SPLIT, only="cache-mounts"))
        == """FROM python:3.11-slim AS builder
RUN rm -f /etc/apt/apt.conf.d/docker-clean

# tools
RUN --mount=type=cache,target=/var/cache/apt,sharing=locked \\
    --mount=type=cache,target=/var/lib/apt,sharing=locked \\
    apt-get update && apt-get install -y gcc
FROM python:3.11-slim
RUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*
"""
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("FROM python:3.11-slim\nRUN", "FROM builder\nRUN"),
        ("# tools\n", "RUN for p in gcc; do apt-get install $p; done\n"),
        ("# tools\n", "RUN --mount=type=cache,target=/var/cache/apt apt-get update\n"),
    ],
)
def test_apt_is_left_alone_where_the_stage_is_kept_or_not_understood(project: Project, old: str, new: str) -> None:
    assert old in SPLIT and text_of(project(SPLIT, only="cache-mounts")) != ""
    assert text_of(project(SPLIT.replace(old, new), only="cache-mounts")) == ""


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("RUN pip wheel -w /w -r r.txt", MOUNT + "pip wheel -w /w -r r.txt\n"),
        ("RUN pip3 wheel --no-cache-dir --wheel-dir=/w x", MOUNT + "pip3 wheel --wheel-dir=/w x\n"),
        ("RUN python -m pip download --no-cache-dir -d /w x", MOUNT + "python -m pip download -d /w x\n"),
        (
            "RUN pip wheel --no-cache-dir -w /w x && pip install --no-cache-dir --no-index -f /w x",
            MOUNT + "pip wheel -w /w x && pip install --no-index -f /w x\n",
        ),
        (
            "RUN pip install --no-index -f https://e.org/wheels x",
            MOUNT + "pip install --no-index -f https://e.org/wheels x\n",
        ),
        ("RUN pip install --no-index https://e.org/x.whl", MOUNT + "pip install --no-index https://e.org/x.whl\n"),
    ],
)
def test_what_fetches_without_installing_fills_the_cache_too(project: Project, line: str, expected: str) -> None:
    assert run(project, line) == expected


@pytest.mark.parametrize(
    "line",
    [
        "RUN pip install --no-index --find-links=/wheels x",
        "RUN pip install --no-cache-dir --no-index /wheels/x.whl",
        "RUN pip wheel --no-index -f /sdists -w /w x",
        "ENV PIP_NO_INDEX=1\nRUN pip install -f /wheels x",
        "RUN pip hash x.whl",
    ],
)
def test_what_takes_nothing_from_the_network_gets_no_cache(project: Project, line: str) -> None:
    assert run(project, line) == ""


WORKFLOW = """\
on: push
jobs:
  image:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - name: build
        uses: docker/build-push-action@v6
        with:
          context: {context}
          file: {file}
          push: true
{more}
"""
PUSHES = {"context": ".", "file": "Dockerfile", "more": ""}


def told(project: Project, **changed: str) -> str:
    text = WORKFLOW.format(**{**PUSHES, **changed})
    result = project(
        "FROM python:3.11-slim\nRUN pip install x\n", {".github/workflows/image.yml": text}, only="cache-mounts"
    )
    assert result.files
    return "; ".join(note.message for note in result.warnings)


def test_builders_that_are_thrown_away_are_told_of_once(project: Project) -> None:
    said = told(project)
    assert said.startswith(".github/workflows/image.yml:8 builds with a builder that is thrown away")
    assert "cache-to: type=gha,mode=max" in said
    assert told(project, context="./", file='"./Dockerfile"')
    text = text_of(project("FROM python:3.11-slim\nRUN pip install x\n", only="cache-mounts"))
    assert not project(text, only="cache-mounts").warnings  # nothing is added, nothing is said


@pytest.mark.parametrize(
    "changed",
    [
        {"more": "          cache-from: type=gha\n          cache-to: type=gha,mode=max"},
        {"more": "  other:\n    runs-on: [self-hosted, linux]"},
        {"more": "      - uses: reproducible-containers/buildkit-cache-dance@v3"},
        {"more": "      - uses: docker/setup-buildx-action@v3\n        with:\n          driver: remote"},
        {"file": "docker/Dockerfile.docs"},
        {"context": "docs"},
        {"file": "${{ matrix.file }}"},
    ],
)
def test_builders_that_keep_something_and_builds_of_other_files_are_not(
    project: Project, changed: dict[str, str]
) -> None:
    assert told(project, **changed) == ""


def test_what_root_removes_is_not_what_another_user_left(project: Project) -> None:
    text = (
        "FROM python:3.11-slim\nUSER web\nRUN pip install y\nUSER root\n"
        "RUN pip install --no-cache-dir x && rm -rf /root/.cache\n"
    )
    result = project(text, only="cache-mounts")
    assert not result.warnings  # nothing was rolled back
    assert "RUN --mount=type=cache,target=/root/.cache/pip" in text_of(result)
    assert "rm -rf" not in text_of(result)
