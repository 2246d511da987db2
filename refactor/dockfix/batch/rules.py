"""Patterns in the language of ``.gitignore``: git's own, and those of ``exclude`` and ``per-file-ignores``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from dockfix.dataclass import dataclass
from dockfix.lazy import cached_property


@dataclass(frozen=True)
class Rules:
    """The lines of one set of patterns, and the absolute folder that they are relative to."""

    root: Path
    lines: tuple[str, ...]

    @cached_property
    def _patterns(self) -> tuple[tuple[bool, re.Pattern[str]], ...]:
        """Whether each line takes out or back in, and its expression; the last line comes first."""
        from pathspec import GitIgnoreSpec

        patterns = GitIgnoreSpec.from_lines(line for line in self.lines if compiles(line)).patterns
        return tuple(
            (pattern.include, _bounded(pattern.regex))
            for pattern in reversed(list(patterns))
            if pattern.include is not None and pattern.regex is not None
        )

    def verdict(self, path: Path, folder: bool = False) -> bool | None:
        """Whether the last matching line takes an absolute path out (True) or back in (False); None without a match.

        Only lines that match the path itself count, not those that match a folder above it: who walks down a tree has
        asked about that before. (GitIgnoreSpec.check_file mixes the two, and so has ``*`` beat a later ``!*/``.) A path
        outside of ``root`` is matched in full, so that patterns without a slash still find it.
        """
        if not self.lines:
            return None
        name = self._inside(path).as_posix() + "/" * folder
        return next((takes_out for takes_out, regex in self._patterns if _matches(regex, name)), None)

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


def compiles(line: str) -> bool:
    """Whether a line is a pattern (or blank, or a comment)."""
    from pathspec import GitIgnoreSpec

    try:
        GitIgnoreSpec.from_lines([line])
    except ValueError:
        return False
    return True
