"""YAML files as plain values: mappings, lists, and scalars as the text that they are written with."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAX_DEPTH = 60


def documents(data: bytes) -> Iterator[object]:
    """The documents of a YAML file with all scalars as text. Raises ValueError, once it comes to what is no YAML.

    It is put together from the parser's events, because PyYAML's own loaders overflow the C stack on deep nesting, and
    Compose files have tags that they do not know.
    """
    import yaml

    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    anchors: dict[str, object] = {}
    stack: list[tuple[object, list[object]]] = []
    result: object = None
    try:
        for event in yaml.parse(data, Loader=loader):
            value: object
            if isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
                value = {} if isinstance(event, yaml.MappingStartEvent) else []
                if event.anchor:
                    anchors[event.anchor] = value
                stack.append((value, []))
                if len(stack) > _MAX_DEPTH:
                    raise ValueError("it is nested too deeply")
                continue
            if isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
                value, parts = stack.pop()
                _fill(value, parts)
            elif isinstance(event, yaml.ScalarEvent):
                value = event.value
                if event.anchor:
                    anchors[event.anchor] = value
            elif isinstance(event, yaml.AliasEvent):
                value = anchors.get(event.anchor or "")
            elif isinstance(event, yaml.DocumentEndEvent):
                yield result
                anchors, result = {}, None
            else:
                continue
            if stack:
                stack[-1][1].append(value)
            else:
                result = value
    except (yaml.YAMLError, UnicodeError) as error:
        raise ValueError("it is not valid YAML") from error


def _fill(value: object, parts: list[object]) -> None:
    """Puts the parsed parts of a collection into it; merge keys give way to the mapping's own."""
    if isinstance(value, list):
        value.extend(parts)
    elif isinstance(value, dict):
        pairs = list(zip(parts[::2], parts[1::2], strict=True))
        for key, merged in pairs:
            if key == "<<":
                for each in merged if isinstance(merged, list) else [merged]:
                    for name, inherited in mapping(each).items():
                        value.setdefault(name, inherited)
        value.update((key, each) for key, each in pairs if isinstance(key, str) and key != "<<")


def mapping(value: object) -> dict[str, object]:
    """A value that is a mapping; an empty one for any other."""
    return value if isinstance(value, dict) else {}


def listed(value: object) -> list[object]:
    """A value that is a list; an empty one for any other."""
    return value if isinstance(value, list) else []


def scalar(value: object) -> str:
    """A value that is a scalar; "" for any other."""
    return value if isinstance(value, str) else ""
