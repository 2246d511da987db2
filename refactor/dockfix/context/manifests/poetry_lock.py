"""``poetry.lock`` of the lock versions 1.0 to 2.1.

Format: https://github.com/python-poetry/poetry/blob/main/src/poetry/packages/locker.py
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

from dockfix.context.manifests.locked import (
    DEV,
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

_VERSIONS = ("1.0", "1.1", "2.0", "2.1")
_SOURCES: Mapping[str, Source] = {
    "": "index", "legacy": "index", "git": "vcs", "url": "url", "file": "path", "directory": "path",
}  # fmt: skip


def read(whole: str, file: str, project: str | None = None) -> Locked:
    """Reads the text of a lock; ``project`` is that of the pyproject.toml beside it. Raises LockError and tomllib.TOMLDecodeError.

    Before 2.1 the lock does not say which group a package is for: the project does, or else it is for all of them.
    """
    data = tables_of(whole)
    metadata = table(data.get("metadata", {}), "metadata")
    version = text(metadata, "lock-version") or "1.0"
    if version not in _VERSIONS:
        raise LockError(f"its lock version is {version}, and those known are {', '.join(_VERSIONS)}")
    apart = table(metadata.get("files", {}), "files")
    entries = tables(data.get("package", []), "package")
    found: list[Distribution] = []
    flat: list[tuple[Collection[str], Wanted]] = []
    extras = {normalise(extra): names for extra, names in table(data.get("extras", {}), "extras").items()}
    for line, entry in numbered(whole, "[[package]]", entries):
        each = _distribution(entry, apart, file, line)
        found.append(each)
        for group, marker in _groups(entry, extras):
            flat.append(((group,), Wanted(each.name, each.version, marker)))
    tells = version == "2.1" or any("category" in entry for entry in entries)
    own = _roots_of_project(project) if project is not None and not tells else None
    if not own:  # the groups name all that is for them, what is brought as well
        found = [replace(each, requires=(), extras={}) for each in found]
    else:
        there = {each.name for each in found}
        own = {group: tuple(each for each in wanted if each.name in there) for group, wanted in own.items()}
        for extra, names in extras.items():
            own[extra] = (*own.get(extra, ()), *(Wanted(_name(each)) for each in texts(names, extra)))
    return Locked(file, tuple(found), own or by_group(flat))


def _distribution(entry: Mapping[str, Any], apart: Mapping[str, Any], file: str, line: int) -> Distribution:
    name = name_of(entry, line)
    kind = text(table(entry.get("source", {}), "source", line), "type", line)
    if kind not in _SOURCES:
        raise LockError(f"the source of {name} is {kind!r}, which is not known", line)
    files = entry.get("files", next((apart[key] for key in apart if normalise(key) == name), []))
    names = tuple(file_names(tables(files, "files")))
    return Distribution(
        name,
        text(entry, "version", line),
        _SOURCES[kind],
        "",
        tuple(_requires(table(entry.get("dependencies", {}), "dependencies", line))),
        {
            normalise(extra): tuple(Wanted(_name(each)) for each in texts(value, extra))
            for extra, value in table(entry.get("extras", {}), "extras", line).items()
        },
        names or None,
        file,
        line,
    )


def _groups(entry: Mapping[str, Any], extras: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The groups that a package is for, each with its marker."""
    markers = entry.get("markers", "")
    if "groups" in entry:
        for group in texts(entry["groups"], "groups"):
            marker = markers.get(group, "") if isinstance(markers, dict) else markers
            if entry.get("optional") and group == MAIN:
                yield from ((extra, "") for extra in extras)
            else:
                yield (normalise(group)), marker
    elif entry.get("optional"):
        yield from ((extra, "") for extra in extras)
    elif "category" in entry:
        yield (MAIN if entry["category"] == MAIN else DEV), ""
    else:
        yield EVERY, ""


def _requires(entries: Mapping[str, Any]) -> Iterator[Wanted]:
    for name, given in entries.items():
        for each in given if isinstance(given, list) else [given]:
            details = each if isinstance(each, dict) else {}
            # an optional one comes by an extra, which names it
            if not details.get("optional"):
                extras = texts(details.get("extras", []), "extras")
                yield Wanted(normalise(name), "", text(details, "markers"), frozenset(map(normalise, extras)))


def _roots_of_project(project: str) -> dict[str, tuple[Wanted, ...]] | None:
    """What a project asks for in each of its groups; None where its file says nothing of that."""
    try:
        data = tables_of(project)
        tool = table(table(data.get("tool", {}), "tool").get("poetry", {}), "poetry")
        groups: list[tuple[str, object]] = [
            (MAIN, tool.get("dependencies", {})),
            (DEV, tool.get("dev-dependencies", {})),
            *((name, table(each, name).get("dependencies", {})) for name, each in tool.get("group", {}).items()),
        ]
        pairs = [
            ((normalise(group),), wanted)
            for group, entries in groups
            for wanted in _requires({name: each for name, each in table(entries, group).items() if name != "python"})
        ]
        standard = table(data.get("project", {}), "project")
        pairs += [((MAIN,), Wanted(_name(each))) for each in texts(standard.get("dependencies", []), "dependencies")]
        pairs += [
            ((normalise(group),), Wanted(_name(each)))
            for kind in (standard.get("optional-dependencies", {}), data.get("dependency-groups", {}))
            for group, entries in table(kind, "groups").items()
            for each in entries
            if isinstance(each, str)
        ]
    except (tomllib.TOMLDecodeError, LockError, AttributeError):
        return None
    return by_group(pairs) or None


def _name(requirement: str) -> str:
    found = re.match(r"\s*([A-Za-z0-9][\w.-]*)", requirement)
    return normalise(found[1]) if found else ""
