"""How people run a container of an image: the ``docker run`` commands in Makefiles, scripts, workflows and documents.

Only what stands there is read: https://docs.docker.com/reference/cli/docker/container/run/, and the same of ``exec``, and of Compose.
"""

from __future__ import annotations

import posixpath
import textwrap
from collections.abc import Iterator
from itertools import pairwise
from typing import Literal

from dockfix.context.compose import ComposeService, read_compose
from dockfix.context.container_options import container_of
from dockfix.knowledge import command_options
from dockfix.lazy import regex
from dockfix.namedtuple import NamedTuple
from dockfix.syntax import decode, encode

# Where such commands are written
WRITTEN_IN = regex(
    r"(?i)(?:.*/)?(?:(?:gnu)?makefile|[^/]+\.(?:mk|md|rst|txt|adoc|sh|bash|bat|cmd|ps1|ya?ml|service|json|toml)|(?:just|task)file[^/]*|readme[^/]*)"
)
# Tasks and scripts of Python, by their usual names and places; the program itself is none
_TASKS = regex(
    r"(?i)(?:(?:.*/)?(?:tasks|fabfile|noxfile|dodo|sconstruct)(?:\.py)?|(?:.*/)?(?:scripts?|tools?|bin|tasks|dev|hack|ci|docker|deploy\w*)/[^/]+\.py|[^/]+\.py)"
)
RUN_IN = regex(rf"{WRITTEN_IN.pattern}|{_TASKS.pattern.removeprefix('(?i)')}")
_ENGINES = ("docker", "podman", "nerdctl", "docker-compose", "podman-compose")
_ENGINE = r"(?:\b(?:docker|podman|nerdctl)|\$[({]?\w*(?:DOCKER|PODMAN)[)}]?)"
_CALL = regex(_ENGINE + r"(?:[ \t]+container)?[ \t]+(run|create|exec|build|buildx[ \t]+build)[ \t](.*)")
# (options of Compose itself stand before its verb)
_COMPOSE_CALL = regex(
    rf"(?:{_ENGINE}[ \t-]compose|\bpodman-compose|\$[({{]?\w*(?:COMPOSE|DC)[)}}]?)(?:[ \t]+-\S+(?:[ \t]+(?!(?:run|exec)[ \t])[^\s-]\S*)?)*"
    r"[ \t]+(run|exec)[ \t](.*)"
)
_WORDS = (b"docker", b"podman", b"nerdctl", b"services:")
_FENCE = regex(r"(?ms)^([ \t]*)(`{3,}|~{3,})[^\n]*\n(.*?)^[ \t]*\2")
_CONTINUED = regex(r"(?:\\|`|\^)[ \t]*$")
_WORD = regex(r"""(?:"[^"]*"|'[^']*'|\$\([^)]*\)|\$\{[^}]*\}|[^\s"'|;&>])+""")
_END = regex(r"[|;&>]")


class RunCommand(NamedTuple):
    """A command that starts a container, or another program in one.

    ``target`` is, as written, the image, the container that runs already, or the service of Compose, by ``kind``; "" where none is
    given. ``service`` says how it is run, and where that is written; ``name`` is what the container is called. ``inside``: it runs already.
    """

    kind: Literal["image", "container", "service"]
    target: str
    service: ComposeService
    name: str = ""
    inside: bool = False

    @property
    def image(self) -> str:
        """The image, "" where it names none."""
        return self.target if self.kind == "image" else ""


class RunCommands(NamedTuple):
    """What one file says: the containers that it starts, and the names that it gives to images that it builds."""

    runs: tuple[RunCommand, ...] = ()
    built: frozenset[str] = frozenset()


def run_commands(file: str, data: bytes) -> RunCommands | None:
    """The commands in a file that start containers or build images; None for a file without one. Never raises."""
    if not any(word in data for word in _WORDS):
        return None
    if WRITTEN_IN.fullmatch(file):
        text = decode(data)
    elif _TASKS.fullmatch(file):
        from dockfix.context.commands_in_python import as_script

        text = as_script(data, _ENGINES)
    else:
        return None
    runs = list(_of_examples(file, text)) if b"services:" in data else []
    built: set[str] = set()
    lines = text.splitlines()
    for number, line in enumerate(lines):
        match = _CALL.search(line)
        while match is not None:
            words = _words(_to_the_quote(line, match.start(), match[2]), lines[number + 1 :])
            if match[1] in {"run", "create", "exec"}:
                runs.append(
                    _run("container" if match[1] == "exec" else "image", match[1], words, f"{file}:{number + 1}")
                )
            else:
                built |= {name for option, name in pairwise(words) if option in {"-t", "--tag"}}
                built |= {word.partition("=")[2] for word in words if word.startswith("--tag=")}
            match = _CALL.search(line, match.end(1))
        for match in _COMPOSE_CALL.finditer(line):
            words = _words(_to_the_quote(line, match.start(), match[2]), lines[number + 1 :])
            runs.append(_run("service", match[1], words, f"{file}:{number + 1}"))
    return RunCommands(tuple(runs), frozenset(map(name_of, built))) if runs or built else None


def _of_examples(file: str, text: str) -> Iterator[RunCommand]:
    """The services in a document's examples of Compose files; those of another folder's Dockerfile are none of this image."""
    for match in _FENCE.finditer(text):
        if "services:" in match[3]:
            example = textwrap.dedent(match[3])
            place = f"{file}:{text.count(chr(10), 0, match.start()) + 1}"
            for build in read_compose(place, encode(example)).builds:
                if not build.built or build.context == posixpath.dirname(file) or build.context == ".":
                    yield RunCommand("image", build.image, build.service, build.service.name)


def _to_the_quote(line: str, start: int, text: str) -> str:
    """What of a text belongs to a command that starts in a line: in a sentence it stands between marks, and what follows is none of it."""
    return text.partition("`")[0] if line.count("`", 0, start) % 2 else text


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


def _run(kind: Literal["image", "container", "service"], verb: str, words: list[str], where: str) -> RunCommand:
    """What the words after the verb say. What is started in a container that runs is no argument of its entrypoint."""
    target, name, service = container_of(words, where)
    inside = verb == "exec"
    return RunCommand(kind, target, service._replace(entrypoint=True) if inside else service, name, inside)
