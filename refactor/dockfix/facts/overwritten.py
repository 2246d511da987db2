"""Which files a later step of the Dockerfile brings once more."""

from __future__ import annotations

import posixpath

from dockfix.facts import Facts
from dockfix.model.stages import Step


def brought_again(facts: Facts, step: Step) -> tuple[Step, ...]:
    """The later COPYs that put every file of a COPY where it lies already; none where one stays, or where it makes a folder."""
    taken = facts.copies.get(step)
    if taken is None or taken.directories or not taken.files:
        return ()
    steps = facts.final.steps
    later = [each for each in steps[steps.index(step) + 1 :] if each.keyword == "COPY" and each in facts.copies]
    found: list[Step] = []
    for name in taken.files:
        paths = facts.layout.by(step, name)
        again = next((each for each in reversed(later) if {*paths} <= {*facts.layout.by(each, name)}), None)
        if again is None or any(posixpath.dirname(path) != facts.final.end.workdir for path in paths):
            return ()
        found.append(again)
    return tuple(dict.fromkeys(found))
