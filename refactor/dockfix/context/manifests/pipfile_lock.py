"""``Pipfile.lock``, specification 6.

Format: https://github.com/pypa/pipfile#pipfilelock
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from dockfix.context.manifests.locked import (
    DEV,
    MAIN,
    Distribution,
    Locked,
    LockError,
    Source,
    Wanted,
    by_group,
    table,
    text,
)
from dockfix.knowledge import normalise

_SOURCES: Mapping[str, Source] = {
    "git": "vcs", "hg": "vcs", "svn": "vcs", "bzr": "vcs", "path": "path", "editable": "path", "file": "url",
}  # fmt: skip


def read(whole: str, file: str) -> Locked:
    """Reads the text of a lock, which lists no files but their hashes. Raises LockError and json.JSONDecodeError."""
    data = table(json.loads(whole), "the whole")
    specification = table(data.get("_meta", {}), "_meta").get("pipfile-spec")
    if specification != 6:
        raise LockError(f"its specification is {specification!r} and not 6")
    found: dict[tuple[str, str, str], Distribution] = {}
    pairs = []
    for section, group in (("default", MAIN), ("develop", DEV)):
        for name, given in table(data.get(section, {}), section).items():
            each = _distribution(name, table(given, name), file, _line(whole, name))
            found.setdefault((each.name, each.version, each.marker), each)
            pairs.append(((group,), Wanted(each.name, each.version, each.marker)))
    return Locked(file, tuple(found.values()), by_group(pairs))


def _distribution(name: str, entry: Mapping[str, Any], file: str, line: int) -> Distribution:
    source: Source = next((kind for key, kind in _SOURCES.items() if entry.get(key)), "index")
    version = text(entry, "version", line)
    if source == "index" and not re.fullmatch(r"===?[^*,<>]+", version):
        raise LockError(f"{name} has no version of its own", line)
    return Distribution(
        normalise(name), version.lstrip("="), source, text(entry, "markers", line), file=file, line=line
    )


def _line(whole: str, name: str) -> int:
    at = whole.find(f"{json.dumps(name)}: {{")
    return whole.count("\n", 0, at) + 1 if at >= 0 else 0
