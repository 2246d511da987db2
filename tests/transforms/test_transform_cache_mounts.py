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
        ("RUN <<E\npip install --no-cache-dir x\nE", MOUNT + "<<E\npip install x\nE\n"),
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
