"""What is worked out when it is first used: regular expressions, which take a third of a short run that needs few of them; properties."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any, AnyStr

if TYPE_CHECKING or sys.version_info >= (3, 12):
    from functools import cached_property
else:

    class cached_property:  # noqa: N801 (it stands for functools' own)
        """The property of functools without its lock: up to 3.11 all objects share that, and threads that ask each other's stand still.

        https://github.com/python/cpython/issues/87634. Two threads may work the same out, and either's answer is as good.
        """

        def __init__(self, work: Any) -> None:
            self._work = work
            self.__doc__ = work.__doc__

        def __set_name__(self, owner: type, name: str) -> None:
            self._name = name

        def __get__(self, instance: Any, owner: type | None = None) -> Any:
            if instance is None:
                return self
            found = instance.__dict__[self._name] = self._work(instance)
            return found


__all__ = ["cached_property", "regex"]


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
