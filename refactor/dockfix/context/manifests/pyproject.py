"""pyproject.toml: what of it decides where and how a project is installed."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dockfix.context.manifests.toml import tables_of
from dockfix.dataclass import dataclass
from dockfix.knowledge import normalise
from dockfix.knowledge.build_backends import build_backend
from dockfix.lazy import regex

NAME = "pyproject.toml"
_DISTRIBUTION = regex(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")
_LEGACY = "setuptools.build_meta:__legacy__"  # what PEP 517 has a frontend use where no backend is named


@dataclass(frozen=True)
class PyProject:
    """The settings of one file, by table."""

    settings: Mapping[str, Any]

    def at(self, *keys: str) -> Any:
        """What stands under keys, None where nothing does."""
        found: Any = self.settings
        for key in keys:
            if not isinstance(found, dict) or key not in found:
                return None
            found = found[key]
        return found

    def texts(self, *keys: str) -> tuple[str, ...]:
        """The strings of a list under keys; of anything else none."""
        found = self.at(*keys)
        return tuple(each for each in found if isinstance(each, str)) if isinstance(found, list) else ()

    @property
    def backend(self) -> str:
        """The module that builds the project, "" where it says that nothing does."""
        if not isinstance(self.at("build-system"), dict):
            return ""
        named = self.at("build-system", "build-backend")
        return named if isinstance(named, str) else _LEGACY

    @property
    def build_requirements(self) -> frozenset[str]:
        """The names, normalised, of what only building takes."""
        return names_of(self.texts("build-system", "requires"))

    @property
    def works_out_dependencies(self) -> bool:
        """Whether its dependencies are known only once its backend has read the source."""
        return not {"dependencies", "optional-dependencies"}.isdisjoint(self.texts("project", "dynamic"))

    @property
    def requires_python(self) -> str:
        """Which versions of Python it asks for, "" for any."""
        found = self.at("project", "requires-python")
        return found if isinstance(found, str) else ""

    def named(self, *keys: str) -> frozenset[str]:
        """The names in the table under keys."""
        found = self.at(*keys)
        return frozenset(found) if isinstance(found, dict) else frozenset()


def read(text: str) -> PyProject | None:
    """What a file says; None where it is no TOML."""
    try:
        return PyProject(tables_of(text))
    except (ValueError, RecursionError):
        return None


def names_of(requirements: Sequence[str]) -> frozenset[str]:
    """The names, normalised, in requirements as PEP 508 has them."""
    return frozenset(normalise(match[1]) for each in requirements if (match := _DISTRIBUTION.match(each)))


def leaves_beside_source(
    folder: str, project: PyProject | None, is_file: Callable[[str], bool], builder: str = ""
) -> str:
    """Why an editable install of the project in ``folder`` may leave more beside its source than a link to it needs, "" for no reason.

    ``is_file`` tells whether a file lies at a path. ``builder`` is what builds it whatever it says.
    """
    builds = builder or (project.backend if project is not None else "")
    backend = build_backend(builds.partition(":")[0])
    if project is None or backend is None:
        return f"nothing is known of {builds or 'what builds it'}"
    for name in backend.files:
        if is_file(posixpath.join(folder, name)):
            return f"{name} may build anything"
    for keys in backend.settings:
        if project.at(*keys) is not None:
            return f"its {'.'.join(keys)} may write files"
    old = next(
        (each for each in project.texts("build-system", "requires") if re.match(r"setuptools\s*[<=~]", each)), ""
    )
    return f"{old} may be too old to leave nothing beside the source" if old else ""
