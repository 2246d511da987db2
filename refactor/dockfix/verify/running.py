"""What an image does: its own interpreters' answers, what its loader misses, how its container starts, what it says to requests."""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from dockfix.managers.protocol import SystemManager
from dockfix.runtimes.probes import MARK
from dockfix.runtimes.protocol import Runtime
from dockfix.verify.engines import REPOSITORY, Engine, EngineError, limits
from dockfix.verify.image import RuntimeFacts
from dockfix.verify.process import TimedOut
from dockfix.verify.smoke import Smoke

IMPORTS_WITHIN = 900.0  # seconds for all imports of an image
LIBRARIES_WITHIN = 300.0
SETTLE = 3.0  # seconds that a container without port and health check is watched beyond its first sign of life
POLL = 0.5
_NOT_FOUND = re.compile(r"^\s*(\S+) => not found|Error loading shared library ([^:\s]+):", re.MULTILINE)


@dataclass(frozen=True)
class Conditions:
    """How containers are started: with the engine's network or none, memory as the engine writes it ("4g"), NAME=VALUE pairs.

    ``wait`` is how many seconds a container has to come up.
    """

    network: bool = False
    memory: str = "4g"
    environment: tuple[str, ...] = ()
    wait: float = 60.0

    def words(self, network: bool = False) -> list[str]:
        """The arguments of a container."""
        pairs = [word for pair in self.environment for word in ("--env", pair)]
        return [*limits(self.network or network, self.memory), *pairs]


@dataclass(frozen=True)
class Tool:
    """An image with an interpreter that probes can use, by its path: the original, which is known to work."""

    image: str
    runtime: Runtime
    interpreter: str


@dataclass(frozen=True)
class Start:
    """How a container came up with the image's own command.

    ``exited`` is its exit status (None: it was still running); ``health`` what its HEALTHCHECK said ("" without one);
    ``ports`` are the exposed ports that took a connection, ``roots`` the HTTP status of GET / on them; ``good`` and
    ``answers`` belong to the requests, in order. ``written`` are the paths that it changed; ``seconds`` until it was ready.
    """

    exited: int | None
    output: str
    health: str = ""
    ports: frozenset[int] = frozenset()
    roots: Mapping[int, int] | None = None
    good: tuple[bool, ...] = ()
    answers: tuple[str, ...] = ()
    written: frozenset[str] = frozenset()
    seconds: float = 0.0


def ask_interpreter(
    engine: Engine,
    image: str,
    runtime: Runtime,
    interpreter: str,
    conditions: Conditions,
    modules: Iterable[str] = (),
) -> RuntimeFacts | str:
    """What the image's interpreter says as the image's own user; a text where it does not start. ``modules`` are tried too."""
    try:
        done = engine.run(
            "-i",
            *conditions.words(),
            "--env",
            f"DOCKFIX_MODULES={' '.join(modules)}",
            "--entrypoint",
            interpreter,
            image,
            "-",
            timeout=IMPORTS_WITHIN,
            stdin=runtime.probe("packages"),
        )
    except TimedOut as error:
        return f"its modules could not be imported: {error}"
    answer = _answer(done.out)
    if answer is None:
        lines = done.text.strip().splitlines()
        return lines[-1] if lines else f"it ended with status {done.status}"
    return RuntimeFacts(answer["executable"], answer["version"], answer["packages"], answer["modules"], answer["data"])


def missing_libraries(
    engine: Engine, image: str, files: Sequence[str], conditions: Conditions
) -> dict[str, frozenset[str]] | None:
    """What the image's loader does not find, by ELF file; None where it has no shell or no ldd."""
    if not files:
        return {}
    script = (
        'command -v ldd >/dev/null || exit 3; while IFS= read -r f; do echo "@@dockfix:$f"; ldd "$f" 2>&1; done; exit 0'
    )
    done = engine.run(
        "-i",
        *conditions.words(),
        "--user",
        "0",
        "--entrypoint",
        "/bin/sh",
        image,
        "-c",
        script,
        timeout=LIBRARIES_WITHIN,
        stdin="".join(f"{file}\n" for file in files),
    )
    if done.status:
        return None
    found: dict[str, frozenset[str]] = {}
    for part in done.out.split("@@dockfix:")[1:]:
        file, _, text = part.partition("\n")
        names = frozenset(match[1] or match[2] for match in _NOT_FOUND.finditer(text))
        if names:
            found[file] = names
    return found


