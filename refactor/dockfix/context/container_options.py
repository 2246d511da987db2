"""What the options of ``docker run`` say of a container, in the form in which Compose says it.

https://docs.docker.com/reference/cli/docker/container/run/; those of ``exec``, of Compose's ``run`` and of Podman mean the same.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence

from dockfix.context.compose import ComposeService
from dockfix.context.users import is_root
from dockfix.knowledge import command_options, shells
from dockfix.lazy import regex
from dockfix.syntax.mounts import mount_settings
from dockfix.syntax.shell import quoted

_LETTERS = {
    "e": "--env",
    "p": "--publish",
    "l": "--label",
    "w": "--workdir",
    "m": "--memory",
    "h": "--hostname",
    "a": "--attach",
}
_LETTERS |= {"u": "--user", "c": "--cpu-shares", "v": "--volume"}
_OF_THE_CALLER = regex(r"\$\{[^}]*\}|\$\([^)]*\)|\b[A-Za-z]:\\")


def container_of(words: Sequence[str], where: str) -> tuple[str, str, ComposeService]:
    """The first of the words after ``docker run`` that is no option, what the container is called, and how it is run.

    ``where`` says where the command is written.
    """
    given, others = _options(words)
    target, *rest = others or [""]
    entry = tuple(_values(given, "--entrypoint"))[-1:]
    command = tuple(rest)
    health = tuple(_values(given, "--health-cmd"))
    service = ComposeService(
        file=where,
        name=target,
        volumes=tuple(_volumes(given)),
        user=next(iter(_values(given, "--user")), "") or None,
        needs_root=next(filter(None, (_right(*each) for each in given)), None),
        command=bool(command),
        entrypoint=bool(entry),
        runs=(*(quoted(each) for each in (entry, command) if each and not _opens(each)), *health),
        given=quoted(command),
        workdir=next(iter(_values(given, "--workdir")), ""),
        ports=tuple(_values(given, "--publish")),
        settings=tuple(_values(given, "--env")),
        env_files=tuple(_values(given, "--env-file")),
        entry=entry,
        words=command,
    )
    return target, next(iter(_values(given, "--name")), ""), service


def _opens(words: Sequence[str]) -> bool:
    """Whether a command only opens a shell, for people to type into."""
    return posixpath.basename(words[0]) in shells() and all(word.startswith("-") for word in words[1:])


def _options(words: Iterable[str]) -> tuple[list[tuple[str, str]], list[str]]:
    """The options, those of one letter by their long names, with their values; and the words from the first on that is none."""
    valued = command_options("docker-run").valued
    given: list[tuple[str, str]] = []
    rest = iter(words)
    for word in rest:
        if not word.startswith("-"):
            return given, [word, *rest]
        option, equals, value = word.partition("=")
        if not option.startswith("--"):
            letter = next((each for each in option[1:] if each in _LETTERS), "")
            option, value = _LETTERS.get(letter, ""), word.partition(letter)[2].lstrip("=") if letter else ""
            equals = value
        given.append((option, value if equals or option not in valued else next(rest, "")))
    return given, []


def _values(given: Iterable[tuple[str, str]], name: str) -> Iterator[str]:
    return (value for option, value in given if option == name and value)


def _volumes(given: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str, str]]:
    """What is mounted, as Compose's volumes; the source only where it is a path or a name as it stands."""
    for option, value in given:
        if option == "--mount":
            settings = mount_settings(value)
            kind = settings.get("type", "volume")
            if settings.get("target"):
                yield settings.get("source", ""), settings["target"], kind
        elif option == "--tmpfs":
            yield "", value.partition(":")[0], "tmpfs"
        elif option == "--volume":
            text = _OF_THE_CALLER.sub("", value)
            paths = re.findall(r"(?:^|:)(/[^:]*)", text)
            if paths:
                yield "", paths[-1], "bind"


def _right(option: str, value: str) -> str:
    if option == "--privileged" and value != "false":
        return "privileged mode"
    if option == "--device":
        return f"the device {value.partition(':')[0]}"
    if option == "--cap-add":
        return f"the capability {value}"
    if option in {"--pid", "--ipc", "--network", "--net", "--userns"} and value == "host":
        return f"the host's {option.removeprefix('--').removesuffix('ns')}"
    if option in {"--volume", "--mount"} and "docker.sock" in value:
        return "docker.sock, the socket of the Docker engine"
    return "the user root" if option == "--user" and is_root(value) else ""
