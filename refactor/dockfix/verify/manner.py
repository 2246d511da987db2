"""How a container of the image is run, where a Compose file or a Kubernetes manifest says so."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from pathlib import Path

from dockfix.context.compose import ComposeService, substitute
from dockfix.dataclass import dataclass
from dockfix.facts import Facts
from dockfix.verify.copies import Copy, NotCopied, copy_of


@dataclass(frozen=True)
class Manner:
    """How a container is run.

    ``where`` says what says so ("" for the image itself); ``environment`` are NAME=VALUE pairs, ``options`` more arguments of the engine's
    ``run``, ``words`` what stands behind the image. ``copies`` lie in the container in the place of what would be mounted; ``left`` are
    mounts that it does not get, with why; ``ports`` are those in the container that are published.
    """

    where: str = ""
    environment: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    copies: tuple[Copy, ...] = ()
    left: tuple[str, ...] = ()
    ports: frozenset[int] = frozenset()

    @property
    def arguments(self) -> tuple[str, ...]:
        """The arguments of ``run`` in front of the image."""
        return (*(word for pair in self.environment for word in ("--env", pair)), *self.options)


def manner_of(facts: Facts) -> Manner:
    """As Compose runs the first of the services that are built from the Dockerfile: one that runs the image's own command, if any does.

    Where there is none, as Kubernetes runs the first of its containers.
    """
    services = sorted(facts.located.services, key=lambda service: service.command or service.entrypoint)
    if services:
        return _of(services[0], f"the service {services[0].name} of {services[0].file}", facts.context.root)
    found = sorted(facts.kubernetes.pods, key=lambda service: service.command or service.entrypoint)
    return _of(found[0], f"the container {found[0].name} of {found[0].file}", facts.context.root) if found else Manner()


def _of(service: ComposeService, where: str, root: Path) -> Manner:
    words = service.words
    options = list(_options(service))
    if service.entry:
        options += ["--entrypoint", service.entry[0]]
        words = (*service.entry[1:], *words)
    copies, left = _mounted(service, root)
    return Manner(where, tuple(_environment(service)), tuple(options), words, copies, left, frozenset(_ports(service)))


def _ports(service: ComposeService) -> Iterator[int]:
    """The TCP ports in the container that others are to reach."""
    for port in service.ports:
        number, _, protocol = (substitute(port) or "").rpartition(":")[2].partition("/")
        if number.isdecimal() and protocol in ("", "tcp"):
            yield int(number)


def _mounted(service: ComposeService, root: Path) -> tuple[tuple[Copy, ...], tuple[str, ...]]:
    """What is copied of the mounts of a service, outer folders first, and what is not."""
    copies: list[Copy] = []
    left: list[str] = []
    for source, target, kind in service.volumes:
        if kind not in {"bind", "empty", "files"}:
            continue
        places = substitute(source), substitute(target)
        shown = f"{places[0] or source}:{places[1] or target}"
        try:
            copies.append(_copy(places[0], places[1], kind, root / posixpath.dirname(service.file), root))
        except NotCopied as why:
            left.append(f"{shown} ({why})")
    return tuple(sorted(copies, key=lambda copy: copy.target.count("/"))), tuple(left)


def _copy(source: str | None, target: str | None, kind: str, folder: Path, root: Path) -> Copy:
    if kind == "files":
        raise NotCopied("its files are not known here")
    if source is None or target is None or not target.startswith("/") or "," in target:
        raise NotCopied("where it lies is not known")
    if kind == "empty":
        return Copy(None, posixpath.normpath(target))
    here = Path(posixpath.normpath(folder.absolute().as_posix()))
    both = Path(posixpath.commonpath([here, root.absolute()]))
    return copy_of(here / source, posixpath.normpath(target), both)


def _environment(service: ComposeService) -> Iterator[str]:
    """Its settings whose values stand in the files: what comes from somebody's own environment is not known."""
    for setting in service.settings:
        name, equals, value = setting.partition("=")
        known = substitute(value)
        if equals and name and known is not None:
            yield f"{name}={known}"


def _options(service: ComposeService) -> Iterator[str]:
    user = substitute(service.user or "")
    if user:
        yield from ("--user", user)
    if service.workdir:
        yield from ("--workdir", service.workdir)
    for _, target, kind in service.volumes:
        place = substitute(target)
        if place and place.startswith("/") and kind in {"volume", "tmpfs"}:
            yield from ("--tmpfs", place) if kind == "tmpfs" else ("--volume", place)
