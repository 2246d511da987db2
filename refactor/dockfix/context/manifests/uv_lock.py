"""``uv.lock``: a graph of packages for every platform, with the files of each.

Format: https://docs.astral.sh/uv/concepts/projects/layout/#the-lockfile
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dockfix.context.manifests.locked import (
    MAIN,
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
    texts,
)
from dockfix.context.manifests.toml import tables_of
from dockfix.knowledge import normalise

_LOCAL = ("editable", "virtual", "directory")
_SOURCES: Mapping[str, Source] = {
    "registry": "index", "git": "vcs", "url": "url", "path": "path", "directory": "path", "editable": "path", "virtual": "path",
}  # fmt: skip


def read(whole: str, file: str) -> Locked:
    """Reads the text of a lock. Raises LockError and tomllib.TOMLDecodeError."""
    data = tables_of(whole)
    if data.get("version") != 1:
        raise LockError(f"its version is {data.get('version')!r} and not 1")
    entries = tables(data.get("package", []), "package")
    found = [_distribution(entry, file, line) for line, entry in numbered(whole, "[[package]]", entries)]
    manifest = table(data.get("manifest", {}), "manifest")
    members = frozenset(map(normalise, texts(manifest.get("members", []), "members")))
    local = {name_of(entry): table(entry.get("source", {}), "source") for entry in entries}
    projects = members or frozenset(
        name for name, source in local.items() if any(source.get(kind) == "." for kind in _LOCAL)
    )
    groups = [
        (group, "manifest", value) for group, value in table(manifest.get("dependency-groups", {}), "groups").items()
    ]
    if not projects and not groups and not manifest.get("requirements"):
        raise LockError("it names no project that it is for")
    roots: dict[str, tuple[Wanted, ...]] = {
        MAIN: tuple(map(_wanted, tables(manifest.get("requirements", []), "requirements")))
    }
    for entry in entries:
        if name_of(entry) in projects:
            groups.append((MAIN, "dependencies", entry.get("dependencies", [])))
            for kind in ("optional-dependencies", "dev-dependencies", "dependency-groups"):
                groups += [(name, kind, value) for name, value in table(entry.get(kind, {}), kind).items()]
    for name, kind, value in groups:
        group = normalise(name)
        roots[group] = (*roots.get(group, ()), *map(_wanted, tables(value, kind)))
    return Locked(file, tuple(found), roots, projects)


def _distribution(entry: Mapping[str, Any], file: str, line: int) -> Distribution:
    name = name_of(entry, line)
    given = table(entry.get("source", {}), "source", line)
    source = next((kind for key, kind in _SOURCES.items() if key in given), None)
    if source is None:
        raise LockError(f"the source of {name} is of no known kind", line)
    sdist = [table(entry["sdist"], "sdist", line)] if "sdist" in entry else []
    files = tuple(file_names([*tables(entry.get("wheels", []), "wheels"), *sdist])) if source != "vcs" else ()
    return Distribution(
        name,
        text(entry, "version", line),
        source,
        "",
        tuple(map(_wanted, tables(entry.get("dependencies", []), "dependencies"))),
        {
            normalise(extra): tuple(map(_wanted, tables(value, extra)))
            for extra, value in table(entry.get("optional-dependencies", {}), "optional-dependencies", line).items()
        },
        files or None,
        file,
        line,
    )


def _wanted(entry: Mapping[str, Any]) -> Wanted:
    extras = texts(entry.get("extra", entry.get("extras", [])), "extra")
    return Wanted(name_of(entry), text(entry, "version"), text(entry, "marker"), frozenset(map(normalise, extras)))
