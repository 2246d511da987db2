"""How people run a container of an image: the ``docker run`` commands in Makefiles, scripts, workflows and documents.

Only what stands there is read: https://docs.docker.com/reference/cli/docker/container/run/.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from dockfix.knowledge import command_options
from dockfix.lazy import regex
from dockfix.syntax import decode
from dockfix.syntax.mounts import mount_settings

# Where such commands are written
WRITTEN_IN = regex(
    r"(?i)(?:.*/)?(?:(?:gnu)?makefile|[^/]+\.(?:mk|md|rst|txt|adoc|sh|bash|bat|cmd|ps1|ya?ml|service|json|toml)|(?:just|task)file[^/]*|readme[^/]*)"
)
_CALL = regex(r"\b(?:docker|podman|nerdctl)(?:[ \t]+container)?[ \t]+(run|create|build|buildx[ \t]+build)[ \t](.*)")
_CONTINUED = regex(r"(?:\\|`|\^)[ \t]*$")
_WORD = regex(r"""(?:"[^"]*"|'[^']*'|\$\([^)]*\)|\$\{[^}]*\}|[^\s"'|;&>])+""")
_END = regex(r"[|;&>]")
# Options of docker build without a value
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


class RunCommand(NamedTuple):
    """A command that starts a container: the image as written, "" for none; where it is written, with its 1-based line.

    ``mounts`` are the folders in the container over which something is mounted, ``right`` says what only root can use ("privileged
    mode", "the device /dev/ttyUSB0"), "" where there is no such thing; ``user`` is "" where none is given.
    """

    image: str
    file: str
    line: int
    mounts: tuple[str, ...] = ()
    right: str = ""
    user: str = ""


class RunCommands(NamedTuple):
    """What one file says: the containers that it starts, and the names that it gives to images that it builds."""

    runs: tuple[RunCommand, ...] = ()
    built: frozenset[str] = frozenset()


def run_commands(file: str, data: bytes) -> RunCommands | None:
    """The commands in a file that start containers or build images; None for a file without one. Never raises."""
    if not WRITTEN_IN.fullmatch(file) or not any(word in data for word in (b"docker", b"podman", b"nerdctl")):
        return None
    runs: list[RunCommand] = []
    built: set[str] = set()
    lines = decode(data).splitlines()
    for number, line in enumerate(lines):
        match = _CALL.search(line)
        while match is not None:
            words = _words(match[2], lines[number + 1 :])
            if match[1] in {"run", "create"}:
                runs.append(_run(words, file, number + 1))
            else:
                built |= {name for option, name in pairwise(words) if option in {"-t", "--tag"}}
                built |= {word.partition("=")[2] for word in words if word.startswith("--tag=")}
            match = _CALL.search(line, match.end(1))
    return RunCommands(tuple(runs), frozenset(map(name_of, built))) if runs or built else None


class Build(NamedTuple):
    """A command that builds an image: its line, what stands in it before, its options with their values, and its other words."""

    line: int
    before: str
    options: tuple[tuple[str, str], ...]
    operands: tuple[str, ...]

    def values(self, *names: str) -> tuple[str, ...]:
        """The values of these options, in order."""
        return tuple(value for option, value in self.options if option in names)


def builds(text: str) -> Iterator[Build]:
    """The commands of a text that build images."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        match = _CALL.search(line)
        if match is not None and match[1] not in {"run", "create"}:
            options, operands = _options(_words(match[2].partition(" #")[0], lines[number + 1 :]))
            yield Build(number + 1, line[: match.start()], tuple(options), tuple(operands))


class BuildCommand(NamedTuple):
    """A command that builds an image: the names that it gets, as written; the Dockerfile, relative to where the command runs.

    ``file`` and ``line`` say where it is written.
    """

    names: tuple[str, ...]
    dockerfile: str
    file: str
    line: int


def build_commands(file: str, data: bytes) -> tuple[BuildCommand, ...]:
    """The commands in a file that build the last stage of a Dockerfile without build arguments. Never raises."""
    if not WRITTEN_IN.fullmatch(file) or not any(word in data for word in (b"docker", b"podman", b"nerdctl")):
        return ()
    found: list[BuildCommand] = []
    for build in builds(decode(data)):
        names, given = build.values("-t", "--tag"), build.values("-f", "--file")
        chosen = build.values("--build-arg", "--target", "--build-context")
        folder = build.operands[0] if build.operands else ""
        dockerfile = given[0] if given else posixpath.join(folder, "Dockerfile") if folder else ""
        if names and not chosen and len(build.operands) == 1 and "$" not in dockerfile and "://" not in dockerfile:
            found.append(BuildCommand(names, dockerfile, file, build.line))
    return tuple(found)


def _options(words: list[str]) -> tuple[list[tuple[str, str]], list[str]]:
    """The options of ``docker build`` with their values, and the words that are none."""
    valued = command_options("docker-build").valued
    options: list[tuple[str, str]] = []
    others: list[str] = []
    rest = iter(words)
    for word in rest:
        if not word.startswith("-") or word == "-":
            others.append(word)
            continue
        option, equals, value = word.partition("=")
        options.append((option, value if equals or option not in valued else next(rest, "")))
    return options, others


def name_of(image: str) -> str:
    """An image's name without its registry, folder and tag."""
    return posixpath.basename(image.strip("\"'`").partition("@")[0]).partition(":")[0]


def _words(first: str, following: list[str]) -> list[str]:
    """The words of a command that may go on in the following lines, without the quotes around them."""
    text = first
    for line in following:
        if not _CONTINUED.search(text):
            break
        text = _CONTINUED.sub(" ", text) + line.lstrip("#> \t")
    found: list[str] = []
    position = 0
    while match := _WORD.search(text, position):
        if _END.search(text, position, match.start()):
            break
        found.append(match[0].replace('"', "").replace("'", "").strip("`"))
        position = match.end()
    return found


def _run(words: list[str], file: str, line: int) -> RunCommand:
    """What the words after ``run`` say."""
    given: list[tuple[str, str]] = []
    valued = command_options("docker-run").valued
    rest = iter(words)
    image = ""
    for word in rest:
        if not word.startswith("-"):
            image = word
            break
        option, equals, value = word.partition("=")
        if not option.startswith("--"):
            letter = next((each for each in option[1:] if each in _LETTERS), "")
            option, value = _LETTERS.get(letter, ""), word.partition(letter)[2].lstrip("=") if letter else ""
            equals = value
        given.append((option, value if equals or option not in valued else next(rest, "")))
    mounts = tuple(filter(None, (_target(option, value) for option, value in given)))
    user = next((value for option, value in given if option == "--user"), "")
    return RunCommand(image, file, line, mounts, next(filter(None, (_right(*each) for each in given)), ""), user)


def _target(option: str, value: str) -> str:
    """The folder in the container over which an option mounts something, "" for an option that does not."""
    if option == "--mount":
        return mount_settings(value).get("target", "")
    if option != "--volume":
        return ""
    paths = re.findall(r"(?:^|:)(/[^:]*)", re.sub(r"\$\{[^}]*\}|\$\([^)]*\)|\b[A-Za-z]:\\", "", value))
    return paths[-1] if paths else ""


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
    return "the user root" if option == "--user" and value.partition(":")[0] in {"0", "root"} else ""
