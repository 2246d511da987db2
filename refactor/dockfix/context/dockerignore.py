"""What a ``.dockerignore`` keeps out of the build context, by Docker's own rules.

Read as https://github.com/moby/patternmatcher reads it, and applied as BuildKit applies it while it walks the
context (https://github.com/tonistiigi/fsutil, ``filter.go``): what a folder matched holds for all below it, and the
last match wins.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import field
from functools import lru_cache
from typing import Any

from dockfix.context.patterns import BadPatternError, Matcher, clean, ignore_matcher
from dockfix.dataclass import dataclass
from dockfix.lazy import regex
from dockfix.namedtuple import NamedTuple

# What Go's strings.TrimSpace takes off; Python's strip takes off some control characters more
_BLANK = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_WILD = frozenset("*[]?^\\")
_REFUSED = (BadPatternError, re.error, RecursionError, OverflowError)
_PLAIN = regex(r"(?!.*\.\.)[\w.*?/@+-]+")
_BETWEEN = regex(r"[*?/]+")
_MAX_FOLDERS = 20_000


class IgnoreProblem(NamedTuple):
    """A pattern that Docker rejects: its 1-based line (0 where there is none), the pattern as read, and why."""

    line: int
    pattern: str
    message: str


class _Rule(NamedTuple):
    """One pattern: ``keeps`` is True for a ``!`` pattern; ``text`` is the pattern without it."""

    text: str
    keeps: bool
    matches: Matcher


class _State(NamedTuple):
    """Of a path: whether it is ignored, which rules matched it or a folder above, whether all below is ignored too."""

    ignored: bool
    matched: tuple[bool, ...]
    closed: bool


@dataclass(frozen=True)
class Ignore:
    """The patterns of a ``.dockerignore`` in their order, comments left out, ``!`` in front of those that take back.

    ``lines`` are the 1-based lines of the patterns, where they are known.
    """

    patterns: tuple[str, ...]
    lines: tuple[int, ...] = field(default=(), compare=False)

    def ignores(self, path: str) -> bool:
        """Whether Docker leaves out a path, relative to the build context's root and with slashes.

        A folder that is ignored may still hold files that are not.
        """
        if not self.patterns:
            return False
        path = clean(path).lstrip("/")
        return path not in {"", "."} and _rules_of(self.patterns).ignores(path)

    def kept(self, paths: Iterable[str]) -> list[str]:
        """Those of clean relative paths that Docker does not leave out."""
        if not self.patterns:
            return list(paths)
        ignores = _rules_of(self.patterns).ignores
        return [path for path in paths if not ignores(path)]

    def ignored(self, paths: Iterable[str]) -> list[str]:
        """Those of clean relative paths that Docker leaves out."""
        if len(self.patterns) == 1 and (fixed := _fixed(self.patterns[0])):
            paths = [path for path in paths if fixed in path]
            if not paths:
                return []
        ignores = _rules_of(self.patterns).ignores if self.patterns else bool
        return [path for path in paths if ignores(path)]

    @property
    def problems(self) -> tuple[IgnoreProblem, ...]:
        """The patterns that make Docker refuse the build; they match nothing here."""
        return tuple(
            IgnoreProblem(self.lines[number] if self.lines else 0, self.patterns[number], why)
            for number, why in _rules_of(self.patterns).refused
        )


class _Rules:
    """What some patterns say of paths, worked out once for each folder. ``refused`` are the patterns that Docker rejects, by number."""

    def __init__(self, patterns: tuple[str, ...]) -> None:
        self.refused: list[tuple[int, str]] = []
        self._rules: list[_Rule] = []
        self._folders: dict[str, _State] = {}
        self._closed: dict[str, bool] = {}
        read = [(number, clean(text)) for number, text in enumerate(map(_read, patterns)) if text]
        self._any = None if any(text.startswith("!") for _, text in read) else _matcher(text for _, text in read)
        if self._any is not None:  # each by itself would take as long again
            return
        for number, text in read:
            keeps = text.startswith("!")
            try:
                self._rules.append(_Rule(text[keeps:], keeps, ignore_matcher((text[keeps:],))))
            except _REFUSED as error:
                self.refused.append((number, str(error)))
        if not any(rule.keeps for rule in self._rules):
            self._any = ignore_matcher(tuple(rule.text for rule in self._rules))
        self._kept_folders = _kept_folders(self._rules)

    def ignores(self, path: str) -> bool:
        """Whether a clean path that is not the root is ignored."""
        if self._any is None:
            return self._state(path).ignored
        # without patterns that take back, all that lies below what matches is ignored
        folder = path.rpartition("/")[0]
        return (folder != "" and self._is_closed(folder, self._any)) or self._any(path)

    def _is_closed(self, folder: str, matches: Matcher) -> bool:
        """Whether a folder or one above it matches."""
        closed = self._closed.get(folder)
        if closed is None:
            _bound(self._closed)
            closed, end = False, -1
            while not closed and end < len(folder):
                end = folder.find("/", end + 1)
                end = len(folder) if end < 0 else end
                above = folder[:end]
                if above not in self._closed:
                    self._closed[above] = matches(above)
                closed = self._closed[above]
            self._closed[folder] = closed
        return closed

    def _state(self, path: str) -> _State:
        """What holds for a path."""
        parts = path.split("/")
        known = len(parts) - 1
        while known and "/".join(parts[:known]) not in self._folders:
            known -= 1
        state = self._folders["/".join(parts[:known])] if known else _State(False, (False,) * len(self._rules), False)
        _bound(self._folders)
        for length in range(known + 1, len(parts) + 1):
            name = "/".join(parts[:length])
            if not state.closed:
                ignored, matched = self._match(name, state.matched)
                kept = self._kept_folders
                closed = ignored and kept is not None and not any(each.startswith(name + "/") for each in kept)
                state = _State(ignored, matched, closed)
            if length < len(parts):
                self._folders[name] = state
        return state

    def _match(self, path: str, above: tuple[bool, ...]) -> tuple[bool, tuple[bool, ...]]:
        ignored = False
        matched: list[bool] = []
        for rule, inherited in zip(self._rules, above, strict=True):
            # a rule that could change nothing is not asked, and what lies below then does not inherit from it
            match = inherited or (rule.keeps == ignored and rule.matches(path))
            matched.append(match)
            if match:
                ignored = not rule.keeps
        return ignored, tuple(matched)


def _matcher(patterns: Iterable[str]) -> Matcher | None:
    """What matches any of some patterns, None where one of them is not well formed."""
    try:
        return ignore_matcher(tuple(patterns))
    except _REFUSED:
        return None


@lru_cache(maxsize=512)
def _rules_of(patterns: tuple[str, ...]) -> _Rules:
    return _Rules(patterns)


@lru_cache(maxsize=512)
def _fixed(pattern: str) -> str:
    """What all that a pattern matches holds, and so do the paths below: its longest part; "" where it isn't a plain one."""
    return max(_BETWEEN.split(pattern), key=len) if _PLAIN.fullmatch(pattern) else ""


