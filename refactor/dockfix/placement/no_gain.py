"""Why a stage is not split where nothing would leave the image."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from dockfix.facts import Facts
from dockfix.knowledge import manager_in, package_manager, rule_runners
from dockfix.managers.protocol import LanguageManager
from dockfix.managers.registry import by_program, language_managers
from dockfix.model.actions import Provide
from dockfix.model.reason import Declared, Reason, at
from dockfix.placement.packages import Division
from dockfix.runtimes.registry import runtime

# The language whose packages are installed on plain systems
_USUAL = "python"
# What managers call it
_INSTALLS = frozenset({"install", "i", "ci", "add", "sync"})


def without_installs(facts: Facts) -> Reason:
    """Why a stage stays as it is in which nothing of a language is installed."""
    brought = facts.final.image.runtime if facts.final.image is not None else ""
    managers = [each for each in language_managers() if each.runtime == (brought or _USUAL)]
    none = at(f"no gain, because no {' or '.join(each.title for each in managers)} install was found")
    return (
        _other_manager(facts)
        or _unclear_install(facts, managers)
        or _in_a_compound(facts, managers)
        or _of_the_system(facts, brought)
        or _unread(facts)
        or none
    )


def _of_the_system(facts: Facts, brought: str) -> Reason | None:
    """A manager of another language than the base image's, which then is the system's."""
    for step, unit in facts.final.units:
        manager = by_program().get(unit.command.name or "")
        language = runtime(manager.runtime) if isinstance(manager, LanguageManager) else None
        if language is not None and manager is not None and language.id not in {brought, _USUAL}:
            return at(
                f"{manager.title} runs on a {language.title} that the base image does not bring, which is not split yet",
                step.line,
            )
    return None


def _unread(facts: Facts) -> Reason | None:
    """A command that may install what a manager was brought for, or a target of a Makefile."""
    brings = any(isinstance(unit.effects.action, Provide) for _, unit in facts.final.units)
    opaque = [(step, unit) for step, unit in facts.final.units if unit.effects.opaque]
    for step, unit in sorted(opaque, key=lambda pair: pair[1].command.name not in rule_runners()):
        if brings or unit.command.name in rule_runners():
            return at(f"no gain, because no install was found; what {unit.command.shown} does is not known", step.line)
    return None


def _unclear_install(facts: Facts, managers: Collection[LanguageManager]) -> Reason | None:
    """An install of which no model says what it does."""
    for step, unit in facts.final.units:
        asks = any(word.value in _INSTALLS for word in unit.command.args)
        if unit.effects.opaque and asks and by_program().get(unit.command.name or "") in managers:
            return at(unit.effects.opaque, step.line)
    return None


def _in_a_compound(facts: Facts, managers: Collection[LanguageManager]) -> Reason | None:
    """An install in an ``if``, a loop or a group of commands, which is taken as a whole."""
    programs = {name for each in managers for name in each.programs}
    for step, unit in facts.final.units:
        if not unit.effects.opaque or by_program().get(unit.command.name or "") in managers:
            continue
        words = [word.strip("();&|") for word in unit.command.text.split()]
        for number, word in enumerate(words):
            if word in programs and (word == "yarn" or not _INSTALLS.isdisjoint(words[number + 1 : number + 2])):
                return at(f"{by_program()[word].title} is used in a way that dockfix does not split yet", step.line)
    return None


def _other_manager(facts: Facts) -> Reason | None:
    """A command of a manager of Python packages that no model covers."""
    for step, unit in facts.final.units:
        name = manager_in(unit.command.text, "python")
        if name and unit.effects.opaque:
            known = package_manager(name)
            modelled = isinstance(by_program().get(name.rstrip("0123456789.")), LanguageManager)
            called = known.called(name) if known is not None else name
            itself = isinstance(by_program().get(unit.command.name or ""), LanguageManager)
            if modelled and itself and "not modelled" not in unit.effects.opaque:
                return at(unit.effects.opaque, step.line)
            what = f"{called} is used in a way that" if modelled else f"{name} is used, which"
            return at(f"{what} dockfix does not split yet", step.line)
    return None


def no_gain(facts: Facts, division: Division, smaller: Reason | None) -> Reason:
    """Why nothing leaves the image; ``smaller`` says why its base stays, None where that is not asked for."""
    other = _other_manager(facts)
    if other is not None:
        return other
    full = facts.final.image is not None and facts.final.image.variant == "full"
    if full and smaller is not None and not division.kept:
        brought = [package.name for package in division.replaced]
        what = f"brings {' and '.join(brought[:2])} itself" if brought else "brings the compilers itself"
        return at(f"no gain, because the full base image {what} and has to stay: {smaller.text}", smaller.line)
    if full and division.replaced:
        names = " and ".join(package.name for package in list(division.replaced)[:2])
        reason = at(f"no gain, because the full base image brings {names} itself")
        return replace(reason, about=Declared("FROM"))
    if division.kept:
        package, reason = next(iter(division.kept.items()))
        return at(
            f"no gain, because every package has to stay in the image ({package.name}: {reason.text})", reason.line
        )
    kind = facts.system.manager.title if facts.system is not None else "system"
    return at(f"no gain, because no {kind} package that only building needs is installed")


def too_little(division: Division, saved: int) -> Reason:
    """Why what leaves the image is not worth a second stage: so many bytes, which may be less than none."""
    names = " and ".join(package.name for package in list(division.replaced)[:2])
    figure = f"about {saved / 1_000_000:.0f} MB" if saved >= 1_000_000 else "less than what an environment adds"
    return at(f"no gain, because too little would leave the image ({names}: {figure})")


def with_setting(facts: Facts, reason: Reason) -> Reason:
    """A reason why nothing would be gained, with the setting that has the stage split all the same."""
    key = facts.hints.settings.get("always", "")
    if not key or not reason.text.startswith("no gain"):
        return reason
    return replace(reason, text=f"{reason.text}; {key} splits it all the same")
