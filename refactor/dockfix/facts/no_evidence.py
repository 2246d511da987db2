"""Which files of a build context say nothing of a container: those of some kinds, and scripts that are made for people's machines."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Sequence
from functools import cache, partial

from dockfix.context.application import Application, application
from dockfix.context.build_context import BuildContext
from dockfix.context.compose import ComposeService
from dockfix.context.kinds import is_shell
from dockfix.facts.startup import Startup
from dockfix.knowledge import programs_of_machines, servers_named, without_evidence
from dockfix.lazy import regex
from dockfix.model.stages import Stage

_LINES = 5  # within which a script that asks for a program ends where there is none


def says_nothing(
    context: BuildContext,
    files: frozenset[str],
    stages: Sequence[Stage],
    startup: Startup,
    services: Iterable[ComposeService],
    runtime: str = "",
) -> frozenset[str]:
    """Those of some files that by their kind are no evidence in the last of these stages.

    ``runtime`` is a program that runs in any case; ``services`` are those that mount something into the container.
    """
    final = stages[-1]
    programs = frozenset(filter(None, (*startup.programs, runtime)))
    named = servers_named((*(step.instruction.text for step in final.steps), *startup.texts.values()))
    work = partial(without_evidence, files, programs, named)
    described = context.disk.once(("no evidence", files, programs, named), work)
    if final.image is None or final.beneath is not None:  # what programs there are is not known
        return described
    mounted = (f"{source}:{target}" for service in services for source, target, _ in service.volumes)
    written = (step.instruction.text for stage in stages for step in stage.steps)
    return described | for_machines(application(context, files - described), startup, (*written, *mounted))


def for_machines(image: Application, startup: Startup, texts: Iterable[str]) -> frozenset[str]:
    """The scripts among the files that call such a program and that neither the start nor one of some texts names.

    ``texts`` are what the Dockerfile says and what is mounted: a program that stands there may be in the container. So may one for which
    a script asks before it calls it.
    """
    scripts = [name for name, _ in image.asked(is_shell)]
    if not scripts:
        return frozenset()
    told = "\n".join(texts)
    words = set(re.findall(r"[\w.+@-]+", told))
    named = frozenset(name for name in scripts if name in startup.texts or posixpath.basename(name) in words)
    if len(named) == len(scripts):
        return frozenset()
    brought = frozenset(program for program in programs_of_machines() if _brought(program).search(told))
    work = partial(_for_machines, image, named, brought)
    if not image.context.overlay.keys().isdisjoint(image.files):
        return work()
    return image.context.disk.once(("for machines", image.files, named, brought), work)


def _for_machines(image: Application, named: frozenset[str], brought: frozenset[str]) -> frozenset[str]:
    """The same, where ``named`` are the scripts that something names, and ``brought`` the programs that may be there."""
    run = [image.texts[name] for name in named]
    gone = frozenset(
        program for program in programs_of_machines() - brought if not any(program.encode() in text for text in run)
    )
    if not gone:
        return gone
    calling = image.asked(partial(_calls, gone), ("calls", gone))
    return frozenset(name for name, _ in calling) - named


def _calls(programs: frozenset[str], name: str, data: bytes) -> bool:
    """Whether a script calls one of these programs, and does not ask first whether it is there."""
    if not is_shell(name, data):
        return False
    # most scripts hold none of the names, and looking for a fixed text takes a hundredth of the time
    held = [each for each in sorted(programs) if each.encode() in data]
    return any(_call(each).search(data) is not None and not _asks(data, each) for each in held)


@cache
def _brought(program: str) -> re.Pattern[str]:
    """The program, or what brings it, in an instruction; no folder of the name, and no registry."""
    name = re.escape(program)
    of_it = r"(?:-(?:ce|cli|compose|engine|\d)|\.io)(?![\w/])"
    return regex(rf"(?<![\w.-]){name}(?:{of_it}|(?![\w./-]))|get\.{name}\.com")


@cache
def _call(program: str) -> re.Pattern[bytes]:
    name = re.escape(program).encode()
    return regex(
        rb"(?m)(?:^|[;&|(`]|\b(?:then|do|else|if|while|until|!)[ \t])[ \t]*(?:\w+=\S*[ \t]+)*" + name + rb"[ \t]+\S"
    )


def _asks(data: bytes, program: str) -> bool:
    """Whether a script asks if a program is there, and goes on where it is not."""
    for match in _question(program).finditer(data):
        before = data[data.rfind(b"\n", 0, match.start()) + 1 : match.start()]
        line, *more = data[match.end() :].split(b"\n", _LINES)[:_LINES]
        otherwise = line.partition(b"||")[2]
        ends = b"\n".join((line, *more)) if before.rstrip().endswith(b"!") else otherwise
        if not re.search(rb"\bexit\b", ends):
            return True
    return False


@cache
def _question(program: str) -> re.Pattern[bytes]:
    name = re.escape(program).encode()
    return regex(
        rb"\b(?:command[ \t]+-[vV]|which|type|hash)[ \t]+(?:-\w+[ \t]+)*"
        + name
        + rb"\b|-[xef][ \t]+\S*/"
        + name
        + rb"\b"
    )
