"""How a container comes up with the image's own command: what it says, what listens and runs in it, how it answers requests."""

from __future__ import annotations

import json
import posixpath
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import field, replace
from typing import Any

from dockfix.dataclass import dataclass
from dockfix.knowledge import shells
from dockfix.verify.container import running, state_of, written_in
from dockfix.verify.engines import Engine, EngineError
from dockfix.verify.manner import Manner
from dockfix.verify.process import TimedOut
from dockfix.verify.running import Conditions, Tool, answer_of
from dockfix.verify.smoke import Smoke

SETTLE = 3.0  # seconds that a container without port and health check is watched beyond its first sign of life
POLL = 0.5
HOLDS = 0.5  # seconds that one which answers has to go on doing so
BUSY = 15.0  # seconds at most that one is watched because it computes and nothing listens yet
HALF = 0.5  # of a processor, from which on a container counts as busy
STEADY = 15.0  # seconds that something wrong of the original has to stay as it is, to be what it ends with
STEADY_AGAIN = 5.0  # of an image that is compared with one that is known
LEAST = 15.0  # seconds that such an image has to come up, however quick the other one was
MARGIN = 3.0  # times what the other one took
TOO_EARLY = 500  # from this HTTP status on, an answer may be another one later


@dataclass(frozen=True)
class Wanted:
    """What a container is watched for, until all of it has come or its time is over.

    ``ports`` are to take connections, ``requests`` to be answered well; ``routes`` are asked for once it is up; ``healthy`` tells
    whether its HEALTHCHECK, where it has one, has to pass, ``ends`` whether it is to end by itself. It has ``wait`` seconds, and is given
    up sooner where it has had ``least`` seconds and what is wrong stays as it is for ``steady`` seconds.
    """

    ports: frozenset[int] = frozenset()
    requests: Sequence[Smoke] = ()
    routes: Sequence[str] = ()
    healthy: bool = True
    ends: bool = False
    wait: float = 60.0
    least: float = 0.0
    steady: float = STEADY


