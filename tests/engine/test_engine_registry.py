"""The order of the transforms."""

from __future__ import annotations

from graphlib import CycleError

import pytest

from dockfix.engine.registry import ordered
from dockfix.engine.transform import Outcome, Transform
from dockfix.facts import Facts


class Plain(Transform):
    """Does nothing."""

    title = "nothing"

    def apply(self, facts: Facts) -> Outcome:
        return Outcome()


def named(**after: set[str]) -> dict[str, Transform]:
    return {name: type(name, (Plain,), {"id": name, "after": frozenset(names)})() for name, names in after.items()}


def test_what_a_transform_waits_for_runs_before_it_and_the_id_decides_the_rest() -> None:
    found = ordered(named(d=set(), a={"d"}, c=set(), b={"a", "c"}))
    assert [each.id for each in found] == ["c", "d", "a", "b"]


def test_what_is_not_installed_is_not_waited_for() -> None:
    assert [each.id for each in ordered(named(b={"gone"}, a={"b"}))] == ["b", "a"]


def test_a_circle_has_no_order() -> None:
    with pytest.raises(CycleError):
        ordered(named(a={"b"}, b={"a"}))
