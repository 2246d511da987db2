"""What an expression may be: some values, one of which it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from dockfix.context.program.paths import HOLE, Value

MOST = 6  # more of them are none that is known
Values = tuple[Value, ...]
ANYTHING: Values = (Value(HOLE),)


def cross(first: Values, second: Values, combine: Callable[[str, str], str]) -> Values:
    """Every combination of two parts; nothing for one of them counts as a hole."""
    return distinct(
        [
            (
                Value(combine(one.text, two.text), one.env or two.env)
                for one in first or ANYTHING
                for two in second or ANYTHING
            )
        ]
    )


def distinct(found: Iterable[Iterable[Value]]) -> Values:
    """Each value once; of too many some, and that it may be anything."""
    values = tuple(dict.fromkeys(value for values in found for value in values))
    return values if len(values) <= MOST else (*values[: MOST - 1], *ANYTHING)