@dataclass(frozen=True)
class Start:
    """How a container came up with the image's own command.

    ``exited`` is its exit status (None: it was still running); ``health`` what its HEALTHCHECK said ("" without one);
    ``ports`` are those that took a connection, of those asked for and of those ``listening``; ``roots`` the HTTP status of GET / on
    them; ``good`` and ``answers`` belong to the requests, in order. ``written`` are the paths that it changed; ``seconds`` until it was
    ready. ``programs`` are the names of those that run and go on running, shells left out, if somebody ``looked``; ``names`` are all that
    those have which run at the end, as one may call itself otherwise after a while. ``routes`` are the
    statuses of those asked for, by path, on the port ``web``.
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
    listening: frozenset[int] = frozenset()
    programs: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    looked: bool = False
    routes: Mapping[str, int] | None = None
    web: int = 0

    def again(self, wanted: Wanted) -> Wanted:
        """What another image is watched for that is to come up as this one did when ``wanted`` was asked of it."""
        bound = max(LEAST, MARGIN * self.seconds)
        return Wanted(
            self.ports | self.listening,
            wanted.requests,
            tuple(self.routes or ()),
            self.health in ("", "healthy"),
            self.exited is not None,
            min(wanted.wait, bound) if self.seconds < wanted.wait else wanted.wait,
            self.seconds,
            min(wanted.steady, STEADY_AGAIN),
        )


def start(
    engine: Engine,
    image: str,
    tool: Callable[[], Tool | None],
    wanted: Wanted,
    conditions: Conditions,
    manner: Manner,
) -> Start:
    """Start a container and watch it until it is ready, has ended, or its time is over; it comes up while its ``tool`` is found."""
    began = time.monotonic()
    network = any(request.network for request in wanted.requests)
    # what somebody gives for this run counts more than what a file says
    arguments = [*manner.arguments, *conditions.words(network)]
    with running(engine, image, arguments, manner) as (name, refusal):
        probe = _Probe(engine, name, tool(), wanted, conditions.memory)
        answer = _watch(engine, name, refusal, probe, began)
        state = state_of(engine, name, refusal)
        if answer is None:
            answer = probe.last() if state.exited is None else probe.ended()
        state = state_of(engine, name, refusal)
        logs = engine.call("logs", name, check=False)
        return Start(
            state.exited,
            (logs.text + refusal)[-20000:],
            state.health,
            frozenset(answer.open),
            answer.roots,
            answer.good,
            tuple(f"status {status}: {body[:1500]}" for status, body in answer.answers),
            written_in(engine, name) - {copy.target for copy in manner.copies},
            time.monotonic() - began,
            answer.listening,
            probe.programs,
            probe.names,
            probe.tool is not None,
            answer.routes,
            answer.web,
        )


def _watch(engine: Engine, name: str, refusal: str, probe: _Probe, began: float) -> _Answer | None:
    """Wait until a container is as it is wanted; its last answer then, None where it did not come to that."""
    wanted = probe.wanted
    ready, wrong = 0.0, _Steady()
    while True:
        state = state_of(engine, name, refusal)
        if engine.name == "podman" and state.health and state.exited is None:
            with suppress(TimedOut):  # podman leaves this to systemd, which may not run
                left = max(began + wanted.wait - time.monotonic(), 1.0)
                engine.call("healthcheck", "run", name, timeout=left, check=False)
            state = state_of(engine, name, refusal)
        now = time.monotonic()
        if state.exited is not None or now - began > wanted.wait:
            return None
        up = not wanted.ends and probe.ready()
        if not up or (wanted.healthy and state.health in ("starting", "unhealthy")):
            ready = 0.0
            if wrong.since(probe.wrong(state.health), now) > probe.patience and now - began > wanted.least:
                return None
        elif probe.fresh:
            return probe.answer
        elif not ready and not probe.answer.held:
            ready = now
        elif probe.answer.held or now - ready > (HOLDS if wanted.ports or wanted.requests or state.health else SETTLE):
            answer = probe.last()
            if probe.waits(now - began):
                ready = now
            elif probe.holds(answer):
                return answer
            else:
                ready = 0.0  # it took connections and no longer does: it is on its way down
        time.sleep(POLL)


class _Steady:
    """Since when something has been as it is."""

    def __init__(self) -> None:
        self.what: object = None
        self.began = 0.0

    def since(self, what: object, now: float) -> float:
        """For how many seconds it has been this; 0 for nothing."""
        if what is None or what != self.what:
            self.what, self.began = what, now
        return now - self.began


@dataclass(frozen=True)
class _Answer:
    """What was seen from beside a container; ``computed`` are ticks, ``at`` is when it was asked.

    ``held`` tells whether all went on answering for a while; ``earlier`` are the processes before that.
    """

    open: tuple[int, ...] = ()
    roots: Mapping[int, int] = field(default_factory=dict)
    good: tuple[bool, ...] = ()
    answers: tuple[tuple[int, str], ...] = ()
    listening: frozenset[int] = frozenset()
    processes: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    routes: Mapping[str, int] = field(default_factory=dict)
    web: int = 0
    computed: int = 0
    at: float = 0.0
    held: bool = False
    earlier: Mapping[int, tuple[str, ...]] = field(default_factory=dict)


class _Probe:
    """Looks at a container from a second one in the same network and among the same processes: no port has to be published."""

    def __init__(self, engine: Engine, name: str, tool: Tool | None, wanted: Wanted, memory: str) -> None:
        self.engine, self.name, self.tool, self.wanted, self.memory = engine, name, tool, wanted, memory
        self.answer = self._nothing("nothing listens")
        self.before = self.answer  # the one that came before
        self.asked = tool is None
        self.fresh = False  # whether it has just been seen to answer, and to go on doing so

    def ready(self) -> bool:
        """Whether all that is asked for answers as it should."""
        self.fresh = False
        if not self.asked:
            holds = HOLDS if self.wanted.ports or self.wanted.requests else 0.0
            self._keep(self._ask(self.wanted.ports, seconds=2.0, holds=holds))
            self.asked = self.wanted.ports <= set(self.answer.open) and all(self.answer.good)
            self.fresh = self.answer.held
        return self.asked

    def wrong(self, health: str) -> object:
        """What is not as it should be and may stay so, as something to be compared; None while it is only on its way."""
        if self.wanted.ends:
            return None
        if self.asked:
            return health if health == "unhealthy" else None
        answer, statuses = self.answer, self._statuses()
        on_its_way = not answer.listening and (self._busy() or 0 in statuses)
        return None if on_its_way else (answer.open, answer.listening, statuses)

    @property
    def patience(self) -> float:
        """For how many seconds what is wrong has to stay so; a refusal that an answer tells is no matter of time."""
        statuses = self._statuses()
        refused = not self.asked and bool(statuses) and all(0 < status < TOO_EARLY for status in statuses)
        return min(STEADY_AGAIN, self.wanted.steady) if refused else self.wanted.steady

    def _statuses(self) -> tuple[int, ...]:
        """Those of the answers that are not good."""
        return tuple(
            status for (status, _), good in zip(self.answer.answers, self.answer.good, strict=True) if not good
        )

    def waits(self, seconds: float) -> bool:
        """Whether one of which nothing was asked is still on its way after so many seconds, where nothing listens: it computes, or has
        not had the time that it has at least.
        """
        alone = not (self.wanted.ports or self.wanted.requests) and not self.answer.listening
        return alone and (seconds < self.wanted.least or (self._busy() and seconds < min(BUSY, self.wanted.wait)))

    def _busy(self) -> bool:
        seconds = self.answer.at - self.before.at
        return self.before.at > 0 and self.answer.computed - self.before.computed > HALF * 100 * seconds

    def holds(self, answer: _Answer) -> bool:
        """Whether all ports that took a connection before still do; the probe asks again where one does not."""
        self.asked = self.tool is None or set(self.before.open) <= set(answer.open)
        return self.asked

    def ended(self) -> _Answer:
        """What a container that has ended answers."""
        return self._nothing("the container has ended")

    def last(self) -> _Answer:
        """The answers at the end, with those to GET / on all ports where something listens."""
        if self.tool is not None:
            self._keep(self._ask(self.wanted.ports | self.answer.listening, seconds=1.0, roots=True))
        return self.answer

    @property
    def programs(self) -> frozenset[str]:
        """The names of the programs that ran at both of the last two looks."""
        both = self.before.processes.items() & self.answer.processes.items()
        return frozenset(name for _, command in both for name in _names(command))

    @property
    def names(self) -> frozenset[str]:
        """The names that the programs have or had of the processes which ran at the last look."""
        looks = (self.before.processes, self.answer.processes)
        found = (look[process] for look in looks for process in self.answer.processes if process in look)
        return frozenset(name for command in found for name in _names(command))

    def _keep(self, answer: _Answer) -> None:
        self.before = replace(self.answer, processes=answer.earlier) if answer.held else self.answer
        self.answer = answer

    def _nothing(self, why: str) -> _Answer:
        requests = self.wanted.requests
        return _Answer(good=(False,) * len(requests), answers=((0, why),) * len(requests))

    def _ask(self, ports: frozenset[int], seconds: float, *, roots: bool = False, holds: float = 0.0) -> _Answer:
        assert self.tool is not None
        wanted = {
            "seconds": seconds,
            "ports": sorted(ports),
            "roots": roots,
            "holds": holds,
            "routes": list(self.wanted.routes) if roots or holds else [],
            "requests": [
                {"port": each.port, "path": each.path, "statuses": each.statuses, "expect": each.expect}
                for each in self.wanted.requests
            ],
        }
        try:
            done = self.engine.run(
                "-i",
                "--memory",
                self.memory,
                "--network",
                f"container:{self.name}",
                "--pid",
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
        said = answer_of(done.out)
        return self.ended() if said is None else _read(said)


def _read(said: Mapping[str, Any]) -> _Answer:
    processes, earlier = (
        {each["pid"]: tuple(each["command"]) for each in said[key]} for key in ("processes", "earlier")
    )
    return _Answer(
        tuple(said["open"]),
        {int(port): status for port, status in said["roots"].items()},
        tuple(said["good"]),
        tuple((each["status"], each["body"]) for each in said["answers"]),
        frozenset(said["listening"]),
        processes,
        said["routes"],
        said["web"],
        sum(each["ticks"] for each in said["processes"]),
        time.monotonic(),
        said["held"],
        earlier,
    )


def _names(command: Sequence[str]) -> Iterable[str]:
    """The names of the program that a process runs, without version, and of the script that it was given by its path."""
    programs = [posixpath.basename(command[0].split(" ", 1)[0]).lstrip("-")]
    script = next((word for word in command[1:2] if word.startswith("/")), "")
    programs += [posixpath.basename(script)] if script else []
    names = (re.sub(r"[\d.]+$", "", name).rstrip(":") for name in programs)
    return [name for name in names if name and name not in shells()]
