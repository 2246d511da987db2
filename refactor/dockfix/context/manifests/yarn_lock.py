"""``yarn.lock``: of version 1, which has a form of its own, and of Berry (versions 2 and later), which is YAML.

Formats: https://classic.yarnpkg.com/lang/en/docs/yarn-lock/, https://yarnpkg.com/configuration/manifest
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Any

from dockfix.context.manifests.locked import LockError, table
from dockfix.context.manifests.package_lock import needs_of_project, source_of
from dockfix.context.manifests.package_tree import From, LockedPackage, Need, PackageTree, untold_script, with_kinds
from dockfix.context.manifests.plain_yaml import mapping_of
from dockfix.lazy import regex

_HEADER = regex(r"(?m)^# yarn lockfile v1")
_CONDITION = regex(r"(os|cpu|libc)=([\w!]+)")


def read(whole: str, file: str, project: str | None = None) -> PackageTree:
    """Reads the text of a lock; ``project`` is that of the package.json beside it. Raises LockError and json.JSONDecodeError.

    Neither form says what is for development: the project does. Of install scripts only Berry's says something: nothing.
    """
    if re.search(r"(?m)^__metadata:", whole):
        return _berry(whole, file, project)
    if _HEADER.search(whole) is None and whole.strip():
        raise LockError("it is no yarn.lock of a version that is known")
    return _classic(whole, file, project)


def _classic(whole: str, file: str, project: str | None) -> PackageTree:
    found: list[LockedPackage] = []
    by_key: dict[tuple[str, str], LockedPackage] = {}
    for keys, fields, needs, line in _entries(whole):
        version, address = fields.get("version", ""), fields.get("resolved", "")
        if not version:
            raise LockError(f"{keys[0]} has no version", line)
        called, wanted = _split(keys[0])
        alias = wanted.removeprefix("npm:") if wanted.startswith("npm:") else ""
        name = _split(alias)[0] if "@" in alias[1:] else called
        source = source_of(wanted) if ":" in wanted and not alias else source_of(address)
        package = LockedPackage(
            name,
            version,
            install_script=untold_script(name, version, source),
            source=source,
            needs=tuple(needs),
            key=keys[0],
            line=line,
        )
        found.append(package)
        by_key |= {_split(key): package for key in keys}

    def resolved(asking: LockedPackage | str, need: Need) -> LockedPackage | None:
        return by_key.get((need.name, need.wanted))

    roots = {"": tuple(needs_of_project(project))} if project is not None else {}
    tree = PackageTree(file, "1", tuple(found), roots, resolved)
    return with_kinds(tree) if roots else tree


def _entries(whole: str) -> Iterator[tuple[list[str], dict[str, str], list[Need], int]]:
    """The keys, fields, needs and line of each entry."""
    keys: list[str] = []
    fields: dict[str, str] = {}
    needs: list[Need] = []
    start, kind = 0, ""
    for number, row in enumerate(whole.splitlines(), 1):
        text = row.strip()
        if not text or text.startswith("#"):
            continue
        indent = len(row) - len(row.lstrip(" "))
        if indent == 0:
            if keys:
                yield keys, fields, needs, start
            if not text.endswith(":"):
                raise LockError("a line is neither a key nor a value", number)
            keys = [each.strip().strip('"') for each in text[:-1].split(",")]
            fields, needs, start, kind = {}, [], number, ""
        elif indent == 2:
            kind = {"dependencies:": "production", "optionalDependencies:": "optional"}.get(text, "")
            if not text.endswith(":"):
                name, value = _pair(text, number)
                fields[name] = value
        elif indent == 4 and kind:
            name, value = _pair(text, number)
            needs.append(Need(name, value, kind))  # type: ignore[arg-type]  # it is one of the two
    if keys:
        yield keys, fields, needs, start


def _pair(text: str, number: int) -> tuple[str, str]:
    if text.startswith('"'):
        name, quote, value = text[1:].partition('"')
    else:
        name, quote, value = text.partition(" ")
    if not quote or not name:
        raise LockError("a line is neither a key nor a value", number)
    return name, value.strip().strip('"')


def _split(key: str) -> tuple[str, str]:
    """A key such as ``@babel/core@^7.0.0`` in two."""
    name, _, wanted = key[1:].partition("@")
    return key[:1] + name, wanted


def _berry(whole: str, file: str, project: str | None) -> PackageTree:
    data = mapping_of(whole)
    version = str(table(data.get("__metadata", {}), "__metadata").get("version", ""))
    lines = _lines_of(whole)
    found: list[LockedPackage] = []
    by_key: dict[tuple[str, str], LockedPackage] = {}
    roots: dict[str, tuple[Need, ...]] = {}
    for key, given in data.items():
        if key == "__metadata":
            continue
        entry = table(given, key)
        resolution = entry.get("resolution", "")
        name, wanted = _split(resolution) if isinstance(resolution, str) and resolution else _split(key.split(", ")[0])
        needs = tuple(_needs(entry))
        if wanted.startswith("workspace:"):
            folder = posixpath.normpath(wanted.removeprefix("workspace:"))
            folder = "" if folder == "." else folder
            roots[folder] = needs
            continue
        conditions = _conditions(entry.get("conditions"))
        number, source = str(entry.get("version", "")), _source(wanted)
        package = LockedPackage(
            name,
            number,
            install_script=untold_script(name, number, source),
            source=source,
            needs=needs,
            programs=tuple(entry["bin"]) if isinstance(entry.get("bin"), dict) else (),
            os=conditions.get("os", ()),
            cpu=conditions.get("cpu", ()),
            libc=conditions.get("libc", ()),
            key=key,
            line=lines.get(key, 0),
        )
        found.append(package)
        by_key |= {_split(each): package for each in key.split(", ")}

    def resolved(asking: LockedPackage | str, need: Need) -> LockedPackage | None:
        for wanted in (need.wanted, f"npm:{need.wanted}"):
            package = by_key.get((need.name, wanted))
            if package is not None:
                return package
        return None

    # what a project asks for is one list here: only its own file says what is for development
    if project is not None and "" in roots:
        kinds = {need.name: need.kind for need in needs_of_project(project)}
        roots[""] = tuple(need._replace(kind=kinds.get(need.name, need.kind)) for need in roots[""])
    tree = PackageTree(file, version, tuple(found), roots, resolved)
    return with_kinds(tree) if project is not None and roots.keys() == {""} else tree


def _lines_of(whole: str) -> dict[str, int]:
    return {
        row.rstrip()[:-1].strip('"'): number
        for number, row in enumerate(whole.splitlines(), 1)
        if row and row[0] not in " #" and row.rstrip().endswith(":")
    }


def _needs(entry: Mapping[str, Any]) -> Iterator[Need]:
    meta = table(entry.get("dependenciesMeta", {}), "dependenciesMeta")
    for name, wanted in table(entry.get("dependencies", {}), "dependencies").items():
        optional = isinstance(meta.get(name), dict) and meta[name].get("optional") == "true"
        yield Need(name, wanted if isinstance(wanted, str) else "", "optional" if optional else "production")


def _source(wanted: str) -> From:
    kind = wanted.partition(":")[0]
    if kind in {"npm", "patch"}:
        return "registry"
    if kind in {"file", "link", "portal", "exec"}:
        return "path"
    return source_of(wanted)


def _conditions(given: object) -> dict[str, tuple[str, ...]]:
    """``os=linux & cpu=x64 & libc=glibc``"""
    found: dict[str, tuple[str, ...]] = {}
    for name, value in _CONDITION.findall(given if isinstance(given, str) else ""):
        found[name] = (*found.get(name, ()), value)
    return found
