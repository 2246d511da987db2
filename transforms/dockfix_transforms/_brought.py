"""What brings a package manager, or Python itself, taken out of the RUNs in which packages are installed."""

from __future__ import annotations

from collections.abc import Mapping

from dockfix.facts import Facts
from dockfix.managers.protocol import LanguageManager
from dockfix.managers.verbs import by_system, language_install, only_installers, system_install
from dockfix.model.actions import Action, Clean, Configure, Provide
from dockfix.model.reason import Reason, at
from dockfix.model.stages import Step
from dockfix.syntax import Node

from ._layout import own_comments


def brought(facts: Facts, first: Step) -> Mapping[Step, tuple[int, ...]] | Reason:
    """The commands that bring managers, or Python itself, with all that comes before them in their RUNs, by the step that has them.

    Looked at is ``first``, the first RUN that installs, and what follows until packages are installed and not only pip itself: a
    manager that is brought later belongs to the packages.
    """
    found: dict[Step, tuple[int, ...]] = {}
    steps = facts.final.steps
    for step in steps[steps.index(first) :]:
        actions = [unit.effects.action for unit in step.units]
        end = next((number for number, action in enumerate(actions) if _installs(action)), len(actions))
        shared = [number for number in range(end) if _is_made_of_packages(actions[number])]
        if step is first and facts.final.image is not None and not facts.final.image.runtime:
            shared += [number for number in range(end) if system_install(actions[number]) is not None]
        if shared:
            before = tuple(number for number in range(max(shared) + 1) if language_install(actions[number]) is None)
            odd = next((number for number in before if not _may_move(actions[number])), None)
            if odd is not None:
                text = step.units[odd].command.text
                return at(f"the RUN that brings what installs does more before that: {text}", step.line)
            found[step] = before
        if end < len(actions):
            break
    return found


def apart(facts: Facts, brought: Mapping[Step, tuple[int, ...]]) -> tuple[Node, ...] | None:
    """These commands as RUNs of their own, a whole one with its comments; None where one cannot be divided."""
    nodes: list[Node] = []
    for step, indices in brought.items():
        others = [number for number in range(len(step.units)) if number not in indices]
        run = step.shell_form.edited(drop=others) if step.shell_form is not None else None
        if run is None:
            return None
        nodes += [*(() if others else own_comments(facts.tree, step.instruction)), run]
    return tuple(nodes)


def _installs(action: Action | None) -> bool:
    """Whether packages are installed, and not only what installs packages."""
    install = language_install(action)
    return install is not None and not only_installers(install)


def _is_made_of_packages(action: Action | None) -> bool:
    """Whether a manager is brought whose own packages would land in the environment."""
    return (
        isinstance(action, Provide)
        and action.shared
        and isinstance(action.manager, LanguageManager)
        and bool(action.manager.brings)
    )


def _may_move(action: Action | None) -> bool:
    return isinstance(action, Clean | Configure | Provide) or by_system(action)
