"""What the nets ask of one command of a RUN: the only place of theirs that knows the classes of actions."""

from __future__ import annotations

from dockfix.dataclass import dataclass
from dockfix.managers.verbs import by_system, language_install, of_language, system_install
from dockfix.model.actions import (
    Action,
    Build,
    Clean,
    Configure,
    Install,
    Make,
    Manager,
    Provide,
    Refresh,
    Remove,
    ShellState,
)
from dockfix.model.stages import Step, Unit
from dockfix.namedtuple import NamedTuple


class Leftover(NamedTuple):
    """What the manager of this id leaves behind that nothing needs; ``what`` as in ``actions.Clean``."""

    manager: str
    what: str

    def __str__(self) -> str:
        """Such as "apt's index"."""
        return f"{self.manager}'s {self.what}"


class Asked(NamedTuple):
    """All that chooses what a language's package manager installs, whatever the place and the cache."""

    manager: str
    manifests: tuple[str, ...]
    constraints: tuple[str, ...]
    words: tuple[str, ...]
    projects: tuple[str, ...]
    editable: tuple[str, ...]
    groups: frozenset[str]

    def without(self, groups: frozenset[str]) -> Asked:
        """The same without these groups."""
        return self if self.groups.isdisjoint(groups) else self._replace(groups=self.groups - groups)

    def brings_less_than(self, other: Asked) -> bool:
        """Whether the other asks for the same, and for projects or groups of which this one leaves some out."""
        own, others = ({*each.projects, *each.editable, *each.groups} for each in (self, other))
        return self._alike == other._alike and own < others

    @property
    def _alike(self) -> Asked:
        return self._replace(projects=(), editable=(), groups=frozenset())


@dataclass(frozen=True)
class Installed:
    """What a language's package manager is asked for; ``into`` is the environment ("" for one that cannot be carried).

    ``action`` is the install itself.
    """

    into: str
    asked: Asked
    action: Install


def installed(unit: Unit) -> Installed | None:
    """What a command installs with the package manager of a language; None where it does not."""
    install = language_install(unit.effects.action)
    if install is None:
        return None
    asked = Asked(
        install.manager.id,
        install.manifests,
        install.constraints,
        tuple(package.word.text for package in install.asked),
        install.projects,
        install.editable,
        install.groups,
    )
    return Installed(install.into.root if install.into.carried is not None else "", asked, install)


def programs(action: Action | None) -> frozenset[str]:
    """The programs that are there once a manager was brought, by their names."""
    return action.programs if isinstance(action, Provide) else frozenset()


def provides(action: Action | None) -> Manager | None:
    """The manager that a command, a COPY or an ADD brings; None where it brings none."""
    return action.manager if isinstance(action, Provide) else None


def makes(unit: Unit) -> str:
    """The environment that a command makes, "" for none."""
    return unit.effects.action.environment.root if isinstance(unit.effects.action, Make) else ""


def asked(unit: Unit) -> tuple[tuple[str, str], ...] | None:
    """The system packages that a command installs, each by its name and as written; None where it is no such command.

    What only the shell can expand is a package of that text.
    """
    install = system_install(unit.effects.action)
    if install is None:
        return None
    named = [(package.name, package.word.value or package.word.text) for package in install.asked]
    unknown = [word.text for word in unit.command.args if word.value is None] if install.dynamic else []
    return (*named, *((text, text) for text in unknown))


def refreshes(unit: Unit) -> bool:
    """Whether a command fetches the index of system packages."""
    return isinstance(unit.effects.action, Refresh) and by_system(unit.effects.action)


def needs_index(unit: Unit) -> bool:
    """Whether a command installs system packages from an index that has to be there."""
    install = system_install(unit.effects.action)
    return install is not None and not install.fetches_index


def leaves(step: Step, unit: Unit) -> Leftover | None:
    """What a command leaves behind that nothing needs; a cache mount takes it."""
    action = unit.effects.action
    if isinstance(action, Refresh):
        return _unmounted(step, action.manager, "index")
    if not isinstance(action, Install) or action.cache_off:
        return None
    if by_system(action) and not action.cached:
        return _unmounted(step, action.manager, "index") if action.fetches_index else None
    return _unmounted(step, action.manager, "downloads" if by_system(action) else "cache")


def _unmounted(step: Step, manager: Manager, what: str) -> Leftover | None:
    mounts = [flag.value or "" for flag in step.instruction.flags if flag.name == "mount"]
    taken = any("type=cache" in mount and manager.id in mount for mount in mounts)
    return None if taken else Leftover(manager.id, what)


def cleans(unit: Unit) -> frozenset[Leftover]:
    """What a command removes of that."""
    action = unit.effects.action
    if not isinstance(action, Clean):
        return frozenset()
    return frozenset(Leftover(manager.id, what) for manager in action.managers for what in action.what)


def stays(unit: Unit) -> bool:
    """Whether a command has to run in the stage in which it did; of others it counts what they leave behind, or to whom."""
    action = unit.effects.action
    return not isinstance(action, Install | Make | Provide | Configure | Refresh | Clean | ShellState) and not builds(
        unit
    )


def builds(unit: Unit) -> tuple[str, ...]:
    """The folders in which a command makes output of source, or takes packages of a language away; () for any other command."""
    action = unit.effects.action
    if isinstance(action, Build):
        return tuple(action.output.paths)
    return unit.effects.writes if isinstance(action, Remove) and of_language(action) else ()


def sets_shell(unit: Unit) -> bool:
    """Whether a command only changes the shell that runs the rest of its RUN."""
    return isinstance(unit.effects.action, ShellState)
