"""What the images of a Dockerfile lose by the text of a ``.dockerignore``."""

from __future__ import annotations

from collections.abc import Iterator

from dockfix.facts import Facts
from dockfix.model.stages import Stage


def taken_away(facts: Facts, text: str) -> Iterator[tuple[str, Stage]]:
    """The paths in the images of all stages at which something would no longer lie, or the ignore file itself as it is now."""
    after = facts.context.with_overlay({facts.context.ignore_name: text})
    lost: set[str] = set()
    for step, before in facts.copies.items():
        if step.copy is not None:
            left = after.copied(step.copy.sources, after.ignore)
            lost |= (before.files - left.files) | (before.skipped - left.skipped)
            lost |= {facts.context.ignore_name} & before.files
    for stage in facts.model.stages:
        # a stage may have got them from another one
        layout = facts.layouts.of(stage)
        yield from ((path, stage) for name in sorted(lost) for path in layout.of(name))


def breaks(facts: Facts, text: str) -> bool:
    """Whether a COPY would miss a file that it names, or a wildcard would silently take fewer."""
    after = facts.context.with_overlay({facts.context.ignore_name: text})
    for step, before in facts.copies.items():
        if step.copy is None:
            continue
        taken = after.copied(step.copy.sources, after.ignore)
        lost = before.files - taken.files
        wild = any(char in source for source in step.copy.sources for char in "*?[")
        if set(taken.missing) - set(before.missing) or (lost and wild and not before.directories):
            return True
    return False
