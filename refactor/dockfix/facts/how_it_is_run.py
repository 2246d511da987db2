"""What the build context says of how containers of the image are run, beside Compose and Kubernetes: by hand, and by GitHub."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Set

from dockfix.context.application import application
from dockfix.context.run_commands import WRITTEN_IN, RunCommand, name_of, run_commands
from dockfix.facts import Facts
from dockfix.knowledge import images_of_others
from dockfix.lazy import regex
from dockfix.model.reason import Reason, at, unseen

_ACTION = regex(r"(?:.*/)?action\.ya?ml")
_OF_DOCKER = regex(r"(?m)^[ \t]*using:[ \t]*['\"]?docker['\"]?[ \t]*(?:#.*)?$")
_METADATA = {
    "package.json": regex(r"\"name\"\s*:\s*\"([^\"]+)\""),
    "pyproject.toml": regex(r"(?m)^[ \t]*name[ \t]*=[ \t]*[\"']([^\"']+)"),
    "setup.cfg": regex(r"(?m)^[ \t]*name[ \t]*=[ \t]*(\S+)"),
    "setup.py": regex(r"\bname\s*=\s*[\"']([^\"']+)"),
}
_SHORTEST = 3  # letters of a name that may be a part of another
_IMAGE = regex(r"(?m)^[ \t]*image:[ \t]*['\"]?([^\s'\"#]+)")


def container_action(facts: Facts) -> Reason | None:
    """A container action of GitHub's: the workspace and the files that it writes its answers to are root's.

    https://docs.github.com/en/actions/reference/workflows-and-actions/dockerfile-support#user
    """
    folder = posixpath.dirname(facts.context.own_name)
    for name in sorted(facts.context.named(_ACTION)):
        beside = posixpath.dirname(name) in {"", folder}
        text = facts.context.read(name) if beside else None
        image = _IMAGE.search(text or "")
        if not text or not _OF_DOCKER.search(text):
            continue
        published = image[1].removeprefix("docker://") if image and image[1].startswith("docker://") else ""
        if not published:
            return at(f"{name} runs it as a container action of GitHub, which has to run as root")
        if name_of(published) not in images_of_others():
            return at(
                f"{name} runs {published} as a container action of GitHub, which has to run as root and may be this image"
            )
    return None


def run_as_root(facts: Facts) -> Reason | None:
    """A command that runs a container with a right that only root can use."""
    found = next((run for run in facts.ask(runs) if run.right), None)
    return at(f"{found.file}:{found.line} runs a container with {found.right}") if found else None


def run_with_mounts(facts: Facts) -> Reason | None:
    """A command that mounts a folder of its caller's over one of the image, or runs a container as some other user."""
    for run in facts.ask(runs):
        if run.mounts:
            return unseen(f"{run.file}:{run.line} mounts {run.mounts[0]} into a container, and its files may be root's")
        if run.user:
            return unseen(f"{run.file}:{run.line} runs a container as the user {run.user}")
    return None


def runs(facts: Facts) -> tuple[RunCommand, ...]:
    """The commands of the build context that may start a container of this image."""
    return tuple(_own_runs(facts))


def _own_runs(facts: Facts) -> Iterator[RunCommand]:
    written = facts.context.named(WRITTEN_IN)
    found = [each for _, each in application(facts.context, written).asked(run_commands)]
    built = {name for each in found for name in each.built}
    runs = [run for each in found for run in each.runs]
    own = {run.image for run in runs if _is_named_like(run.image, facts.ask(_names))}
    for run in runs:
        image = name_of(run.image)
        # where the files build images, one of another folder is somebody else's
        others = image in images_of_others() or (bool(built) and image not in built and "/" in run.image)
        if not image or "$" in run.image or image in built or not (others or _is_of_another_owner(run.image, own)):
            yield run


def _is_of_another_owner(image: str, own: Set[str]) -> bool:
    """Whether an image is none of the project's, some of which are run by the project's name: it has neither that nor their owner."""
    return "/" in image and bool(own) and image not in own and _owner(image) not in map(_owner, own)


def _owner(image: str) -> str:
    """The folder of an image, in whichever registry; "" for none."""
    return posixpath.basename(posixpath.dirname(image))


def _is_named_like(image: str, names: Set[str]) -> bool:
    """Whether an image has one of some names, with more around it or less."""
    name = _letters(name_of(image))
    return any(name in each or each in name for each in names) if len(name) >= _SHORTEST else name in names


def _names(facts: Facts) -> frozenset[str]:
    """The names of the project: in its metadata, of its folder, of its services in Compose files. In small letters, without marks."""
    texts = {name: facts.context.read(name) or "" for name in _METADATA}
    found = [match[1] for name, text in texts.items() for match in list(_METADATA[name].finditer(text))[:1]]
    found += [posixpath.basename(facts.located.root.absolute().as_posix())]
    found += [service.name for service in facts.located.services]
    return frozenset(name for each in found if len(name := _letters(each.rpartition("/")[2])) >= _SHORTEST)


def _letters(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
