"""Programs for building that are installed for all: nothing in the container starts them, and they leave with the builder."""

from __future__ import annotations

from dockfix.facts import Facts
from dockfix.facts.javascript import may_start
from dockfix.knowledge.node_programs import node_programs
from dockfix.model.stages import Unit
from dockfix.placement.smaller_javascript import for_all


def serves_builds(facts: Facts, unit: Unit) -> bool:
    """Whether a command only installs programs, for all, that are known, that build or develop, and that nothing may start."""
    names = for_all(unit)
    if not names or not facts.is_javascript or "NODE_PATH" in facts.final.end.env:
        return False
    known = [[each for each in node_programs().values() if each.package == name] for name in names]
    programs = {each.name for brought in known for each in brought}
    builds = all(brought and all(each.builds or each.develops for each in brought) for brought in known)
    return builds and not may_start(facts, programs)
