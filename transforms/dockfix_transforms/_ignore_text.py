"""The text of a ``.dockerignore``: a new one, and one that is completed below what its author wrote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dockfix.knowledge.ignore_groups import IgnoreGroup

HEADER = "# Keeps out of the build context what the image does not need"


def new_text(chosen: Mapping[IgnoreGroup, Sequence[str]], titles: bool) -> str:
    """A file with these patterns below one another, or in groups with titles."""
    lines = [HEADER]
    for group, patterns in chosen.items():
        lines += ["", f"# {group.title}"] * titles + [*patterns]
    return "\n".join(lines) + "\n"


def completed(existing: str, chosen: Mapping[IgnoreGroup, Sequence[str]]) -> str:
    """A file with these patterns in one block at its end: below a header, or right below what an earlier run has added."""
    newline = "\r\n" if "\r\n" in existing else "\n"
    lines = existing.splitlines()
    while lines and not lines[-1].strip():
        lines.pop()
    above = lines[: lines.index(HEADER)] if HEADER in lines else None
    is_last = above is not None and all(line.strip() and not line.startswith("#") for line in lines[len(above) + 1 :])
    if not is_last:
        lines += [""] * bool(lines) + [HEADER]
    lines += [pattern for patterns in chosen.values() for pattern in patterns]
    return newline.join(lines) + newline
