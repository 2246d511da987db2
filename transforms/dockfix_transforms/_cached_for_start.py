"""What the container's start may need of a cache, which a mount keeps out of the image."""

from __future__ import annotations

from collections.abc import Iterator

from dockfix.facts import Facts
from dockfix.facts.installs import calls_at_start
from dockfix.managers.commands import call_of
from dockfix.managers.protocol import Call, Given, LanguageManager
from dockfix.managers.verbs import language_install
from dockfix.model.stages import Step
from dockfix.syntax.shell import parse_script


def cached_for_start(facts: Facts, step: Step, manager: LanguageManager) -> str:
    """Why a manager that runs when the container starts may need the cache that a RUN fills, "" where it needs nothing of it."""
    installs = [
        (each, unit, install)
        for stage in facts.final.lineage
        for each, unit in stage.units
        if (install := language_install(unit.effects.action)) is not None and install.manager is manager
    ]
    beside = [install for _, _, install in installs]
    for where, call in _calls(facts, manager):
        layout, context = facts.layout, facts.context
        start = Given(call, facts.final.end, context, facts.final.image, layout.file, lambda _: None, lambda _: False)
        for each, unit, install in installs:
            if each is step:
                why = manager.cached_for_start(install, facts.given_at(step, unit), start, beside)
                if why:
                    return f"{where} runs {manager.title} when the container starts, which {why}: a mount would keep that out of the image"
    return ""


def _calls(facts: Facts, manager: LanguageManager) -> Iterator[tuple[str, Call]]:
    yield from calls_at_start(facts, manager)
    for use in (*facts.program.runs, *facts.processes.runs):
        if use.word.rpartition("/")[2] in manager.programs:
            yield f"{use.file}:{use.line}", call_of(parse_script(use.word).commands[0])
