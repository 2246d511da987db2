"""The groups of dependencies that uv installs: https://docs.astral.sh/uv/concepts/projects/dependencies/#dependency-groups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dockfix.context.manifests.locked import DEV, MAIN
from dockfix.context.manifests.pyproject import PyProject
from dockfix.managers._development import groups_of_project, with_development
from dockfix.managers._variables import given_to, is_on
from dockfix.managers.protocol import Call, Developing, Production, Recipe
from dockfix.model.commands.protocol import Arguments
from dockfix.model.reason import Reason
from dockfix.model.state import State

# With them somebody wants the group, or wants none but others
_CHOSEN = frozenset({"--dev", "--only-dev", "--only-group", "--all-groups", "--group"})


def groups_of(arguments: Arguments, settings: Mapping[str, str | None]) -> Iterator[str]:
    """The groups and extras that a sync or a run asks for: "main", "dev" for those that are there unasked, others by their names."""
    only = [*arguments.values("--only-group"), *(("dev",) if arguments.has("--only-dev") else ())]
    if not only:
        yield "main"
    variables = ("UV_NO_DEV", "UV_NO_DEFAULT_GROUPS")
    off = arguments.has("--no-dev", "--no-default-groups") or any(is_on(settings.get(name)) for name in variables)
    off = off or DEV in arguments.values("--no-group")
    if not off and not only:
        yield "dev"
    for name in (*only, *arguments.values("--group")):
        yield name or "?"
    for name in arguments.values("--extra"):
        yield f"extra {name or '?'}"
    for name in ("--all-extras", "--all-groups", "--all-packages"):
        if arguments.has(name):
            yield name
    for name in arguments.values("--package"):
        yield f"package {name or '?'}"
    for option in ("--no-group", "--no-extra"):
        yield from (f"{option} {name}" for name in arguments.values(option) if (option, name) != ("--no-group", DEV))


def development(groups: frozenset[str], project: PyProject) -> frozenset[str]:
    """The group "dev", where it is installed unasked beside what the project needs."""
    default = project.at("tool", "uv", "default-groups")
    unasked = default is None or default == "all" or (isinstance(default, list) and DEV in default)
    there = project.at("dependency-groups", DEV) or project.at("tool", "uv", "dev-dependencies")
    return frozenset({DEV}) if unasked and there and {MAIN, DEV} <= groups else frozenset()


def without_development(call: Call) -> Production | Reason:
    """``--no-dev`` behind the verb."""
    chosen = next((word.text for word in call.words if (word.value or "").partition("=")[0] in _CHOSEN), "")
    verb = next((word for word in call.words if word.value == "sync"), None)
    if chosen or verb is None:
        return Reason(f"{chosen or 'the call'} chooses groups itself")
    return Production(Recipe(insert=((verb, "--no-dev"),)), frozenset({DEV}))


def in_development(call: Call, state: State, project: PyProject | None) -> Developing | Reason:
    """A sync with the groups and extras of a project that serve to develop."""
    settings = given_to(call.command, state)
    off = next((name for name in ("UV_NO_DEV", "UV_NO_DEFAULT_GROUPS") if is_on(settings.get(name))), "")
    if off:
        return Reason(f"{off} leaves the group out")
    groups = groups_of_project(project, "dependency-groups")
    extras = groups_of_project(project, "project", "optional-dependencies")
    unasked = project.at("tool", "uv", "default-groups") if project is not None else None
    there = {DEV} if unasked is None else set(groups) if unasked == "all" else set(unasked)
    legacy = {DEV} if project is not None and project.at("tool", "uv", "dev-dependencies") else set()
    asked = {(word.value or "").partition("=")[2] or word.value for word in call.words}
    insert = [f"--group {each}" for each in groups if each not in there | asked]
    insert += [f"--extra {each}" for each in extras if each not in asked and "--all-extras" not in asked]
    recipe = with_development(call, ("sync",), "--no-dev --no-default-groups", "--no-group", insert)
    if isinstance(recipe, Reason):
        return recipe
    names = frozenset({*groups, *extras, *legacy})
    return Developing(recipe, names) if names else Reason("pyproject.toml names no group for development")
