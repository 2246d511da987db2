"""Comparisons of the image before with the image after: each gives the differences that the rewrite does not declare."""

from dockfix.verify.compare.access import compare_access, compare_user
from dockfix.verify.compare.commands import compare_commands, lost_programs, wanted_by_config
from dockfix.verify.compare.config import compare_config
from dockfix.verify.compare.files import compare_files
from dockfix.verify.compare.interpreter import broken_interpreters, compare_interpreters
from dockfix.verify.compare.libraries import compare_libraries
from dockfix.verify.compare.packages import compare_modules, compare_packages
from dockfix.verify.compare.start import SERVER_ERROR, compare_start, shows_nothing

__all__ = [
    "SERVER_ERROR",
    "broken_interpreters",
    "compare_access",
    "compare_commands",
    "compare_config",
    "compare_files",
    "compare_interpreters",
    "compare_libraries",
    "compare_modules",
    "compare_packages",
    "compare_start",
    "compare_user",
    "lost_programs",
    "shows_nothing",
    "wanted_by_config",
]
