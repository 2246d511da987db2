"""What is wrong, or wasted, in a file of several stages as it stands: each with its line and the way out."""

from __future__ import annotations

from dockfix.facts import Facts
from dockfix.facts.beside_servers import without_files_beside
from dockfix.facts.closed_home import packages_of_others
from dockfix.facts.idle_stages import idle_stages
from dockfix.facts.never_copied import never_copied
from dockfix.facts.packages_left import packages_left
from dockfix.model.reason import Reason
from dockfix.placement.last_stage import compilers_left, libraries_left

_RULES = (
    never_copied,
    packages_of_others,
    libraries_left,
    packages_left,
    without_files_beside,
    idle_stages,
    compilers_left,
)


def as_it_stands(facts: Facts) -> tuple[Reason, ...]:
    """What the image cannot run with, and what it has for nothing: the first, as the rest may follow from it, comes first."""
    return tuple(dict.fromkeys(reason for rule in _RULES for reason in rule(facts)))
