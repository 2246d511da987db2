"""The ``target`` of services written into a Compose file: every other byte of it stays, comments, quotes and anchors too.

PyYAML says where a value begins and ends; nothing is printed anew. What comes out is read again, and has to say what the file said,
but for the targets.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from dockfix.context.yaml_edit import CannotAddError, entry, shared
from dockfix.context.yaml_tree import documents, mapping
from dockfix.lazy import regex
from dockfix.namedtuple import NamedTuple
from dockfix.syntax import encode

if TYPE_CHECKING:
    import yaml

# What may stand behind the key of a section that is another one's: `build: *api`
_ALIAS = regex(r":[ \t]+(\*[^\s,\[\]{}]+)")
_COMMENT = regex(r"[ \t]+#[^\n]*")


class _Edit(NamedTuple):
    start: int
    end: int
    text: str


def with_targets(text: str, stages: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """A Compose file in which services build stages, and the services for which that can't be written, each with why.

    What others share through an anchor may get a target once each of these has one of its own.
    """
    left, reasons = dict(stages), dict.fromkeys(stages, "")
    while left:
        done = []
        for service, stage in left.items():
            text, reasons[service] = _with_target(text, service, stage)
            done += [service] if not reasons[service] else []
        if not done:
            break
        left = {service: stage for service, stage in left.items() if service not in done}
    return text, {service: reasons[service] for service in left}


def _with_target(text: str, service: str, stage: str) -> tuple[str, str]:
    """The same for one service: the new text and "", or the text as it is and why."""
    others = ""
    try:
        before = _services(text)
        edit, others = _edit(text, service, stage)
        new = text[: edit.start] + edit.text + text[edit.end :]
        after = _services(new)
    except (ValueError, RecursionError) as error:
        return text, str(error) or "it is nested too deeply"
    if after == _wanted(before, service, stage):
        return new, ""
    return text, others or "its text could not be changed without loss"


def _services(text: str) -> dict[str, object]:
    """What a file says. Raises ValueError."""
    found = list(documents(encode(text)))
    if len(found) > 1:
        raise ValueError("it has several documents")
    return mapping(next(iter(found), None))


def _wanted(before: dict[str, object], service: str, stage: str) -> dict[str, object]:
    services = mapping(before.get("services"))
    given = mapping(services.get(service))
    build = given.get("build")
    built = {"context": build, "target": stage} if isinstance(build, str) else {**mapping(build), "target": stage}
    return {**before, "services": {**services, service: {**given, "build": built}}}


def _edit(text: str, name: str, stage: str) -> tuple[_Edit, str]:
    """The edit that gives a service its target, and why others may change with it, "" for no reason.

    Raises CannotAddError, or ValueError where the text is no YAML.
    """
    import yaml

    try:
        root = yaml.compose(text, Loader=yaml.BaseLoader)
    except yaml.YAMLError as error:
        raise ValueError("it is not valid YAML") from error
    used_twice = shared([root])
    services = _value(entry(root, "services"))
    found = entry(services, name)
    service = _value(found)
    build = entry(service, "build")
    if found is None or build is None:
        raise CannotAddError("its build is said elsewhere")
    key, value = build
    line = key.start_mark.line + 1
    alias = _ALIAS.match(text, key.end_mark.index)
    if id(service) in used_twice or id(services) in used_twice:
        raise CannotAddError(f"line {found[0].start_mark.line + 1} is an anchor that others use, too")
    others = f"its build in line {line} is an anchor that others use, too" if id(value) in used_twice else ""
    if _value(entry(value, "target")) is not None and alias is None:
        raise CannotAddError("it has a target")
    step = max(key.start_mark.column - found[0].start_mark.column, 1)
    indent = " " * (key.start_mark.column + step)
    if alias is not None:
        merge = "<<" if isinstance(value, yaml.MappingNode) else "context"
        return _in_place(
            text, _is_flow(service), (alias.start(), alias.end()), f"{merge}: {alias[1]}", stage, indent
        ), ""
    if isinstance(value, yaml.ScalarNode):
        if value.style in {"|", ">"} or key.end_mark.line != value.end_mark.line:
            raise CannotAddError(f"its build in line {line} stands on several lines")
        written = text[value.start_mark.index : value.end_mark.index]
        span = key.end_mark.index, value.end_mark.index
        return _in_place(text, _is_flow(service), span, f"context: {written}", stage, indent), others
    if not isinstance(value, yaml.MappingNode) or not value.value:
        raise CannotAddError(f"its build in line {line} is no mapping")
    if _is_flow(value):
        end = value.value[-1][1].end_mark.index
        return _Edit(end, end, f", target: {stage}"), others
    return _in_block(text, value, stage), others


def _in_place(text: str, flow: bool, span: tuple[int, int], first: str, stage: str, indent: str) -> _Edit:
    """A short build as a mapping: on the same line within braces, or else on lines of its own, behind a comment."""
    start, end = span
    if flow:
        return _Edit(start, end, f": {{{first}, target: {stage}}}")
    newline = "\r\n" if "\r\n" in text else "\n"
    stop = text.find("\n", end)
    stop = len(text) if stop < 0 else stop
    rest = text[end:stop].rstrip()
    if rest and not _COMMENT.fullmatch(rest):
        raise CannotAddError("something else stands behind its build")
    ending = "\r" if text[end:stop].endswith("\r") else ""
    lines = f":{rest}{newline}{indent}{first}{newline}{indent}target: {stage}{ending}"
    return _Edit(start, stop, lines)


def _in_block(text: str, build: yaml.MappingNode, stage: str) -> _Edit:
    """One more line of a mapping: behind its last value of one line among those that say what is built, or else at its head."""
    import yaml

    newline = "\r\n" if "\r\n" in text else "\n"
    first = build.value[0][0]
    indent = " " * first.start_mark.column
    plain = [
        (key, value)
        for key, value in build.value
        if key.value in {"context", "dockerfile"}
        and isinstance(value, yaml.ScalarNode)
        and value.style not in {"|", ">"}
        and key.end_mark.line == value.end_mark.line
        and value.start_mark.index >= key.end_mark.index
    ]
    if not plain:
        return _Edit(first.start_mark.index, first.start_mark.index, f"target: {stage}{newline}{indent}")
    stop = text.find("\n", plain[-1][1].end_mark.index)
    stop = len(text) if stop < 0 else stop
    stop -= text[:stop].endswith("\r")
    return _Edit(stop, stop, f"{newline}{indent}target: {stage}")


def _is_flow(node: yaml.Node | None) -> bool:
    return bool(getattr(node, "flow_style", False))


def _value(entry: tuple[yaml.Node, yaml.Node] | None) -> yaml.Node | None:
    return entry[1] if entry is not None else None
