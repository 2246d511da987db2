"""What a ``.dockerignore`` keeps out of the build context, by Docker's own rules.

Read as https://github.com/moby/patternmatcher reads it, and applied as BuildKit applies it while it walks the
context (https://github.com/tonistiigi/fsutil, ``filter.go``): what a folder matched holds for all below it, and the
last match wins.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property

from dockfix.context.patterns import BadPatternError, Matcher, clean, ignore_matcher

# What Go's strings.TrimSpace takes off; Python's strip takes off some control characters more
_BLANK = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_WILD = frozenset("*[]?^\\")


@dataclass(frozen=True)
class IgnoreProblem:
    """A pattern that Docker rejects: its 1-based line (0 where there is none), the pattern as read, and why."""

    line: int
    pattern: str
    message: str


@dataclass(frozen=True)
class _Rule:
    """One pattern: ``keeps`` is True for a ``!`` pattern; ``text`` is the pattern without it."""

    text: str
    keeps: bool
    matches: Matcher


@dataclass(frozen=True)
class _State:
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
        if path == "." or not path:
            return False
        return self._state(path).ignored

    @cached_property
    def problems(self) -> tuple[IgnoreProblem, ...]:
        """The patterns that make Docker refuse the build; they match nothing here."""
        return self._compiled[1]

    @cached_property
    def _compiled(self) -> tuple[tuple[_Rule, ...], tuple[IgnoreProblem, ...]]:
        rules: list[_Rule] = []
        problems: list[IgnoreProblem] = []
        for index, written in enumerate(self.patterns):
            pattern = _read(written)
            if not pattern:
                continue
            pattern = clean(pattern)
            keeps = pattern.startswith("!")
            pattern = pattern[keeps:]
            try:
                rules.append(_Rule(pattern, keeps, ignore_matcher(pattern)))
            except (BadPatternError, re.error, RecursionError, OverflowError) as error:
                problems.append(IgnoreProblem(self.lines[index] if self.lines else 0, written, str(error)))
        return tuple(rules), tuple(problems)

    @cached_property
    def _kept_folders(self) -> tuple[str, ...] | None:
        """The names that ``!`` patterns begin with, a slash at the end of each; None where one has wildcards in it."""
        kept = [re.sub(r"/\*\*\Z", "", rule.text) for rule in self._compiled[0] if rule.keeps]
        kept = [re.sub(r"/\*\Z", "", text) + "/" for text in kept]
        return None if any(_WILD & set(text) for text in kept) else tuple(kept)

    @cached_property
    def _folders(self) -> dict[str, _State]:
        return {"": _State(False, (False,) * len(self._compiled[0]), False)}

    def _state(self, path: str) -> _State:
        """What holds for a path."""
        parts = path.split("/")
        known = len(parts) - 1
        while "/".join(parts[:known]) not in self._folders:
            known -= 1
        state = self._folders["/".join(parts[:known])]
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
        if self._kept_folders == ():
            # without exceptions nothing below an ignored folder is ever asked for, so there is nothing to inherit
            return any(rule.matches(path) for rule in self._compiled[0]), above
        ignored = False
        matched: list[bool] = []
        for rule, inherited in zip(self._compiled[0], above, strict=True):
            # a rule that could change nothing is not asked, and what lies below then does not inherit from it
            match = inherited or (rule.keeps == ignored and rule.matches(path))
            matched.append(match)
            if match:
                ignored = not rule.keeps
        return ignored, tuple(matched)


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
