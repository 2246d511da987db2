"""The text files below one folder: each is read once, and once looked at for each question, whoever asks."""

from __future__ import annotations

import re
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from typing import Generic, Literal, NamedTuple, Protocol, TypeVar

from dockfix.context.kinds import HEAD, MAX_FILE, is_python, is_script, is_text, passed_over
from dockfix.context.literals import Literals, Words, literal_first, literals_of
from dockfix.syntax import decode

MAX_FILES = 5_000
MAX_BYTES = 32 << 20
_MAX_KEPT = 64 << 20
_MAX_SELECTIONS = 32
_LOT = 256 << 10
Answer = TypeVar("Answer")
Ask = Callable[[str, bytes], Answer | None]
Kind = Literal["text", "script", "python"]


class Mention(NamedTuple):
    """Where something stands: the text found, the file relative to the context, the 1-based line."""

    word: str
    file: str
    line: int


class Selection(NamedTuple):
    """The texts of some files, by name in alphabetical order.

    ``missing`` are those that may be text and are not there: they cannot be read, are too large, or are beyond what is read in all.
    """

    texts: Mapping[str, bytes]
    names: frozenset[str]
    missing: tuple[str, ...] = ()


class Folder(Protocol):
    """What the texts are read from: ``disk.Disk``."""

    def size(self, path: str) -> int:
        """The bytes of a listed file, 0 where the folder could not be listed."""

    def read(self, path: str) -> bytes | None:
        """The bytes of a file, None where it cannot be read."""

    def harmless(self, path: str, head: int) -> bool:
        """Whether a file that cannot be read is known to be no text, by its first ``head`` bytes."""


class _Lot(NamedTuple):
    """Some files, and the words of their texts: a look at these tells of most questions that none of them has an answer."""

    names: Sequence[str]
    words: Words


class Screened(ABC, Generic[Answer]):
    """A question to a file's name and text that can tell by the words of many files whether any of them has an answer."""

    @abstractmethod
    def within(self, words: Words) -> Ask[Answer] | None:
        """What is left to ask each of the files with these words; None where none has an answer."""

    @abstractmethod
    def __call__(self, name: str, data: bytes) -> Answer | None:
        """The answer of one file."""


class _Asked:
    """The answers to one question: those that are not empty, of the files in the first ``count`` lots."""

    def __init__(self) -> None:
        self.count = 0
        self.answers: dict[str, object] = {}


