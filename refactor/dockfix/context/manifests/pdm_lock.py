"""``pdm.lock`` of the lock versions 4.x.

Format: https://pdm-project.org/en/latest/usage/lockfile/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dockfix.context.manifests.locked import (
    EVERY,
    MAIN,
    Distribution,
    Locked,
    LockError,
    Source,
    Wanted,
    by_group,
    file_names,
    name_of,
    numbered,
    table,
    tables,
    text,
    texts,
)
from dockfix.context.manifests.toml import tables_of
from dockfix.knowledge import normalise


def read(whole: str, file: str) -> Locked:
    """Reads the text of a lock. Raises LockError and tomllib.TOMLDecodeError."""
    data = tables_of(whole)
    metadata = table(data.get("metadata", {}), "metadata")
    version = text(metadata, "lock_version")
    if not version.startswith("4."):
        raise LockError(f"its lock version is {version or 'missing'}, and 4.x is known")
    # a package with extras is an entry of its own, without files
    found: dict[tuple[str, str, str], Distribution] = {}
    pairs = []
    for line, entry in numbered(whole, "[[package]]", tables(data.get("package", []), "package")):
        each = _distribution(entry, file, line)
        key = (each.name, each.version, each.marker)
        if key not in found or each.files is not None:
            found[key] = each
        groups = [_group(group) for group in texts(entry.get("groups", []), "groups")] or [EVERY]
        pairs.append((groups, Wanted(each.name, each.version, each.marker)))
    return Locked(file, tuple(found.values()), by_group(pairs))


def _group(name: str) -> str:
    return MAIN if name == "default" else normalise(name)


def _distribution(entry: Mapping[str, Any], file: str, line: int) -> Distribution:
    sources: Mapping[str, Source] = {"git": "vcs", "hg": "vcs", "url": "url", "path": "path"}
    source: Source = next((kind for key, kind in sources.items() if key in entry), "index")
    names = tuple(file_names(tables(entry.get("files", []), "files")))
    return Distribution(
        name_of(entry, line),
        text(entry, "version", line),
        source,
        text(entry, "marker", line),
        files=names or None,
        file=file,
        line=line,
    )
