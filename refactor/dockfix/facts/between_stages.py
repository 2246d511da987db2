"""What comes from one stage into the image, and by which step: the COPY instructions between the stages of a file."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping

from dockfix.context.manifests.manifest import Manifest
from dockfix.context.patterns import has_wildcards
from dockfix.facts import Facts
from dockfix.knowledge import normalise
from dockfix.lazy import regex
from dockfix.managers.protocol import LanguageManager
from dockfix.managers.verbs import language_install, system_install
from dockfix.model.actions import Install
from dockfix.model.effects import overlap, within
from dockfix.model.stages import Stage, Step
from dockfix.namedtuple import NamedTuple
from dockfix.syntax.mounts import mount_settings

# What people call a stage that only prepares something for another one; any other may be there to be built by its name
_PREPARES = regex(
    r"build(?:er|ing)?|dep(?:s|endenc(?:y|ies))?|install(?:er)?|compiler?|wheels?|packages|requirements|venv|frontend|assets|pruner"
)
_OTHERWISE = regex(r"test(?:s|ing)?|dev(?:el|elopment)?|debug|lint|ci|check|docs|prod(?:uction)?|release|export")


class Handed(NamedTuple):
    """What a step of the image copies out of another stage: an absolute ``source`` there, and the ``target`` in the image."""

    step: Step
    source: str
    target: str

    def place_of(self, path: str) -> str | None:
        """Where a path of the other stage comes to lie by it, None where it does not come along."""
        if not within(path, self.source):
            return None
        return posixpath.normpath(posixpath.join(self.target, posixpath.relpath(path, self.source)))


def others(facts: Facts) -> list[Stage]:
    """The stages whose layers are not in the image."""
    return [stage for stage in facts.model.stages if stage not in facts.final.lineage]


def names_of(stage: Stage) -> set[str]:
    """What COPY --from and the like may call a stage, in small letters."""
    return {stage.name.lower(), str(stage.index)} - {""}


def handed(facts: Facts, stage: Stage) -> tuple[Handed, ...]:
    """What the image's stages copy from another one."""
    names = names_of(stage)
    found: list[Handed] = []
    for step in (step for each in facts.final.lineage for step in each.of("COPY")):
        copy = step.copy
        if copy is not None and copy.origin is not None and copy.origin.lower() in names and copy.target is not None:
            found += (
                Handed(step, posixpath.normpath(f"/{source.strip('/')}"), posixpath.normpath(copy.target))
                for source in copy.sources
            )
    return tuple(found)


def taken_from(stage: Stage) -> Iterator[str]:
    """The names, in small letters, of what a stage copies from and mounts."""
    for step in stage.steps:
        if step.copy is not None and step.copy.origin is not None:
            yield step.copy.origin.lower()
        for flag in step.instruction.flags:
            if flag.name == "mount" and flag.value is not None:
                yield mount_settings(flag.value).get("from", "").lower()
        if step.keyword == "ONBUILD" and (found := re.search(r"--from=([\w.-]+)", step.instruction.args)):
            yield found[1].lower()


def prepares(stage: Stage) -> bool:
    """Whether a stage is called as those are that only prepare something for another one, or not at all."""
    words = set(re.split(r"[-_.\d]+", stage.name.lower())) - {""}
    return not words or (any(map(_PREPARES.fullmatch, words)) and not any(map(_OTHERWISE.fullmatch, words)))


def used_by_others(facts: Facts, stage: Stage) -> bool:
    """Whether another stage starts from a stage, copies from it or mounts it."""
    own = names_of(stage)
    return any(other.parent is stage or own.intersection(taken_from(other)) for other in facts.model.stages)


def is_image(facts: Facts, stage: Stage) -> bool:
    """Whether a stage is seen to become an image: it is the last, starts something, or there is nothing else that it could be for."""
    starts = bool(stage.of("CMD", "ENTRYPOINT", "HEALTHCHECK"))
    return stage is facts.final or starts or not (prepares(stage) or used_by_others(facts, stage))


def is_plain(facts: Facts) -> bool:
    """Whether all is known of what comes into the image from its stages: no step is opaque, no source worked out, no image unknown."""
    if facts.final.lineage[0].image is None:
        return False
    for stage in facts.final.lineage:
        if stage.beneath is not None or any(unit.effects.opaque for _, unit in stage.units):
            return False
        for step in stage.of("COPY", "ADD"):
            copy = step.copy
            if copy is None or copy.target is None:
                return False
            if copy.origin is not None and any("$" in each or has_wildcards(each) for each in copy.sources):
                return False
    return True


def comes_from_elsewhere(facts: Facts, path: str, *, unlisted: bool = False) -> bool:
    """Whether a COPY or ADD of the build context, of an image or of the net may put something at, around or below a path of the image.

    With ``unlisted`` also what is not in the build context here, and may be where it is built: packages that somebody has installed.
    """
    names = set().union(*map(names_of, facts.model.stages))
    for step in (step for each in facts.final.lineage for step in each.of("COPY", "ADD")):
        copy = step.copy
        if copy is None or copy.target is None:
            return True
        if copy.origin is not None and copy.origin.lower() in names:
            continue
        if not overlap((copy.target,), (path,)):
            continue
        taken = facts.copies.get(step)
        if taken is None or not taken.known or taken.missing or (unlisted and taken.directories):
            return True
        places = (place for name in taken.files for place in facts.layout.by(step, name))
        if any(within(place, path) for place in places):
            return True
    return False


def installed_by(facts: Facts, stage: Stage, root: str = "") -> frozenset[str]:
    """The packages of a language that a stage and those below it install, with ``root`` those of that folder alone."""
    found: set[str] = set()
    for _, unit in (each for part in stage.lineage for each in part.units):
        install = language_install(unit.effects.action)
        if install is not None and install in facts.every_manifest and root in {"", install.into.root}:
            found |= facts.every_manifest[install].names
    return frozenset(map(normalise, found))


def manifests_of_all(facts: Facts) -> Mapping[Install, Manifest]:
    """What every install of every stage is given, also of those whose packages the image does not run: a page is built by some."""
    found = dict(facts.every_manifest)
    for step, unit in (each for stage in facts.model.stages for each in stage.units):
        install = language_install(unit.effects.action)
        if install is not None and install not in found and isinstance(install.manager, LanguageManager):
            found[install] = install.manager.manifest(install, facts.given_at(step, unit))
    return found


def asked_of_system(facts: Facts) -> tuple[str, ...]:
    """The packages of the system that the image's stages ask for."""
    units = (unit for stage in facts.final.lineage for _, unit in stage.units)
    installs = (install for unit in units if (install := system_install(unit.effects.action)) is not None)
    return tuple(package.name for install in installs for package in install.asked)


def last_of(facts: Facts, keyword: str) -> Step | None:
    """The instruction of this kind that counts for the image, also of a stage that it is built on."""
    return next((step for stage in reversed(facts.final.lineage) if (step := stage.last(keyword)) is not None), None)


def started_by(facts: Facts) -> Iterator[Step]:
    """The ENTRYPOINT and the CMD of the image."""
    for keyword in ("ENTRYPOINT", "CMD"):
        step = last_of(facts, keyword)
        if step is not None:
            yield step
