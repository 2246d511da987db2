"""The checklist of each file: as a list of tasks in Markdown, which reads as well in a terminal, or as JSON."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dockfix.engine.results import FileResult, Item
from dockfix.report.terminal import Screen
from dockfix.report.totals import Mode, Totals

if TYPE_CHECKING:
    from dockfix.verify.verdict import Verification

JSON_VERSION = 1  # rises when a key changes its meaning or goes away


class ChecklistFormat:
    """One list for each file."""

    talks = False

    def __init__(self, screen: Screen, mode: Mode, *, as_json: bool) -> None:
        self._screen, self._applied, self._as_json = screen, mode is Mode.APPLY, as_json
        self._files: list[dict[str, object]] = []

    def file(self, result: FileResult, label: str, diff: str, verification: Verification | None = None) -> None:
        """Print the list, or keep it."""
        items = [self._settled(each, verification) for each in result.checklist]
        if self._as_json:
            rows = [
                {
                    "item": each.id,
                    "title": each.title,
                    "status": each.status,
                    "line": each.line,
                    "why": each.why,
                    "by": [*each.by],
                }
                for each in items
            ]
            self._files.append({"path": label, "items": rows})
        elif items:
            self._screen.clear()
            met = sum(each.status == "met" for each in items)
            self._screen.out.words(f"## {label}: {met} of {len(items)} met\n\n" + "".join(map(_line, items)) + "\n")

    def _settled(self, item: Item, verification: Verification | None) -> Item:
        """An item with what a build has told, and what was written."""
        if item.limit and verification is not None and verification.after is not None:
            size, most = (f"{each / 1_000_000:.0f} MB" for each in (verification.after.size, item.limit))
            small = verification.after.size < item.limit
            return replace(item, status="met" if small else "not met", why=f"{size}; {most} is the limit")
        return replace(item, status="met") if self._applied and item.status == "would be met" else item

    def end(self, totals: Totals) -> None:
        """Print the object."""
        if self._as_json:
            import json

            from dockfix import __version__

            self._screen.clear()
            whole = {"version": JSON_VERSION, "dockfix": __version__, "files": self._files}
            self._screen.out.product(json.dumps(whole, indent=2) + "\n")


def _line(item: Item) -> str:
    box = {"met": "x", "no matter": "x"}.get(item.status, " ")
    where = f" (line {item.line})" if item.line else ""
    said = item.status if item.status != "met" else ""
    told = ": ".join(filter(None, (said, item.why)))
    return f"- [{box}] {item.title}{where}{': ' if told else ''}{told}\n"
