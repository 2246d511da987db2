"""``package-lock.json`` and ``npm-shrinkwrap.json`` of the lock versions 1 to 3.

Format: https://docs.npmjs.com/cli/v11/configuring-npm/package-lock-json
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator, Mapping
from typing import Any

from dockfix.context.manifests.locked import LockError, table, text
from dockfix.context.manifests.package_tree import From, LockedPackage, Need, PackageTree, untold_script

_INSIDE = "node_modules/"
_KINDS = (
    ("dependencies", "production"),
    ("devDependencies", "development"),
    ("optionalDependencies", "optional"),
    ("peerDependencies", "peer"),
)


def read(whole: str, file: str, project: str | None = None) -> PackageTree:
    """Reads the text of a lock; ``project`` is that of the package.json beside it. Raises LockError and json.JSONDecodeError."""
    data = table(json.loads(whole.removeprefix("\ufeff")), "the lock")
    version = data.get("lockfileVersion", 1)
    if version not in (1, 2, 3):  # whatever it is, a list too
        raise LockError(f"its lock version is {version!r}, and 1 to 3 are known")
    if "packages" in data:
        return _placed(table(data["packages"], "packages"), file, str(version))
    return _nested(data, file, project)


def _placed(entries: Mapping[str, Any], file: str, version: str) -> PackageTree:
    """Lock versions 2 and 3: each entry has its place; those outside of node_modules are projects."""
    found: list[LockedPackage] = []
    roots: dict[str, tuple[Need, ...]] = {}
    for place, given in entries.items():
        entry = table(given, place or "the root")
        if _INSIDE not in f"{place}/":
            roots[place] = tuple(needs_of(entry, root=True))
        else:
            found.append(_package(place, entry))
    by_place = {each.place: each for each in found}

    def resolved(asking: LockedPackage | str, need: Need) -> LockedPackage | None:
        return nearest(by_place, asking if isinstance(asking, str) else asking.link or asking.place, need.name)

    return PackageTree(file, version, tuple(found), roots, resolved)


def nearest(by_place: Mapping[str, LockedPackage], folder: str, name: str) -> LockedPackage | None:
    """The package that a name means in a folder: the nearest node_modules that has it."""
    while True:
        found = by_place.get(posixpath.join(folder, _INSIDE, name))
        if found is not None or folder.strip("/") == "":
            return found
        folder = posixpath.dirname(folder)


def _package(place: str, entry: Mapping[str, Any]) -> LockedPackage:
    called = place.rpartition(_INSIDE)[2]
    linked = entry.get("link") is True
    resolved = text(entry, "resolved") if isinstance(entry.get("resolved", ""), str) else ""
    development, optional = bool(entry.get("dev")), bool(entry.get("optional"))
    if entry.get("devOptional"):
        development, optional = False, True
    return LockedPackage(
        text(entry, "name") or called,
        text(entry, "version"),
        place,
        development,
        optional,
        None if linked else bool(entry.get("hasInstallScript")),
        list_of(entry.get("os")),
        list_of(entry.get("cpu")),
        list_of(entry.get("libc")),
        "member" if linked else source_of(resolved),
        resolved if linked else "",
        tuple(needs_of(entry)),
        programs_of(entry.get("bin"), called),
        bool(entry.get("inBundle")),
        place,
    )


def source_of(address: str) -> From:
    """Where a package at this address comes from."""
    if address.startswith(("file:", "link:", "portal:", ".", "/")):
        return "path"
    if address.startswith(("git+", "git:", "git@", "github:", "ssh:")) or address.partition("#")[0].endswith(".git"):
        return "git"
    if address.startswith(("https://codeload.github.com/", "https://github.com/")):
        return "url"
    if (
        address.startswith(("http://", "https://"))
        and "/-/" not in address
        and ".tgz" in address
        and "registry" not in address
    ):
        return "url"
    return "registry"


def needs_of(entry: Mapping[str, Any], root: bool = False) -> Iterator[Need]:
    """What a package, or with ``root`` a project, asks for. Raises LockError."""
    optional, peers = entry.get("optionalDependencies"), entry.get("peerDependenciesMeta")
    for key, kind in _KINDS:
        if kind == "development" and not root:
            continue
        for name, wanted in table(entry.get(key, {}), key).items():
            if kind == "production" and isinstance(optional, dict) and name in optional:
                continue
            if kind == "peer" and isinstance(peers, dict) and "optional" in (peers.get(name) or {}):
                continue
            yield Need(name, wanted if isinstance(wanted, str) else "", kind)  # type: ignore[arg-type]  # it is one of the four


def list_of(value: object) -> tuple[str, ...]:
    """The texts of a list, or the one that stands in its place."""
    found = [value] if isinstance(value, str) else value
    return tuple(each for each in found if isinstance(each, str)) if isinstance(found, list) else ()


def programs_of(value: object, name: str) -> tuple[str, ...]:
    """The names of a package's programs by its "bin"."""
    if isinstance(value, str):
        return (name.rpartition("/")[2],)
    return tuple(value) if isinstance(value, dict) else ()


def _nested(data: Mapping[str, Any], file: str, project: str | None) -> PackageTree:
    """Lock version 1: entries within entries, as the folders lie; what the project asks for is in package.json alone."""
    found: list[LockedPackage] = []
    pending: list[tuple[str, Mapping[str, Any]]] = [("", table(data.get("dependencies", {}), "dependencies"))]
    while pending:
        folder, entries = pending.pop()
        for name, given in entries.items():
            entry = table(given, name)
            place = posixpath.join(folder, _INSIDE + name)
            version, address = text(entry, "version"), text(entry, "resolved")
            alias = version.removeprefix("npm:") if version.startswith("npm:") else ""
            source: From = source_of(version) if not version[:1].isdigit() and not alias else source_of(address)
            published, number = alias.rpartition("@")[0] or name, alias.rpartition("@")[2] or version
            requires = entry.get("requires", {})
            found.append(
                LockedPackage(
                    published,
                    number,
                    place,
                    bool(entry.get("dev")),
                    bool(entry.get("optional")),
                    install_script=untold_script(published, number, source),
                    source=source,
                    link=version.removeprefix("file:") if version.startswith("file:") and not address else "",
                    needs=tuple(
                        Need(each, wanted if isinstance(wanted, str) else "")
                        for each, wanted in (requires.items() if isinstance(requires, dict) else ())
                    ),
                    bundled=bool(entry.get("bundled")),
                    key=place,
                )
            )
            if "dependencies" in entry:
                pending.append((place, table(entry["dependencies"], name)))
    by_place = {each.place: each for each in found}

    def resolved(asking: LockedPackage | str, need: Need) -> LockedPackage | None:
        return nearest(by_place, asking if isinstance(asking, str) else asking.place, need.name)

    roots = {"": tuple(needs_of_project(project))} if project is not None else {}
    return PackageTree(file, "1", tuple(found), roots, resolved)


def needs_of_project(project: str) -> Iterator[Need]:
    """What the text of a package.json asks for. Raises LockError, and json.JSONDecodeError where it is none."""
    yield from needs_of(table(json.loads(project.removeprefix("\ufeff")), "package.json"), root=True)
