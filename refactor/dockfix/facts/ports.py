"""The ports that the program listens on, as far as the Dockerfile, Compose files, scripts, settings and code say."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from dockfix.context.application import Mention
from dockfix.context.listens import ports_of_command
from dockfix.context.program.serving import NOT_OURS
from dockfix.facts import Facts
from dockfix.facts.how_it_is_run import containers
from dockfix.knowledge import ports_of_clients
from dockfix.lazy import regex
from dockfix.syntax import decode

_OPTION = regex(r"(?::|(?<![\w.-])(?:--?[a-z-]*port|--?bind|-b|-p|--listen)[= ])(\d{1,5})\b(?![.:\d])")
# (behind a comma only where the name stands in quotes: a variable that is given away says nothing of what is given beside it)
_NAMED = rb"(?i)\b(?:socket_)?port(?:['\"]?\s*[=:]|['\"]\s*,)\s*['\"]?[1-9]\d{0,2}\b(?![.\d])"
# A call of a client before the port, in the same line
_CONNECTS = regex(r"(?i)(?:\bconnect|connection|client|redis|session|engine)\w*\((?!.*\))")
_VARIABLE = regex(r"(?i)(?:.*_)?port")


def low_port(facts: Facts) -> int:
    """A port below 1024 that the program may listen on, 0 where nothing says so."""
    return next((number for number in _numbers(facts) if 0 < number < 1024), 0)


def _numbers(facts: Facts) -> Iterator[int]:
    for step in facts.final.of("EXPOSE"):
        yield from (_number(re.split(r"[/-]", word)[0]) for word in step.instruction.words)
    run = (*facts.located.services, *facts.ask(containers))
    for service in run:
        yield from (_number(re.split(r"[/-]", port.rpartition(":")[2])[0]) for port in service.ports)
    asked = ports_of_clients(facts.distributions)
    for mention in facts.application.search(_NAMED):
        number = _number(re.split(r"\D", mention.word)[-1])
        if number not in asked and not _CONNECTS.search(_before(facts, mention)):
            yield number
    for mention in facts.kubernetes.says(rb"(?m)^[ \t-]*(?:containerPort|targetPort):[ \t]*\d+"):
        yield _number(re.sub(r"\D", "", mention.word))
    environments = [
        facts.final.end.env,
        *(dict(setting.partition("=")[::2] for setting in service.settings) for service in run),
    ]
    for environment in environments:
        yield from _told(environment)
    texts = facts.startup.texts
    for port in (
        *facts.program.ports,
        *facts.processes.ports,
        *(port for where, text in texts.items() for port in ports_of_command(text, where, 0)),
    ):
        yield port.port or 0
        yield from (_number(environment.get(port.env, "")) for environment in environments)
    for text in texts.values():
        yield from (int(match[1]) for match in _OPTION.finditer(text.replace("'", "")))


def told_ports(facts: Facts) -> tuple[tuple[str, int], ...]:
    """The ports that variables give to containers of the image, each with where that is said."""
    ways = (*facts.services, *facts.ask(containers))
    return tuple(
        (way.file, port)
        for way in ways
        for port in _told(dict(setting.partition("=")[::2] for setting in way.settings))
        if port
    )


def _before(facts: Facts, mention: Mention) -> str:
    """What stands before a mention in its line."""
    line = decode(facts.application.texts[mention.file].split(b"\n")[mention.line - 1])
    return line.partition(mention.word)[0]


def _told(environment: Mapping[str, str]) -> Iterator[int]:
    """The ports that variables of the usual names give."""
    yield from (
        _number(value) for name, value in environment.items() if _VARIABLE.fullmatch(name) and not NOT_OURS.search(name)
    )
    options = environment.get("GUNICORN_CMD_ARGS")
    if options:
        yield from (port.port or 0 for port in ports_of_command(f"gunicorn {options}", "", 0))


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() else 0
