"""The groups of dependencies that uv installs: https://docs.astral.sh/uv/concepts/projects/dependencies/#dependency-groups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dockfix.context.manifests.locked import DEV, MAIN
from dockfix.context.manifests.pyproject import PyProject
from dockfix.managers._variables import is_on
from dockfix.managers.protocol import Call, Production, Recipe
from dockfix.model.commands.protocol import Arguments
from dockfix.model.reason import Reason

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
