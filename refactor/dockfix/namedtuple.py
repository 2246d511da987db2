"""``NamedTuple`` of ``typing``, made in a fifth of the time.

There the type of each field is looked at, and a function compiled for each class: for a hundred classes that took a tenth of the time
of a short run. Here ``__new__`` is compiled once for all runs, and the other methods are shared by all classes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import NamedTuple
else:
    import marshal
    from operator import itemgetter
    from types import FunctionType

    from dockfix.kept import Answers

    try:  # as collections has it
        from collections import _tuplegetter
    except ImportError:

        def _tuplegetter(index, doc):
            return property(itemgetter(index), doc=doc)

    _NAMES = {"_made": tuple.__new__, "__builtins__": {}}

    def _compile(fields):
        code = compile(
            f"lambda _cls, {', '.join(fields)}: _made(_cls, ({''.join(f'{each}, ' for each in fields)}))", "", "eval"
        )
        return marshal.dumps(code.co_consts[0])

    _codes = Answers(__file__, _compile)

    class _Meta(type):
        """Makes of a class with annotations a tuple with fields."""

        def __new__(cls, name, bases, body):
            if not bases:
                return type.__new__(cls, name, bases, body)
            fields = tuple(body.get("__annotations__", ()))
            defaults = {field: body[field] for field in fields if field in body}
            if tuple(defaults) != fields[len(fields) - len(defaults) :] or len(bases) > 1:
                raise TypeError(
                    f"{name}: a field without a default follows one that has one, or there is a second base"
                )
            new = FunctionType(marshal.loads(_codes.of(fields)), _NAMES, "__new__", tuple(defaults.values()))
            new.__qualname__ = f"{body['__qualname__']}.__new__"
            for index, field in enumerate(fields):
                body[field] = _tuplegetter(index, None)
            own = {
                "__slots__": (),
                "_fields": fields,
                "__match_args__": fields,
                "_field_defaults": defaults,
                "__new__": new,
            }
            return type(name, (tuple,), own | _METHODS | body)

    class NamedTuple(metaclass=_Meta):
        """What a class with named fields is derived from."""

    def _make(cls, values):
        made = tuple.__new__(cls, values)
        if len(made) != len(cls._fields):
            raise TypeError(f"Expected {len(cls._fields)} arguments, got {len(made)}")
        return made

    def _replace(self, /, **fields):
        made = self._make(map(fields.pop, self._fields, self))
        if fields:
            raise ValueError(f"Got unexpected field names: {list(fields)!r}")
        return made

    def _asdict(self):
        return dict(zip(self._fields, self, strict=True))

    def _repr(self):
        return f"{self.__class__.__name__}({', '.join(f'{name}={value!r}' for name, value in _asdict(self).items())})"

    def _getnewargs(self):
        return tuple(self)

    _METHODS = {
        "_make": classmethod(_make),
        "_replace": _replace,
        "_asdict": _asdict,
        "__repr__": _repr,
        "__getnewargs__": _getnewargs,
    }


__all__ = ["NamedTuple"]
