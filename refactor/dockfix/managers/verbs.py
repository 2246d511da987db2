"""Questions to an action about the kind of its manager."""

from __future__ import annotations

from dockfix.managers.protocol import LanguageManager, SystemManager
from dockfix.model.actions import Action, Clean, Install, Refresh, Remove, Upgrade


def by_system(action: Action | None) -> bool:
    """Whether a manager of a system's packages acts."""
    if isinstance(action, Clean):
        return any(isinstance(manager, SystemManager) for manager in action.managers)
    return isinstance(action, Refresh | Upgrade | Install | Remove) and isinstance(action.manager, SystemManager)


def system_install(action: Action | None) -> Install | None:
    """The install of system packages that an action is, None where it is none."""
    return action if isinstance(action, Install) and isinstance(action.manager, SystemManager) else None


def only_installers(install: Install) -> bool:
    """Whether an install only brings what installs, such as ``pip install --upgrade pip``."""
    manager = install.manager
    names = {package.name for package in install.asked}
    more = install.files or install.projects or install.editable or install.dynamic
    return isinstance(manager, LanguageManager) and bool(names) and names <= manager.installers and not more


def of_language(action: Action | None) -> bool:
    """Whether a manager of a language's packages installs some, or takes some away again."""
    return isinstance(action, Install | Remove) and isinstance(action.manager, LanguageManager)


def language_install(action: Action | None) -> Install | None:
    """The install of a language's packages that an action is, None where it is none."""
    return action if isinstance(action, Install) and isinstance(action.manager, LanguageManager) else None
