"""``dockfix list`` and ``dockfix explain``: what the transforms say of themselves."""

from __future__ import annotations

import inspect

from dockfix.config import ids
from dockfix.engine.registry import transforms
from dockfix.report.words import Style


def table() -> str:
    """The id, safety and title of every transform, in the order in which they run."""
    rows = [("id", "safety", "title"), *((item.id, item.safety, item.title) for item in transforms())]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    return "".join(f"{row[0]:<{widths[0]}}  {row[1]:<{widths[1]}}  {row[2]}\n" for row in rows)


def page(name: str, style: Style) -> str:
    """The page of one transform. Raises ConfigError for an unknown id, with the nearest known one."""
    ids([name], "")
    found = next(item for item in transforms() if item.id == name)
    text = (inspect.getdoc(type(found)) or "").replace("``", "")
    if found.options:
        text += "\n\nSettings\n" + "\n".join(
            f"    {option.key} ({option.type}): {option.help}" for option in found.options
        )
    lines = text.split("\n")
    # A heading is a line whose section stands indented below it.
    below = [*lines[1:], ""]
    shown = [
        style(line, "bold") if line[:1].strip() and after.startswith(" ") else line
        for line, after in zip(lines, below, strict=True)
    ]
    return "\n".join([f"{style(found.id, 'bold')} ({found.safety})", "", *shown, ""])
