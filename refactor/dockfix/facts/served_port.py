"""The one port on which the application answers, by what starts it, its settings and its code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dockfix.context.listens import ports_of_command
from dockfix.context.process_files import kind_of
from dockfix.context.program.model import Port
from dockfix.facts import Facts
from dockfix.knowledge import PythonProgram
from dockfix.model.reason import Reason, at
from dockfix.syntax.shell import quoted

_READS_ITS_FILE = "gunicorn"  # by itself, or where it is told to


def served_port(facts: Facts) -> int | Reason:
    """The port on which the application answers, or why none is known.

    A port that the server is told counts before EXPOSE, which says nothing to it, and that before what servers take by themselves.
    """
    started = [*facts.ask(_started)]
    told = [port for port in started if not port.is_default] or [*_of_settings(facts)]
    exposed = {int(word) if word.isdigit() else None for word in _exposed(facts)}
    found = told or started or facts.program.ports
    numbers = {_number(port, facts.final.end.env): port for port in reversed(found)}
    if len(exposed) == 1 and None not in exposed:
        number = next(filter(None, exposed))
        if number in numbers or None in numbers or not found or (started and not told):
            return number
        if not told:
            return at(f"EXPOSE names {number}, and {_where(found[0])} has the program listen on {found[0].port}")
    chosen = next((port for port in found if _chosen(port, facts.final.end.env)), None)
    if chosen is not None and chosen.port not in exposed:
        return at(f"the variable {chosen.env} says on which port it listens ({_where(chosen)})")
    if None in numbers:
        return at(f"on which port it listens is worked out when it starts ({_where(numbers[None])})")
    both = numbers.keys() & exposed
    # what a server takes by itself is no port of an image that names others
    one = both if both or (exposed and not told and started) else numbers.keys()
    if len(one) == 1:
        return next(filter(None, one))
    if numbers and one:
        listed = " or ".join(f"{number} ({_where(numbers[number])})" for number in sorted(filter(None, numbers)))
        return at(f"it may listen on port {listed}")
    if exposed:
        return at("EXPOSE names more than one port, or one that is not known")
    return at("nothing says on which port it listens")


def _exposed(facts: Facts) -> Iterator[str]:
    return (word.partition("/")[0] for step in facts.final.of("EXPOSE") for word in step.instruction.words)


def _started(facts: Facts) -> tuple[Port, ...]:
    """The ports of the servers of the application that are started, as far as their commands say."""
    texts = {where: text for where, text in facts.startup.texts.items() if not where.startswith("HEALTHCHECK")}
    entry, given = (facts.final.last(keyword) for keyword in ("ENTRYPOINT", "CMD"))
    if entry is not None and given is not None and entry.instruction.json and given.instruction.json:
        texts[f"CMD in line {given.line}"] = quoted([*entry.instruction.json, *given.instruction.json])
        texts.pop(f"ENTRYPOINT in line {entry.line}", None)
    return tuple(port for where, text in texts.items() for port in ports_of_command(text, where, 0, _answers))


def _answers(program: PythonProgram) -> bool:
    return program.http


def _of_settings(facts: Facts) -> Iterator[Port]:
    """The ports that a server reads in a file of its own."""
    if _READS_ITS_FILE in facts.startup.programs:
        yield from (port for port in facts.processes.ports if kind_of(port.file) == _READS_ITS_FILE)


def _number(port: Port, environment: Mapping[str, str]) -> int | None:
    value = environment.get(port.env, "") if port.env else ""
    return int(value) if value.isascii() and value.isdecimal() else port.port


def _chosen(port: Port, environment: Mapping[str, str]) -> bool:
    """Whether only whoever runs the image says which port it is."""
    return bool(port.env) and not port.is_default and port.env not in environment


def _where(port: Port) -> str:
    return f"{port.file}:{port.line}" if port.line and port.file else port.file or port.how
