"""The shared libraries that programs and modules are linked with."""

from __future__ import annotations

import posixpath

from dockfix.verify.image import Image
from dockfix.verify.verdict import Finding


def compare_libraries(before: Image, after: Image) -> list[Finding]:
    """The libraries that a file does not find in the image after, unless a file of that name lacked it before.

    Nothing where either image was not checked.
    """
    if before.missing is None or after.missing is None:
        return []
    known = {(library, posixpath.basename(path)) for path, libraries in before.missing.items() for library in libraries}
    needed: dict[str, list[str]] = {}
    for path, libraries in sorted(after.missing.items()):
        for library in libraries:
            if (library, posixpath.basename(path)) not in known:
                needed.setdefault(library, []).append(path)
    found = []
    for library, paths in sorted(needed.items()):
        who = f"{paths[0]} needs it" if len(paths) == 1 else f"{paths[0]} and {len(paths) - 1} more need it"
        found.append(Finding("libraries", library, f"{library} is missing; {who}"))
    return found
