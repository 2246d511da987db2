"""Which managers there are: the built-in ones by a scan of this package, others by the entry-point group ``dockfix.managers``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from dockfix import plugins
from dockfix.managers.protocol import LanguageManager, Manager, SystemManager

GROUP = "dockfix.managers"


@cache
def loaded() -> plugins.Loaded[Manager]:
    """The managers by id, and the plug-ins that could not be loaded."""
    return plugins.load("dockfix.managers", GROUP, Manager)  # type: ignore[type-abstract]


def managers() -> tuple[Manager, ...]:
    """Every installed manager, by id."""
    return tuple(loaded().found.values())


@cache
def by_program() -> Mapping[str, Manager]:
    """The managers by their names in a shell."""
    return {program: manager for manager in managers() for program in manager.programs}


@cache
def by_module() -> Mapping[str, Manager]:
    """The managers by the names that ``python -m`` takes."""
    return {module: manager for manager in managers() for module in manager.modules}


@cache
def by_image() -> Mapping[str, LanguageManager]:
    """The managers by the images that a COPY takes them from."""
    return {image: manager for manager in language_managers() for image in manager.images}


@cache
def system_managers() -> tuple[SystemManager, ...]:
    """Those of a system's packages."""
    return tuple(manager for manager in managers() if isinstance(manager, SystemManager))


@cache
def language_managers() -> tuple[LanguageManager, ...]:
    """Those of a language's packages."""
    return tuple(manager for manager in managers() if isinstance(manager, LanguageManager))
