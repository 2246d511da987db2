"""The ``healthcheck`` transform."""

from __future__ import annotations

import re
from typing import ClassVar

from dockfix.context.program.model import Endpoint
from dockfix.engine.transform import Edit, Outcome, Safety, Transform, refuse
from dockfix.facts import Facts
from dockfix.facts.from_inside import closed_from_inside
from dockfix.facts.javascript import listens_by_name
from dockfix.facts.ports import told_ports
from dockfix.facts.served_port import served_port
from dockfix.knowledge import is_python, python_program
from dockfix.knowledge.node_programs import is_node, node_program, script_runners
from dockfix.model.answers import Asked, Started
from dockfix.model.reason import Declared, Reason, at, doubt
from dockfix.model.stages import Step
from dockfix.runtimes.protocol import Runtime
from dockfix.runtimes.registry import runtime
from dockfix.syntax import Instruction

from ._layout import before, place_above, put_above


class Healthcheck(Transform):
    """Add a HEALTHCHECK that asks the endpoint that the code shows.

    What it does
        Where the application has a route such as ``/health`` and answers on one port, a HEALTHCHECK asks it, by Python or by Node.js,
        since slim images have no curl.

    Why
        Without one, an orchestrator takes a program that hangs for one that works.

    Example
        EXPOSE 8000                EXPOSE 8000
                                   HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \\
                                       CMD ["python", "-c", "... urlopen('http://127.0.0.1:8000/health', timeout=4)"]
        CMD ["gunicorn", ...]      CMD ["gunicorn", ...]

    Fix safety
        Unsafe: the route may need what the program only has in production, and a failing check gets a container replaced. Refused
        where there is a HEALTHCHECK, where the code shows no open route or more than one port, where its settings let no such request
        in (ALLOWED_HOSTS, SECURE_SSL_REDIRECT) or take that from the environment, where whoever runs the image gives another port,
        and where it could not be read.
    """

    title: ClassVar[str] = "add a HEALTHCHECK that asks the program's own endpoint"
    safety: ClassVar[Safety] = "unsafe"
    after: ClassVar[frozenset[str]] = frozenset({"python-env"})
    sees_to: ClassVar[frozenset[str]] = frozenset({"health check"})

    def apply(self, facts: Facts) -> Outcome:
        """Inserts one instruction above CMD or ENTRYPOINT."""
        stage = facts.final
        starts = [step for step in (stage.last("CMD"), stage.last("ENTRYPOINT")) if step is not None]
        # others may not have a program of the name
        brought = runtime(stage.image.runtime) if stage.image is not None else None
        if brought is None or not brought.asks("") or stage.last("HEALTHCHECK") is not None or not starts:
            return Outcome()
        served = facts.program.served
        if not served.endpoints:
            return Outcome()
        first = min(starts, key=stage.steps.index)
        unread = (*served.unparsed, *facts.program.unparsed)
        if facts.unknown or unread:
            why = facts.unknown.text if facts.unknown else f"{unread[0].file} could not be read"
            return refuse(f"not all that answers requests is known: {why}", first.line)
        if not any(map(_serves, facts.startup.programs)):
            return refuse("nothing shows that the container starts a server of the application's routes", first.line)
        endpoint = _open(served.endpoints)
        if endpoint is None:
            return refuse(_closed(served.endpoints[0]), first.line)
        closed = facts.ask(closed_from_inside) or _closed_by_name(facts)
        if closed is not None:
            return refuse(closed.at(first.line))
        port = facts.ask(served_port)
        if isinstance(port, Reason):
            return refuse(port.at(first.line))
        other = next(((way, told) for way, told in facts.ask(told_ports) if told != port), None)
        if other is not None:
            return refuse(f"{other[0]} gives the port {other[1]}, which another check would have to ask", first.line)
        return Outcome(
            [_edit(facts, first, brought, port, endpoint)],
            declares=frozenset({Declared("HEALTHCHECK")}),
            doubts=(
                doubt(
                    "the route may need what the program only has in production",
                    answers=[Started(), Asked(endpoint.path)],
                ),
            ),
        )


def _closed_by_name(facts: Facts) -> Reason | None:
    variable = facts.ask(listens_by_name) if facts.is_javascript else ""
    said = f"the server listens where {variable} says, which is the container's name: with ENV {variable}=0.0.0.0 a check could ask it"
    return at(said) if variable else None


def _serves(program: str) -> bool:
    """Whether a program may answer HTTP with the routes of the application."""
    known, javascript = python_program(program), node_program(program)
    return (
        is_python(program)
        or (known is not None and known.http)
        or program in script_runners()
        or (javascript is not None and (is_node(program) or bool(javascript.serves or javascript.runs)))
    )


def _open(endpoints: tuple[Endpoint, ...]) -> Endpoint | None:
    """The shortest route whose whole address is known and that asks for nothing."""
    plain = [each for each in endpoints if not each.guarded and re.fullmatch(r"/[\w./~-]*", each.path)]
    return min(plain, key=lambda each: (len(each.path), each.path), default=None)


def _closed(endpoint: Endpoint) -> str:
    where = f"{endpoint.file}:{endpoint.line}"
    if endpoint.guarded:
        return f"something before {where} may turn the request away, as for want of a login"
    return f"the whole address of the route in {where} is not known"


def _edit(facts: Facts, first: Step, brought: Runtime, port: int, endpoint: Endpoint) -> Edit:
    runner = facts.final.image.runner if facts.final.image is not None else ""
    words = ", ".join(f'"{word}"' for word in brought.asks(f"http://127.0.0.1:{port}{endpoint.path}", runner))
    apart = "\n" if isinstance(before(facts.tree, place_above(facts.tree, first.instruction)), Instruction) else ""
    text = f"{apart}HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \\\n    CMD [{words}]\n"
    target, nodes = put_above(facts.tree, first.instruction, text, first.line)
    return Edit(target, nodes, first.line, f"it asks {endpoint.path}, which {endpoint.file}:{endpoint.line} answers")
