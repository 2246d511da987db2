"""Words of a text that may be names: of programs where a command may stand, of files and folders."""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Iterator
from typing import AnyStr

from dockfix.context.literals import NO_NAME, Words
from dockfix.context.named_paths import before_in_line, counts
from dockfix.context.texts import Ask, Screened
from dockfix.lazy import regex
from dockfix.namedtuple import NamedTuple
from dockfix.syntax import decode

# Names of programs that are no words of English, so that they mean a program in any file of one that starts programs
DISTINCT = regex(
    rb"(?<![\w+-])(?:gcc|g\+\+|c\+\+|clang|cmake|gfortran|cargo|rustc|swig|git|ssh|scp|ninja|nvcc"
    rb"|[\w.]+-config|pg_config|[a-z+]+-[\d.]+)(?![\w+-])"
)
# A word that may be the name of a file, and one that may mean whatever lies in a folder: scripts/*.sh, join("scripts", name)
_WHOLE_FOLDER = regex(rb"""(?<![\w.+@-])([\w.+@-]++)(?:/?["']|/[*{$%?\[])""")
# What stands around a string that is a key, compared, or told to people
_NO_FOLDER = regex(
    rb"(?:[\w)\]]\[|[=!]==?[ \t]*"
    rb"|\.(?:get|pop|setdefault|getlist|getenv|add_argument|add_parser|has|has_key|encode|startswith|endswith)\([ \t]*"
    rb"|\b(?:getenv|print|(?:log(?:ger|ging)?|console)\.\w+|[A-Z]\w*(?:Error|Exception|Warning))\([ \t]*"
    rb"|\b(?:get|set|has|del)attr\([ \t]*[\w.]+[ \t]*,[ \t]*)[rbfu]*\Z"
)
_BEFORE = 60  # bytes within which that stands
_IS_KEY = regex(rb"[\"'][ \t]*(?::(?![:=])|[=!]=|(?:not[ \t]+)?in\b)")
# Names of programs that are words of English, or of any code, too: they mean a program only where a command stands
ENGLISH = frozenset(
    {"as", "file", "free", "halt", "init", "link", "patch", "size", "split", "strings", "strip", "top", "watch"}
)
_FEW_NAMES = 40  # to look for more takes as long as to take a text apart
_INNER = string.ascii_letters + string.digits + "_+-"
# Where the command of a command line that a string holds may stand, rather than a word of a sentence
COMMAND_PLACE = regex(
    r"(?:\A|[\n|;&(`\"'\[,=]|\$\(|\b(?:then|do|else|exec|sudo|xargs|env|nice|nohup|timeout|time|watch|ionice)\b[^\n|;&]*?\s)"
    r"[ \t]*(?:\w+=\S*[ \t]+)*(?:\S*/)?\Z"
)
_AFTER_ANOTHER = regex(r"(?:[|;&(`=]|\$\(|(?:^|\s)(?:then|do|else|exec|sudo|xargs|env|nice|nohup)\s)[ \t]*(?:\S*/)?\Z")
# The rest of a file's name, or of a path, behind a word: that a service is named by it tells of the program all the same
_ENDING = regex(rb"\.(?!service\b|timer\b|socket\b)[A-Za-z]\w*|/\w")
_AT_THE_START = regex(r"(?:^|\n)[ \t]*(?:\S*/)?\Z")
# (one that is a string of its own is found where its list of words is read)
_GOES_ON = regex(r"[ \t]*[\n|;&<>)`]|[ \t]+(?:\Z|[-/\"'{%$~.])")


class Names(NamedTuple):
    """``words`` are the names of files and folders that stand in a text, ``whole`` those of them that may mean all of a folder."""

    words: frozenset[str]
    whole: frozenset[str]


class NamesIn(Screened[Names]):
    """Gives those of some names that stand in a text."""

    def __init__(self, known: frozenset[bytes]) -> None:
        self._known = known

    def within(self, words: Words) -> Ask[Names] | None:
        """See Screened."""
        known = self._known.intersection(words.names.split())
        return NamesIn(known) if known else None

    def __call__(self, name: str, data: bytes) -> Names | None:
        """The names, and those that mean all of a folder."""
        if len(self._known) <= _FEW_NAMES and not any(known in data for known in self._known):
            return None
        words = self._known.intersection(data.translate(NO_NAME).split())
        if not words:
            return None
        whole = {
            match[1] for match in _WHOLE_FOLDER.finditer(data) if match[1] in words and _may_be_a_folder(data, match)
        }
        return Names(frozenset(map(decode, words)), frozenset(map(decode, whole)))


def _may_be_a_folder(data: bytes, match: re.Match[bytes]) -> bool:
    """Whether a word may mean all of a folder: a string that is nothing else than the word may be a key, or be said to people."""
    start, end = match.span(1)
    sign = data[start - 1 : start]
    if sign not in {b'"', b"'"} or data[end : end + 1] != sign:
        return True
    return not _IS_KEY.match(data, end) and not _NO_FOLDER.search(data, max(0, start - _BEFORE), start - 1)


def may_be_called(data: bytes, start: int, end: int) -> bool:
    """Whether a word in a script may be a command: no file like cron.py, no folder, and a word of English only at the start of one."""
    if _ENDING.match(data, end) or data.startswith(b"/", end):
        return False
    before = before_in_line(data, start).decode("latin-1")
    word = re.match(r"\w*", data[start : start + 20].decode("latin-1"))
    return counts(data, start) and (
        word is None
        or word[0] not in ENGLISH
        or _AT_THE_START.search(before) is not None
        or _AFTER_ANOTHER.search(before) is not None
    )


def stands_as_command(text: str, start: int, end: int) -> bool:
    """Whether a word in a string stands where the command of a command line does."""
    before = text[:start]
    return _AFTER_ANOTHER.search(before) is not None or (
        _AT_THE_START.search(before) is not None and _GOES_ON.match(text, end) is not None
    )


def whole_words(text: AnyStr, words: Iterable[AnyStr]) -> Iterator[tuple[int, AnyStr]]:
    """Where words stand in a text with no letter, digit, ``_``, ``+`` or ``-`` beside them, in order; of two at one place the longer."""
    found: list[tuple[int, int, AnyStr]] = []
    inner = _INNER if isinstance(text, str) else _INNER.encode()
    for word in words:
        start = text.find(word)
        while start >= 0:
            end = start + len(word)
            if (start == 0 or text[start - 1 : start] not in inner) and (
                end == len(text) or text[end : end + 1] not in inner
            ):
                found.append((start, -end, word))
            start = text.find(word, start + 1)
    free = 0
    for start, end, word in sorted(found):
        if start >= free:
            yield start, word
            free = -end
