"""Stages that serve to build, and that nothing takes anything from."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dockfix.context.named_targets import named_targets
from dockfix.facts import Facts
from dockfix.facts.between_stages import prepares, used_by_others
from dockfix.lazy import regex
from dockfix.model.reason import Reason, at
from dockfix.model.stages import Stage

_VARIABLE = regex(r"\$\{[^{}]*\}|\$\w+")


def idle_stages(facts: Facts) -> Iterator[Reason]:
    """Each stage that no other starts from, copies from or mounts, and that nothing is seen to build by its name."""
    stages = facts.model.stages
    idle = [
        stage
        for stage in stages[:-1]
        if not used_by_others(facts, stage)
        and not stage.of("CMD", "ENTRYPOINT", "ONBUILD")
        and prepares(stage)
        and not any(_may_start_from(other, stage) for other in stages)
    ]
    if not idle or facts.context.dockerfile is None:
        return
    targets = named_targets(facts.context.dockerfile)
    for stage in idle:
        if stage.name.lower() not in targets and str(stage.index) not in targets:
            name = stage.name or str(stage.index)
            said = f"nothing takes anything from the stage {name}: what it makes is not in the image"
            yield at(f"{said}; have a later stage COPY --from={name} what it is for, or leave it out", stage.start.line)


def _may_start_from(other: Stage, stage: Stage) -> bool:
    """Whether another stage may start from this one, as a build argument chooses."""
    image = next((word for word in other.start.args.split() if not word.startswith("--")), "")
    pattern = ".*".join(map(re.escape, _VARIABLE.split(image)))
    return "$" in image and bool(stage.name) and re.fullmatch(pattern, stage.name, re.IGNORECASE) is not None