def package_of(engine: Engine, image: str, path: str, manager: SystemManager, conditions: Conditions) -> str:
    """The system's package that a file of the image belongs to, "" where none owns it. Both names of a merged /usr are tried."""
    other = path.removeprefix("/usr") if path.startswith("/usr/lib") else f"/usr{path}"
    for name in (path, other):
        program, *words = manager.owner(name)
        done = engine.run(*conditions.words(), "--user", "0", "--entrypoint", program, image, *words)
        package = manager.owner_in(done.out) if done.status == 0 else ""
        if package:
            return package
    return ""


def run_smoke(engine: Engine, image: str, smoke: Smoke, conditions: Conditions) -> tuple[bool, str]:
    """Whether a command of a smoke check does what it should, and what it said, with its status."""
    entry = ["--entrypoint", "/bin/sh"] if smoke.shell else []
    words = ["-c", smoke.shell] if smoke.shell else list(smoke.command)
    try:
        done = engine.run(*conditions.words(smoke.network), *entry, image, *words, timeout=smoke.wait)
    except TimedOut as error:
        return False, str(error)
    good = done.status in smoke.statuses and smoke.expect in done.text
    return good, f"status {done.status}: {done.text.strip()[-1500:]}"


def start(
    engine: Engine,
    image: str,
    tool: Tool | None,
    ports: frozenset[int],
    requests: Sequence[Smoke],
    conditions: Conditions,
) -> Start:
    """Start a container and watch it until it is ready, has ended, or its time is over."""
    began = time.monotonic()
    network = any(request.network for request in requests)
    with _running(engine, image, conditions.words(network)) as (name, refusal):
        probe = _Probe(engine, name, tool, ports, requests, conditions)
        until = began + conditions.wait
        ready = 0.0
        answer: dict[str, Any] | None = None
        while True:
            state = _state(engine, name, refusal)
            if engine.name == "podman" and state["health"] and state["exited"] is None:
                with suppress(TimedOut):  # podman leaves this to systemd, which may not run
                    engine.call("healthcheck", "run", name, timeout=max(until - time.monotonic(), 1.0), check=False)
                state = _state(engine, name, refusal)
            now = time.monotonic()
            if state["exited"] is not None or now > until:
                break
            waits = state["health"] in ("starting", "unhealthy") or not probe.ready()
            if waits:
                ready = 0.0
            elif not ready:
                ready = now
            elif now - ready > (0.5 if ports or requests or state["health"] else SETTLE):
                answer = probe.last()
                if probe.holds(answer):
                    break
                answer, ready = None, 0.0  # it took connections and no longer does: it is on its way down
            time.sleep(POLL)
        if answer is None:
            answer = probe.last() if state["exited"] is None else probe.ended()
        state = _state(engine, name, refusal)
        logs = engine.call("logs", name, check=False)
        return Start(
            state["exited"],
            (logs.text + refusal)[-20000:],
            state["health"],
            frozenset(answer["open"]),
            {int(port): status for port, status in answer["roots"].items()},
            tuple(answer["good"]),
            tuple(f"status {each['status']}: {each['body'][:1500]}" for each in answer["answers"]),
            _written(engine, name),
            time.monotonic() - began,
        )


