"""Kubernetes manifests: how the containers of their pods are run, in the form in which Compose says it.

Only what stands in the files is read: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from dockfix.context.compose import ComposeService, takes_root
from dockfix.context.yaml_tree import documents, listed, mapping, scalar
from dockfix.lazy import regex
from dockfix.namedtuple import NamedTuple
from dockfix.syntax.shell import quoted

Way = tuple[str | int, ...]  # what leads to a part of a file: the number of its document, then keys and numbers
_CONTAINERS = "containers"
_POD = ("template", "jobTemplate", "spec")  # what leads from a workload to its pod
_CLAIM: dict[str, object] = {
    "persistentVolumeClaim": {}
}  # of a volume that stands in none of the pod's lists: it has a template
_REFERENCE = regex(r"\$\$|\$\(([\w.-]+)\)")


class Workload(NamedTuple):
    """A container of a pod: the image as written, and how it is run; ``init``: it runs before the others do."""

    image: str
    service: ComposeService
    init: bool = False


def workloads(files: Iterable[tuple[str, bytes]]) -> tuple[Workload, ...]:
    """The containers of the pods in files, each given by its name and text, init containers too; files that are no YAML are left out."""
    found = [(file, way, each) for file, data in files for way, each in objects(data)]
    settings = {
        _name(each): {key: scalar(value) for key, value in mapping(each.get("data")).items()}
        for _, _, each in found
        if scalar(each.get("kind")) == "ConfigMap"
    }
    return tuple(
        Workload(scalar(container.get("image")), _service(file, pod, container, settings), key != _CONTAINERS)
        for file, way, each in found
        for _, pod in pods(way, each)
        for key in (_CONTAINERS, "initContainers")
        for container in map(mapping, listed(pod.get(key)))
    )


def objects(data: bytes) -> list[tuple[Way, dict[str, object]]]:
    """The objects in a file, those of lists too, each with the way to it from its document's number; none where the file is no YAML."""
    try:
        found = list(map(mapping, documents(data)))
    except ValueError:
        return []
    made: list[tuple[Way, dict[str, object]]] = []
    for number, each in enumerate(found):
        items: list[tuple[Way, dict[str, object]]]
        items = [((number, "items", at), mapping(item)) for at, item in enumerate(listed(each.get("items")))]
        made += items or [((number,), each)]
    return made


def _name(thing: Mapping[str, object]) -> str:
    return scalar(mapping(thing.get("metadata")).get("name"))


def pods(way: Way, thing: Mapping[str, object]) -> Iterator[tuple[Way, dict[str, object]]]:
    """The specification of a pod in an object: its own, or that of the template in it; with the way that leads to it."""
    if scalar(thing.get("kind")) and "apiVersion" in thing:
        pending: list[tuple[Way, dict[str, object]]] = [((*way, "spec"), mapping(thing.get("spec")))]
        while pending:
            path, spec = pending.pop()
            if "containers" in spec:
                yield path, spec
            else:
                pending += [((*path, key), inner) for key in _POD if (inner := mapping(spec.get(key)))]


def _service(
    file: str, pod: Mapping[str, object], container: Mapping[str, object], maps: Mapping[str, Mapping[str, str]]
) -> ComposeService:
    settings = dict(_settings(container, maps))
    rights = {**mapping(pod.get("securityContext")), **mapping(container.get("securityContext"))}
    user, group = scalar(rights.get("runAsUser")), scalar(rights.get("runAsGroup"))
    mounts = [
        (scalar(mount.get("name")), scalar(mount.get("mountPath")))
        for mount in map(mapping, listed(container.get("volumeMounts")))
    ]
    volumes = {scalar(volume.get("name")): volume for volume in map(mapping, listed(pod.get("volumes")))}
    shared = "fsGroup" in rights
    entry, words = (
        tuple(_resolved(scalar(word), settings) for word in listed(container.get(key))) for key in ("command", "args")
    )
    return ComposeService(
        file=file,
        name=scalar(container.get("name")),
        volumes=tuple((name, path, _kind(volumes.get(name, _CLAIM), shared)) for name, path in mounts if path),
        user=(f"{user}:{group}" if group else user) or None,
        needs_root=_needs_root(pod, rights, volumes),
        command=bool(words),
        entrypoint=bool(entry),
        runs=tuple(filter(None, (*_commands(entry, words), *_probes(container)))),
        given=quoted(words),
        workdir=scalar(container.get("workingDir")),
        ports=tuple(scalar(port.get("containerPort")) for port in map(mapping, listed(container.get("ports")))),
        # what Compose would take for a variable is written as Compose writes it
        settings=tuple(f"{name}={value.replace('$', '$$')}" for name, value in settings.items()),
        entry=entry,
        words=words,
    )


def _needs_root(
    pod: Mapping[str, object], rights: Mapping[str, object], volumes: Mapping[str, Mapping[str, object]]
) -> str | None:
    if scalar(rights.get("privileged")) == "true":
        return "privileged mode"
    for capability in map(scalar, listed(mapping(rights.get("capabilities")).get("add"))):
        if takes_root(capability):
            return f"the capability {capability}"
    for key, what in (("hostNetwork", "network"), ("hostPID", "pid"), ("hostIPC", "ipc")):
        if scalar(pod.get(key)) == "true":
            return f"the host's {what}"
    if any(scalar(mapping(volume.get("hostPath")).get("path")).endswith("/docker.sock") for volume in volumes.values()):
        return "the socket of the Docker engine"
    return "the user root" if scalar(rights.get("runAsUser")) == "0" else None


def _commands(entry: tuple[str, ...], words: tuple[str, ...]) -> Iterator[str]:
    """What is started; a shell's script may stand among the arguments."""
    yield from map(quoted, [(*entry, *words)] if entry[-1:] == ("-c",) else [entry, words])


def _probes(container: Mapping[str, object]) -> Iterator[str]:
    """The commands by which Kubernetes asks a container how it is."""
    for key in ("startupProbe", "livenessProbe", "readinessProbe"):
        yield quoted(map(scalar, listed(mapping(mapping(container.get(key)).get("exec")).get("command"))))


def _settings(container: Mapping[str, object], maps: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[str, str]]:
    """The variables whose values are known: those of configuration maps in the files, and those that are written out."""
    for source in map(mapping, listed(container.get("envFrom"))):
        prefix = scalar(source.get("prefix"))
        known = maps.get(scalar(mapping(source.get("configMapRef")).get("name")), {})
        yield from ((prefix + name, value) for name, value in known.items())
    written: dict[str, str] = {}
    for variable in map(mapping, listed(container.get("env"))):
        name = scalar(variable.get("name"))
        key = mapping(mapping(variable.get("valueFrom")).get("configMapKeyRef"))
        if "value" in variable:
            written[name] = _resolved(scalar(variable["value"]), written)
        elif scalar(key.get("key")) in (known := maps.get(scalar(key.get("name")), {})):
            written[name] = known[scalar(key.get("key"))]
    yield from written.items()


def _resolved(text: str, settings: Mapping[str, str]) -> str:
    """A text with its $(NAME) replaced; one that is not known stays, as Kubernetes leaves it."""
    return _REFERENCE.sub(lambda match: "$" if match[0] == "$$" else settings.get(match[1], match[0]), text)


def _kind(volume: Mapping[str, object], shared: bool) -> str:
    """What is mounted: an empty folder that anybody may write ("tmpfs"), one of root's ("empty"), or "files" that are not known here."""
    if "emptyDir" in volume or (shared and "persistentVolumeClaim" in volume):
        return "tmpfs"
    return "empty" if "persistentVolumeClaim" in volume else "files"
