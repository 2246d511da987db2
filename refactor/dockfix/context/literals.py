"""Texts of which every match of a regular expression contains one, so that most files need not be searched by it.

Looking for a fixed text takes a hundredth of the time of most expressions. ripgrep and its like do the same:
https://docs.rs/regex-syntax/latest/regex_syntax/hir/literal/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as grammar  # type: ignore[attr-defined]
from typing import Any

from dockfix.kept import Answers
from dockfix.lazy import cached_property, regex
from dockfix.namedtuple import NamedTuple

_MAX_LITERALS = 24  # more take as long to look for as the expression itself
_MAX_VARIANTS = 4  # of a text with a choice of characters in it
NO_NAME = bytes(code if re.match(rb"[\w.+@-]", bytes([code])) else 32 for code in range(256))
_NO_WORD = bytes(code if re.match(rb"\w", bytes([code])) else 32 for code in range(256))
# A bound, or what must not stand before, and the fixed text that follows
_FRONT = regex(rb"((?:\(\?[im]+\))?)(\\b|\(\?<!\[(?:\\.|[^\]\\])+\]\))(\w(?:\w|\\[.-])*)(?![*+?{])")
_IS_WORD = regex(rb"\w+")
_COMMON = frozenset({b"import", b"from"})  # words that hardly a source file lacks


class Words:
    """The distinct words of a text, as one text: it is a fraction of it, and holds all texts without blanks and signs that it does."""

    def __init__(self, text: bytes) -> None:
        self.text = text

    @cached_property
    def names(self) -> bytes:
        """The distinct words with what stands between those of a file's name: ``.``, ``+``, ``@`` and ``-``. Blanks are around each."""
        return _distinct(self.text.translate(NO_NAME))

    @cached_property
    def _words(self) -> bytes:
        return _distinct(self.names.translate(_NO_WORD))

    def may_hold(self, literal: bytes) -> bool:
        """Whether a text stands there, by a look at its longest word first."""
        word = _longest_word(literal)
        return word in self._words and (word == literal or literal in self.text)

    def may_have(self, word: bytes) -> bool:
        """Whether a text may stand there with no letter, digit or ``_`` beside it: one with other signs may wherever it stands."""
        return b" " + word + b" " in self._words if _IS_WORD.fullmatch(word) else self.may_hold(word)

    @cached_property
    def folded(self) -> Words:
        """The same in lower case."""
        return _Folded(self)


class _Folded(Words):
    """The words in lower case: few texts have to be read again for them."""

    def __init__(self, words: Words) -> None:
        self._of = words

    @cached_property
    def text(self) -> bytes:  # type: ignore[override]
        return self._of.text.lower()

    @cached_property
    def _words(self) -> bytes:
        return self._of._words.lower()


def _distinct(text: bytes) -> bytes:
    return b" ".join([b"", *set(text.split()), b""])


@lru_cache(maxsize=4096)
def _longest_word(text: bytes) -> bytes:
    return max(text.translate(_NO_WORD).split(), key=len, default=b"")


class Literals(NamedTuple):
    """``any_of`` are the texts, in lower case where the case of a text does not matter (``folded``); one may be empty.

    Those that are ``whole`` are words of letters, digits and ``_``, and every match has one of them with none of these beside it.
    """

    any_of: tuple[bytes, ...]
    folded: bool = False
    whole: bool = False

    def may_match_in(self, words: Words) -> bool:
        """The same as ``may_match``, for a text whose words are known."""
        if self.folded:
            words = words.folded
        return any(map(words.may_have if self.whole else words.may_hold, self.any_of))

    def may_match(self, data: bytes) -> bool:
        """Whether the expression may find something in ``data``; where not, it certainly finds nothing."""
        if self.whole:
            return any(may_have(data, text) for text in self.any_of)
        if self.folded:
            data = data.lower()
        return any(text in data for text in self.any_of)


def may_have(data: bytes, word: bytes) -> bool:
    """The same as ``Words.may_have`` for one text."""
    return word in data and (_IS_WORD.fullmatch(word) is None or _alone(word).search(data) is not None)


@cache
def _alone(word: bytes) -> re.Pattern[bytes]:
    return regex(literal_first(rb"\b" + word + rb"\b"))


@lru_cache(maxsize=1024)
def literals_of(pattern: bytes) -> Literals:
    """The literals of an expression. Raises re.error for what is none."""
    return Literals(*_known().of(pattern))


@cache
def _known() -> Answers[bytes, tuple[tuple[bytes, ...], bool, bool]]:
    return Answers(__file__, _literals_of)


