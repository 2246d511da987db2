"""The text files below one folder: each is read once, and once looked at for each question, whoever asks."""

from __future__ import annotations

import re
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence, Set
from typing import Generic, Literal, Protocol, TypeVar

from dockfix.context.kinds import HEAD, MAX_FILE, is_python, is_script, is_text, passed_over
from dockfix.context.literals import Literals, Words, literal_first, literals_of, may_have
from dockfix.lazy import cached_property, compiled
from dockfix.namedtuple import NamedTuple
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
    ``number`` tells it from the others of the same folder.
    """

    texts: Mapping[str, bytes]
    names: frozenset[str]
    missing: tuple[str, ...]
    number: int


class Folder(Protocol):
    """What the texts are read from: ``disk.Disk``."""

    def size(self, path: str) -> int:
        """The bytes of a listed file, 0 where the folder could not be listed."""

    def read(self, path: str) -> bytes | None:
        """The bytes of a file, None where it cannot be read."""

    def harmless(self, path: str, head: int) -> bool:
        """Whether a file that cannot be read is known to be no text, by its first ``head`` bytes."""


class _Lot:
    """Some files, and the words of their texts: a look at these tells of most questions that none of them has an answer."""

    def __init__(self, names: Sequence[str], texts: Mapping[str, bytes | None]) -> None:
        self.names = names
        self._texts = texts

    @cached_property
    def words(self) -> Words:
        """The words of all of them."""
        return Words(b"\0".join(self._texts[name] or b"" for name in self.names))


class Screened(ABC, Generic[Answer]):
    """A question to a file's name and text that can tell by the words of many files whether any of them has an answer."""

    @abstractmethod
    def within(self, words: Words) -> Ask[Answer] | None:
        """What is left to ask each of the files with these words; None where none has an answer."""

    @abstractmethod
    def __call__(self, name: str, data: bytes) -> Answer | None:
        """The answer of one file."""


class _Asked:
    """The answers to one question that are not empty, and which files were asked: all of a selection, or some of a lot."""

    def __init__(self) -> None:
        self.answers: dict[str, object] = {}
        self.selections: set[int] = set()  # by their numbers
        self.left: dict[int, Ask[object] | None] = {}  # what is left to ask each file of a lot; None for nothing
        self.files: dict[int, Set[str]] = {}  # which files of a lot were asked


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
        self._lot_of: dict[Kind, dict[str, int]] = {"text": {}, "script": {}, "python": {}}
        self._spread: dict[tuple[Kind, int], Mapping[int, Set[str]]] = {}
        self._asked: dict[Hashable, _Asked] = {}
        self._selected = 0
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
                self._spread.clear()
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
        self._selected += 1
        return Selection(found, frozenset(found), tuple(missing), self._selected)

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

    def _spread_of(self, selection: Selection, kind: Kind) -> Mapping[int, Set[str]]:
        """The files of a kind in a selection, by the numbers of their lots."""
        key = kind, selection.number
        found = self._spread.get(key)
        if found is None:
            with self._lock:
                self._make_lots(kind)
            found = self._spread[key] = self._by_lot(selection.names, kind)
        return found

    def _make_lots(self, kind: Kind) -> None:
        """Puts what was read since the last time into lots."""
        order, lots, lot_of = self._order[kind], self._lots[kind], self._lot_of[kind]
        first = len(lot_of)
        while first < len(order):
            last, size = first, 0
            while last < len(order) and size < _LOT:
                size += len(self._texts[order[last]] or b"")
                last += 1
            names = order[first:last]
            lots.append(_Lot(names, self._texts))
            lot_of.update(dict.fromkeys(names, len(lots) - 1))
            first = last

    def _by_lot(self, names: Iterable[str], kind: Kind) -> Mapping[int, Set[str]]:
        lot_of = self._lot_of[kind]
        found: dict[int, set[str]] = {}
        for name in names:
            lot = lot_of.get(name)
            if lot is not None:
                found.setdefault(lot, set()).add(name)
        return found

    def answers(
        self, question: Hashable, selection: Selection, answer: Ask[Answer], kind: Kind, among: Set[str] | None = None
    ) -> dict[str, Answer]:
        """The answers of the files of a selection, ``among`` all or some of them, that have one which is not empty.

        Only files of a kind are asked: Python source, scripts, or all. ``answer`` is a function of a file's name and text, and always the
        same for the same ``question`` and kind.
        """
        asked = self._asked.get((kind, question))
        if asked is None:
            asked = self._asked.setdefault((kind, question), _Asked())
        names = selection.names if among is None else selection.names & among
        if selection.number not in asked.selections:
            spread = self._spread_of(selection, kind)
            for number, files in (spread if among is None else self._by_lot(names, kind)).items():
                self._ask(asked, number, files, answer, kind)
            if among is None:
                asked.selections.add(selection.number)
        if not asked.answers:
            return {}
        return {name: asked.answers[name] for name in asked.answers.keys() & names}  # type: ignore[misc]

    def _ask(self, asked: _Asked, number: int, names: Set[str], answer: Ask[Answer], kind: Kind) -> None:
        """Asks those files of a lot that were not asked yet."""
        if number not in asked.left:
            words = self._lots[kind][number].words
            asked.left[number] = answer.within(words) if isinstance(answer, Screened) else answer
        ask = asked.left[number]
        before = asked.files.get(number)
        if ask is None or before is names:
            return
        for name in names if before is None else names - before:
            text = self._texts[name]
            found = ask(name, text) if text is not None else None
            if found:
                asked.answers[name] = found
        # a set that all questions share, wherever it can be
        asked.files[number] = names if before is None or before <= names else before | names


class Finder(Screened[tuple[Mention, ...]]):
    """Gives all that a regular expression finds in the text of a file. Raises re.error for what is none.

    ``fixed`` is a text that every match holds, where one is known.
    """

    def __init__(self, pattern: bytes, fixed: bytes = b"") -> None:
        self._pattern = pattern
        self._literals = Literals((fixed,)) if fixed else literals_of(pattern)

    @cached_property
    def _expression(self) -> re.Pattern[bytes]:
        return compiled(literal_first(self._pattern))

    def within(self, words: Words) -> Ask[tuple[Mention, ...]] | None:
        """See Screened."""
        return self if self._literals.may_match_in(words) else None

    def __call__(self, name: str, data: bytes) -> tuple[Mention, ...]:
        """All that is found."""
        return tuple(mentions(name, data, self._expression)) if self._literals.may_match(data) else ()


class Holding(Screened[tuple[bytes, ...]]):
    """Gives those of some words that a text holds, where any of them may stand there as a word of its own."""

    def __init__(self, words: Iterable[bytes]) -> None:
        self._words = tuple(words)

    def within(self, words: Words) -> Ask[tuple[bytes, ...]] | None:
        """See Screened."""
        held = [word for word in self._words if words.may_hold(word)]
        return Holding(held) if any(words.may_have(word) for word in held) else None

    def __call__(self, name: str, data: bytes) -> tuple[bytes, ...]:
        """The words, in their order."""
        held = tuple([word for word in self._words if word in data])
        return held if any(may_have(data, word) for word in held) else ()


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
        if wanted is None or wanted(data, start):
            line += data.count(b"\n", counted, start)
            counted = start
            text = match[(match.lastindex or 0) if group < 0 else group]
            found.append(Mention(decode(text), name, line))
    return found
