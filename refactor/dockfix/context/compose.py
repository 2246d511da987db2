"""Compose files: which build context a Dockerfile is built with, and how its containers are run.

Only what stands in the file is read: https://github.com/compose-spec/compose-spec. Variables are replaced by their defaults.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from functools import lru_cache
from typing import TYPE_CHECKING

from dockfix.context.disk import Disk
from dockfix.context.users import is_root
from dockfix.context.yaml_tree import documents, listed, mapping, scalar
from dockfix.lazy import regex
from dockfix.namedtuple import NamedTuple
from dockfix.syntax import decode
from dockfix.syntax.shell import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

_DRIVE = regex(r"[A-Za-z]:[\\/]")
_FILES_IN = {"secrets": "/run/secrets", "configs": "/"}  # where they lie that do not say it
_ROOT_CAPABILITIES = frozenset({"chown", "kill", "net_bind_service", "setuid", "setgid"})  # Docker gives these anyway


class ComposeService(NamedTuple):
    """A service that is built from the Dockerfile.

    ``file`` is the Compose file's path as it can be shown. ``volumes`` are (source, target, "bind" | "volume" | "tmpfs"; of Kubernetes
    also "empty" | "files"),
    the source "" where there is none. ``needs_root`` names what only root can use ("privileged mode"), None where there
    is no such thing. ``command`` and ``entrypoint`` tell whether the service replaces the image's; ``runs`` are the commands
    that it gives for them and its health check, ``given`` is the one for the command; ``workdir`` is the folder that they start in, ""
    for the image's. ``ports`` are as written. ``settings`` is its environment, as NAME=VALUE, with that of its ``env_files`` as far as
    these are there. ``entry`` and ``words`` are the words of the entrypoint and the command that it gives. ``arguments`` are the
    build arguments that it gives, as NAME=VALUE, as far as they are known. ``target`` is the stage that it builds, "" for the last.
    """

    file: str
    name: str
    volumes: tuple[tuple[str, str, str], ...] = ()
    user: str | None = None
    needs_root: str | None = None
    command: bool = False
    entrypoint: bool = False
    runs: tuple[str, ...] = ()
    given: str = ""
    workdir: str = ""
    ports: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    env_files: tuple[str, ...] = ()
    entry: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    target: str = ""

    @property
    def environment(self) -> tuple[str, ...]:
        """The values of the settings."""
        return tuple(setting.partition("=")[2] for setting in self.settings)


class Build(NamedTuple):
    """A service of a file with where it is built: absolute clean paths.

    ``context`` and ``dockerfile`` are None where the service is not ``built`` or built from elsewhere than a local folder;
    ``problem`` says why they can't be known. ``image`` is the image's name as written, "" for none. ``changed``: build arguments
    or a target choose what is built.
    """

    service: ComposeService
    context: str | None
    dockerfile: str | None
    image: str
    built: bool = True
    problem: str = ""
    changed: bool = False


class ComposeFile(NamedTuple):
    """The services of one file, or the ``problem`` that kept it from being read."""

    path: str
    builds: tuple[Build, ...] = ()
    problem: str = ""


@lru_cache(maxsize=512)
def compose_file(path: str, stamp: int) -> ComposeFile:
    """Reads the Compose file at an absolute path, once for each time stamp; never raises."""
    data = Disk.read_outside(path)
    return ComposeFile(path, problem="it could not be read") if data is None else read_compose(path, data)


def read_compose(path: str, data: bytes) -> ComposeFile:
    """Reads what stands in a Compose file, or in an example of one; never raises."""
    try:
        tree = mapping(next(documents(data), None))
    except ValueError as error:
        return ComposeFile(path, problem=str(error))
    services = mapping(tree.get("services"))
    builds = tuple(_build(path, name, _with_files(_inherited(services, name), tree)) for name in services)
    return ComposeFile(path, builds)


def _with_files(service: dict[str, object], tree: dict[str, object]) -> dict[str, object]:
    """A service with its secrets and configurations that are files as volumes: they are mounted with the rights that they have.

    https://docs.docker.com/reference/compose-file/services/#secrets
    """
    mounted = [
        {
            "type": "bind",
            "source": scalar(mapping(known.get(name)).get("file")),
            "target": posixpath.join(folder, target),
        }
        for key, folder in _FILES_IN.items()
        for entry in listed(service.get(key))
        if (name := scalar(mapping(entry).get("source")) or scalar(entry))
        and "file" in mapping((known := mapping(tree.get(key))).get(name))
        and (target := scalar(mapping(entry).get("target")) or name)
    ]
    return {**service, "volumes": [*listed(service.get("volumes")), *mounted]} if mounted else service


def _inherited(services: dict[str, object], name: str) -> dict[str, object]:
    """A service with what it extends in the same file."""
    chain: list[dict[str, object]] = []
    seen: set[str] = set()
    while name in services and name not in seen:
        seen.add(name)
        service = mapping(services[name])
        chain.append(service)
        extends = service.get("extends")
        if isinstance(extends, dict) and "file" in extends:
            break
        name = scalar(extends) or scalar(mapping(extends).get("service"))
    merged: dict[str, object] = {}
    for service in reversed(chain):
        for key, value in service.items():
            before = merged.get(key)
            both = isinstance(before, list) and isinstance(value, list)
            merged[key] = [*listed(before), *listed(value)] if both else value
    return merged


def _build(path: str, name: str, service: dict[str, object]) -> Build:
    found = _service(path, name, service)
    build = service.get("build")
    image = scalar(service.get("image"))
    if build is None:
        return Build(found, None, None, image, built=False)
    context = build if isinstance(build, str) else scalar(mapping(build).get("context")) or "."
    dockerfile = scalar(mapping(build).get("dockerfile")) or "Dockerfile"
    known = substitute(context), substitute(dockerfile)
    if known[0] is None or known[1] is None:
        return Build(found, None, None, image, problem=f"the build of its service {name} depends on variables")
    if "://" in known[0] or known[0].startswith(("git@", "github.com/")) or "dockerfile_inline" in mapping(build):
        return Build(found, None, None, image)
    folder = posixpath.normpath(posixpath.join(posixpath.dirname(path), known[0]))
    changed = bool({"args", "target", "additional_contexts"} & mapping(build).keys())
    return Build(found, folder, posixpath.normpath(posixpath.join(folder, known[1])), image, changed=changed)


def substitute(text: str) -> str | None:
    """A value with its ``${NAME:-default}`` replaced; None where a variable has no default."""

    def replace(match: re.Match[str]) -> str:
        if match["dollar"]:
            return "$"
        if match["default"] is None:
            raise LookupError
        return match["default"]

    try:
        return re.sub(r"(?P<dollar>\$\$)|\$\{\w+(?::?-(?P<default>[^{}]*)|[^{}]*)\}|\$\w+", replace, text)
    except LookupError:
        return None


def _service(path: str, name: str, service: dict[str, object]) -> ComposeService:
    user = substitute(scalar(service.get("user"))) or scalar(service.get("user")) or None
    return ComposeService(
        file=path,
        name=name,
        volumes=tuple((source, substitute(target) or target, kind) for source, target, kind in _volumes(service)),
        user=user,
        needs_root=_needs_root(service, user),
        command=_given(service, "command"),
        entrypoint=_given(service, "entrypoint"),
        runs=tuple(_runs(service)),
        given=_command(service, "command"),
        workdir=scalar(service.get("working_dir")),
        ports=tuple(_ports(service)),
        settings=(*_from_files(path, service), *_settings(service.get("environment"))),
        env_files=tuple(_env_files(service)),
        entry=_words(service, "entrypoint"),
        words=_words(service, "command"),
        arguments=tuple(_arguments(service)),
        target=substitute(scalar(mapping(service.get("build")).get("target"))) or "",
    )


def _arguments(service: dict[str, object]) -> Iterator[str]:
    """The arguments that a service builds with; without those that the environment gives, which has to be known for them."""
    for each in _settings(mapping(service.get("build")).get("args")):
        name, sign, value = each.partition("=")
        known = substitute(value)
        if sign and known:
            yield f"{name}={known}"


def _words(service: dict[str, object], key: str) -> tuple[str, ...]:
    """The words of a command, which a text has as for a shell; none where they can't be told."""
    given = service.get(key)
    if not _given(service, key):
        return ()
    try:
        words = [scalar(word) for word in given] if isinstance(given, list) else shlex.split(scalar(given))
    except ValueError:
        return ()
    known = [substitute(word) for word in words]
    return tuple(word for word in known if word is not None) if None not in known else ()


