"""Decisions as rows of small rules: the first that has something to say decides."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from dockfix.facts import Facts
from dockfix.model.reason import Reason

Rule = Callable[[Facts], Reason | None]


def first(rules: Iterable[Rule], facts: Facts) -> Reason | None:
    """The reason of the first rule that gives one, None where none does."""
    return next((reason for rule in rules if (reason := rule(facts)) is not None), None)
