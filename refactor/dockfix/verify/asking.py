"""What containers are watched and asked for: ports, requests, routes, packages that the project names; and what could be asked besides."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dockfix.context.manifests.locked import DEV, Locked
from dockfix.context.manifests.locks import is_lock, read_lock
from dockfix.facts import Facts
from dockfix.model.reason import Declared
from dockfix.runtimes.closure import distributions
from dockfix.verify.engines import Engine
from dockfix.verify.smoke import Smoke
from dockfix.verify.starting import Start, Wanted

NANOSECONDS = 1e9  # in a second
ROUTES = 20  # that are asked for
OK = 200  # the HTTP status
_ENDS = re.compile(r"(?i)shutdown|shut-down|quit|exit|restart|kill|stop")


def wanted_of(engine: Engine, reference: str, facts: Facts, requests: Sequence[Smoke], wait: float) -> Wanted:
    """What an original is watched for: its EXPOSEd ports and the requests; a HEALTHCHECK has the time that it asks for."""
    config = engine.image(reference)["Config"]
    ports = frozenset(
        int(name.partition("/")[0])
        for name in config.get("ExposedPorts") or ()
        if name.partition("/")[2] in ("", "tcp") and name.partition("/")[0].isdigit()
    )
    least = int((config.get("Healthcheck") or {}).get("StartPeriod") or 0) / NANOSECONDS
    return Wanted(ports, requests, routes_of(facts), wait=wait, least=least)


def routes_of(facts: Facts) -> tuple[str, ...]:
    """The routes without parameters that the code names, those of health first; none that ends the program by its name."""
    paths = dict.fromkeys(each.path for each in (*facts.program.served.endpoints, *facts.program.served.routes))
    return tuple(path for path in paths if re.fullmatch(r"/[\w./~-]+", path) and not _ENDS.search(path))[:ROUTES]


def asked_of(facts: Facts, declared: frozenset[Declared] = frozenset()) -> frozenset[str]:
    """The packages, normalised, that the project's files name.

    Without those that a lock has for a group "dev" that is left out, and for groups that are ``declared``.
    """
    gone = {each.name for each in declared if each.part == "GROUP"}
    names = distributions(facts) | facts.distributions | facts.managed
    for install, manifest in facts.manifests.items():
        without = {name for word in install.groups for name in re.split("[ ,]", word) if word.startswith("--without ")}
        if DEV in facts.groups_of(install) - without - gone:
            continue
        for lock in (read_lock(facts.context, file) for file in manifest.files if is_lock(file)):
            if isinstance(lock, Locked):
                others = lock.closure(lock.groups - {DEV, *gone}, lambda marker: True)
                names -= lock.names - {each.name for each in others}
    return names


def proposal(start: Start) -> str:
    """A smoke check that an original would pass and that asks more than its start, as a clause; "" for none."""
    fine = (path for path, status in (start.routes or {}).items() if status == OK)
    path = next(fine, "/" if start.web and (start.roots or {}).get(start.web) == OK else "")
    return f"; --smoke :{start.web}{path} would be one" if path else ""
