"""The pip of the base image: whether it can fill an environment that has none, and serves a program as well as one of its own would."""

from __future__ import annotations

from collections.abc import Iterable

from dockfix.facts import Facts
from dockfix.lazy import regex
from dockfix.managers import venv
from dockfix.managers.pip import PIP
from dockfix.managers.protocol import LanguageManager
from dockfix.managers.verbs import language_install, only_installers
from dockfix.model.actions import Install, Provide
from dockfix.model.stages import Step, Unit
from dockfix.runtimes.needs import needed

# By which names pip is run
_PROGRAMS = ("pip", "pip3")
# The newest, or one that is new enough for PIP_PYTHON by its number
_NEW = regex(r"pip(?:[=~>]=(?:2[3-9]|[3-9]\d)(?:\.[\d.*]+)?)?")


def serves(facts: Facts, staying: Iterable[tuple[Step, Unit]]) -> bool:
    """Whether the pip of the base image fills the environment, and nothing that stays or is started runs the program ``pip``.

    That program would speak of the base image's packages, where ``python -m pip`` speaks of the environment's.
    """
    managers = [each.manager for _, _, each in facts.installs if isinstance(each.manager, LanguageManager)]
    return (
        _is_known(facts)
        and all(each.fills_bare for each in managers)
        and facts.unknown is None
        and not needed(facts, _PROGRAMS, staying)
    )


def updates(facts: Facts) -> frozenset[Step]:
    """The RUNs that bring it up to date before anything else is installed, and that install nothing themselves."""
    found: set[Step] = set()
    for step in facts.final.steps:
        installs = [each for unit in step.units if (each := language_install(unit.effects.action)) is not None]
        if not all(map(_updates, installs)):
            return frozenset(found)
        found |= {step} if installs else set()
    return frozenset()  # the newer one is all that is installed


def _is_known(facts: Facts) -> bool:
    """Whether it is certain which one it is when the environment is filled: the image's own, or a newer one.

    A build argument may choose another image; another Dockerfile may have put another pip into it, and so may get-pip.py.
    """
    stage = facts.final
    if not venv.serves(stage.image) or stage.parent is not None or stage.beneath is not None or "$" in stage.start.args:
        return False
    before = updates(facts)
    for step, unit in stage.units:
        action = unit.effects.action
        if isinstance(action, Provide) and action.manager is PIP:
            return False
        install = language_install(action)
        if install is None or step in before:
            continue
        # once it is in the environment, a shell that has called the other one goes on with that
        if any(package.name == PIP.id for package in facts.every_manifest[install].packages):
            return False
    return True


def _updates(install: Install) -> bool:
    return (
        install.manager is PIP
        and install.into.carried is None
        and only_installers(install, alone=True)
        and all(_NEW.fullmatch(package.word.value or "") for package in install.asked)
        and not install.constraints
        and install.blocked is None
    )
