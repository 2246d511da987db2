from __future__ import annotations

import pytest

from dockfix.knowledge import normalise
from dockfix.knowledge.development import is_a_word, module_names, only_develops, program_names
from dockfix.knowledge.tables import table


@pytest.mark.parametrize(
    "name", ["pytest", "pytest-django", "types-requests", "pandas-stubs", "sphinx-rtd-theme", "mypy"]
)
def test_what_only_serves_to_develop(name: str) -> None:
    assert only_develops(name)


@pytest.mark.parametrize(
    "name", ["python-dotenv", "uvloop", "rich", "watchdog", "setuptools", "flask", "pygments", "httpx"]
)
def test_what_another_package_may_use_where_it_is_there(name: str) -> None:
    assert not only_develops(name)


def test_modules_and_programs_by_which_a_distribution_is_used() -> None:
    assert module_names("django-debug-toolbar") == {"debug_toolbar"}
    assert module_names("pytest-django") == {"pytest_django"}
    assert module_names("python-slugify") == {"python_slugify", "slugify"}
    assert program_names("watchdog") == {"watchdog", "watchmedo"}
    assert program_names("ruff") == {"ruff"}
    assert is_a_word("black")
    assert not is_a_word("debug_toolbar")


def test_the_names_of_the_table_are_normalised() -> None:
    data = table("development")
    names = [*data["tools"].split(), *data["modules"], *data["programs"]]
    assert [name for name in names if normalise(name.replace("*", "x")) != name.replace("*", "x")] == []
