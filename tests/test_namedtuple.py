"""``dockfix.namedtuple`` gives what ``typing``'s gives."""

from __future__ import annotations

import copy
import importlib.util
import pickle
import typing
from typing import Any

import pytest

ours: Any = importlib.import_module("dockfix.namedtuple").NamedTuple


class Ours(ours):  # type: ignore[misc]
    """One with every kind of field."""

    name: str
    number: int | None = 0
    more: tuple[str, ...] = ()

    @property
    def double(self) -> str:
        """Something of its own."""
        return 2 * self.name

    def same(self) -> Any:
        """A method that asks for its class."""
        return __class__  # type: ignore[name-defined]


class Standard(typing.NamedTuple):
    """The same by the standard library."""

    name: str
    number: int | None = 0
    more: tuple[str, ...] = ()

    @property
    def double(self) -> str:
        """Something of its own."""
        return 2 * self.name


class Below(Ours):
    """One with another repr."""

    def __new__(cls, name: str) -> Below:
        return super().__new__(cls, name, 7)  # type: ignore[no-any-return]


@pytest.mark.parametrize("kind", [Ours, Standard])
def test_it_does_the_same(kind: Any) -> None:
    one = kind("a", more=("x",))
    assert repr(one) == f"{kind.__name__}(name='a', number=0, more=('x',))"
    assert one == ("a", 0, ("x",)) == kind(name="a", number=0, more=("x",))
    assert hash(one) == hash(("a", 0, ("x",)))
    assert (one.name, one.number, one.more, one.double, one[0]) == ("a", 0, ("x",), "aa", "a")
    assert one._replace(number=2) == kind("a", 2, ("x",))
    assert isinstance(one._replace(number=2), kind)
    assert one._asdict() == {"name": "a", "number": 0, "more": ("x",)}
    assert kind._make(["a", 1, ()]) == kind("a", 1)
    assert kind._fields == kind.__match_args__ == ("name", "number", "more")
    assert kind._field_defaults == {"number": 0, "more": ()}
    assert (kind.__bases__, kind.__doc__ is not None, hasattr(one, "__dict__")) == ((tuple,), True, False)
    assert copy.deepcopy(one) == pickle.loads(pickle.dumps(one)) == one
    assert isinstance(pickle.loads(pickle.dumps(one)), kind)
    with pytest.raises(TypeError, match=r"__new__\(\) missing 1 required positional argument: 'name'"):
        kind()
    with pytest.raises(TypeError, match="Expected 3 arguments, got 1"):
        kind._make(["a"])
    with pytest.raises(ValueError, match=r"unexpected field names: .'other'"):
        one._replace(other=1)
    with pytest.raises(AttributeError):
        one.name = "b"
    with pytest.raises(AttributeError):
        one.other = "b"


def test_a_class_below_is_one_of_its_own() -> None:
    one = Below("a")
    assert (one, repr(one), one.same()) == (("a", 7, ()), "Below(name='a', number=7, more=())", Ours)


def test_what_it_does_not_make_is_an_error() -> None:
    with pytest.raises(TypeError, match="a field without a default"):
        type(ours)("Late", (ours,), {"__qualname__": "Late", "__annotations__": {"a": "int", "b": "int"}, "a": 1})
    with pytest.raises(TypeError, match="a second base"):
        type(ours)("Two", (ours, int), {"__qualname__": "Two", "__annotations__": {}})


def test_a_python_whose_collections_lack_the_getter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("collections._tuplegetter")
    spec = importlib.util.find_spec("dockfix.namedtuple")
    assert spec is not None and spec.loader is not None
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    class Named(module.NamedTuple):  # type: ignore[misc]
        """One with two fields."""

        name: str
        number: int = 0

    assert (Named("a").name, Named("a", 2).number, Named("a")) == ("a", 2, ("a", 0))
