"""What stages are for that are built by their names: to test and to develop."""

from __future__ import annotations

import re
from functools import cache

from dockfix.knowledge.tables import table

# The stages, in the order in which they are written; the last one is the image
BASE, PRODUCTION, DEVELOPMENT, TEST, DEV, RELEASE = NAMES = ("base", "prod-deps", "dev-deps", "test", "dev", "release")


def runs_tests(command: str) -> bool:
    """Whether a command runs the tests of a project."""
    return _said("tests").search(command) is not None


def serves_development(command: str) -> bool:
    """Whether a command is a server that reads the source again when it changes."""
    return _said("develops").search(command) is not None


def is_for_development(requirements: str) -> bool:
    """Whether a file of requirements, by its path, holds those for development."""
    return _requirements().search(requirements) is not None


def development_groups() -> frozenset[str]:
    """The names of groups and extras that serve to develop."""
    return frozenset(table("targets")["groups"].split())


def development_scripts() -> tuple[str, ...]:
    """The scripts of a package.json that serve to develop, the likeliest first."""
    return tuple(table("targets")["serving"].split())


def tests_nothing(script: str) -> bool:
    """Whether a script for tests, as written, runs none."""
    return not script.strip() or re.search(table("targets")["untested"], script) is not None


def test_settings() -> tuple[str, ...]:
    """The files that say how tests are run."""
    return tuple(table("targets")["settings"].split())


@cache
def _said(key: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{each})" for each in table("targets")[key]))


@cache
def _requirements() -> re.Pattern[str]:
    return re.compile(rf"(?:^|/){table('targets')['requirements']}$", re.VERBOSE | re.IGNORECASE)
