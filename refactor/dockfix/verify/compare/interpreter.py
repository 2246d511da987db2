"""The interpreters of virtual environments, which are links to one outside."""

from __future__ import annotations

import posixpath

from dockfix.verify.image import Image
from dockfix.verify.verdict import Finding


def broken_interpreters(before: Image, after: Image) -> list[Finding]:
    """The links bin/python* of the virtual environments that lead to no program, where they did not before."""
    found = []
    for path, entry in sorted(after.snapshot.entries.items()):
        folder, name = posixpath.split(path)
        environment, last = posixpath.split(folder)
        if (
            entry.kind == "link"
            and last == "bin"
            and name.startswith("python")
            and posixpath.join(environment, "pyvenv.cfg") in after.snapshot.entries
            and not after.snapshot.is_program(path)
            and (path not in before.snapshot.entries or before.snapshot.is_program(path))
        ):
            found.append(
                Finding(
                    "interpreter", path, f"{path} is a link to {entry.target}, which is no program in the new image"
                )
            )
    return found
