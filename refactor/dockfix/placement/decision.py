"""Which shape a stage takes: the one decision that all transforms carry out."""

from __future__ import annotations

from dockfix.facts import Facts
from dockfix.model.reason import Reason
from dockfix.placement import front_end, two_stage, working_folder
from dockfix.placement.plan import Placement


def place(facts: Facts) -> Placement | Reason:
    """Places every step of a single-stage file, or says why it stays as it is."""
    if front_end.is_shape_of(facts):
        return front_end.place(facts)
    if not working_folder.is_shape_of(facts) or working_folder.only_installs(facts):
        return two_stage.place(facts)
    return working_folder.place(facts)
