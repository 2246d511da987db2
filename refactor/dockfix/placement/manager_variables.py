"""Variables of managers that only the builder has, and their folders on PATH: nothing in the runtime stage reads them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from dockfix.dataclass import dataclass
from dockfix.facts import Facts
from dockfix.facts.how_it_is_run import by_hand
from dockfix.managers.protocol import LanguageManager
from dockfix.model.artefact import Environment
from dockfix.model.effects import overlap
from dockfix.model.stages import Step
from dockfix.placement.leftovers import Placed
from dockfix.placement.only_fetching import is_used
from dockfix.placement.providers import Left
from dockfix.syntax import Instruction, pairs
from dockfix.syntax.rewrite import without_variables


@dataclass(frozen=True)
class Dropped:
    """``names`` are the variables that the runtime stage does not get, ``within`` those of an ENV that sets others, too."""

    names: frozenset[str]
    within: Mapping[Instruction, frozenset[str]]


_PATH = "PATH"


def drop_variables(
    facts: Facts, builder: Placed, runtime: Placed, gone_with: Left, environment: Environment, *, managed: bool
) -> Dropped:
    """Takes the variables of managers that leave out of the runtime stage, where the builder has them and nothing else reads them.

    So it does with those that only installs read, unless it is ``managed``: a manager that installs stays.
    """
    within: dict[Instruction, frozenset[str]] = {}
    names: set[str] = set()
    left = [each for each in gone_with.managers if isinstance(each, LanguageManager) and each.runtime == "python"]
    installs = [each.manager for _, _, each in facts.installs if isinstance(each.manager, LanguageManager)]
    of_installs = frozenset[str]().union(*(each.of_installs for each in installs)) if not managed else frozenset[str]()
    if not (left or of_installs) or facts.unknown is not None or not facts.startup.programs:
        return Dropped(frozenset(), within)
    order = list(runtime)
    read = _read_otherwise(facts, left)
    empty = _empty(gone_with.folders, runtime, environment)
    for number, step in reversed(list(enumerate(order))):
        if step.keyword != "ENV" or step not in builder:
            continue
        given = [name for name, _ in pairs(step.instruction, step.state.variables)]
        later = [each for each in order[number + 1 :] if each in runtime]
        gone = {
            name
            for name in given
            if not _is_named(facts, name, later, runtime, within)
            and (
                name in of_installs
                or any(each.owns(name) and each not in read for each in left)
                or _tells_where(facts, left, name, dict(pairs(step.instruction, step.state.variables)), environment)
            )
        } | ({_PATH} if _adds_only(step, empty) else set())
        if gone == set(given) and given:
            del runtime[step]
        elif gone and without_variables(step.instruction, gone) is not None:
            within[step.instruction] = frozenset(gone)
        else:
            continue
        names |= gone
    # one that is set again where it stays is still there
    there = {name for step in runtime if step.keyword == "ENV" for name in _left_of(step, within)}
    return Dropped(frozenset(names - (there - {_PATH})), within)


def _tells_where(
    facts: Facts,
    managers: Collection[LanguageManager],
    name: str,
    given: Mapping[str, str | None],
    environment: Environment,
) -> bool:
    """Whether an ENV says no more than where managers that leave find the environment, which PATH says to all others."""
    told = given == {name: environment.root} and name in {each.told_where for each in managers}
    return told and not facts.application.search(rb"(?<!\w)" + name.encode() + rb"(?!\w)")


def _empty(folders: Collection[str], runtime: Placed, environment: Environment) -> frozenset[str]:
    """The folders in which nothing lies any more once the managers have left."""
    staying = [step.units[index].effects for step, indices in runtime.items() for index in indices]
    staying += [effects for step in runtime if not step.units for effects in step.all_effects]
    if any(effects.opaque for effects in staying):
        return frozenset()
    written = [path for effects in staying for path in effects.writes]
    written += environment.carried.paths if environment.carried is not None else (environment.root,)
    return frozenset(each for each in folders if not overlap(written, (each,)))


def _adds_only(step: Step, folders: Collection[str]) -> bool:
    """Whether all that an ENV does to PATH is to add such folders."""
    before = step.state.env.get(_PATH, "")
    value = dict(pairs(step.instruction, step.state.variables)).get(_PATH)
    if not value or not before:
        return False
    added = [each for each in value.split(":") if each not in before.split(":")]
    known = ":".join((*added, before)), ":".join((before, *added))
    return bool(added) and value in known and all(each.rstrip("/") in folders for each in added)


def _left_of(step: Step, within: Mapping[Instruction, frozenset[str]]) -> set[str]:
    return {name for name, _ in pairs(step.instruction, {})} - within.get(step.instruction, frozenset())


def _read_otherwise(facts: Facts, managers: Collection[LanguageManager]) -> frozenset[LanguageManager]:
    """The managers of whose variables the application speaks: it may read any of them, or one whose name it puts together."""
    found = set()
    for each in managers:
        name = re.escape(each.variables.encode())
        if facts.application.search(rb"(?<![A-Za-z0-9_])" + name + rb"|(?i:env_prefix[^\n]*['\"]" + name + rb"?['\"])"):
            found.add(each)
    return frozenset(found)


def _is_named(
    facts: Facts, name: str, later: list[Step], runtime: Placed, within: Mapping[Instruction, frozenset[str]]
) -> bool:
    """Whether something that stays, or that is started in a container, names a variable."""
    word = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
    texts = (*facts.startup.texts.values(), *facts.ask(by_hand).texts.values())
    whole = [step for step in later if step.instruction not in within]
    if any(word.search(text) for text in texts) or is_used(facts, name, whole, runtime):
        return True
    rest = (without_variables(step.instruction, within[step.instruction]) for step in later if step not in whole)
    return any(each is None or word.search(each.text) for each in rest)