def _runs(service: dict[str, object]) -> Iterator[str]:
    """The commands of a service, and that of its health check, as a shell would read them."""
    yield from filter(None, (_command(service, key) for key in ("entrypoint", "command")))
    check = service.get("healthcheck")
    test = check.get("test") if isinstance(check, dict) else None
    words = [scalar(word) for word in test] if isinstance(test, list) else ["CMD-SHELL", scalar(test)]
    if words[:1] == ["CMD"] and words[1:]:
        yield quoted(words[1:]).replace("$$", "$")
    elif words[:1] == ["CMD-SHELL"] and "".join(words[1:]):
        yield " ".join(words[1:]).replace("$$", "$")


def _command(service: dict[str, object], key: str) -> str:
    given = service.get(key)
    text = quoted(scalar(word) for word in given) if isinstance(given, list) else scalar(given)
    return text.replace("$$", "$") if _given(service, key) else ""


def takes_root(capability: str) -> bool:
    """Whether a container that is given a capability is given more than root has in any."""
    return capability.lower().removeprefix("cap_") not in _ROOT_CAPABILITIES


def _settings(given: object) -> Iterator[str]:
    """The environment of a service, or the arguments of a build: a mapping or a list of NAME=VALUE."""
    if isinstance(given, dict):
        yield from (f"{scalar(name)}={scalar(value)}" for name, value in given.items())
    elif isinstance(given, list):
        yield from (scalar(entry) for entry in given)


