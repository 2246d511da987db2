"""The groups of dependencies that Poetry installs: https://python-poetry.org/docs/managing-dependencies/#dependency-groups."""

from __future__ import annotations

from collections.abc import Collection

from dockfix.context.manifests.locked import DEV, MAIN
from dockfix.context.manifests.pyproject import PyProject
from dockfix.lazy import regex
from dockfix.managers._development import groups_of_project, with_development
from dockfix.managers.protocol import Call, Developing, Production, Recipe
from dockfix.model.reason import Reason
from dockfix.syntax.shell import Word

# Groups whose names say that they only serve to develop
_NAMES = frozenset(
    {"dev", "develop", "development", "test", "tests", "testing", "lint", "linting", "docs", "typing", "types"}
)
_VERSION = regex(r"(?i)\bpoetry(?:[=~<>!]=?|@|/|[_-]version[=\s]+)[\"'v]*(\d+)\.(\d+)")
_PINNED = regex(r"(?i)\bpoetry(?:==|@|/|[_-]version[=\s]+)[\"'v]*(\d+)\.")
# One whose version stands elsewhere, or has bounds; and ways to get the newest
_CHOSEN = regex(
    r"(?i)\bpoetry(?:\[[\w,]+\])?[\"']?(?:[<>~!^=@]|[_-]version)|--version\b|get-poetry\.py|--constraint\b|\s-c\s"
)
_NEWEST = regex(
    r"(?i)\b(?:pip3?|pipx)\s+install\b[^\n&|;]*\s[\"']?poetry(?=[\s\"'\\&;|]|$)|//install\.python-poetry\.org"
)
_WITHOUT_NO_DEV = 2
_GROUPS = (1, 2)  # from this version on there are groups


def development(groups: frozenset[str], project: PyProject) -> frozenset[str]:
    """The groups that only serve to develop and that are installed unasked, where nothing is asked for but what is there unasked."""
    if groups != {MAIN, DEV}:
        return frozenset()
    found = project.at("tool", "poetry", "group")
    there = {
        name
        for name, said in (found.items() if isinstance(found, dict) else ())
        if name in _NAMES and isinstance(said, dict) and said.get("optional") is not True
    }
    if project.at("tool", "poetry", "dev-dependencies") or project.at("dependency-groups", DEV):
        there.add(DEV)
    return frozenset(there)


def without_development(names: frozenset[str], verb: Word, told: str) -> Production | Reason:
    """``--without dev``, before Poetry 1.2 ``--no-dev``, by the versions that the Dockerfile names."""
    versions = {(int(major), int(minor)) for major, minor in _VERSION.findall(told)}
    old = [version < _GROUPS for version in versions] or ["get-poetry.py" in told]
    if any(old) and not all(old):
        return Reason("which Poetry installs is not certain, and its option has another name before 1.2")
    if old[0]:
        if names != {DEV}:
            return Reason("Poetry before 1.2 knows no group but dev")
        return Production(Recipe(insert=((verb, "--no-dev"),)), frozenset({DEV}))
    listed = ",".join(sorted(names))
    groups = frozenset({f"--without {listed}", *(names & {DEV})})
    return Production(Recipe(insert=((verb, f"--without {listed}"),)), groups)


def has_lost_no_dev(told: str) -> bool:
    """Whether the Poetry that a Dockerfile brings has ``--no-dev`` no more: the version that it names, or else the newest."""
    pinned = {int(major) for major in _PINNED.findall(told)}
    if pinned:
        return min(pinned) >= _WITHOUT_NO_DEV
    return _NEWEST.search(told) is not None and _CHOSEN.search(told) is None


def in_development(call: Call, verbs: Collection[str], project: PyProject | None) -> Developing | Reason:
    """An install with the groups and extras of a project that serve to develop."""
    own = project.at("tool", "poetry", "group") if project is not None else None
    groups = groups_of_project(project, "tool", "poetry", "group")
    optional = [name for name in groups if isinstance(own, dict) and own[name].get("optional") is True]
    standard = groups_of_project(project, "dependency-groups")
    extras = {
        *groups_of_project(project, "tool", "poetry", "extras"),
        *groups_of_project(project, "project", "optional-dependencies"),
    }
    legacy = {DEV} if project is not None and project.at("tool", "poetry", "dev-dependencies") else set()
    insert = [f"--with {','.join(optional)}"] if optional else []
    insert += [f"--extras {each}" for each in sorted(extras)]
    recipe = with_development(call, verbs, "--no-dev", "--only --without", insert)
    if isinstance(recipe, Reason):
        return recipe
    names = frozenset({*groups, *standard, *extras, *legacy})
    return Developing(recipe, names) if names else Reason("pyproject.toml names no group for development")
