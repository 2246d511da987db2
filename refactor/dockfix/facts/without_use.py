"""Whether a file says at all what its image is for: others may build on one that starts nothing, with all that it has."""

from __future__ import annotations

from dockfix.facts.facts import Facts
from dockfix.model.reason import Reason, doubt


def without_use(facts: Facts) -> Reason | None:
    """Why nothing of the image is known to be of no use: nothing is started, and nothing but what installs read comes into it."""
    if facts.final.of("CMD", "ENTRYPOINT") or facts.startup.texts:
        return None
    read = {name for manifest in facts.every_manifest.values() for name in manifest.files}
    steps = facts.final.of("COPY", "ADD")
    taken = {name for step in steps if step in facts.copies for name in facts.copies[step].files}
    if taken - read or any(step not in facts.copies for step in steps):
        return None
    return doubt("nothing shows what the image is used for: it starts nothing, and no code comes into it")