class _Probe:
    """Asks a container's ports from a second container in the same network namespace, so that no port has to be published."""

    def __init__(
        self,
        engine: Engine,
        name: str,
        tool: Tool | None,
        ports: frozenset[int],
        requests: Sequence[Smoke],
        conditions: Conditions,
    ) -> None:
        self.engine, self.name, self.tool, self.requests = engine, name, tool, requests
        self.ports = sorted(ports)
        self.memory = conditions.memory
        self.answer: dict[str, Any] = self._nothing("nothing listens")
        self.asked = tool is None or not (ports or requests)

    def _nothing(self, why: str) -> dict[str, Any]:
        return {
            "open": [],
            "roots": {},
            "good": [False] * len(self.requests),
            "answers": [{"status": 0, "body": why} for _ in self.requests],
        }

    def ready(self) -> bool:
        """Whether all that is asked for answers as it should."""
        if not self.asked:
            self.answer = self._ask(seconds=2.0, roots=False)
            self.asked = len(self.answer["open"]) == len(self.ports) and all(self.answer["good"])
        return self.asked

    def holds(self, answer: Mapping[str, Any]) -> bool:
        """Whether all ports that took a connection before still do; the probe asks again where one does not."""
        self.asked = set(self.answer["open"]) <= set(answer["open"])
        return self.asked

    def ended(self) -> dict[str, Any]:
        """What a container that has ended answers."""
        return self._nothing("the container has ended")

    def last(self) -> dict[str, Any]:
        """The answers at the end, with those to GET /."""
        if self.tool is None or not (self.ports or self.requests):
            return self.answer
        return self._ask(seconds=1.0, roots=True)

    def _ask(self, seconds: float, roots: bool) -> dict[str, Any]:
        assert self.tool is not None
        wanted = {
            "seconds": seconds,
            "ports": self.ports,
            "roots": roots,
            "requests": [
                {"port": each.port, "path": each.path, "statuses": each.statuses, "expect": each.expect}
                for each in self.requests
            ],
        }
        try:
            done = self.engine.run(
                "-i",
                "--memory",
                self.memory,
                "--network",
                f"container:{self.name}",
                "--user",
                "0",
                "--env",
                f"DOCKFIX_PROBE={json.dumps(wanted)}",
                "--entrypoint",
                self.tool.interpreter,
                self.tool.image,
                "-",
                stdin=self.tool.runtime.probe("ports"),
            )
        except TimedOut:
            return self._nothing("no answer in time")
        except EngineError:  # the container ended under our hands
            return self.ended()
        return _answer(done.out) or self.ended()


@contextmanager
def _running(engine: Engine, image: str, words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """A container's name, and why the engine could not start it ("" if it could)."""
    name = f"{REPOSITORY}-{engine.session}-{secrets.token_hex(3)}"
    # A health check's own interval may be minutes; what it runs stays as it is.
    health = ["--health-interval", "2s"] if engine.image(image)["Config"].get("Healthcheck") else []
    try:
        done = engine.call("run", "-d", "--name", name, *_own(engine), *words, *health, image, check=False)
        if (
            done.status and engine.call("inspect", name, check=False).status
        ):  # one whose command does not start is there
            raise EngineError(f"the container could not be made: {done.text.strip()[-300:]}")
        yield name, done.err.replace(name, "the container") if done.status else ""
    finally:
        engine.remove(name)


def _state(engine: Engine, name: str, refusal: str) -> dict[str, Any]:
    """``exited`` is None while the container runs, ``health`` is "" without a health check."""
    done = engine.call("inspect", "--format", "{{json .State}}", name, check=False)
    if done.status:
        raise EngineError(f"the container could not be made: {done.text.strip()[-300:]}")
    state = json.loads(done.out)
    health = (state.get("Health") or state.get("Healthcheck") or {}).get("Status", "")
    running = state.get("Running") or state.get("Status") in ("running", "created", "initialized")
    failed = state.get("Status") == "created" and (state.get("Error") or refusal)  # podman leaves Error empty
    return {
        "exited": None if running and not failed else int(state.get("ExitCode", 0)) or (127 if failed else 0),
        "health": "" if health == "none" else health,
    }


def _written(engine: Engine, name: str) -> frozenset[str]:
    done = engine.call("diff", name, check=False)
    rows = [line.partition(" ") for line in done.out.splitlines()]
    own = (
        {"/etc"} if engine.name == "podman" else set()
    )  # podman itself makes /etc/mtab; what a program writes is named itself
    return frozenset(path for kind, _, path in rows if kind in ("A", "C") and path not in own)


def _own(engine: Engine) -> tuple[str, str]:
    return "--label", engine.label


def _answer(text: str) -> dict[str, Any] | None:
    line = next((line for line in reversed(text.splitlines()) if line.startswith(MARK)), None)
    if line is None:
        return None
    try:
        found = json.loads(line.removeprefix(MARK))
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
