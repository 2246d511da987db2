"""What is missing in a new image because of its ignore file, and is meant to be."""

from __future__ import annotations

from collections.abc import Iterable

from dockfix.facts import Facts
from dockfix.verify.snapshot import Snapshot


def taken_away(facts: Facts, before: Snapshot, ignore: str | None) -> frozenset[str]:
    """Where the files lie in the image that dockfix itself writes, or that the new ignore file leaves out."""
    name = facts.context.ignore_name
    after = facts.context if ignore is None else facts.context.with_overlay({name: ignore})
    own = {name, ".dockerignore", facts.context.dockerfile.name if facts.context.dockerfile else "Dockerfile"}
    listing = facts.context.listing  # an empty folder shows in no file
    closed = {
        folder
        for folder in (listing.folders if listing else ())
        if after.ignore.ignores(folder) and not facts.context.ignore.ignores(folder)
    }
    found: set[str] = set()
    for step, taken in facts.copies.items():
        if step.copy is not None and step.copy.target is not None:
            left = after.copied(step.copy.sources, after.ignore)
            emptied = (folders(taken.files) | taken.skipped) - folders(left.files) - left.skipped
            for name in (taken.files - left.files) | (taken.files & own) | emptied | (closed - folders(left.files)):
                found.update(facts.layout.of(name))
    return frozenset(found & before.entries.keys())


def folders(files: Iterable[str]) -> set[str]:
    """Every folder that something lies in."""
    return {file[:number] for file in files for number, sign in enumerate(file) if sign == "/"}
