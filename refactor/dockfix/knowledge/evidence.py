"""Which files of an application say nothing of what its container needs."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from functools import cache, lru_cache

from dockfix.knowledge.tables import table
from dockfix.lazy import regex
from dockfix.namedtuple import NamedTuple


class NoEvidence(NamedTuple):
    """``files`` matches whole paths in the build context; where one of the programs ``unless`` runs, these files count.

    They also count where the Dockerfile, or what its container starts, names one of the programs ``unless_named``.
    """

    what: str
    files: re.Pattern[str]
    unless: frozenset[str]
    unless_named: frozenset[str]


@cache
def no_evidence() -> tuple[NoEvidence, ...]:
    """The groups of ``evidence.toml``, whose head explains them."""
    return tuple(
        NoEvidence(
            group["what"],
            regex("|".join(group["files"]), re.IGNORECASE),
            frozenset(group.get("unless", "").split()),
            frozenset(group.get("unless_named", "").split()),
        )
        for group in table("evidence")["none"]
    )


def servers_named(texts: Iterable[str]) -> frozenset[str]:
    """The servers, of those whose settings are no evidence where nothing starts them, that stand in one of some texts."""
    said = "\n".join(texts)
    return frozenset([name for name in _servers() if name in said])


@cache
def _servers() -> frozenset[str]:
    return frozenset[str]().union(*(group.unless_named for group in no_evidence()))


def without_evidence(files: Iterable[str], programs: frozenset[str], named: frozenset[str]) -> frozenset[str]:
    """Those of ``files`` that say nothing of a container in which ``programs`` run; ``named`` as ``servers_named`` says it."""
    groups = frozenset(
        group.what
        for group in no_evidence()
        if group.unless.isdisjoint(programs) and group.unless_named.isdisjoint(named)
    )
    return frozenset(name for name in files if _says_nothing(name, groups))


@lru_cache(maxsize=8192)
def _says_nothing(name: str, groups: frozenset[str]) -> bool:
    return _of(groups).fullmatch(name) is not None


def describing(files: Iterable[str]) -> frozenset[str]:
    """Those of ``files`` that only describe the project, or are read before its image is built."""
    return frozenset(filter(_describing().fullmatch, files))


@cache
def usual_routes() -> frozenset[str]:
    """Strings that are a path of a URL and hardly ever a folder below the root."""
    return frozenset(table("evidence")["routes"]["paths"].split())


@cache
def heads_of_routes() -> frozenset[str]:
    """First folders of paths of URLs that hardly ever are folders below the root."""
    return frozenset(table("evidence")["routes"]["heads"].split())


def ports_of_clients(distributions: Collection[str]) -> frozenset[int]:
    """Ports of protocols that programs speak as clients; none where a distribution that may serve them is installed."""
    clients = table("evidence")["clients"]
    return (
        frozenset(map(int, clients["ports"].split()))
        if not {*clients["servers"].split()} & {*distributions}
        else frozenset()
    )


def is_port_of_others(name: str) -> bool:
    """Whether a variable or an option, by its name, says where somebody else listens: DB_PORT, --redis-port."""
    return _ports_of_others().search(name) is not None


@cache
def _ports_of_others() -> re.Pattern[str]:
    names = "|".join(table("evidence")["clients"]["variables"].split())
    return re.compile(rf"(?i)(?:^|[-_])(?:{names})[-_]?(?:server[-_])?port", re.ASCII)


@cache
def images_of_others() -> frozenset[str]:
    """Well-known images, without registry, folder and tag, that are run beside applications."""
    return frozenset(table("evidence")["others"]["images"].split())


@cache
def _of(names: frozenset[str]) -> re.Pattern[str]:
    return regex(_pattern(names), re.IGNORECASE)


def _pattern(names: frozenset[str]) -> str:
    return "|".join(group.files.pattern for group in no_evidence() if group.what in names)


@cache
def _describing() -> re.Pattern[str]:
    kinds = table("evidence")["describing"]
    return regex("|".join([_pattern(frozenset(kinds["groups"])), *kinds["files"]]), re.IGNORECASE)
