"""Python's settings for a container."""

from __future__ import annotations

import pytest

from checks import check_noop, check_transformed
from dockfix.model.reason import Declared

CMD = 'CMD ["python", "app.py"]\n'
ENV = "ENV PYTHONUNBUFFERED=1\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("FROM python:3.11\nCOPY . .\n", f"FROM python:3.11\n{ENV}COPY . .\n"),
        ("FROM python:3.11\n\nCOPY . .\n", f"FROM python:3.11\n\n{ENV}\nCOPY . .\n"),
        ("FROM python:3.11\n# all\nCOPY . .\n", f"FROM python:3.11\n{ENV}# all\nCOPY . .\n"),
        (
            "FROM python:3.11\nENV A=1 \\\n    B=2\n\nCOPY . .\n",
            f"FROM python:3.11\nENV A=1 \\\n    B=2\n{ENV}\nCOPY . .\n",
        ),
        (
            "FROM python:3.11\nARG A=1\nLABEL x=y\nWORKDIR /app\nENV C=D\n",
            f"FROM python:3.11\nARG A=1\nLABEL x=y\n{ENV}WORKDIR /app\nENV C=D\n",
        ),
        ("FROM python:3.11 AS b\nRUN x\nFROM python:3.11\n", f"FROM python:3.11 AS b\nRUN x\nFROM python:3.11\n{ENV}"),
    ],
)
def test_unbuffered(before: str, after: str) -> None:
    result = check_transformed(before + CMD, after + CMD, select=["python-env"])
    assert result.declares == {Declared("ENV", "PYTHONUNBUFFERED")}


@pytest.mark.parametrize(
    "program", ["uwsgi", "mlflow", "dagster", "jupyter-lab", "uv", "poetry", "python3.11", "pypy3"]
)
def test_whatever_is_of_python(program: str) -> None:
    command = f'CMD ["{program}", "x"]\n'
    check_transformed(f"FROM python:3.11\n{command}", f"FROM python:3.11\n{ENV}{command}", select=["python-env"])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("FROM python:3.11\n", "FROM python:3.11\nENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1\n"),
        (
            "FROM python:3.11\nENV PYTHONUNBUFFERED=0\n",
            "FROM python:3.11\nENV PYTHONUNBUFFERED=0\nENV PYTHONDONTWRITEBYTECODE=1\n",
        ),
    ],
)
def test_byte_code(before: str, after: str) -> None:
    check_transformed(before + CMD, after + CMD, select=["python-env"], options={"python-env.no-bytecode": True})


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"FROM python:3.11\nENV PYTHONUNBUFFERED=0\n{CMD}", "is set already"),
        (f"FROM python:3.11 AS b\nENV PYTHONUNBUFFERED 1\nFROM b\n{CMD}", "is set already"),
        (f"FROM fedora\n{CMD}", "not an official Python image"),
        ('FROM python:3.11\nCMD ["nginx"]\n', "no program of Python"),
        ("FROM python:3.11\n", "no program of Python"),
    ],
)
def test_refusals(text: str, reason: str) -> None:
    check_noop(text, select=["python-env"], refused=reason)
