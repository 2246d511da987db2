"""Smoke checks: a command or an HTTP request that the original image passes, and so must the new one."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from dockfix.dataclass import dataclass

_HTTP = re.compile(
    r"(?:(?:GET|get)\s+)?(?:http://(?:localhost|127\.0\.0\.1|0\.0\.0\.0))?:(?P<port>\d{1,5})(?P<path>/\S*)?"
)
_KEYS = {"run", "command", "http", "status", "expect", "wait", "network"}


class SmokeError(Exception):
    """A smoke check that cannot be understood."""


@dataclass(frozen=True)
class Smoke:
    """One check. With a ``port`` it is a GET of ``path``, else a command.

    ``shell`` is a command line that /bin/sh in the image runs; ``command`` are words that take the place of CMD, behind the
    image's ENTRYPOINT. ``statuses`` are the exit or HTTP statuses that will do; ``expect`` is a part of the output or
    of the answer. ``wait`` are the seconds that it may take. ``network`` gives the container the engine's network.
    """

    name: str
    shell: str = ""
    command: tuple[str, ...] = ()
    port: int = 0
    path: str = "/"
    statuses: tuple[int, ...] = ()
    expect: str = ""
    wait: float = 60.0
    network: bool = False


def from_text(text: str) -> Smoke:
    """A check as ``--smoke`` has it: ``:8000/health`` is a request, anything else a shell command. Raises SmokeError."""
    if not text.strip():
        raise SmokeError("a smoke check cannot be empty")
    match = _HTTP.fullmatch(text.strip())
    if match is None:
        return Smoke(text, shell=text, statuses=(0,))
    return Smoke(text, port=_port(int(match["port"])), path=match["path"] or "/", statuses=(200,))


def from_value(value: object) -> Smoke:
    """A check as a configuration file has it: a text, or a table with ``run``, ``command`` or ``http``. Raises SmokeError."""
    if isinstance(value, str):
        return from_text(value)
    if not isinstance(value, Mapping):
        raise SmokeError("a smoke check is a text or a table")
    for key in value:
        if key not in _KEYS:
            raise SmokeError(f"unknown key {key!r} in a smoke check; the keys are {', '.join(sorted(_KEYS))}")
    kinds = [key for key in ("run", "command", "http") if key in value]
    if len(kinds) != 1:
        raise SmokeError("a smoke check has one of run, command and http")
    expect, wait, network = value.get("expect", ""), value.get("wait", 60), value.get("network", False)
    timed = isinstance(wait, int | float) and not isinstance(wait, bool) and 0 < wait < math.inf
    if not isinstance(expect, str) or not isinstance(network, bool) or not timed:
        raise SmokeError("in a smoke check, expect is a text, wait a number of seconds above 0, network true or false")
    given = value.get("status")
    statuses = tuple(given) if isinstance(given, list) else () if given is None else (given,)
    if not all(isinstance(status, int) and not isinstance(status, bool) for status in statuses):
        raise SmokeError("status is a number or a list of numbers")
    wanted = value[kinds[0]]
    if kinds[0] == "command":
        if not isinstance(wanted, list) or not wanted or not all(isinstance(word, str) for word in wanted):
            raise SmokeError('command is a list of words, such as ["python", "-V"]')
        return Smoke(
            " ".join(wanted),
            command=tuple(wanted),
            statuses=statuses or (0,),
            expect=expect,
            wait=wait,
            network=network,
        )
    if not isinstance(wanted, str) or not wanted.strip():
        raise SmokeError(f"{kinds[0]} is a text")
    if kinds[0] == "run":
        return Smoke(wanted, shell=wanted, statuses=statuses or (0,), expect=expect, wait=wait, network=network)
    match = _HTTP.fullmatch(wanted.strip())
    if match is None:
        raise SmokeError(f"{wanted!r} is no request; write it as :8000/health")
    return Smoke(
        wanted,
        port=_port(int(match["port"])),
        path=match["path"] or "/",
        statuses=statuses or (200,),
        expect=expect,
        wait=wait,
        network=network,
    )


def _port(number: int) -> int:
    if not 0 < number < 65536:
        raise SmokeError(f"{number} is no port")
    return number
