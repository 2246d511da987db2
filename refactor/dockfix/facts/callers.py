"""Who starts the programs of the Python packages, and finds them where."""

from __future__ import annotations

from dockfix.facts import Facts
from dockfix.knowledge import normalise
from dockfix.model.answers import Worked
from dockfix.model.reason import Reason, doubt


def caller_with_unknown_path(facts: Facts) -> Reason | None:
    """Code that starts a program of a Python package in an environment of which is not known whether it has the image's PATH."""
    for use in facts.program.path_unknown:
        name = use.word.rpartition("/")[2]
        if "/" not in use.word and normalise(name) in facts.distributions:
            said = f"{use.file}:{use.line} starts {name} in an environment that is not known, and may not find it on its PATH"
            return doubt(said, answers=[Worked()])
    return None
