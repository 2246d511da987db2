"""What dockfix knows of packages and images: tables with typed questions. Importing this parses none of them."""

from dockfix.knowledge.apk import ApkRole, apk_role, apk_runtime
from dockfix.knowledge.apt import (
    BuildOnly,
    Role,
    alongside,
    build_only,
    commands,
    holds,
    known_packages,
    known_suites,
    recommends,
    role,
    runtime_libraries,
)
from dockfix.knowledge.base_images import DEFAULT_PATH, BaseImage, Variant, base_image, starts_as_root
from dockfix.knowledge.command_options import CommandOptions, command_options
from dockfix.knowledge.full_image import full_compilers, full_libraries, full_programs, slim_reference
from dockfix.knowledge.linters import Linter, linters, reader_of
from dockfix.knowledge.python_packages import (
    Needs,
    calls,
    compiles_at_run_time,
    needs_dev_packages,
    needs_libraries,
    normalise,
    python_needs,
)

__all__ = [
    "DEFAULT_PATH",
    "ApkRole",
    "BaseImage",
    "BuildOnly",
    "CommandOptions",
    "Linter",
    "Needs",
    "Role",
    "Variant",
    "alongside",
    "apk_role",
    "apk_runtime",
    "base_image",
    "build_only",
    "calls",
    "command_options",
    "commands",
    "compiles_at_run_time",
    "full_compilers",
    "full_libraries",
    "full_programs",
    "holds",
    "known_packages",
    "known_suites",
    "linters",
    "needs_dev_packages",
    "needs_libraries",
    "normalise",
    "python_needs",
    "reader_of",
    "recommends",
    "role",
    "runtime_libraries",
    "slim_reference",
    "starts_as_root",
]
