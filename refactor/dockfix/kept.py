"""What one run works out and the next would work out again, kept as Python keeps what it has compiled: in ``__pycache__``."""

from __future__ import annotations

import atexit
import marshal
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib.util import cache_from_source
from itertools import islice
from pathlib import Path
from typing import Any, Generic, TypeVar

Question = TypeVar("Question")
Answer = TypeVar("Answer")
_MAX_ANSWERS = 2_000  # of one source: some questions are about what only one project holds


class Kept:
    """What is kept for a source, as the source is now and by this Python. It has to be what ``marshal`` writes."""

    def __init__(self, source: Path) -> None:
        status = source.stat()
        self._stamp = (status.st_mtime_ns, status.st_size, sys.hexversion)
        self._path: Path | None = None
        with suppress(NotImplementedError):  # this Python keeps nothing
            self._path = Path(cache_from_source(f"{source}.py"))

    def read(self) -> Any:
        """The content; None where there is none that holds."""
        if self._path is None:
            return None
        try:
            stamp, content = marshal.loads(self._path.read_bytes())
        except (OSError, EOFError, ValueError, TypeError):
            return None  # it is not there, or was written by another Python
        return content if stamp == self._stamp else None

    def write(self, content: Any) -> None:
        """Writes a whole file or none; where that is not possible, the next run works it out again."""
        path = self._path
        if path is None or sys.dont_write_bytecode:
            return
        new = path.with_name(f"{path.name}.{os.getpid()}")
        with suppress(OSError):
            path.parent.mkdir(exist_ok=True)
            try:
                new.write_bytes(marshal.dumps((self._stamp, content)))
                new.replace(path)
            finally:
                new.unlink(missing_ok=True)


class Answers(Generic[Question, Answer]):
    """The answers of a function of a module, the same in every run; those that are new are written when the process ends."""

    def __init__(self, module: str, answer: Callable[[Question], Answer]) -> None:
        self._kept = Kept(Path(module))
        self._answer = answer
        self._known: dict[Question, Answer] = self._kept.read() or {}
        self._asked: dict[Question, Answer] = {}
        self._has_new = False

    def of(self, question: Question) -> Answer:
        """The answer: known, or worked out now."""
        found = self._known.get(question)
        if found is None:
            found = self._known[question] = self._answer(question)
            if not self._has_new:
                self._has_new = True
                atexit.register(self._write)
        self._asked[question] = found
        return found

    def _write(self) -> None:
        known = {**(self._kept.read() or {}), **self._asked}
        if len(known) > _MAX_ANSWERS:
            known = dict(islice(self._asked.items(), _MAX_ANSWERS))
        self._kept.write(known)
