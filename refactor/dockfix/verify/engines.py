"""Container engines: which one answers, and how it is called. Only their command-line programs are used.

A program and not a library, since only the program knows the user's contexts, credentials, builders and SSH agents, and
since docker and podman share its form.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import field
from typing import IO, TYPE_CHECKING, Any, Literal

from dockfix.dataclass import dataclass
from dockfix.verify.process import Done, TimedOut, run, stream
from dockfix.verify.verdict import Layer

if TYPE_CHECKING:  # a snapshot knows all runtimes, and who only asks an engine for a digest need not wait for them
    from dockfix.verify.snapshot import Snapshot

LABEL = "dockfix.verify"
REPOSITORY = "dockfix-verify"
NAMES = ("docker", "podman")
ANSWERS_WITHIN = 30.0  # seconds
NOT_STARTED = 125  # the exit status of `run` where the engine itself is at fault
QUICK = 120.0  # seconds: for calls that only ask or remove

_NO_USER = re.compile(
    r"(?i)unable to find (?:user|group)|no matching entries in passwd|unknown user"
)  # the image's fault
DAY = 86_400  # seconds

EngineName = Literal["docker", "podman"]


class EngineError(Exception):
    """The engine refused a call that it should have taken; ``hint`` says what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message, self.hint = message, hint


class NoEngineError(EngineError):
    """No engine answers."""


def new_session() -> str:
    """A name for everything that this run makes: host, process, time and a random part."""
    host = re.sub(r"[^a-z0-9]+", "", socket.gethostname().lower())[:20] or "host"
    return f"{host}-{os.getpid()}-{int(time.time())}-{secrets.token_hex(4)}"


def alive(session: str) -> bool:
    """Whether a session's process may still run: it does on this machine, or began within a day on another one."""
    host, _, rest = session.partition("-")
    number, _, rest = rest.partition("-")
    began = rest.partition("-")[0]
    if host != new_session().partition("-")[0]:
        return began.isdigit() and time.time() - int(began) < DAY
    if not number.isdigit():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


@dataclass
class Engine:
    """An engine that answers. All calls raise process.Cancelled once ``stop`` is set, and EngineError where one fails.

    ``bases`` are the file systems of base images by their layers, the oldest first; who reads one holds ``reading``.
    """

    name: EngineName
    program: str
    version: str
    buildx: bool
    builder: str = ""
    session: str = field(default_factory=new_session)
    stop: threading.Event = field(default_factory=threading.Event)
    bases: dict[tuple[str, ...], Snapshot] = field(default_factory=dict)
    reading: threading.Lock = field(default_factory=threading.Lock)
    _images: dict[str, dict[str, Any]] = field(default_factory=dict, repr=False)

    @property
    def label(self) -> str:
        """The label of everything that this run makes."""
        return f"{LABEL}={self.session}"

    def call(self, *arguments: str, timeout: float = QUICK, check: bool = True, stdin: str = "") -> Done:
        """One call of the program."""
        done = run(
            [self.program, *arguments], timeout=timeout, stop=self.stop, stdin=stdin, environment=self.environment
        )
        if check and done.status:
            lines = done.text.strip().splitlines()
            raise EngineError(f"{self.name} {arguments[0]} failed: {lines[-1] if lines else done.status}")
        return done

    def run(self, *arguments: str, timeout: float = QUICK, stdin: str = "") -> Done:
        """``run`` a container of this session that is removed at its end; its own exit status is no error."""
        done = self.call("run", "--rm", "--label", self.label, *arguments, timeout=timeout, check=False, stdin=stdin)
        if done.status == NOT_STARTED and not _NO_USER.search(done.err):
            raise EngineError(
                f"a container could not be started: {(done.err.strip().splitlines() or ['no reason given'])[0]}"
            )
        return done

    @property
    def environment(self) -> Mapping[str, str]:
        """What the program's environment needs besides ours: BuildKit for a docker without buildx."""
        return {"DOCKER_BUILDKIT": "1", "BUILDX_GIT_INFO": "false"} if self.name == "docker" else {}

    def image(self, reference: str) -> Mapping[str, Any]:
        """What the engine knows of an image, in docker's form: Id, Size (bytes), Config; asked for once, as no other gets its name."""
        if reference not in self._images:
            self._images[reference] = self._inspected(reference)
        return self._images[reference]

    def _inspected(self, reference: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.call("image", "inspect", reference).out)[0]
        config = found.setdefault("Config", {}) or {}
        if self.name == "podman" and found.get("Healthcheck"):
            config["Healthcheck"] = found["Healthcheck"]
        found["Config"] = config
        return found

    def layers(self, reference: str) -> tuple[Layer, ...]:
        """The layers of an image that have a size, oldest first."""
        form = "json" if self.name == "podman" else "{{json .}}"
        text = self.call("history", "--no-trunc", "--human=false", "--format", form, reference).out
        rows = json.loads(text) if self.name == "podman" else [json.loads(line) for line in text.splitlines()]
        found = [Layer(_instruction(str(row.get("CreatedBy", row.get("createdBy", "")))), _size(row)) for row in rows]
        return tuple(layer for layer in reversed(found) if layer.size)

    @contextmanager
    def exported(self, image: str) -> Iterator[IO[bytes]]:
        """The file system of an image as a tar stream."""
        # `true` stands in for the command of an image that has none; it is never run
        container = self.call("create", "--label", self.label, image, "true").out.strip()
        try:
            with stream([self.program, "export", container], self.environment) as tar:
                yield tar
        finally:
            self.remove(container)

    def remove(self, *containers: str) -> None:
        """Remove containers with their anonymous volumes, running or not."""
        if containers:
            self._after_all("rm", "-f", "-v", *containers)

    def remove_images(self, *references: str) -> None:
        """Remove images by name."""
        if references:
            self._after_all("rmi", "-f", *references)

    def _after_all(self, *arguments: str) -> None:
        """A call that is made even when the run was stopped; what it says is of no interest."""
        with suppress(TimedOut, OSError):
            self._regardless(*arguments)

    def _regardless(self, *arguments: str) -> Done:
        """A call that no stop ends."""
        return run([self.program, *arguments], timeout=QUICK, stop=threading.Event(), environment=self.environment)

    def left_over(self, label: str = LABEL) -> tuple[dict[str, str], dict[str, str]]:
        """Containers and images with a label (``key`` or ``key=value``): each id or name with the session that made it."""
        found: list[dict[str, str]] = []
        for kind in (("ps", "-a", "--no-trunc"), ("images", "--no-trunc")):
            names = self._regardless(*kind, "--filter", f"label={label}", "-q").out.split()
            found.append({name: self._session_of(name) for name in dict.fromkeys(names)})
        return found[0], found[1]

    def _session_of(self, name: str) -> str:
        return self._regardless("inspect", "--format", f'{{{{index .Config.Labels "{LABEL}"}}}}', name).out.strip()

    def clean(self, session: str | None = None) -> int:
        """Remove what a session made (None: every session whose process is gone); how many things that were."""
        label = LABEL if session is None else f"{LABEL}={session}"
        containers, images = self.left_over(label)
        mine = [
            {name for name, owner in group.items() if session is not None or not alive(owner)}
            for group in (containers, images)
        ]
        self.remove(*sorted(mine[0]))
        self.remove_images(*sorted(mine[1]))
        return len(mine[0]) + len(mine[1])


