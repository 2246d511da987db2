"""Regular expressions that are compiled when they are first used: together they take a third of a short run, which needs few of them."""

from __future__ import annotations

import re
from typing import Any, AnyStr


class _Lazy:
    """Stands for a compiled expression; what is asked of it once is kept as an attribute of its own."""

    def __init__(self, pattern: str | bytes, flags: int) -> None:
        self.pattern = pattern
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        found = getattr(re.compile(self.pattern, self._flags), name)
        self.__dict__[name] = found
        return found


def regex(pattern: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """The expression, not compiled yet. It can do all that ``re.compile``'s can, but be handed to functions of ``re``."""
    return _Lazy(pattern, flags)  # type: ignore[return-value]
