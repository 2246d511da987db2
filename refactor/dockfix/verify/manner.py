"""How a container of the image is run, where a Compose file says so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dockfix.context.compose import ComposeService, substitute
from dockfix.facts import Facts


@dataclass(frozen=True)
class Manner:
    """How a container is run.

    ``where`` says what says so ("" for the image itself); ``environment`` are NAME=VALUE pairs, ``options`` more arguments of the engine's
    ``run``, ``words`` what stands behind the image. ``left`` are mounts of the user's own folders, which no container gets.
    """

    where: str = ""
    environment: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    left: tuple[str, ...] = ()

    @property
    def arguments(self) -> tuple[str, ...]:
        """The arguments of ``run`` in front of the image."""
        return (*(word for pair in self.environment for word in ("--env", pair)), *self.options)


def manner_of(facts: Facts) -> Manner:
    """As Compose runs the first of the services that are built from the Dockerfile: one that runs the image's own command, if any does."""
    services = sorted(facts.located.services, key=lambda service: service.command or service.entrypoint)
    return _of(services[0]) if services else Manner()


def _of(service: ComposeService) -> Manner:
    words = service.words
    options = list(_options(service))
    if service.entry:
        options += ["--entrypoint", service.entry[0]]
        words = (*service.entry[1:], *words)
    left = tuple(f"{source}:{target}" for source, target, kind in service.volumes if kind == "bind")
    return Manner(
        f"the service {service.name} of {service.file}", tuple(_environment(service)), tuple(options), words, left
    )


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
        if place and place.startswith("/") and kind != "bind":
            yield from ("--tmpfs", place) if kind == "tmpfs" else ("--volume", place)
