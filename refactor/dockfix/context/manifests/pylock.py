"""``pylock.toml`` and ``pylock.NAME.toml``.

Format: https://packaging.python.org/en/latest/specifications/pylock-toml/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dockfix.context.manifests.locked import (
    EVERY,
    Distribution,
    Locked,
    LockError,
    Source,
    Wanted,
    file_names,
    name_of,
    numbered,
    table,
    tables,
    text,
)
from dockfix.context.manifests.toml import tables_of


def read(whole: str, file: str) -> Locked:
    """Reads the text of a lock. Raises LockError and tomllib.TOMLDecodeError.

    Groups and extras are in the markers.
    """
    data = tables_of(whole)
    version = data.get("lock-version")
    if not (isinstance(version, str) and version.startswith("1.")):
        raise LockError(f"its lock version is {version!r}, and 1.x is known")
    found = [
        _distribution(entry, file, line)
        for line, entry in numbered(whole, "[[packages]]", tables(data.get("packages", []), "packages"))
    ]
    return Locked(file, tuple(found), {EVERY: tuple(Wanted(each.name, each.version) for each in found)})


def _distribution(entry: Mapping[str, Any], file: str, line: int) -> Distribution:
    sources: Mapping[str, Source] = {"vcs": "vcs", "directory": "path", "archive": "url"}
    source: Source = next((kind for key, kind in sources.items() if key in entry), "index")
    single = [table(entry[key], key, line) for key in ("sdist", "archive") if key in entry]
    names = tuple(file_names([*tables(entry.get("wheels", []), "wheels"), *single]))
    return Distribution(
        name_of(entry, line),
        text(entry, "version", line),
        source,
        text(entry, "marker", line),
        files=names or None,
        file=file,
        line=line,
    )
