"""Which paths of an image are the system's: where packages and interpreters are, and what tools keep."""

from __future__ import annotations

import re
from functools import cache

from dockfix.knowledge.system_places import system_places
from dockfix.managers.databases import DATABASES
from dockfix.managers.registry import system_managers
from dockfix.runtimes.registry import runtimes


@cache
def system() -> re.Pattern[str]:
    """Where packages and interpreters are, which are compared as such, and where tools keep what they can make anew."""
    patterns = [*system_places()]
    folders = [folder for database in DATABASES for folder in database.folders]
    folders += [folder for manager in system_managers() for folder in (*manager.leaves, *manager.reads)]
    patterns += map(re.escape, folders)
    for runtime in runtimes():
        if runtime.told_by:
            continue  # what lies in such a folder may be another program's own: see ``of_packages``
        patterns += [f"(?:/.*)?/(?:{runtime.package_folder})", runtime.library, runtime.remade, *runtime.leavings]
    return re.compile(f"(?:{'|'.join(patterns)})(?:/.*)?", re.DOTALL)


@cache
def of_packages(names: frozenset[str]) -> re.Pattern[str]:
    """The paths of packages, and of what managers keep, of those runtimes among ``names`` that are not looked for in every image."""
    patterns = ["(?!)"]
    for runtime in runtimes():
        if runtime.told_by and runtime.id in names:
            patterns += [f"(?:/.*)?/(?:{runtime.package_folder})", runtime.library, runtime.remade, *runtime.leavings]
    return re.compile(f"(?:{'|'.join(patterns)})(?:/.*)?", re.DOTALL)
