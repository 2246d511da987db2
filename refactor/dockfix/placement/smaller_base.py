"""Whether the last part can start from the slim image instead of the full one, and what it then has to install."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dockfix import knowledge
from dockfix.facts import Facts
from dockfix.model.reason import Declared, Reason, at, doubt
from dockfix.model.stages import Step, Unit
from dockfix.placement.libraries import data_lost_on_slim, lost_on_slim, suites
from dockfix.runtimes.needs import needed, run_time_compiler

# Python's own module for Tk, whose libraries only the full image has
_TK = rb"(?m)^\s*(?:import|from)\s+(?:tkinter|turtle|_tkinter)\b"


_DOUBT = doubt(
    "which libraries of the full image the Python packages need shows only in a build", about=Declared("FROM")
)


@dataclass(frozen=True)
class SmallerBase:
    """``image`` is the slim reference; ``packages`` are those to install, each with the reason; ``tk`` whether Tk is used.

    ``doubt`` says why it could be too little.
    """

    image: str
    packages: dict[str, str]
    tk: bool
    doubt: Reason = _DOUBT


def smaller_base(facts: Facts, staying: Iterable[tuple[Step, Unit]], there: frozenset[str]) -> SmallerBase | Reason:
    """What the final stage needs on the slim image, or why the full one stays.

    ``staying`` are its commands, ``there`` the system packages that it installs by itself.
    """
    staying = list(staying)
    stage = facts.final
    reference = stage.start.words[0] if stage.start.words else ""
    image = knowledge.slim_reference(reference)
    if stage.image is None or stage.image.variant != "full" or not stage.image.with_slim or image is None:
        return at("the base image is not a full Python image with a plain tag")
    if facts.unknown:
        return facts.unknown
    unclear = next((step for step, unit in staying if unit.effects.opaque), None)
    if unclear:
        return at(f"what the {unclear.keyword} in line {unclear.line} needs of the full image is unknown")
    compilers = needed(facts, sorted(knowledge.full_compilers()), staying)
    reason = next(iter(compilers.values()), "")
    compiler = at(reason) if reason else run_time_compiler(facts)
    if compiler:
        return compiler
    loaded = lost_on_slim(facts)
    if isinstance(loaded, Reason):
        return loaded
    data = data_lost_on_slim(facts)
    if isinstance(data, Reason):
        return data
    releases = suites(facts)
    programs = knowledge.full_programs(releases)
    packages = {programs[name]: why for name, why in needed(facts, sorted(programs), staying).items()}
    for distribution in sorted(facts.distributions):
        needs = knowledge.python_needs(distribution)
        names = (
            (needs.packages(releases, compiled=not needs.wheel_bundles) or needs.packages(releases)) if needs else None
        )
        for name in names or ():
            packages.setdefault(name, f"the Python package {distribution} needs it")
    packages = {**loaded, **data, **packages}
    tk = bool(facts.application.search(_TK))
    if tk:
        packages["libtk8.6"] = "the code imports tkinter"
    for name in sorted(facts.hints.keep):
        packages.setdefault(name, facts.hints.keeps)
    return SmallerBase(image, {name: why for name, why in sorted(packages.items()) if name not in there}, tk)
