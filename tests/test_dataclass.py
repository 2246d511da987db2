"""``dockfix.dataclass`` gives what the standard library's gives."""

from __future__ import annotations

import copy
import dataclasses
import importlib
import pickle
from dataclasses import FrozenInstanceError, field, fields, is_dataclass, replace
from typing import Any

import pytest

ours: Any = importlib.import_module("dockfix.dataclass").dataclass


@ours(frozen=True)
class Plain:
    """One with every kind of field."""

    name: str
    number: int = 0
    made: list[int] = field(default_factory=list)
    hidden: str = field(default="x", compare=False, repr=False)
    kept: dict[str, int] = field(default_factory=dict, init=False, repr=False, compare=False)


@dataclasses.dataclass(frozen=True)
class Standard:
    """The same by the standard library."""

    name: str
    number: int = 0
    made: list[int] = field(default_factory=list)
    hidden: str = field(default="x", compare=False, repr=False)
    kept: dict[str, int] = field(default_factory=dict, init=False, repr=False, compare=False)


@ours(frozen=True, eq=False)
class Same:
    """One that is only itself."""

    inside: object


@ours(frozen=True)
class Below(Plain):
    """One with a field more."""

    more: tuple[int, ...] = ()


@ours(frozen=True)
class Empty:
    """One without any."""


@ours
class Open:
    """One that can be written to."""

    number: int


@pytest.mark.parametrize("kind", [Plain, Standard])
def test_it_does_the_same(kind: Any) -> None:
    one = kind("a", made=[1])
    assert repr(one) == f"{kind.__name__}(name='a', number=0, made=[1])"
    assert one == kind("a", 0, [1], "other")
    assert one != kind("a", 1, [1])
    assert one.__eq__("a") is NotImplemented
    assert replace(one, number=2) == kind("a", 2, [1])
    assert [each.name for each in fields(one)] == ["name", "number", "made", "hidden", "kept"]
    assert (is_dataclass(one), kind.__match_args__) == (True, ("name", "number", "made", "hidden"))
    assert copy.deepcopy(one) == pickle.loads(pickle.dumps(one)) == one
    assert kind("a").made is not kind("a").made
    assert one.kept == {}
    assert hash(kind("a", made=())) == hash(kind("a", made=(), hidden="other"))
    with pytest.raises(TypeError, match=r"__init__\(\) missing 1 required positional argument: 'name'"):
        kind()
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'name'"):
        one.name = "b"
    with pytest.raises(FrozenInstanceError, match="cannot delete field 'name'"):
        del one.name


def test_without_eq_each_is_itself_alone() -> None:
    one = Same(1)
    assert (one == copy.copy(one), hash(one) == hash(one), len({one, Same(1)})) == (False, True, 2)


def test_one_that_holds_itself_has_an_end() -> None:
    inside: list[object] = []
    inside.append(one := Same(inside))
    assert repr(one) == "Same(inside=[...])"


def test_a_class_below_has_the_fields_above() -> None:
    one = Below("a", more=(1,))
    assert repr(one) == "Below(name='a', number=0, made=[], more=(1,))"
    assert one != Plain("a")


def test_what_is_left_to_the_standard_library_is_an_error() -> None:
    with pytest.raises(TypeError, match="__post_init__"):
        ours(frozen=True)(type("Late", (), {"__post_init__": lambda self: None}))


def test_without_fields() -> None:
    assert Empty() == Empty()
    assert {Empty(): 1}[Empty()] == 1


def test_what_is_not_frozen_can_be_written_to() -> None:
    one = Open(1)
    one.number = 2
    assert one == Open(2)
    with pytest.raises(TypeError, match="unhashable"):
        hash(one)


@ours(order=True, frozen=True)
class Ordered:
    """One that has an order."""

    name: str
    number: int = 0
    hidden: str = field(default="x", compare=False)


def test_an_order() -> None:
    assert sorted([Ordered("b"), Ordered("a", 2), Ordered("a", 1)]) == [Ordered("a", 1), Ordered("a", 2), Ordered("b")]
    assert Ordered("a", hidden="y") <= Ordered("a") >= Ordered("a", hidden="z")
    assert not Ordered("a") < Ordered("a", hidden="y")
    assert Ordered("b") > Ordered("a")
    with pytest.raises(TypeError, match="not supported"):
        assert Ordered("a") < 1


@ours(eq=False)
class Working:
    """One that can be written to and is only itself."""

    made: list[int] = field(default_factory=list)
    kept: dict[str, int] = field(default_factory=dict, init=False)


def test_one_that_is_worked_with() -> None:
    one = Working()
    one.made.append(1)
    one.kept = {"a": 1}
    assert (repr(one), Working().made, one == Working(), len({one, Working()})) == (
        "Working(made=[1], kept={'a': 1})",
        [],
        False,
        2,
    )


@ours
class Late:
    """One that the standard library makes."""

    number: int

    def __post_init__(self) -> None:
        """Something to do."""
        self.number += 1


def test_what_is_left_to_the_standard_library() -> None:
    assert Late(1) == Late(1) != Late(2)
    assert Late(1).number == 2
