"""What ``uv sync`` takes from uv.lock."""

from __future__ import annotations

from collections.abc import Iterable

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
    if (
        lock is None
        or not isinstance(found, Locked)
        or named
        or chosen
        or found.roots.get(DEV)
        or len(found.projects) != 1
    ):
        return frozenset()
    more = project.at("project", "dynamic") or project.at("tool", "uv", "sources")
    asked = _asked(project.texts("project", "dependencies"))
    current = asked is not None and asked == _locked_for(found, context.read(lock) or "")
    return frozenset({DEV}) if current and not more else frozenset()


_Asked = frozenset[tuple[str, frozenset[str]]]


def _asked(requirements: Iterable[str]) -> _Asked | None:
    """The names, normalised, with the versions that are asked for, without markers; None where one says more than that."""
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        found = [Requirement(each) for each in requirements]
    except InvalidRequirement:
        return None
    versions = ((each.name, frozenset(map(str, each.specifier))) for each in found)
    return None if any(each.url for each in found) else frozenset((normalise(name), asked) for name, asked in versions)


def _locked_for(lock: Locked, whole: str) -> _Asked | None:
    """The same as the lock has kept it for the project that it is for."""
    own = next(each for each in tables_of(whole)["package"] if normalise(each["name"]) in lock.projects)
    kept = own.get("metadata", {}).get("requires-dist", [])
    return _asked(
        f"{each['name']}{each.get('specifier', '')}" for each in kept if "extra ==" not in each.get("marker", "")
    )
