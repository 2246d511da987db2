"""Patterns in the language of ``.gitignore``: git's own, and those of ``exclude`` and ``per-file-ignores``."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from dockfix.dataclass import dataclass
from dockfix.lazy import cached_property


@dataclass(frozen=True)
class Rules:
    """The lines of one set of patterns, the absolute folder that they are relative to, and the file that they stand in.

    ``file`` is None where they stand in none of git's.
    """

    root: Path
    lines: tuple[str, ...]
    file: Path | None = None

    @cached_property
    def _patterns(self) -> tuple[tuple[bool, re.Pattern[str], int], ...]:
        """Whether each line takes out or back in, its expression and its 1-based number; the last line comes first."""
        from pathspec import GitIgnoreSpec

        found = [
            (pattern.include, _bounded(pattern.regex), number)
            for number, line in enumerate(self.lines, 1)
            if compiles(line)
            for pattern in GitIgnoreSpec.from_lines([line]).patterns
            if pattern.include is not None and pattern.regex is not None
        ]
        return tuple(reversed(found))

    def verdict(self, path: Path, folder: bool = False) -> bool | None:
        """Whether the last matching line takes an absolute path out (True) or back in (False); None without a match.

        Only lines that match the path itself count, not those that match a folder above it: who walks down a tree has
        asked about that before. (GitIgnoreSpec.check_file mixes the two, and so has ``*`` beat a later ``!*/``.) A path
        outside of ``root`` is matched in full, so that patterns without a slash still find it.
        """
        return self._decided(path, folder)[0]

    def line(self, path: Path, folder: bool = False) -> int:
        """The 1-based number of that last matching line; 0 without a match."""
        return self._decided(path, folder)[1]

    def _decided(self, path: Path, folder: bool) -> tuple[bool | None, int]:
        if not self.lines:
            return None, 0
        name = self._inside(path).as_posix() + "/" * folder
        return next(
            ((takes_out, line) for takes_out, regex, line in self._patterns if _matches(regex, name)), (None, 0)
        )

    def cover(self, path: Path, folder: bool = False) -> bool:
        """Whether an absolute path, or a folder above it, is taken out."""
        above = self._above(path) if self.lines else []
        return any(self.verdict(parent, folder=True) for parent in above) or bool(self.verdict(path, folder))

    def _inside(self, path: Path) -> Path:
        try:
            return path.relative_to(self.root)
        except ValueError:
            return path.relative_to(path.anchor)

    def _above(self, path: Path) -> list[Path]:
        """The folders that the patterns can speak of, from the outermost down to the parent of ``path``."""
        count = len(self._inside(path).parts) - 1
        return list(path.parents)[:count][::-1]


def _bounded(regex: re.Pattern[str]) -> re.Pattern[str]:
    """The expression with each piece between two stars at the first place where it fits, as the time is else that of their power."""
    text = re.sub(r"(?:\[\^/\]\*){2,}", "[^/]*", regex.pattern)
    return re.compile(re.sub(r"\[\^/\]\*([^()*]+)(?=\[\^/\]\*)", r"(?>[^/]*?\1)", text))


def _matches(regex: re.Pattern[str], name: str) -> bool:
    """Whether a pattern of pathspec's matches ``name`` itself: the folder that it marks, if any, ends the name."""
    return any(not match.groupdict().get("ps_d") or match.end("ps_d") == len(name) for match in regex.finditer(name))


def taken_out(chain: Iterable[Rules], path: Path, folder: bool = False) -> bool:
    """Whether rules, outermost first, leave ``path`` out: the innermost one with an opinion decides, as in git."""
    for rules in reversed(tuple(chain)):
        verdict = rules.verdict(path, folder)
        if verdict is not None:
            return verdict
    return False


def said_by(chain: Iterable[Rules], path: Path) -> str:
    """The file and line of git's rules that take ``path`` out, relative to its folder; "" where none of these does."""
    for rules in reversed(tuple(chain)):
        if rules.verdict(path) is not None:
            return f"{os.path.relpath(rules.file, path.parent)}:{rules.line(path)}" if rules.file is not None else ""
    return ""


def compiles(line: str) -> bool:
    """Whether a line is a pattern (or blank, or a comment)."""
    from pathspec import GitIgnoreSpec

    try:
        GitIgnoreSpec.from_lines([line])
    except ValueError:
        return False
    return True
