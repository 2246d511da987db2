"""Commands that their manager refuses, and so builds that cannot pass as they stand."""

from __future__ import annotations

from dockfix.facts import Facts
from dockfix.facts.broken_builds import missing_tool
from dockfix.managers.protocol import LanguageManager
from dockfix.model.reason import Reason, at


def rejected(facts: Facts) -> tuple[Reason, ...]:
    """The installs with an option that the manager has given up, each with what does the same now."""
    told = facts.tree.text
    found = [
        (step, unit, install.manager.gave_up(install, facts.given[install], told))
        for step, unit, install in facts.installs
        if isinstance(install.manager, LanguageManager) and install in facts.given
    ]
    return tuple(at(f"{unit.command.shown} fails: {text}", step.line) for step, unit, text in found if text)


def cannot_pass(facts: Facts) -> Reason | None:
    """Why the build of the image fails; there is nothing then that a change could be compared with."""
    first = next(iter(facts.ask(rejected)), None)
    if first is None and facts.is_javascript and facts.unlocated is None:
        first = facts.ask(missing_tool)
    return at("the build cannot pass as it stands", first.line) if first is not None else None
