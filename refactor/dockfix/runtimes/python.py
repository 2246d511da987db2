"""Python: packages move into a virtual environment."""

from __future__ import annotations

from typing import ClassVar

from dockfix.facts import Facts
from dockfix.managers import venv
from dockfix.model.artefact import Environment
from dockfix.model.reason import Reason
from dockfix.runtimes.protocol import Runtime
from dockfix.runtimes.python_paths import system_python_blocker

ROOT = "/opt/venv"


class Python(Runtime):
    """CPython, as the official images have it."""

    id: ClassVar[str] = "python"
    title: ClassVar[str] = "Python"

    def environment(self, facts: Facts) -> Environment:
        """A virtual environment at one path, the same in each stage."""
        return venv.environment(ROOT)

    def make(self, facts: Facts, environment: Environment) -> str:
        """``python -m venv``; where the base image brings setuptools and wheel, the environment sees them."""
        image = facts.final.image
        options = "--system-site-packages " if image is not None and _has_wheel(image.version) else ""
        return f"python -m venv {options}{environment.root}"

    def holds_back(self, facts: Facts) -> Reason | None:
        """What resets PATH, or names a folder of the base image's Python."""
        return system_python_blocker(facts)


PYTHON = Python()


def _has_wheel(version: str) -> bool:
    """Whether the official image brings setuptools and wheel (up to 3.11), which pip builds old packages with.

    In an environment that lacks wheel pip builds them in isolation, with the newest setuptools and without the packages
    that are installed already (https://pip.pypa.io/en/stable/news/#v23-1), which some cannot be built with.
    """
    numbers = [int(part) for part in version.split(".")[:2] if part.isdigit()]
    return len(numbers) == 2 and numbers <= [3, 11]
