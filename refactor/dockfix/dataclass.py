"""``dataclass`` of the standard library, made in a tenth of the time.

There up to six functions are compiled for each class. For a hundred classes that took a fifth of the time of a short run. Here only
``__init__`` is compiled, once for all runs, and the others are shared by all classes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    import dataclasses
    import marshal
    from operator import attrgetter, ge, gt, le, lt
    from reprlib import recursive_repr

    from dockfix.kept import Answers

    def dataclass(cls=None, /, *, frozen=False, eq=True, order=False, **options):
        """As in the standard library, which makes those with other options, and with ``__post_init__``."""

        def make(cls):
            if options or (hasattr(cls, "__post_init__") and not frozen):
                return dataclasses.dataclass(frozen=frozen, eq=eq, order=order, **options)(cls)
            return _made(cls, frozen, eq, order)

        return make(cls) if cls is not None else make

    def _made(cls, frozen, eq, order):
        dataclasses.dataclass(init=False, repr=False, eq=False)(cls)
        fields = dataclasses.fields(cls)
        if hasattr(cls, "__post_init__") or any(field.kw_only for field in fields):
            raise TypeError(f"{cls.__qualname__}: __post_init__ and KW_ONLY are known to the standard library alone")
        own = {"__init__": _init(cls, fields, frozen), "__repr__": _repr}
        if frozen:
            own |= {"__setattr__": _no_assignment, "__delattr__": _no_deletion}
        if eq:
            own |= _by_value([field.name for field in fields if field.compare], order)
            if not frozen:
                own["__hash__"] = None
        for name, function in own.items():
            if name not in cls.__dict__ or (name == "__hash__" and cls.__hash__ is None):
                setattr(cls, name, function)
        return cls

    def _init(cls, fields, frozen):
        """The constructor: written out, because one for all would be slow to call."""
        names = {"_set": object.__setattr__, "_missing": dataclasses.MISSING}
        parameters, body = ["self"], []
        for field in fields:
            name = value = field.name
            default = ""
            if field.default_factory is not dataclasses.MISSING:
                names[f"_make_{name}"] = field.default_factory
                value = f"_make_{name}() if {name} is _missing else {name}" if field.init else f"_make_{name}()"
                default = "=_missing"
            elif field.default is not dataclasses.MISSING:
                names[f"_default_{name}"] = field.default
                default = f"=_default_{name}"
                value = name if field.init else f"_default_{name}"
            if field.init:
                parameters.append(name + default)
            if field.init or default:
                body.append(f" _set(self, {name!r}, {value})" if frozen else f" self.{name} = {value}")
        made = {}
        text = "\n".join([f"def __init__({', '.join(parameters)}):", *(body or [" pass"])])
        exec(marshal.loads(_codes.of(text)), names, made)
        made["__init__"].__qualname__ = f"{cls.__qualname__}.__init__"
        return made["__init__"]

    def _compile(text):
        return marshal.dumps(compile(text, "<string>", "exec"))

    _codes = Answers(__file__, _compile)

    def _by_value(names, order):
        """Equality and hash by these attributes, and order where it is asked for."""
        key = attrgetter(*names) if names else lambda self: ()

        def __eq__(self, other):  # noqa: N807 (it becomes a method)
            return key(self) == key(other) if other.__class__ is self.__class__ else NotImplemented

        def __hash__(self):  # noqa: N807
            return hash(key(self))

        def by(compare):
            return lambda self, other: (
                compare(key(self), key(other)) if other.__class__ is self.__class__ else NotImplemented
            )

        ordered = {f"__{each.__name__}__": by(each) for each in (lt, le, gt, ge)} if order else {}
        return {"__eq__": __eq__, "__hash__": __hash__, **ordered}

    @recursive_repr()
    def _repr(self):
        shown = (f"{field.name}={getattr(self, field.name)!r}" for field in dataclasses.fields(self) if field.repr)
        return f"{self.__class__.__qualname__}({', '.join(shown)})"

    def _no_assignment(self: Any, name: str, value: Any) -> None:
        raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")

    def _no_deletion(self: Any, name: str) -> None:
        raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


__all__ = ["dataclass"]
