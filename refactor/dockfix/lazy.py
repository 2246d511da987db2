"""What is worked out when it is first used: regular expressions, which take a third of a short run that needs few of them; properties."""

from __future__ import annotations

import re
import sys
from array import array
from functools import cache
from typing import TYPE_CHECKING, Any, AnyStr

from dockfix.kept import Answers

try:  # the parts of re that compile; they are not public, and another Python may have others
    from re import _compiler as compiler  # type: ignore[attr-defined]
    from re import _parser as grammar  # type: ignore[attr-defined]
except ImportError:
    compiler = grammar = None

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


__all__ = ["cached_property", "compiled", "regex"]


class _Lazy:
    """Stands for a compiled expression; what is asked of it once is kept as an attribute of its own."""

    def __init__(self, pattern: str | bytes, flags: int) -> None:
        self.pattern = pattern
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        found = getattr(compiled(self.pattern, self._flags), name)
        self.__dict__[name] = found
        return found


def regex(pattern: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """The expression, not compiled yet. It can do all that ``re.compile``'s can, but be handed to functions of ``re``."""
    return _Lazy(pattern, flags)  # type: ignore[return-value]


@cache
def compiled(pattern: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """``re.compile`` for an expression that the next run asks for again: it need not compile it then."""
    if not (hasattr(compiler, "_code") and hasattr(compiler, "_sre")):
        return re.compile(pattern, flags)
    all_flags, code, names = _codes().of((pattern, int(flags)))
    index = {name: number for number, name in enumerate(names) if name is not None}
    made: re.Pattern[AnyStr] = compiler._sre.compile(
        pattern, all_flags, array("I", code).tolist(), len(names) - 1, index, names
    )
    return made


@cache
def _codes() -> Answers[tuple[str | bytes, int], tuple[int, bytes, tuple[str | None, ...]]]:
    return Answers(__file__, _code)


def _code(expression: tuple[str | bytes, int]) -> tuple[int, bytes, tuple[str | None, ...]]:
    """All flags of an expression, what it is compiled to, and the names of its groups, the whole match being the first: as re does it."""
    pattern, flags = expression
    parsed = grammar.parse(pattern, flags)
    names = {number: name for name, number in parsed.state.groupdict.items()}
    return (
        flags | parsed.state.flags,
        array("I", compiler._code(parsed, flags)).tobytes(),
        tuple(map(names.get, range(parsed.state.groups))),
    )
