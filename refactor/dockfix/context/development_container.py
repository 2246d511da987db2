"""Containers that editors develop in: what a devcontainer.json says, in the form in which Compose says it.

https://containers.dev/implementors/json_reference/. Its JSON may hold comments, and a comma behind the last part.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator

from dockfix.context.compose import ComposeService
from dockfix.context.container_options import container_of
from dockfix.context.users import is_root
from dockfix.context.yaml_tree import listed, mapping, scalar
from dockfix.lazy import regex
from dockfix.namedtuple import NamedTuple
from dockfix.syntax import decode
from dockfix.syntax.mounts import mount_settings
from dockfix.syntax.shell import quoted

WRITTEN_IN = regex(r"(?:.*/)?(?:\.devcontainer/(?:[^/]+/)?)?\.?devcontainer\.json")
_COMMENT = regex(r'("(?:\\.|[^"\\\n])*")|//[^\n]*|/\*[\s\S]*?\*/')
_LAST_COMMA = regex(r'("(?:\\.|[^"\\\n])*")|,(?=\s*[}\]])')
# initializeCommand runs on the host
_COMMANDS = ("onCreateCommand", "updateContentCommand", "postCreateCommand", "postStartCommand", "postAttachCommand")
_WORKSPACE = "/workspaces"


class DevelopmentContainer(NamedTuple):
    """How a container is run that an editor develops in.

    ``dockerfile`` is what it is built from, a path relative to the build context's root; ``service`` the service of Compose that it is
    made of. One of them is "" at least.
    """

    dockerfile: str
    compose: str
    service: ComposeService


def development_container(file: str, data: bytes) -> DevelopmentContainer | None:
    """What a file says; None for what is none, or starts from an image. Never raises."""
    if not WRITTEN_IN.fullmatch(file):
        return None
    text = _COMMENT.sub(lambda match: match[1] or "", decode(data))
    try:
        tree = json.loads(_LAST_COMMA.sub(lambda match: match[1] or "", text))
    except (ValueError, RecursionError):
        return None
    given = mapping(tree)
    build = mapping(given.get("build"))
    dockerfile = scalar(build.get("dockerfile")) or scalar(given.get("dockerFile"))
    compose = scalar(given.get("service")) if given.get("dockerComposeFile") else ""
    if not dockerfile and not compose:
        return None
    path = posixpath.normpath(posixpath.join(posixpath.dirname(file), dockerfile)) if dockerfile else ""
    return DevelopmentContainer(path, compose, _service(file, given))


def _service(file: str, given: dict[str, object]) -> ComposeService:
    _, _, told = container_of([scalar(word) for word in listed(given.get("runArgs"))], file)
    user = scalar(given.get("remoteUser")) or scalar(given.get("containerUser")) or told.user
    capabilities = [scalar(each) for each in listed(given.get("capAdd"))]
    right = told.needs_root or ("privileged mode" if given.get("privileged") is True else None)
    right = right or next((f"the capability {each}" for each in capabilities), None)
    return told._replace(
        user=user,
        needs_root=right or ("the user root" if user and is_root(user) else None),
        volumes=(*told.volumes, *_volumes(given)),
        runs=tuple(_runs(given)),
        command=False,
        settings=(*told.settings, *_settings(given)),
    )


def _volumes(given: dict[str, object]) -> Iterator[tuple[str, str, str]]:
    """What is mounted: the source, too, which lies beside the image's own unless it is told where."""
    for each in listed(given.get("mounts")):
        settings = each if isinstance(each, dict) else mount_settings(scalar(each))
        if target := scalar(settings.get("target")):
            yield scalar(settings.get("source")), target, scalar(settings.get("type")) or "volume"
    place = mount_settings(scalar(given.get("workspaceMount"))).get("target", "")
    if not given.get("dockerComposeFile") or place:
        yield "", place or _WORKSPACE, "bind"


def _runs(given: dict[str, object]) -> Iterator[str]:
    for key in _COMMANDS:
        command = given.get(key)
        for each in command.values() if isinstance(command, dict) else [command]:
            yield from filter(None, [quoted(map(scalar, each)) if isinstance(each, list) else scalar(each)])


def _settings(given: dict[str, object]) -> Iterator[str]:
    """The variables; one that holds what the image gives it adds to that."""
    for key in ("containerEnv", "remoteEnv"):
        for name, value in mapping(given.get(key)).items():
            own = re.compile(rf"\$\{{(?:containerEnv|env):{re.escape(name)}(?::[^}}]*)?\}}")
            if not own.search(scalar(value)):
                yield f"{name}={scalar(value)}"
