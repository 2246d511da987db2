"""Files of the build context that count wherever they are: put at a place of their own, or giving settings beside what is copied."""

from __future__ import annotations

from collections.abc import Mapping

from dockfix.context.build_context import BuildContext, CopySet
from dockfix.lazy import regex
from dockfix.model.actions import Build
from dockfix.model.effects import within
from dockfix.model.layout import Layout
from dockfix.model.puts import Carried
from dockfix.model.stages import Stage, Step

# Where a COPY . . of a project's own root folder must not land: files there could replace the base image's
SYSTEM_FOLDERS = ("bin", "boot", "dev", "etc", "lib", "lib64", "proc", "root", "run", "sbin", "sys", "usr", "var")
# Folders below these that no program of the system looks into: people put their applications there
_OF_APPLICATIONS = ("/usr/src", "/usr/app", "/usr/local/app", "/usr/local/src", "/var/app", "/var/www", "/var/task")
_ENV_FILE = regex(r"(?:.*/)?\.env(?:\.(?:.*\.)?local)?")


def given_settings(context: BuildContext, files: frozenset[str]) -> frozenset[str]:
    """The ``.env`` files of the build context that lie beside or below what is copied, also where they are kept out of it."""
    folders = {name.rpartition("/")[0] for name in files}
    return frozenset(name for name in context.named(_ENV_FILE) if name.rpartition("/")[0] in folders)


def placed(copies: Mapping[Step, CopySet], layout: Layout, files: frozenset[str]) -> frozenset[str]:
    """The files that the Dockerfile puts at a place of their own: named by a COPY, or put into a folder of the system."""
    found: set[str] = set()
    for step, taken in copies.items():
        target = step.copy.target if step.copy is not None else None
        if target is None or _of_the_system(target):
            found |= taken.files
        elif target == "/":
            found |= {name for name in taken.files if _in_the_system(layout, name)}
        found |= taken.files & set(taken.entries)
    return frozenset(found) & files


def carried(layout: Layout) -> frozenset[str]:
    """The files of the build context that come into a stage from another one."""
    puts = [put for put in layout.puts if isinstance(put, Carried)]
    return frozenset(origin.file for put in puts for _, origin in layout.below(put.target) if origin.file)


def built_in(layout: Layout) -> Stage | None:
    """The stage in which a build has made what another stage gets of it; None where none has."""
    stages = (put.image.stage for put in reversed(layout.puts) if isinstance(put, Carried))
    found = (each for each in stages if any(isinstance(unit.effects.action, Build) for _, unit in each.units))
    return next(found, None)


def _in_the_system(layout: Layout, name: str) -> bool:
    return any(map(_of_the_system, layout.of(name)))


def _of_the_system(path: str) -> bool:
    own = any(within(path, folder) for folder in _OF_APPLICATIONS)
    return not own and path.count("/") > 0 and path.split("/")[1] in SYSTEM_FOLDERS
