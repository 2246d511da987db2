"""The ``slim-base`` transform."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from dockfix.engine.transform import Edit, Outcome, Safety, refuse
from dockfix.facts import Facts
from dockfix.facts.slim import slim
from dockfix.model.reason import Declared

from ._layout import place_above

_SETTINGS = frozenset({"ENV", "ARG", "WORKDIR", "LABEL", "SHELL", "EXPOSE", "STOPSIGNAL"})


class SlimBase:
    """Start the runtime stage from the slim image; the builder keeps the full one.

    What it does
        After the split, the runtime stage of a full ``python:3.x`` image starts from ``python:3.x-slim`` of the same Debian release.
        The libraries and programs of the full image that are known to be needed are installed there.

    Why
        The full image carries compilers, headers, version control and ImageMagick: some 450 MB that a running program
        rarely needs, and that every scanner complains of.

    Example
        FROM python:3.11                        FROM python:3.11 AS builder
        RUN pip install -r requirements.txt     RUN pip install -r requirements.txt
        HEALTHCHECK CMD curl -f localhost       FROM python:3.11-slim AS runtime
                                                RUN apt-get install -y curl libpq5
                                                HEALTHCHECK CMD curl -f localhost

    Fix safety
        Unsafe: which libraries of the full image Python packages open when they run shows only when they are built and tried.
        ``dockfix --apply --verify`` does that, and adds what is missing. Refused where a command that stays may need anything, and
        where a compiler is needed at run time.
    """

    id: ClassVar[str] = "slim-base"
    title: ClassVar[str] = "start the runtime stage from the slim image"
    safety: ClassVar[Safety] = "unsafe"
    order: ClassVar[int] = 35
    atomic: ClassVar[bool] = True
    options: ClassVar[Mapping[str, str]] = {}

    def apply(self, facts: Facts) -> Outcome:
        """Replaces the image of the last FROM, and installs what the slim one lacks."""
        stage = facts.final
        if stage.python is None or stage.python.variant != "full":
            return Outcome()
        if len(facts.model.stages) == 1:  # once it is allowed to act, multi-stage splits for its sake
            return Outcome(waits=self.id not in facts.enabled)
        if len(facts.model.stages) != 2 or stage.base != facts.model.stages[0].base:
            return Outcome()
        plan = slim(facts, stage.units)
        if isinstance(plan, str):
            return refuse(plan, stage.start.line)
        start = stage.start
        flags = "".join(f"{start.text[flag.start : flag.end]} " for flag in start.flags)
        name = f" AS {start.words[2]}" if len(start.words) == 3 else ""
        if start.inner_comments:
            return refuse("the FROM instruction could not be taken apart", start.line)
        edits = [
            Edit(
                start,
                facts.tree.snippet(f"FROM {flags}{plan.image}{name}\n", start.line),
                start.line,
                f"the runtime stage starts from {plan.image}"
                + (f"; {', '.join(plan.packages)} {_come(plan.packages)} along" if plan.packages else ""),
            )
        ]
        if plan.packages:
            edits.append(_install(facts, tuple(plan.packages)))
        return Outcome(
            edits,
            unsafe="which libraries of the full image the Python packages need shows only in a build",
            declares=frozenset({Declared("FROM", start.words[0], tuple(plan.packages))})
            | (frozenset() if plan.tk else {Declared("MODULE", "tkinter")}),
        )


def _come(packages: Mapping[str, str]) -> str:
    return "come" if len(packages) > 1 else "comes"


def _install(facts: Facts, packages: tuple[str, ...]) -> Edit:
    """The install, above the first instruction of the last stage that is more than a setting."""
    steps = facts.final.steps
    first = next((step for step in steps if step.keyword not in _SETTINGS), steps[-1])
    target = place_above(facts.tree, first.instruction)
    new = facts.tree.snippet(
        f"RUN apt-get update && apt-get install -y --no-install-recommends {' '.join(packages)} \\\n"
        "    && rm -rf /var/lib/apt/lists/*\n",
        first.line,
    )
    return Edit(target, (*new, target), first.line, "")
