"""Whether what builds a Dockerfile takes cache mounts, by the files that tell a service how to build it."""

from __future__ import annotations

import os
from pathlib import Path

from dockfix.context.disk import Disk
from dockfix.context.locate import MAX_LEVELS
from dockfix.knowledge import builders_without_mounts
from dockfix.syntax import decode


def without_mounts(dockerfile: Path) -> str:
    """Why a cache mount would not work where a Dockerfile is built, as a clause that names the file; "" where nothing says so.

    Looked at are its folder and those above, up to the repository's.
    """
    here = dockerfile.absolute()
    for folder in here.parents[: MAX_LEVELS + 1]:
        try:
            names = sorted(each.name for each in folder.iterdir())
        except OSError:
            break
        for builder in builders_without_mounts():
            for name in names:
                text = decode(Disk.read_outside(str(folder / name)) or b"") if builder.file.fullmatch(name) else ""
                if builder.says.search(text) and not (builder.unless and builder.unless.search(text)):
                    return f"{os.path.relpath(folder / name, here.parent)}: {builder.why}"
        if ".git" in names:
            break
    return ""
