from __future__ import annotations

import pytest

from dockfix.knowledge import (
    commented_manifests,
    index_packages,
    index_programs,
    manager_in,
    package_manager,
    package_managers,
)
from dockfix.knowledge.tables import table


def test_no_program_stands_twice() -> None:
    programs = [program for each in package_managers() for program in each.programs]
    assert sorted(programs) == sorted(set(programs))
    assert {each.installs for each in package_managers()} == {"python", "system", "node"}


def test_what_an_entry_says_is_of_its_own_programs() -> None:
    for each in table("package_managers")["manager"]:
        programs = set(each["programs"].split())
        assert {program for names in each.get("starts", {}) for program in names.split()} <= programs
        files = f"{each.get('manifests', '')} {each.get('locks', '')}".split()
        assert set(each.get("no_comment", "").split()) <= set(files)


def test_kinds() -> None:
    names = {each.programs[0] for each in package_managers("python", "system")}
    assert {"pip", "poetry", "uv", "conda", "apt-get", "apk"} < names
    assert not {"npm", "yarn"} & names


@pytest.mark.parametrize(
    ("program", "called"),
    [
        ("pip", "pip"),
        ("pip3", "pip"),
        ("pip3.11", "pip"),
        ("poetry", "Poetry"),
        ("apt", "apt"),
        ("mamba", "mamba"),
        ("uvx", "uvx"),
    ],
)
def test_names(program: str, called: str) -> None:
    manager = package_manager(program)
    assert manager is not None
    assert manager.called(program) == called


@pytest.mark.parametrize("program", ["", "python3", "uv3", "pipeline", "3"])
def test_other_programs(program: str) -> None:
    assert package_manager(program) is None


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("make && pip3.11 install x", "pip3.11"),
        ("python -m pip install x", "pip"),
        ("/root/.local/bin/poetry install", "poetry"),
        ("pipx install poetry", "pipx"),
        ("python setup.py install", "setup.py"),
        ("curl https://astral.sh/uv/install.sh", "uv"),
        ("npm ci && apt-get update", ""),
        ("./pipeline --hatching", ""),
    ],
)
def test_the_first_name_in_a_text(text: str, name: str) -> None:
    assert manager_in(text, "python") == name


def test_names_of_those_that_read_the_projects_files() -> None:
    assert manager_in("pip install x", "python", project=True) == ""
    assert manager_in("pip install poetry && poetry install", "python", project=True) == "poetry"
    assert manager_in("npm ci && apt-get update", "system") == "apt-get"


def test_files_that_take_a_comment() -> None:
    names = commented_manifests()
    assert names[0] == "requirements.txt"
    assert {"poetry.lock", "uv.lock", "pdm.lock", "pyproject.toml", "Pipfile", "yarn.lock"} < set(names)
    assert names.index("uv.lock") < names.index("pyproject.toml")
    assert not [name for name in names if name.endswith(".json") or name == "Pipfile.lock"]


def test_who_reads_the_index() -> None:
    assert {"apt-get", "apt", "aptitude", "apt-cache", "apt-file"} < index_programs("apt-get")
    assert {"apt-file", "python3-apt"} < index_packages("apt")
    assert index_programs("pip") == index_packages("no-such-thing") == frozenset()
