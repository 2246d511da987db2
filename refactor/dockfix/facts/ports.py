"""The ports that the program listens on, as far as the Dockerfile, Compose files, scripts, settings and code say."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Set

from dockfix.context.application import Mention
from dockfix.context.listens import ports_of_command
from dockfix.facts import Facts
from dockfix.facts.how_it_is_run import containers
from dockfix.knowledge import is_port_of_others, ports_of_clients
from dockfix.lazy import regex
from dockfix.syntax import decode

# (a whole word of a place to listen at, or an option's value: "a?0:1" and "x[0:1]" are none)
_OPTION = regex(
    r"(?:(?:(?<![^\s=])|(?<=[\"(,])(?=[\w\[*$]))(?:\w+://)?(?:[^\s@/\"]*@)?(?:\[[\da-fA-F:]*\]|[\w.*${}:-]*):"
    r"|(?<![\w.-])(?:--?[a-z-]*port|--?bind|-b|-p|--listen)[= ])(\d{1,5})\b(?![.:\d])"
)
# (behind a comma only where the name stands in quotes: a variable that is given away says nothing of what is given beside it;
# other words that end in "port" name none)
_NAMED = (
    rb"(?i)port(?<!export)(?<!import)(?<!support)(?<!viewport)(?<!passport)(?<!transport)(?<!\breport)(?<!_report)(?<!(?-i:Re)port)"
    rb"(?:['\"]?\s*[=:]|['\"]\s*,)\s*['\"]?[1-9]\d{0,2}\b(?![.\d])"
)
_OUTSIDE = regex(r"[^\w-]")  # what stands in no name
# A call of a client before the port, in the same line
_CONNECTS = regex(r"(?i)(?:\bconnect|connection|client|redis|session|engine)\w*\((?!.*\))")
_VARIABLE = regex(r"(?i)(?:(?P<whose>.*)_)?port")
# What says where somebody else is found, beside its port; and a place to listen at, which says where the program itself is
_WHERE = ("host", "hostname", "server", "url", "uri", "addr", "address", "endpoint")
_HERE = regex(r"|\[?::1?\]?|0|0\.0\.0\.0|127\.0\.0\.1|localhost|\*|\$.*")


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
        before = _before(facts, mention)
        name = f"{_OUTSIDE.split(before[-60:])[-1]}port"
        if number not in asked and not _CONNECTS.search(before) and not is_port_of_others(name):
            yield number
    for mention in facts.kubernetes.says(rb"(?m)^[ \t-]*(?:containerPort|targetPort):[ \t]*\d+"):
        yield _number(re.sub(r"\D", "", mention.word))
    others = facts.ask(_other_services)
    environments = [
        facts.final.end.env,
        *(dict(setting.partition("=")[::2] for setting in service.settings) for service in run),
    ]
    for environment in environments:
        yield from _told(environment, others)
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
        for port in _told(dict(setting.partition("=")[::2] for setting in way.settings), facts.ask(_other_services))
        if port
    )


def _before(facts: Facts, mention: Mention) -> str:
    """What stands before a mention in its line."""
    line = decode(facts.application.line_of(mention))
    return line.partition(mention.word)[0]


def _other_services(facts: Facts) -> frozenset[str]:
    """The names of the services of Compose that are not known to run the image."""
    return frozenset(facts.located.named) - {service.name for service in facts.located.services}


def _told(environment: Mapping[str, str], others: Set[str]) -> Iterator[int]:
    """The ports that variables of the usual names give; ``others`` are the services around."""
    for name, value in environment.items():
        match = _VARIABLE.fullmatch(name)
        if match is not None and not _is_of_others(match["whose"] or "", name, environment, others):
            yield _number(value)
    options = environment.get("GUNICORN_CMD_ARGS")
    if options:
        yield from (port.port or 0 for port in ports_of_command(f"gunicorn {options}", "", 0))


def _is_of_others(whose: str, name: str, environment: Mapping[str, str], others: Set[str]) -> bool:
    """Whether a variable says where somebody else listens: by its name, by a service of that name, by the host beside it."""
    if is_port_of_others(name) or not {whose.lower(), whose.lower().replace("_", "-")}.isdisjoint(others):
        return True
    beside = {key.lower(): value for key, value in environment.items()} if whose else {}
    found = (beside.get(f"{whose}_{word}".lower()) for word in _WHERE)
    return any(value is not None and not _HERE.fullmatch(value) for value in found)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() else 0
