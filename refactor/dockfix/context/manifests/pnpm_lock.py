"""``pnpm-lock.yaml`` of the lock versions 5.x, 6.x and 9.0.

Format: https://github.com/pnpm/spec/tree/master/lockfile
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from dockfix.context.manifests.locked import LockError, table
from dockfix.context.manifests.package_lock import source_of
from dockfix.context.manifests.package_tree import From, LockedPackage, Need, PackageTree, untold_script, with_kinds
from dockfix.context.manifests.plain_yaml import mapping_of
from dockfix.lazy import regex

_KINDS = (
    ("dependencies", "production"),
    ("optionalDependencies", "optional"),
    ("devDependencies", "development"),
)
# The key of a package: /@scope/name/1.0.0_peer (5.x), /@scope/name@1.0.0(peer) (6.x), @scope/name@1.0.0(peer) (9.0)
_OLD = regex(r"/?((?:@[^/]+/)?[^/@]+)/([^/_(]+)")
_NEW = regex(r"/?((?:@[^/]+/)?[^/@]+)@([^(]+)")


def read(whole: str, file: str, project: str | None = None) -> PackageTree:
    """Reads the text of a lock. Raises LockError."""
    # newer releases put the manager's own lock in front of it, as a document of its own
    data = mapping_of(re.split(r"(?m)^---\s*$", whole)[-1])
    version = str(data.get("lockfileVersion", ""))
    major = version.partition(".")[0]
    if major not in {"5", "6", "9"}:
        raise LockError(f"its lock version is {version or 'missing'}, and 5, 6 and 9 are known")
    lines = {
        row.strip()[:-1].strip("'\""): number
        for number, row in enumerate(whole.splitlines(), 1)
        if row.startswith("  ") and row[2:3] != " " and row.rstrip().endswith(":")
    }
    packages = table(data.get("packages", {}) or {}, "packages")
    snapshots = table(data.get("snapshots", {}) or {}, "snapshots") if major == "9" else packages
    found: list[LockedPackage] = []
    by_key: dict[str, LockedPackage] = {}
    for key, given in (snapshots or packages).items():
        own = table(given, key) if given != "" else {}
        about = _about(packages, key) if major == "9" else own
        each = _package(key, own, about, major, lines)
        found.append(each)
        by_key[key] = each
    roots = {
        ("" if folder == "." else folder): tuple(_roots(table(entry, folder) if entry != "" else {}))
        for folder, entry in _importers(data)
    }

    def resolved(asking: LockedPackage | str, need: Need) -> LockedPackage | None:
        return next((by_key[key] for key in _keys(need.name, need.wanted) if key in by_key), None)

    tree = PackageTree(file, version, tuple(found), roots, resolved)
    return with_kinds(tree) if major == "9" else tree


def _importers(data: Mapping[str, Any]) -> list[tuple[str, Any]]:
    given = data.get("importers")
    return list(table(given, "importers").items()) if given else [(".", data)]


def _about(packages: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """What version 9 says of a package apart from how it is put together: without the peers behind its name."""
    return table(packages.get(key.partition("(")[0], packages.get(key, {})) or {}, key)


def _package(
    key: str, own: Mapping[str, Any], about: Mapping[str, Any], major: str, lines: Mapping[str, int]
) -> LockedPackage:
    match = (_OLD if major == "5" else _NEW).match(key)
    resolution = about.get("resolution", {})
    resolution = resolution if isinstance(resolution, dict) else {}
    name = about.get("name") or (match[1] if match else key)
    version = about.get("version") or (match[2] if match else "")
    source = _source(resolution, key)
    scripts: bool | None = about.get("requiresBuild") == "true"
    if major == "9":  # the lock no longer tells
        scripts = untold_script(str(name), str(version), source)
    return LockedPackage(
        str(name),
        str(version),
        development=own.get("dev") == "true" if major != "9" and "dev" in own else None,
        optional=own.get("optional") == "true",
        install_script=scripts,
        os=_list(about.get("os")),
        cpu=_list(about.get("cpu")),
        libc=_list(about.get("libc")),
        source=source,
        link=str(resolution.get("directory", "")),
        needs=tuple(_needs(own)),
        programs=None if about.get("hasBin") == "true" else (),
        key=key,
        line=lines.get(key, 0),
    )


def _source(resolution: Mapping[str, Any], key: str) -> From:
    if resolution.get("type") == "directory" or "directory" in resolution:
        return "path"
    if resolution.get("type") == "git" or "repo" in resolution:
        return "git"
    address = resolution.get("tarball")
    if isinstance(address, str) and "integrity" not in resolution:
        return source_of(address)
    return "path" if "@file:" in key or key.startswith("file:") else "registry"


def _needs(entry: Mapping[str, Any]) -> Iterator[Need]:
    for key, kind in _KINDS[:2]:
        for name, wanted in table(entry.get(key) or {}, key).items():
            yield Need(name, wanted if isinstance(wanted, str) else "", kind)  # type: ignore[arg-type]  # one of them


def _roots(entry: Mapping[str, Any]) -> Iterator[Need]:
    for key, kind in _KINDS:
        for name, given in table(entry.get(key) or {}, key).items():
            # from 6 on with the range beside the version
            wanted = given.get("version", "") if isinstance(given, dict) else given
            yield Need(name, str(wanted), kind)  # type: ignore[arg-type]  # one of them


def _keys(name: str, wanted: str) -> tuple[str, ...]:
    """The keys that a version may have: an alias names another package by a key of its own."""
    return f"/{name}/{wanted}", f"/{name}@{wanted}", f"{name}@{wanted}", wanted, f"/{wanted}"


def _list(value: object) -> tuple[str, ...]:
    found = [value] if isinstance(value, str) and value else value
    return tuple(each for each in found if isinstance(each, str)) if isinstance(found, list) else ()
