"""Which stages are named as the target of a build, in Compose and Bake files, workflows, scripts and Makefiles around a Dockerfile."""

from __future__ import annotations

import os
import posixpath
from functools import lru_cache
from pathlib import Path

from dockfix.context.disk import Disk
from dockfix.context.locate import MAX_LEVELS
from dockfix.context.run_commands import WRITTEN_IN
from dockfix.lazy import regex
from dockfix.syntax import decode

_FILE = regex(rf"{WRITTEN_IN.pattern}|(?i:.*\.(?:hcl|py|js|ts|groovy|yaml|tf)|jenkinsfile.*|\.gitlab-ci.*)")
_TARGET = regex(r"(?i)(?:--target[= ]|\btarget[\"']?\s*[:=]\s*)[\"']?([\w.-]+)")
_INSIDE = ("", ".github/workflows", ".circleci", "scripts", "script", "bin", "ci", ".ci", "deploy", "docker", "build")
_MOST = 200


def named_targets(dockerfile: Path) -> frozenset[str]:
    """The names, in small letters, in the folder of a Dockerfile and those above it, up to the repository's. Never raises."""
    here = dockerfile.absolute().parent
    folders = (here, *here.parents)[: MAX_LEVELS + 1]
    top = next((number for number, folder in enumerate(folders) if (folder / ".git").exists()), 0)
    found: set[str] = set()
    for folder in folders[: top + 1]:
        try:
            found |= _named(str(folder), folder.stat().st_mtime_ns)
        except OSError:
            break
    return frozenset(found)


@lru_cache(maxsize=1024)
def _named(folder: str, _stamp: int) -> frozenset[str]:
    found: set[str] = set()
    for inside in _INSIDE:
        place = posixpath.join(folder, inside)
        try:
            listed = os.listdir(place)  # noqa: PTH208  (names are all that it takes)
        except OSError:
            continue
        for name in [each for each in sorted(listed) if _FILE.fullmatch(each) and "lock" not in each][:_MOST]:
            found |= {
                each.lower() for each in _TARGET.findall(decode(Disk.read_outside(posixpath.join(place, name)) or b""))
            }
    return frozenset(found)
