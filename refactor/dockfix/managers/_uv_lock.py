"""What ``uv sync`` takes from uv.lock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dockfix.context.build_context import BuildContext
from dockfix.context.manifests.locked import DEV, MAIN, Locked, Unread
from dockfix.context.manifests.locks import read_lock
from dockfix.context.manifests.manifest import PROJECT
from dockfix.context.manifests.pyproject import PyProject
from dockfix.context.manifests.toml import tables_of
from dockfix.knowledge import normalise
from dockfix.lazy import regex
from dockfix.managers._uv_project import is_package
from dockfix.managers.protocol import Given

# What ``tool.uv`` may say without another lock
_NO_MATTER = {
    "add-bounds",
    "build-backend",
    "cache-keys",
    "compile-bytecode",
    "default-groups",
    "dev-dependencies",
    "link-mode",
    "managed",
    "package",
    "required-version",
}
_EXTRA = regex(r"extra == '([^']+)'")
_NAME = regex(r"\s*([A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)")


def installed(groups: frozenset[str], context: BuildContext, lock: str | None, project: PyProject) -> Locked | Unread:
    """What a sync of these groups takes from a lock; why it may be something else, where it may.

    Of a workspace, and where the project says itself which groups are there unasked, all of them count.
    """
    if lock is None:
        return Unread("uv.lock", 0, "it is not in the build context")
    found = read_lock(context, lock)
    if isinstance(found, Unread):
        return found
    several = len(found.projects) != 1
    asked = {normalise(match[1]) for text in project.texts("project", "dependencies") if (match := _NAME.match(text))}
    if not several and asked != {each.name for each in found.roots.get(MAIN, ())}:
        return Unread(found.file, 0, "what pyproject.toml asks for is not what it was made of")
    plain = {group.removeprefix("extra ") for group in groups if not group.startswith("--no-")}
    unsure = any(group == "?" or group.startswith(("--", "package ")) for group in plain)
    if several or unsure or project.at("tool", "uv", "default-groups") is not None:
        return found.only(found.groups)
    return found.only({normalise(group) for group in plain})


def empty(given: Given, lock: str | None, project: PyProject) -> frozenset[str]:
    """What a sync may leave out and lacks nothing by, in a project that is no workspace: the project, and the group "dev".

    The group only where the lock fits what the project asks for, and no build has to tell what that is: ``uv run`` brings both up to date.
    """
    own = frozenset({PROJECT}) - ({PROJECT} if is_package(project) else set())
    return own | _without_development(given.context, lock, project)


def _without_development(context: BuildContext, lock: str | None, project: PyProject) -> frozenset[str]:
    found = read_lock(context, lock) if lock is not None else None
    named = project.at("dependency-groups", DEV) or project.at("tool", "uv", "dev-dependencies")
    chosen = project.at("tool", "uv", "default-groups") not in (None, [], [DEV])
    if lock is None or not isinstance(found, Locked) or named or chosen or found.roots.get(DEV):
        return frozenset()
    return frozenset({DEV}) if fits(context, lock, project) else frozenset()


def fits(context: BuildContext, lock: str, project: PyProject) -> bool | None:
    """Whether a lock is what uv would make of a project's file, so that it leaves it as it is; None where that is not known."""
    found = read_lock(context, lock)
    if not isinstance(found, Locked) or len(found.projects) != 1 or project.works_out_dependencies:
        return None
    told = project.at("tool", "uv")
    if isinstance(told, dict) and not told.keys() <= _NO_MATTER:
        return None
    whole = tables_of(context.read(lock) or "")
    asked, kept = _asked(project), _kept(whole, found)
    if asked is None or kept is None or not _same_versions(whole.get("requires-python"), project.requires_python):
        return None
    return asked == kept


def _same_versions(kept: object, asked: str) -> bool:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        return isinstance(kept, str) and SpecifierSet(kept) == SpecifierSet(asked)
    except InvalidSpecifier:
        return False


# A group, "" for what is there anyway; the name, normalised; extras; versions; whether it holds for some machines alone
_Asked = frozenset[tuple[str, str, frozenset[str], frozenset[str], bool]]


def _asked(project: PyProject) -> _Asked | None:
    """What a project's file asks for; None where it says more than that."""
    groups: dict[str, list[object]] = {"": list(project.texts("project", "dependencies"))}
    for keys, kind in ((("project", "optional-dependencies"), "extra "), (("dependency-groups",), "")):
        table = project.at(*keys)
        for name, each in table.items() if isinstance(table, dict) else ():
            groups.setdefault(kind + normalise(name), []).extend(each if isinstance(each, list) else [None])
    groups.setdefault(DEV, []).extend(project.texts("tool", "uv", "dev-dependencies"))
    found: set[tuple[str, str, frozenset[str], frozenset[str], bool]] = set()
    for group, texts in groups.items():
        for text in texts:
            one = _one(group, text)
            if one is None:
                return None
            found.add(one)
    return frozenset(found)


def _one(group: str, text: object) -> tuple[str, str, frozenset[str], frozenset[str], bool] | None:
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        each = Requirement(text) if isinstance(text, str) else None
    except InvalidRequirement:
        return None
    if each is None or each.url:
        return None
    extras = frozenset(map(normalise, each.extras))
    return group, normalise(each.name), extras, frozenset(map(str, each.specifier)), each.marker is not None


def _kept(whole: Mapping[str, Any], lock: Locked) -> _Asked | None:
    """The same as the lock has kept it of the project that it is for."""
    own = next(each for each in whole["package"] if normalise(each["name"]) in lock.projects)
    kept = own.get("metadata", {})
    entries = [("", each) for each in kept.get("requires-dist", [])]
    entries += [(normalise(group), each) for group, listed in kept.get("requires-dev", {}).items() for each in listed]
    found = set()
    for group, each in entries:
        if not each.keys() <= {"name", "extras", "specifier", "marker"}:
            return None
        marker = each.get("marker", "")
        extra = _EXTRA.search(marker)
        machines = _EXTRA.sub("", marker).replace(" and ", "").strip(" ()")
        extras = frozenset(map(normalise, each.get("extras", [])))
        versions = frozenset(filter(None, each.get("specifier", "").replace(" ", "").split(",")))
        where = f"extra {normalise(extra[1])}" if extra else group
        found.add((where, normalise(each["name"]), extras, versions, bool(machines)))
    return frozenset(found)
