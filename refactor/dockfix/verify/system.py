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
        patterns += [f"(?:/.*)?/(?:{runtime.package_folder})", runtime.library, runtime.remade, *runtime.leavings]
    return re.compile(f"(?:{'|'.join(patterns)})(?:/.*)?", re.DOTALL)
