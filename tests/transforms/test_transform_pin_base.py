"""The base image by a digest or tag that the user gives."""

from __future__ import annotations

import pytest

from checks import check_noop, check_transformed
from results import Project, text_of

DIGEST = "sha256:" + "ab" * 32


@pytest.mark.parametrize(
    ("text", "to", "expected"),
    [
        ("FROM python:3.11-slim\n", f"python:3.11-slim={DIGEST}", f"FROM python:3.11-slim@{DIGEST}\n"),
        (
            "FROM python:3.11-slim\n",
            "python:3.11-slim=3.11.9-slim-bookworm",
            "FROM python:3.11-slim-bookworm\n".replace("3.11-", "3.11.9-"),
        ),
        (
            "FROM  --platform=linux/amd64  python:3.11  AS web\n",
            f"python:3.11={DIGEST}",
            f"FROM  --platform=linux/amd64  python:3.11@{DIGEST}  AS web\n",
        ),
        ("from python\n", "python=3.13", "from python:3.13\n"),
        ("FROM python\n", "python:latest=3.13", "FROM python:3.13\n"),
        (
            "FROM reg.io:5000/a/b:1 \\\n  AS x\nFROM x\nRUN y\n",
            "reg.io:5000/a/b:1=1.2",
            "FROM reg.io:5000/a/b:1.2 \\\n  AS x\nFROM x\nRUN y\n",
        ),
        (
            "FROM python:3.11\r\nFROM python:3.12\r\n",
            ["python:3.11=3.11.9", "python:3.12=3.12.4"],
            "FROM python:3.11.9\r\nFROM python:3.12.4\r\n",
        ),
    ],
)
def test_pinned(text: str, to: object, expected: str) -> None:
    check_transformed(text, expected, select=["pin-base"], options={"pin-base.to": to})


@pytest.mark.parametrize(
    ("text", "to", "reason"),
    [
        ("FROM python:3.11\n", "", "does not say what to pin"),
        ("FROM python:3.11\n", "python:3.11", "not of the form"),
        ("FROM python:3.11\n", "python:3.11=sha256:12", "not of the form"),
        ("FROM python:3.11\n", f"python:3.11@{DIGEST}=3.11", "not of the form"),
        ("FROM python:3.11\n", "python:3.12=3.12.4", "says nothing of python:3.11"),
        (f"FROM python:3.11@{DIGEST}\n", f"python:3.11={DIGEST}", "has a digest already"),
        ("ARG V=3.11\nFROM python:$V\n", "python:3.11=3.11.9", "an ARG says"),
        ("FROM python:3.11\n", ["python:3.11=3.12", "python:3.12=3.13"], "something else for python:3.12"),
    ],
)
def test_refusals(text: str, to: object, reason: str) -> None:
    check_noop(text, select=["pin-base"], options={"pin-base.to": to}, refused=reason)


def test_only_on_request(project: Project) -> None:
    assert "pin-base" not in str(project("FROM python:3.11\n", options={"pin-base.to": f"python:3.11={DIGEST}"}))


def test_a_pinned_base_is_still_known(project: Project) -> None:
    text = 'FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\nRUN pip install x\nCMD ["python", "app.py"]\n'
    result = project(text, only="pin-base,cache-mounts", options={"pin-base.to": f"python:3.11-slim={DIGEST}"})
    assert "--mount=type=cache" in text_of(result) and DIGEST in text_of(result)
