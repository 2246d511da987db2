"""The warnings of a run over many files: the same sentence once, with the number of files."""

from __future__ import annotations

from collections.abc import Iterator

from dockfix.engine.results import Note
from dockfix.report import words


class Warnings:
    """What is warned of, in the order in which it first came up."""

    def __init__(self) -> None:
        self._places: dict[str, dict[str, list[int]]] = {}

    def add(self, label: str, note: Note) -> None:
        """Keep a warning about a file."""
        self._places.setdefault(words.told(note), {}).setdefault(label, []).append(note.line)

    def lines(self, style: words.Style) -> Iterator[str]:
        """Each sentence with the file and line of the first place; where it is of several files, with the number of the others."""
        for message, files in self._places.items():
            (label, numbers), *others = files.items()
            if not others:
                yield from (words.warning(label, message, style, line) for line in numbers)
            else:
                place = f"{label}:{numbers[0]}" if numbers[0] else label
                more = f" and {len(others)} more file" + "s" * (len(others) > 1)
                yield words.warning(place + more, message, style)
