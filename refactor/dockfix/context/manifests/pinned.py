"""The names of what locks have, in whatever form they are: what each package is, their own readers tell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from dockfix.context.manifests.manifest import Pinned
from dockfix.context.manifests.toml import tables_of
from dockfix.knowledge import normalise


def pinned(text: str) -> tuple[Pinned, ...]:
    """The packages that a lock of uv, Poetry or PDM has, but those of the project and its workspace; () where it is no such file.

    Also of a lock in whose form nothing else is certain.
    """
    try:
        packages = tables_of(text).get("package")
    except (ValueError, RecursionError):
        return ()
    found: list[Pinned] = []
    for each in packages if isinstance(packages, list) else ():
        source = each.get("source", {}) if isinstance(each, dict) else {}
        name = each.get("name") if isinstance(each, dict) else None
        if (
            isinstance(name, str)
            and isinstance(source, dict)
            and source.keys().isdisjoint({"editable", "virtual", "directory"})
        ):
            found.append(Pinned(normalise(name), _source(source)))
    return tuple(found)


def _source(source: Mapping[str, object]) -> Literal["index", "vcs", "url", "path"]:
    if "git" in source:
        return "vcs"
    return "path" if "path" in source else "url" if "url" in source else "index"


def pinned_in_sections(text: str, groups: frozenset[str]) -> tuple[Pinned, ...]:
    """The packages of a Pipfile.lock that these groups have; () where it cannot be read."""
    import json

    try:
        data: Any = json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        return ()
    if not isinstance(data, dict):
        return ()
    sections = {"_meta"} if "dev" in groups else {"_meta", "develop"}
    tables = [table for name, table in data.items() if name not in sections and isinstance(table, dict)]
    return tuple(
        Pinned(normalise(name), "vcs" if isinstance(each, dict) and "git" in each else "index")
        for table in tables
        for name, each in table.items()
    )
