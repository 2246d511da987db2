"""Programs for building that are installed for all: nothing in the container starts them, and they leave with the builder."""

from __future__ import annotations

from dockfix.facts import Facts
from dockfix.facts.javascript import may_start
from dockfix.knowledge.node_packages import only_builds
from dockfix.knowledge.node_programs import programs_of
from dockfix.model.stages import Unit
from dockfix.placement.smaller_javascript import for_all


def serves_builds(facts: Facts, unit: Unit) -> bool:
    """Whether a command only installs programs, for all, that only build, and that nothing may start."""
    names = for_all(unit)
    if not names or not all(map(only_builds, names)) or "NODE_PATH" in facts.final.end.env:
        return False
    brought = {name: programs_of(name) for name in names}
    return facts.is_javascript and all(brought.values()) and not may_start(facts, set().union(*brought.values()))
