"""What is written beside the Dockerfile, where that is asked for, so that what is mounted over the image is no matter for its new user.

A service of Compose stays root, as its folders and volumes may be root's already: handing them over takes a command on the host. A pod
gets the user's group as its fsGroup, by which Kubernetes hands its claims over:
https://kubernetes.io/docs/tasks/configure-pod-container/security-context/.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dockfix.context.compose import ComposeService
from dockfix.context.kubernetes import objects, pods
from dockfix.context.yaml_edit import CannotAddError, with_entry
from dockfix.context.yaml_tree import listed, mapping, scalar
from dockfix.facts.facts import Facts
from dockfix.facts.user import user_of
from dockfix.namedtuple import NamedTuple
from dockfix.syntax import decode, encode

# Volumes that the fsGroup is handed, or that anybody may read who is not kept from it
_HANDED = frozenset(
    {"persistentVolumeClaim", "ephemeral", "emptyDir", "configMap", "secret", "projected", "downwardAPI"}
)


class Answers(NamedTuple):
    """The new texts of files, by path from the root of the build context, and what they do.

    ``services`` are those of Compose whose mounts are answered, ``mounts`` the folders of pods, each with its file, and ``problems``
    says why the others are not, by service.
    """

    files: Mapping[str, str]
    said: tuple[str, ...]
    services: frozenset[ComposeService]
    mounts: frozenset[tuple[str, str]]
    problems: Mapping[ComposeService, str]


def answers(facts: Facts) -> Answers:
    """The answers to all that is mounted; none where they are not asked for."""
    if not facts.hints.manifests:
        return Answers({}, (), frozenset(), frozenset(), {})
    files: dict[str, str] = {}
    said: list[str] = []
    problems: dict[ComposeService, str] = {}
    kept = frozenset(_kept(facts, files, said, problems))
    given = frozenset(_given(facts, files, said))
    return Answers(files, tuple(said), kept, given, problems)


def _kept(
    facts: Facts, files: dict[str, str], said: list[str], problems: dict[ComposeService, str]
) -> Iterator[ComposeService]:
    """The services that stay root."""
    number = user_of(facts).number
    for service in facts.located.services:
        if not service.volumes or service.user is not None:
            continue
        text = files.get(service.file) or facts.context.read_beside(service.file) or ""
        comment = (
            f"what is mounted here may be root's: hand it over (chown -R {number}:{number}), then take this line out"
        )
        try:
            files[service.file] = with_entry(text, (0, "services", service.name), ["user"], "root", comment, "volumes")
        except CannotAddError as error:
            problems[service] = str(error)
            continue
        said.append(
            f"{service.file} keeps root for the service {service.name}, into which it mounts {service.volumes[0][1]}"
        )
        yield service


def _given(facts: Facts, files: dict[str, str], said: list[str]) -> Iterator[tuple[str, str]]:
    """The folders of pods that their fsGroup hands over."""
    number = user_of(facts).number
    for name in sorted({pod.file for pod in facts.kubernetes.pods}):
        text = files.get(name) or decode(facts.kubernetes.texts[name])
        own = {pod.name for pod in facts.kubernetes.pods if pod.file == name and pod.user is None}
        handed: set[str] = set()
        left: set[str] = set()
        there = objects(encode(text)) if "{{" not in text else []
        for path, pod in (each for way, thing in there for each in pods(way, thing)):
            folders, claims = _folders(pod, own)
            if claims is None or "runAsUser" in mapping(pod.get("securityContext")):
                left |= folders
                continue
            handed |= folders
            if claims and "fsGroup" not in mapping(pod.get("securityContext")):
                try:
                    text = with_entry(text, path, ["securityContext", "fsGroup"], str(number), "", "containers")
                except CannotAddError:
                    left |= folders
                    continue
                said.append(f"{name} gives what is mounted to the group {number} (fsGroup)")
                files[name] = text
        yield from ((name, folder) for folder in sorted(handed - left))


def _folders(pod: Mapping[str, object], own: set[str]) -> tuple[set[str], bool | None]:
    """The folders that a pod mounts, and whether there are claims among them; None where the fsGroup is not all that these need.

    That holds for a pod with containers of other images too, which may be somebody else's.
    """
    volumes = {scalar(volume.get("name")): volume for volume in map(mapping, listed(pod.get("volumes")))}
    folders: set[str] = set()
    claims, sound = False, True
    for container in map(mapping, (*listed(pod.get("containers")), *listed(pod.get("initContainers")))):
        mounts = [*map(mapping, listed(container.get("volumeMounts")))]
        folders |= {scalar(mount.get("mountPath")).rstrip("/") for mount in mounts}
        sound = sound and scalar(container.get("name")) in own
        for mount in mounts:
            volume = volumes.get(scalar(mount.get("name")), {"persistentVolumeClaim": {}})
            sound = sound and not _HANDED.isdisjoint(volume)
            claims = claims or not {"persistentVolumeClaim", "ephemeral"}.isdisjoint(volume)
    return folders, claims if sound else None
