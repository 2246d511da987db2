"""Which services of Compose build another stage than the last one: by their own target, or as one is wanted for them."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import replace

from dockfix.context.compose import ComposeService
from dockfix.facts.facts import Facts
from dockfix.knowledge.targets import DEV, TEST, runs_tests, serves_development
from dockfix.lazy import regex
from dockfix.model.effects import within

_PRODUCTION = regex(r"(?i)(?<![a-z])(?:prod|production|deploy|release|live)(?![a-z])")
_CODE = regex(r".*\.(?:py|[cm]?[jt]sx?|vue|svelte)")


def without_other_stages(facts: Facts) -> Facts:
    """The same facts without the services that run no container of the image: what they run and mount says nothing of it.

    They are kept as ``retargeted`` where a stage is wanted for them.
    """
    services = facts.located.services
    named = {stage.name.lower() for stage in facts.model.stages[:-1] if stage.name}
    elsewhere = {each for each in services if each.target.lower() in named}
    wanted = _wanted(facts)
    gone = elsewhere | wanted.keys()
    if not gone:
        return facts
    located = facts.located._replace(services=tuple(each for each in services if each not in gone))
    after = replace(facts, located=located, retargeted=wanted)
    after.__dict__["model"] = facts.model  # the arguments that services give are those of any
    return after


def _wanted(facts: Facts) -> Mapping[ComposeService, str]:
    stages = facts.hints.stages
    found = {each: _stage_for(facts, each) for each in facts.located.services if stages and not each.target}
    return {each: stage for each, stage in found.items() if stage}


def _stage_for(facts: Facts, service: ComposeService) -> str:
    """The stage that a service needs, of those that are wanted, "" for none but the image's."""
    wanted: tuple[str, ...]
    if any(map(runs_tests, _commands(service))):
        wanted = (TEST, DEV)
    elif any(map(serves_development, _commands(service))) or _mounts_source(facts, service):
        wanted = (DEV,)
    else:
        return ""
    return next((each for each in wanted if each in facts.hints.stages), "")


def _commands(service: ComposeService) -> Iterator[str]:
    yield from filter(None, (service.given, " ".join(service.entry), " ".join(service.words)))


def _mounts_source(facts: Facts, service: ComposeService) -> bool:
    """Whether a service lays a folder of the host over the working directory, or over one that code is copied to; none for production."""
    folder = facts.final.end.workdir or "/"
    if folder == "/" or _PRODUCTION.search(posixpath.basename(service.file)):
        return False
    code = {
        step.copy.target
        for step, taken in facts.copies.items()
        if step.copy is not None and taken.directories and any(map(_CODE.fullmatch, taken.files))
    }
    mounted = (target for _, target, kind in service.volumes if kind == "bind")
    return any(within(folder, target) or target.rstrip("/") in code for target in mounted)