def _literals_of(pattern: bytes) -> tuple[tuple[bytes, ...], bool, bool]:
    tree = grammar.parse(pattern)
    reader = _Reader(bool(tree.state.flags & re.IGNORECASE))
    found = reader.sequence(tree) or frozenset({b""})
    words = None if reader.folded else _whole_words(list(tree))
    if words is not None:
        return tuple(sorted(words)), False, True
    texts = {text.lower() for text in found} if reader.folded else found
    shortest = {text for text in texts if not any(other in text for other in texts if other != text)}
    return tuple(sorted(shortest)), reader.folded, False


def literal_first(pattern: bytes) -> bytes:
    """The same expression with its first text in front of what is said of the character before: re looks for it many times as fast."""
    front = _FRONT.match(pattern)
    if front is None:
        return pattern
    flags, before, text = front.groups()
    before = rb"(?<!\w" if before == rb"\b" else before[:-1]
    return flags + text + before + text + b")" + pattern[front.end() :]


class _Reader:
    """Goes through the parsed expression; ``folded`` is set once a part of it does not regard case."""

    def __init__(self, folded: bool) -> None:
        self.folded = folded

    def sequence(self, items: Iterable[tuple[Any, Any]]) -> frozenset[bytes] | None:
        """The best literals of what has to match one after the other; None where there are none."""
        best: frozenset[bytes] | None = None
        run: frozenset[bytes] | None = None  # what the characters read so far may be
        for code, value in items:
            characters = _characters(code, value)
            if characters is not None and len(characters) * len(run or ()) <= _MAX_VARIANTS:
                run = frozenset(text + character for text in run or (b"",) for character in characters)
                continue
            best = _better(best, run)
            run = characters
            best = _better(best, self.part(code, value))
        return _better(best, run)

    def part(self, code: Any, value: Any) -> frozenset[bytes] | None:
        if code is codes.SUBPATTERN:
            _, added, _, inner = value
            self.folded = self.folded or bool(added & re.IGNORECASE)
            return self.sequence(inner)
        if code is codes.ATOMIC_GROUP:
            return self.sequence(value)
        if code in {codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT}:
            least, _, inner = value
            return self.sequence(inner) if least else None
        if code is codes.BRANCH:
            branches = [self.sequence(branch) for branch in value[1]]
            known = [branch for branch in branches if branch is not None]
            found = frozenset().union(*known)
            return found if len(known) == len(branches) and len(found) <= _MAX_LITERALS else None
        return None


def _whole_words(items: Sequence[tuple[Any, Any]]) -> frozenset[bytes] | None:
    """The words of which an expression begins with one, where no other letter, digit or ``_`` may stand beside it; None for any other."""
    end = next((number for number, item in enumerate(items) if number and _is_bound(*item, codes.ASSERT_NOT, 1)), 0)
    if not end or not _is_bound(*items[0], codes.ASSERT_NOT, -1):
        return None
    texts = _texts(items[1:end])
    return texts if texts and all(map(_IS_WORD.fullmatch, texts)) else None


def _is_bound(code: Any, value: Any, assertion: Any, way: int) -> bool:
    """Whether a part says that no letter, digit or ``_`` stands on one side: before, or behind."""
    if code is codes.AT:
        return value is codes.AT_BOUNDARY
    if code is not assertion or value[0] != way or len(value[1]) != 1:
        return False
    ((kind, inside),) = value[1]
    return kind is codes.IN and (codes.CATEGORY, codes.CATEGORY_WORD) in inside and inside[0][0] is not codes.NEGATE


def _texts(items: Iterable[tuple[Any, Any]]) -> frozenset[bytes] | None:
    """All that a part of an expression may match, where that is a few texts."""
    found = frozenset({b""})
    for code, value in items:
        each = _characters(code, value)
        if code is codes.SUBPATTERN and not value[1] and not value[2]:
            each = _texts(value[3])
        elif code is codes.BRANCH:
            branches = [_texts(branch) for branch in value[1]]
            each = None if None in branches else frozenset().union(*filter(None, branches))
        if each is None or len(found) * len(each) > _MAX_LITERALS:
            return None
        found = frozenset(text + more for text in found for more in each)
    return found


def _characters(code: Any, value: Any) -> frozenset[bytes] | None:
    """The few characters of which a part of the expression is one; None for any other part."""
    if code is codes.LITERAL:
        return frozenset({bytes([value])})
    if code is codes.IN and len(value) <= _MAX_VARIANTS and all(kind is codes.LITERAL for kind, _ in value):
        return frozenset(bytes([each]) for _, each in value)
    return None


def _better(one: frozenset[bytes] | None, other: frozenset[bytes] | None) -> frozenset[bytes] | None:
    """Of two sets of literals the one that fewer files are likely to contain: longer texts, then fewer of them."""
    if one is None or other is None:
        return one or other
    return max(one, other, key=lambda texts: (texts.isdisjoint(_COMMON), min(map(len, texts)), -len(texts)))
