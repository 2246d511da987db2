"""Which of the changes that a run with ``--unsafe`` makes come on top of those that are made by default."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from dockfix.engine.results import Made, Note

Run = tuple[Sequence[Note], Sequence[Made]]


def the_same(done: Run, full: Run) -> frozenset[str]:
    """The transforms that altered the same of the image in both runs, and said as much of it, in whichever words."""
    (own, own_made), (others, all_made) = done, full
    said, all_said = (Counter(note.transform for note in notes) for notes in (own, others))
    declared = {made.transform: made.declares for made in own_made}
    return frozenset(
        made.transform
        for made in all_made
        if made.declares
        and made.declares == declared.get(made.transform)
        and said[made.transform] == all_said[made.transform] == 1
    )


def added_to(
    made: Sequence[Note], all_changes: Sequence[Note], reasons: Collection[str], same: Collection[str]
) -> list[Note]:
    """The changes that come on top of those that are made. One without a reason that only stands on another line is none.

    Nor is one of a transform of ``same``.
    """
    parts = {(note.transform, note.line): set(note.message.split("; ")) for note in made}
    new = [
        note
        for note in all_changes
        if note.transform in reasons
        or not set(note.message.split("; ")) <= parts.get((note.transform, note.line), set())
    ]
    moved = Counter((note.transform, note.message) for note in made if note not in all_changes)
    found = []
    for note in new:
        key = note.transform, note.message
        if note.transform not in reasons and note.transform in same:
            continue
        if moved[key] and note.transform not in reasons:
            moved[key] -= 1
        else:
            found.append(note)
    return found