def _bound(known: dict[str, Any]) -> None:
    """Forgets what is known of too many folders: the same patterns hold for thousands of build contexts."""
    if len(known) > _MAX_FOLDERS:
        known.clear()


def _kept_folders(rules: Iterable[_Rule]) -> tuple[str, ...] | None:
    """The names that ``!`` patterns begin with, a slash at the end of each; None where one has wildcards in it."""
    kept = [re.sub(r"/\*\*\Z", "", rule.text) for rule in rules if rule.keeps]
    kept = [re.sub(r"/\*\Z", "", text) + "/" for text in kept]
    return None if any(_WILD & set(text) for text in kept) else tuple(kept)


@lru_cache(maxsize=512)
def parse_ignore(text: str) -> Ignore:
    """Reads the text of a ``.dockerignore``; never raises."""
    found: list[tuple[str, int]] = []
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        pattern = "" if line.startswith("#") else _read(line)
        if pattern:
            found.append((pattern, number))
    return Ignore(tuple(pattern for pattern, _ in found), tuple(number for _, number in found))


def _read(line: str) -> str:
    """One line as a pattern: blanks trimmed, path cleaned, the slash in front dropped; "" for a blank line."""
    pattern = line.strip(_BLANK)
    keeps = pattern.startswith("!")
    pattern = pattern[keeps:].strip(_BLANK)
    if pattern:
        pattern = clean(pattern)
        if len(pattern) > 1 and pattern.startswith("/"):
            pattern = pattern[1:]
    return "!" * keeps + pattern