class Texts:
    """The texts below a folder. May be asked by several threads: at worst both work out the same answer."""

    def __init__(self, disk: Folder) -> None:
        self._disk = disk
        self._lock = threading.Lock()  # for what has been read: a file that is known to be read is in a lot, too
        self._texts: dict[str, bytes | None] = {}  # None for what is no text
        self._unread: set[str] = set()  # what may be text, and could not be read
        self._passed_over: set[str] = set()
        self._selections: dict[frozenset[str], Selection] = {}
        self._order: dict[Kind, list[str]] = {"text": [], "script": [], "python": []}
        self._lots: dict[Kind, list[_Lot]] = {"text": [], "script": [], "python": []}
        self._in_lots: dict[Kind, int] = {"text": 0, "script": 0, "python": 0}
        self._asked: dict[Hashable, _Asked] = {}
        self._size = 0

    @property
    def full(self) -> bool:
        """Whether so much was read that it is time to start anew."""
        return self._size > _MAX_KEPT

    def select(self, files: frozenset[str]) -> Selection:
        """The texts among files that are given by their names."""
        found = self._selections.get(files)
        if found is None:
            if len(self._selections) >= _MAX_SELECTIONS:
                self._selections.clear()
            with self._lock:
                found = self._selections[files] = self._select(files)
        return found

    def _select(self, files: frozenset[str]) -> Selection:
        found: dict[str, bytes] = {}
        missing: list[str] = []
        total = 0
        for name in sorted(files):
            full = len(found) >= MAX_FILES or total > MAX_BYTES
            if full and not passed_over(name, self._disk.size(name)):
                missing.append(name)
                continue
            if name not in self._texts and name not in self._passed_over:
                self._read(name)
            if name in self._passed_over:
                continue
            text = self._texts[name]
            if text is not None:
                found[name] = text
                total += len(text)
            elif name in self._unread:
                missing.append(name)
        return Selection(found, frozenset(found), tuple(missing))

    def _read(self, name: str) -> None:
        size = self._disk.size(name)
        if passed_over(name, size):
            self._passed_over.add(name)
            return
        data = None if size > MAX_FILE else self._disk.read(name)
        if data is None and not self._disk.harmless(name, HEAD):
            self._unread.add(name)
        text = data if data is not None and is_text(data) else None
        self._texts[name] = text
        if text is not None:
            self._size += len(text)
            self._order["text"].append(name)
            if is_python(name, text):
                self._order["python"].append(name)
            if is_script(name, text):
                self._order["script"].append(name)

    def _lots_of(self, kind: Kind) -> Sequence[_Lot]:
        """The lots of all files of a kind that were read so far."""
        order, lots = self._order[kind], self._lots[kind]
        first, count = self._in_lots[kind], len(order)
        while first < count:
            last, size = first, 0
            while last < count and size < _LOT:
                size += len(self._texts[order[last]] or b"")
                last += 1
            names = order[first:last]
            lots.append(_Lot(names, Words(b"\0".join(self._texts[name] or b"" for name in names))))
            self._in_lots[kind] = first = last
        return lots

    def answers(
        self,
        question: Hashable,
        names: Collection[str],
        answer: Ask[Answer],
        kind: Kind,
    ) -> dict[str, Answer]:
        """The answers for those of ``names``, files that were selected before, that have one which is not empty.

        Only files of a kind are asked: Python source, scripts, or all. ``answer`` is a function of a file's name and text, and always the
        same for the same ``question`` and kind.
        """
        asked = self._asked.get((kind, question))
        if asked is None:
            asked = self._asked.setdefault((kind, question), _Asked())
        with self._lock:
            lots = self._lots_of(kind)
            count = len(lots)
        for lot in lots[asked.count : count] if asked.count < count else ():
            ask = answer.within(lot.words) if isinstance(answer, Screened) else answer
            if ask is None:
                continue
            for name in lot.names:
                text = self._texts[name]
                found = ask(name, text) if text is not None else None
                if found:
                    asked.answers[name] = found
        asked.count = count
        if not asked.answers:
            return {}
        return {name: asked.answers[name] for name in asked.answers.keys() & names}  # type: ignore[misc]


class Finder(Screened[tuple[Mention, ...]]):
    """Gives all that a regular expression finds in the text of a file. Raises re.error for what is none.

    ``fixed`` is a text that every match holds, where one is known.
    """

    def __init__(self, pattern: bytes, fixed: bytes = b"") -> None:
        self._pattern = pattern
        self._literals = Literals((fixed,)) if fixed else literals_of(pattern)

    def within(self, words: Words) -> Ask[tuple[Mention, ...]] | None:
        """See Screened."""
        return self if self._literals.may_match_in(words) else None

    def __call__(self, name: str, data: bytes) -> tuple[Mention, ...]:
        """All that is found."""
        return (
            tuple(mentions(name, data, re.compile(literal_first(self._pattern))))
            if self._literals.may_match(data)
            else ()
        )


class Holding(Screened[tuple[bytes, ...]]):
    """Gives those of some words that a text holds."""

    def __init__(self, words: Iterable[bytes]) -> None:
        self._words = tuple(words)

    def within(self, words: Words) -> Ask[tuple[bytes, ...]] | None:
        """See Screened."""
        held = [word for word in self._words if words.may_hold(word)]
        return Holding(held) if held else None

    def __call__(self, name: str, data: bytes) -> tuple[bytes, ...]:
        """The words, in their order."""
        return tuple([word for word in self._words if word in data])


def mentions(
    name: str,
    data: bytes,
    pattern: re.Pattern[bytes],
    wanted: Callable[[bytes, int], bool] | None = None,
    group: int = 0,
) -> list[Mention]:
    """What a pattern, or a group of it, finds in a file, where ``wanted`` agrees to its place; -1 is the group that matched last."""
    found: list[Mention] = []
    line, counted = 1, 0
    for match in pattern.finditer(data):
        start = match.start()
        line += data.count(b"\n", counted, start)
        counted = start
        if wanted is None or wanted(data, start):
            text = match[(match.lastindex or 0) if group < 0 else group]
            found.append(Mention(decode(text), name, line))
    return found
