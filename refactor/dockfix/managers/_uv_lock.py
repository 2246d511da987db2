"""What ``uv sync`` takes from uv.lock."""

from __future__ import annotations

from dockfix.context.build_context import BuildContext
from dockfix.context.manifests.locked import MAIN, Locked, Unread
from dockfix.context.manifests.locks import read_lock
from dockfix.context.manifests.pyproject import PyProject
from dockfix.knowledge import normalise
from dockfix.lazy import regex

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
