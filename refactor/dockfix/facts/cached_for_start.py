"""What the container's start may need of a cache: a mount keeps it out of the image, and a runtime stage has none."""

from __future__ import annotations

from collections.abc import Iterator

from dockfix.facts import Facts
from dockfix.facts.installs import calls_at_start, given_at_start
from dockfix.managers.commands import call_of
from dockfix.managers.protocol import Call, LanguageManager
from dockfix.managers.verbs import language_install
from dockfix.model.actions import Clean
from dockfix.model.reason import Reason, unseen
from dockfix.model.stages import Step
from dockfix.syntax.shell import parse_script


def cached_for_start(facts: Facts, step: Step, manager: LanguageManager) -> str:
    """What a manager does when the container starts for which it may need the cache that a RUN fills, "" where it needs nothing of it."""
    calls = tuple(_calls(facts, manager))
    if not calls:
        return ""
    installs = [
        (each, unit, install)
        for stage in facts.final.lineage
        for each, unit in stage.units
        if (install := language_install(unit.effects.action)) is not None and install.manager is manager
    ]
    beside = [install for _, _, install in installs]
    for where, call in calls:
        start = given_at_start(facts, call)
        for each, unit, install in installs:
            if each is step:
                why = manager.cached_for_start(install, facts.given_at(step, unit), start, beside)
                if why:
                    return f"{where} runs {manager.title} when the container starts, which {why}"
    return ""


def cache_left_behind(facts: Facts) -> Reason | None:
    """Why what the container starts may need a cache that the image has now, and a runtime stage would not."""
    cleaned = {
        manager
        for _, unit in facts.final.units
        if isinstance(unit.effects.action, Clean) and "cache" in unit.effects.action.what
        for manager in unit.effects.action.managers
    }
    for step, unit, install in facts.installs:
        manager = install.manager
        if not isinstance(manager, LanguageManager) or manager in cleaned or install.cache_off:
            continue
        mounts = [flag.value or "" for flag in step.instruction.flags if flag.name == "mount"]
        off = any(name in unit.state.variables for cache in manager.caches for name in cache.off_by)
        if off or any("type=cache" in mount for mount in mounts):
            continue
        needed = cached_for_start(facts, step, manager)
        if needed:
            return unseen(f"{needed}, and the runtime stage would not have it")
    return None


def _calls(facts: Facts, manager: LanguageManager) -> Iterator[tuple[str, Call]]:
    yield from calls_at_start(facts, manager)
    for use in (*facts.program.runs, *facts.processes.runs):
        if use.word.rpartition("/")[2] in manager.programs:
            yield f"{use.file}:{use.line}", call_of(parse_script(use.word).commands[0])
