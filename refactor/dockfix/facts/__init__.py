"""What follows from a Dockerfile, its build context and what is known of both: functions that are asked over one tree."""

from dockfix.facts.facts import Decision, Facts, from_context
from dockfix.facts.hints import ALL_FACETS, Facet, Hints
from dockfix.facts.placed_files import SYSTEM_FOLDERS

__all__ = ["ALL_FACETS", "SYSTEM_FOLDERS", "Decision", "Facet", "Facts", "Hints", "from_context"]
