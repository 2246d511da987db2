"""Tables that people write in TOML, each declared once as a dataclass: read strictly, and documented from the declaration.

A key is a field of the dataclass; what it means stands beside its type: ``wait: Annotated[int, "seconds to wait"] = 30``.
"""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

import dacite

T = TypeVar("T")
_WORDS = {str: "text", bool: "`true` or `false`", int: "number", float: "number", list: "list of texts", dict: "table"}


class SchemaError(Exception):
    """A table that is not as it is declared: where it stands, and which key is wrong."""


def parse(text: str, place: str) -> dict[str, Any]:
    """The tables of a TOML text. Raises SchemaError, with ``place``, where it is not TOML."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SchemaError(f"{place}: {error}") from error


def read(kind: type[T], data: Mapping[str, Any], place: str) -> T:
    """The table as its dataclass. Raises SchemaError, with ``place``, for an unknown, missing or mistyped key."""
    try:
        return dacite.from_dict(kind, data, dacite.Config(strict=True))
    except dacite.UnexpectedDataError as error:
        raise SchemaError(f"{place}: unknown key {', '.join(sorted(error.keys))}") from error
    except (dacite.DaciteError, ValueError) as error:
        raise SchemaError(f"{place}: {error}") from error


def table(kind: type) -> str:
    """The keys of a declared table as a table in Markdown."""
    rows = [f"| `{name}` | {value} | {default} | {meaning} |" for name, value, default, meaning in _rows(kind, "")]
    return "\n".join(["| key | value | left out | meaning |", "|---|---|---|---|", *rows]) + "\n"


def _rows(kind: type, prefix: str) -> Iterator[tuple[str, str, str, str]]:
    types = get_type_hints(kind, include_extras=True)
    for field in dataclasses.fields(kind):
        annotation = types[field.name]
        inner = [
            each
            for each in (annotation, *get_args(annotation))
            if isinstance(each, type) and dataclasses.is_dataclass(each)
        ]
        if inner:
            yield from _rows(inner[0], f"{prefix}{field.name}.")
            continue
        assert get_origin(annotation) is Annotated, f"{kind.__name__}.{field.name} does not say what it means"
        value, meaning = get_args(annotation)
        yield f"{prefix}{field.name}", _value(value), _default(field), meaning


def _value(annotation: Any) -> str:
    if isinstance(annotation, str):
        return f'`"{annotation}"`'
    if annotation in _WORDS or get_origin(annotation) in _WORDS:
        return _WORDS[get_origin(annotation) or annotation]
    return " or ".join(_value(each) for each in get_args(annotation) if each is not type(None))


def _default(field: dataclasses.Field[Any]) -> str:
    if field.default is not dataclasses.MISSING:
        return {None: "", "": "", True: "`true`", False: "`false`"}.get(field.default, f"`{field.default}`")
    return "must be given" if field.default_factory is dataclasses.MISSING else ""
