"""The system packages of the last of several stages: libraries that what it is given needs and lacks, and what only building needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dockfix import knowledge
from dockfix.facts import Facts
from dockfix.facts.between_stages import asked_of_system, comes_from_elsewhere, handed, is_plain, others
from dockfix.knowledge.sizes import comes_with, is_beyond_slim
from dockfix.managers.verbs import language_install, system_install
from dockfix.model.effects import overlap, within
from dockfix.model.reason import Reason, at
from dockfix.model.stages import Stage, Step, Unit
from dockfix.placement.libraries import suites
from dockfix.placement.packages import divide

_LIBRARIES = ("/lib", "/usr/lib")
_OWN = "/usr/local/lib"  # where only what is built by hand puts some


def libraries_left(facts: Facts) -> Iterator[Reason]:
    """Each package of Python that another stage compiles for want of a wheel, and whose library no step brings into the image."""
    image = facts.final.lineage[0].image
    if (
        not is_plain(facts)
        or image is None
        or image.system != "debian"
        or image.variant != "slim"
        or _may_bring_any(facts)
    ):
        return
    releases = suites(facts) or frozenset(knowledge.known_suites())
    there = {suite: comes_with(asked_of_system(facts), suite) for suite in releases}
    for stage in others(facts):
        for step, name in _given_packages(facts, stage):
            needs = knowledge.python_needs(name)
            if needs is None or needs.wheel_bundles or not needs.build:
                continue  # what has a wheel for some systems and none for others is not known to be compiled
            lacking = [
                _lacking(needs.packages(frozenset({suite})) or (), suite, there[suite]) for suite in sorted(releases)
            ]
            lacks = " or ".join(dict.fromkeys(lacking)) if all(lacking) else ""
            if lacks:
                said = f"{name} of the stage {stage.name or stage.index} is linked with the library of {lacks}, which no step brings here"
                yield at(f"{said}: loading it fails; install {lacks} in this stage, too", step.line)


def _lacking(libraries: Iterable[str], suite: str, there: frozenset[str] | None) -> str:
    """The first of some packages that is known not to be in the slim image nor ``there``, "" for none."""
    known = there if there is not None else frozenset(libraries)
    return next((each for each in libraries if is_beyond_slim(each, suite) and each not in known), "")


def _given_packages(facts: Facts, stage: Stage) -> Iterator[tuple[Step, str]]:
    """The Python packages that a stage installs and the image is given, each with the step that copies them."""
    given = handed(facts, stage)
    for _, unit in stage.units:
        install = language_install(unit.effects.action)
        if install is None or install.into.runtime != "python" or install not in facts.every_manifest:
            continue
        steps = [each.step for each in given if _holds_packages(each.source, install.into.root)]
        if steps:
            for package in facts.every_manifest[install].packages:
                yield steps[0], package.name


def _holds_packages(source: str, root: str) -> bool:
    """Whether a path of a stage is, holds or lies among the packages of an environment."""
    if root in {"/usr", "/usr/local"}:
        return within(root, source) or source == f"{root}/lib" or source.startswith(f"{root}/lib/python")
    return overlap((source,), (root,))


def _may_bring_any(facts: Facts) -> bool:
    """Whether a step of the image may bring libraries of the system that nobody can name here."""
    for stage in facts.final.lineage:
        for _, unit in stage.units:
            install = system_install(unit.effects.action)
            if unit.effects.opaque or (install is not None and install.dynamic):
                return True
    if any(comes_from_elsewhere(facts, path) for path in (*_LIBRARIES, _OWN)):
        return True
    for stage in others(facts):
        places = (each.target for each in handed(facts, stage) if "python" not in each.target)
        built = any(unit.effects.opaque for part in stage.lineage for _, unit in part.units)
        if any(overlap((place,), (*_LIBRARIES, _OWN) if built else _LIBRARIES) for place in places):
            return True
    return False


def compilers_left(facts: Facts) -> Iterator[Reason]:
    """Each package of the image that only building needs, where the image builds nothing and nothing that it starts calls it."""
    if not is_plain(facts) or facts.unknown is not None or facts.startup.unknown is not None or facts.system is None:
        return
    units = [(step, unit) for stage in facts.final.lineage for step, unit in stage.units]
    if any(language_install(unit.effects.action) is not None or unit.effects.opaque for _, unit in units):
        return
    installs = [each for each in units if system_install(each[1].effects.action) is not None]
    if not installs or not any(True for stage in others(facts) if handed(facts, stage)):
        return
    found = divide(facts, installs, [each for each in units if each not in installs], [])
    if found.doubts:
        return
    for package, instead in found.replaced.items():
        step = next(step for step, unit in installs if package in _asked(unit))
        what = "only serves to build, and the last stage builds nothing"
        way = f"install {' '.join(instead)} in its place" if instead else "leave it out here"
        if step not in facts.final.steps:
            way = f"{way}: the last stage has it of the one that it is built on"
        yield at(f"{package.name} {what}: {way}", step.line)


def _asked(unit: Unit) -> tuple[object, ...]:
    install = system_install(unit.effects.action)
    return install.asked if install is not None else ()
