"""Managers that only building takes: what brings them leaves the runtime stage, with what is done to that alone."""

from __future__ import annotations

import posixpath

from dockfix.dataclass import dataclass
from dockfix.facts import Facts
from dockfix.facts.how_it_is_run import by_hand
from dockfix.facts.javascript import may_start
from dockfix.lazy import regex
from dockfix.managers.protocol import Manager
from dockfix.managers.verbs import needs_runtime
from dockfix.model.actions import Action, Configure, Provide
from dockfix.model.artefact import Environment
from dockfix.model.effects import Effects, within
from dockfix.model.reason import Declared
from dockfix.model.stages import Step, Unit
from dockfix.placement.leftovers import Placed, drop_units

_WORD = regex(r"[\w.+-]+")


@dataclass(frozen=True)
class Left:
    """``managers`` are those that leave, ``programs`` what they are called by, ``texts`` the commands that leave with what brought them.

    ``shared`` are those of the managers that lie where the base image's programs find what they are made of, ``folders`` are where
    programs of managers lay.
    """

    managers: tuple[Manager, ...]
    texts: tuple[str, ...]
    shared: frozenset[Manager] = frozenset()
    programs: frozenset[str] = frozenset()
    folders: frozenset[str] = frozenset()

    @property
    def titles(self) -> tuple[str, ...]:
        """What people call them."""
        return tuple(manager.title for manager in self.managers)

    @property
    def declares(self) -> frozenset[Declared]:
        """What of the image goes with them: their programs, and the packages that they are made of."""
        programs = {Declared("PROGRAM", name) for name in self.programs}
        return frozenset(programs | {Declared("DISTRIBUTION", manager.id) for manager in self.shared})


def drop_managers(facts: Facts, runtime: Placed, environment: Environment, *, beside: bool = False) -> Left:
    """Takes what brings a manager out of the runtime stage, unless something that stays runs the manager.

    One that was copied stays for a later command of unknown effects, too. One that lies in the environment that is carried comes back
    with it, and is not told. Those of another language than the base image's leave only with ``beside``: nothing runs that language.
    """
    carried = tuple(environment.carried.paths) if environment.carried is not None else ()
    staying = [step.units[index] for step, indices in runtime.items() for index in indices]
    run = _run(facts, staying, beside)
    told: list[Provide] = []
    gone: list[tuple[Step, int]] = []
    brought: list[str] = []
    texts: list[str] = []
    unclear = {
        step for step, indices in runtime.items() if any(_may_run(step.units[each].effects, beside) for each in indices)
    }
    for step in list(runtime):
        unclear.discard(step)
        if _leaves(facts, step.action, run, beside) and not unclear:
            fetched = tuple(step.copy.fetched) if step.copy is not None else ()
            if any(_works_on_folder(unit.effects, fetched) for unit in staying):
                continue
            brought += _brought(step.action, fetched or step.all_effects[0].writes)
            told += _told(step.action, carried)
            del runtime[step]
            continue
        for index in runtime[step]:
            unit = step.units[index]
            if _leaves(facts, unit.effects.action, run, beside):
                brought += _brought(unit.effects.action, unit.effects.writes)
                told += _told(unit.effects.action, carried)
            elif _is_about(unit.effects, brought):
                texts.append(unit.command.text)
            else:
                continue
            gone.append((step, index))
    drop_units(gone, runtime)
    managers = [(each, each.manager) for each in told if isinstance(each.manager, Manager)]
    shared = frozenset(manager for each, manager in managers if each.shared)
    programs = frozenset(name for each, manager in managers for name in (*manager.programs, *each.programs))
    folders = frozenset(posixpath.dirname(path) for each, _ in managers for path in each.paths)
    return Left(tuple(dict.fromkeys(manager for _, manager in managers)), tuple(texts), shared, programs, folders)


def _run(facts: Facts, staying: list[Unit], beside: bool) -> set[str]:
    """The programs that something which stays runs; what brings a manager stays where that is one of them."""
    run: set[str] = set()
    more = {
        *facts.startup.programs,
        *facts.ask(by_hand).programs,
        *(tool for unit in staying if not _provides(unit) for tool in unit.effects.tools),
        *(word for unit in staying if not _provides(unit) for word in _substituted(unit.command.text)),
    }
    while not more <= run:
        run |= more
        kept = [unit for unit in staying if _provides(unit) and not _leaves(facts, unit.effects.action, run, beside)]
        more = {tool for unit in kept for tool in unit.effects.tools}
    return run


def _substituted(text: str) -> list[str]:
    """The words of a command that puts in what another one prints, which may be any of them."""
    return _WORD.findall(text) if "$(" in text or "`" in text else []


def _may_run(effects: Effects, beside: bool) -> bool:
    """Whether a command may run a manager: with ``beside`` the application is known not to."""
    return bool(effects.opaque) if beside else effects.unbounded


def _works_on_folder(effects: Effects, fetched: tuple[str, ...]) -> bool:
    """Whether a command needs the folder of what was fetched, in which other things may lie."""
    named = () if effects.action is not None or effects.unbounded else (*effects.reads, *effects.writes)
    return any(within(path, folder) and path != folder != "/" for path in fetched for folder in named)


def _provides(unit: Unit) -> bool:
    return isinstance(unit.effects.action, Provide | Configure)


def _leaves(facts: Facts, action: Action | None, run: set[str], beside: bool) -> bool:
    """Whether it brings a manager that nothing which stays runs, or sets something of one."""
    if not isinstance(action, Provide | Configure) or not isinstance(action.manager, Manager):
        return False
    if _is_of_another(facts, action.manager) and not beside:
        return False
    programs = action.manager.programs | (action.programs if isinstance(action, Provide) else frozenset())
    return run.isdisjoint(programs) and not may_start(facts, programs)


def _is_of_another(facts: Facts, manager: Manager) -> bool:
    """Whether a manager works on packages of another language than the base image's."""
    image = facts.final.image
    own = image.runtime if image is not None else ""
    return needs_runtime(manager) and manager.runtime != own


def _brought(action: Action | None, writes: tuple[str, ...]) -> list[str]:
    """What brings a manager leaves behind: of a folder in which other things lie, too, only its programs."""
    paths = action.paths if isinstance(action, Provide) else ()
    return [*paths, *(path for path in writes if not any(within(program, path) for program in paths))]


def _told(action: Action | None, carried: tuple[str, ...]) -> tuple[Provide, ...]:
    """The action where it brings a manager outside of what is carried."""
    if not isinstance(action, Provide):
        return ()
    gone = any(not any(within(path, each) for each in carried) for path in action.paths)
    return (action,) if gone else ()


def _is_about(effects: Effects, brought: list[str]) -> bool:
    """Whether a command works on nothing but what brought a manager: a link to it, the removal of a script."""
    if effects.unbounded or effects.action is not None:
        return False
    paths = effects.reads or effects.writes
    return bool(paths) and all(any(within(path, each) for each in brought) for path in paths)
