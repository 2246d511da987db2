"""Questions to an action about the kind of its manager."""

from __future__ import annotations

from typing import TypeGuard

from dockfix.managers.protocol import LanguageManager, SystemManager
from dockfix.model.actions import Action, Clean, Install, Provide, Refresh, Remove, Upgrade


def by_system(action: Action | None) -> bool:
    """Whether a manager of a system's packages acts."""
    if isinstance(action, Clean):
        return any(isinstance(manager, SystemManager) for manager in action.managers)
    return isinstance(action, Refresh | Upgrade | Install | Remove) and isinstance(action.manager, SystemManager)


def system_install(action: Action | None) -> Install | None:
    """The install of system packages that an action is, None where it is none."""
    return action if isinstance(action, Install) and isinstance(action.manager, SystemManager) else None


def only_installers(install: Install, alone: bool = False) -> bool:
    """Whether an install only brings what installs and makes environments, such as ``pip install --upgrade pip``.

    With ``alone`` only the manager itself.
    """
    manager = install.manager
    if not isinstance(manager, LanguageManager):
        return False
    names = {package.name for package in install.asked}
    if alone and names != {manager.id}:
        return False
    more = install.files or install.projects or install.editable or install.dynamic
    return bool(names) and names <= manager.installers | manager.makers.keys() and not more


def of_language(action: Action | None) -> bool:
    """Whether a manager of a language's packages installs some, or takes some away again."""
    return isinstance(action, Install | Remove) and isinstance(action.manager, LanguageManager)


def language_install(action: Action | None) -> Install | None:
    """The install of a language's packages that an action is, None where it is none."""
    return action if isinstance(action, Install) and isinstance(action.manager, LanguageManager) else None


def needs_runtime(manager: object) -> TypeGuard[LanguageManager]:
    """Whether it is a manager of packages that only what runs their language can install."""
    return isinstance(manager, LanguageManager) and manager.needs_runtime


def tells_server(action: Action | None) -> bool:
    """Whether the system's manager is told from which server to take what runs a language of such a manager."""
    return isinstance(action, Provide) and not action.paths and needs_runtime(action.manager)
