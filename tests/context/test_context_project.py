from __future__ import annotations

import pytest

from dockfix.context.project import Project

TEXT = """
[build-system]
requires = ["setuptools>=64", "Setuptools_SCM[toml]>=8", "cython"]
build-backend = "setuptools.build_meta"
[project]
dependencies = ["psycopg2>=2.9 ; python_version > '3.8'"]
optional-dependencies.test = ["pytest"]
[tool.poetry.dependencies]
GitPython = { version = "^3", extras = ["x"] }
[tool.setuptools_scm]
version_file = "tool/_version.py"
"""


def test_what_only_the_build_takes_is_apart() -> None:
    project = Project.read(TEXT)
    assert project is not None
    assert project.build_requirements == {"setuptools", "setuptools-scm", "cython"}
    assert {"psycopg2", "pytest", "GitPython"} <= set(project.words)
    assert not {"setuptools_scm", "setuptools", "cython", "Setuptools_SCM"} & set(project.words)


def test_a_build_requirement_that_is_installed_too_is_a_word() -> None:
    project = Project.read('[build-system]\nrequires = ["numpy"]\n[project]\ndependencies = ["numpy"]\n')
    assert project is not None
    assert "numpy" in project.words


@pytest.mark.parametrize(
    "text",
    [
        "[project",
        '[build-system]\nrequires = "setuptools"\n',
        "build-system = 1\n",
        "tool = 1\n",
    ],
)
def test_what_is_not_understood(text: str) -> None:
    assert Project.read(text) is None