def _from_files(path: str, service: dict[str, object]) -> Iterator[str]:
    """The settings in the env_files of a service, which lie relative to the Compose file: what stands there later counts."""
    for name in _env_files(service):
        data = Disk.read_outside(posixpath.normpath(posixpath.join(posixpath.dirname(path), name)))
        yield from settings_in(decode(data or b""))


def settings_in(text: str) -> Iterator[str]:
    """The settings in the text of an env file."""
    for line in text.splitlines():
        setting = line.strip().removeprefix("export ")
        variable, equals, value = setting.partition("=")
        if equals and not setting.startswith("#"):
            yield f"{variable.strip()}={value.strip().strip(chr(34) + chr(39))}"


def _env_files(service: dict[str, object]) -> Iterator[str]:
    given = service.get("env_file")
    for entry in given if isinstance(given, list) else [given]:
        name = substitute(scalar(entry) or scalar(mapping(entry).get("path")))
        if name:
            yield name


def _given(service: dict[str, object], key: str) -> bool:
    return key in service and service[key] not in ("", "null", "~", None)


def _volumes(service: dict[str, object]) -> Iterator[tuple[str, str, str]]:
    for entry in listed(service.get("volumes")):
        if isinstance(entry, dict):
            kind = scalar(entry.get("type")) or "volume"
            yield (
                scalar(entry.get("source")),
                scalar(entry.get("target")),
                "bind" if kind in {"bind", "npipe"} else kind,
            )
        elif isinstance(entry, str):
            # a colon in ${NAME:-default} or after a drive letter divides nothing
            shown = re.sub(r"\$\{[^{}]*\}", lambda match: "\0" * len(match[0]), entry)
            start = 2 if _DRIVE.match(shown) else 0
            first, colon, rest = shown[start:].partition(":")
            source = entry[: start + len(first)]
            target = entry[start + len(first) + 1 :][: len(rest.partition(":")[0])]
            if not colon:
                yield "", source, "volume"
            else:
                host = source.startswith((".", "/", "~", "$", "\\")) or start > 0
                yield source, target, "bind" if host else "volume"
    tmpfs = service.get("tmpfs")
    for entry in [tmpfs] if isinstance(tmpfs, str) else listed(tmpfs):
        yield "", scalar(entry).partition(":")[0], "tmpfs"


def _needs_root(service: dict[str, object], user: str | None) -> str | None:
    if scalar(service.get("privileged")).lower() in {"true", "yes", "on"}:
        return "privileged mode"
    for capability in listed(service.get("cap_add")):
        if takes_root(scalar(capability)):
            return f"the capability {scalar(capability)}"
    for device in listed(service.get("devices")):
        return f"the device {scalar(device).partition(':')[0] or scalar(mapping(device).get('source'))}"
    for key in ("network_mode", "pid", "ipc", "userns_mode"):
        if scalar(service.get(key)) == "host":
            return f"the host's {key.partition('_')[0]}"
    if any(source.endswith("/docker.sock") for source, _, _ in _volumes(service)):
        return "the socket of the Docker engine"
    if user is not None and is_root(user):
        return "the user root"
    return None


def _ports(service: dict[str, object]) -> Iterator[str]:
    for entry in listed(service.get("ports")):
        if isinstance(entry, str):
            yield entry
        elif isinstance(entry, dict):
            published, target = scalar(entry.get("published")), scalar(entry.get("target"))
            yield f"{published}:{target}" if published else target