def find_engine(asked: str | None, builder: str, stop: threading.Event) -> Engine:
    """The engine to use: the one asked for, or the first that answers. Raises NoEngineError."""
    reasons = []
    for name in (asked,) if asked else NAMES:
        program = shutil.which(name)
        if program is None:
            reasons.append(f"{name} is not installed")
            continue
        try:
            engine, reason = _answers(program, builder, stop)
        except (TimedOut, OSError) as error:
            engine, reason = None, str(error)
        if engine is not None:
            return engine
        reasons.append(f"{name}: {reason}")
    raise NoEngineError(
        f"no container engine answers: {'; '.join(reasons)}",
        "start docker or podman, or point DOCKER_HOST at one; dockfix works without, but cannot verify",
    )


def _answers(program: str, builder: str, stop: threading.Event) -> tuple[Engine | None, str]:
    def ask(*arguments: str) -> Done:
        return run([program, *arguments], timeout=ANSWERS_WITHIN, stop=stop)

    said = ask("--version").out.lower()
    name: EngineName = "podman" if "podman" in said else "docker"  # docker may be podman under another name
    info = ask("info", "--format", "{{.Version.Version}}" if name == "podman" else "{{.ServerVersion}}")
    version = info.out.strip()
    if info.status or not version:
        lines = info.err.strip().splitlines()
        return None, lines[-1] if lines else "it does not answer"
    buildx = name == "docker" and ask("buildx", "version").status == 0
    if name == "docker" and not buildx and int((re.match(r"\d+", _client(ask)) or ["0"])[0]) >= 23:
        return None, "its buildx plugin is missing, without which it does not build"
    if builder and not buildx:
        return None, "--builder needs docker with buildx"
    if builder and (done := ask("buildx", "inspect", builder)).status:
        lines = done.err.strip().splitlines()
        return None, f"builder {builder}: {lines[-1] if lines else 'not found'}"
    return Engine(name, program, version, buildx, builder, stop=stop), ""


def _client(ask: Callable[..., Done]) -> str:
    return ask("version", "--format", "{{.Client.Version}}").out.strip()


def limits(network: bool, memory: str) -> Sequence[str]:
    """The arguments of every container that is started: no network unless asked for, bounded memory and processes.

    The stop timeout is for podman, whose ``rm -f`` waits that long for a program that ignores SIGTERM.
    """
    return (
        "--memory",
        memory,
        "--pids-limit",
        "1024",
        "--stop-timeout",
        "0",
        *(() if network else ("--network", "none")),
    )


def _size(row: Mapping[str, Any]) -> int:
    size = row.get("Size", row.get("size", 0))
    return int(size) if str(size).isdigit() else 0


def _instruction(text: str) -> str:
    """What made a layer, on one line; the marks of the two builders are taken off."""
    text = re.sub(r"\s*# buildkit$", "", text.strip())
    text = re.sub(r"^/bin/sh -c #\(nop\)\s+", "", text)
    text = re.sub(r"^(?:RUN )?(?:\|\d+ .*? )?/bin/sh -c ", "RUN ", text)
    return re.sub(r"\s+", " ", text) or "(a layer of the base image)"
