"""The YAML that package managers write into their locks: mappings by indentation, lists, short flow collections, scalars.

PyYAML takes seconds for a lock of a megabyte. What is not of this form is an error, never a guess.
"""

from __future__ import annotations

import re
from typing import Any

from dockfix.context.manifests.locked import LockError

_MAX_DEPTH = 40
_PLAIN = r"[^\s,:{}\[\]'\"#&*!%@`|>][^,{}\[\]'\"\s]*"
_SIMPLE = re.compile(rf"\{{\w+: {_PLAIN}(?:, \w+: {_PLAIN})*\}}|\[{_PLAIN}(?:, {_PLAIN})*\]")
_BLOCKS = ("|", ">", "|-", ">-", "|+", ">+")


class _Lines:
    """The lines that say something: indentation, text, 1-based number."""

    def __init__(self, whole: str) -> None:
        self.found: list[tuple[int, str, int]] = []
        self.raw = whole.splitlines()
        for number, line in enumerate(self.raw, 1):
            text = line.strip()
            if text and not text.startswith("#") and text not in {"---", "..."}:
                self.found.append((len(line) - len(line.lstrip(" ")), text, number))
        self.at = 0

    def peek(self) -> tuple[int, str, int] | None:
        return self.found[self.at] if self.at < len(self.found) else None


def mapping_of(whole: str) -> dict[str, Any]:
    """What a text says, with all scalars as text. Raises LockError."""
    lines = _Lines(whole)
    first = lines.peek()
    if first is None:
        return {}
    value = _block(lines, first[0], 0)
    left = lines.peek()
    if left is not None or not isinstance(value, dict):
        raise LockError("it is no YAML of the form that package managers write", left[2] if left else 0)
    return value


def _block(lines: _Lines, indent: int, depth: int) -> Any:
    if depth > _MAX_DEPTH:
        raise LockError("it is nested too deep")
    first = lines.peek()
    if first is not None and (first[1] == "-" or first[1].startswith("- ")):
        return _list(lines, indent, depth)
    found: dict[str, Any] = {}
    while (line := lines.peek()) is not None and line[0] == indent:
        _, text, number = line
        lines.at += 1
        if text.startswith("? "):
            key, rest = _scalar(text[2:].strip(), number), ""
            following = lines.peek()
            if following is None or following[0] != indent or not following[1].startswith(":"):
                raise LockError("a key has no value", number)
            rest = following[1][1:].strip()
            lines.at += 1
        else:
            key, rest = _key(text, number)
        if key in found:
            raise LockError(f"{key} stands twice", number)
        found[key] = _value(lines, rest, indent, depth, number)
    line = lines.peek()
    if line is not None and line[0] > indent:
        raise LockError("its indentation is not understood", line[2])
    return found


def _list(lines: _Lines, indent: int, depth: int) -> list[Any]:
    found: list[Any] = []
    while (line := lines.peek()) is not None and line[0] == indent and (line[1] == "-" or line[1].startswith("- ")):
        _, text, number = line
        rest = text[1:].strip()
        inner = indent + len(text) - len(rest)
        if rest and not rest.startswith(("{", "[", '"', "'")) and _is_pair(rest):
            # a mapping whose first key stands behind the dash
            lines.found[lines.at] = (inner, rest, number)
            found.append(_block(lines, inner, depth + 1))
        else:
            lines.at += 1
            found.append(_value(lines, rest, indent, depth, number))
    return found


def _is_pair(text: str) -> bool:
    return text.endswith(":") or ": " in text


def _value(lines: _Lines, rest: str, indent: int, depth: int, number: int) -> Any:
    if rest in _BLOCKS:
        words = []
        while (line := lines.peek()) is not None and line[0] > indent:
            words.append(line[1])
            lines.at += 1
        return "\n".join(words)
    if rest:
        return _flow(rest, number)
    line = lines.peek()
    if line is not None and (line[0] > indent or (line[0] == indent and line[1].startswith("- "))):
        return _block(lines, line[0], depth + 1)
    return ""


def _key(text: str, number: int) -> tuple[str, str]:
    """The key at the start of a line, and what stands behind its colon."""
    if text[0] in "\"'":
        end = _closing(text, 0, number)
        rest = text[end + 1 :]
        if not rest.startswith(":"):
            raise LockError("a key has no value", number)
        return _scalar(text[: end + 1], number), rest[1:].strip()
    at = text.find(": ")
    if at < 0:
        if not text.endswith(":"):
            raise LockError("a line is neither a key nor a value", number)
        at = len(text) - 1
    if text[0] in "{[&*!%@`|>":
        raise LockError("it is no YAML of the form that package managers write", number)
    return text[:at].strip(), text[at + 1 :].strip()


def _closing(text: str, start: int, number: int) -> int:
    """Where the quoted text ends that begins at a place."""
    quote, at = text[start], start + 1
    while at < len(text):
        if text[at] == "\\" and quote == '"':
            at += 2
        elif text[at] == quote:
            if quote == "'" and text[at + 1 : at + 2] == "'":
                at += 2
                continue
            return at
        else:
            at += 1
    raise LockError("a text is not closed", number)


def _scalar(text: str, number: int) -> str:
    if text[:1] == "'":
        if _closing(text, 0, number) != len(text) - 1:
            raise LockError("something stands behind a text", number)
        return text[1:-1].replace("''", "'")
    if text[:1] == '"':
        import json

        if _closing(text, 0, number) != len(text) - 1:
            raise LockError("something stands behind a text", number)
        try:
            return str(json.loads(text))
        except ValueError:
            return text[1:-1]
    return text


def _flow(text: str, number: int) -> Any:
    """A value on one line: a scalar, ``{a: b}`` or ``[a, b]``."""
    if text[0] not in "{[":
        if text[0] in "&*!%@`":
            raise LockError("it is no YAML of the form that package managers write", number)
        return _scalar(text, number)
    if _SIMPLE.fullmatch(text):
        # nearly all of a lock is of this form
        parts = [part.partition(": ") for part in text[1:-1].split(", ")]
        return {key: value for key, _, value in parts} if text[0] == "{" else [key for key, _, _ in parts]
    value, end = _collection(text, 0, number, 0)
    if text[end:].strip():
        raise LockError("something stands behind a collection", number)
    return value


def _collection(text: str, start: int, number: int, depth: int) -> tuple[Any, int]:
    if depth > _MAX_DEPTH:
        raise LockError("it is nested too deep", number)
    closing = "}" if text[start] == "{" else "]"
    pairs: dict[str, Any] = {}
    items: list[Any] = []
    at = start + 1
    while True:
        at = _blank(text, at)
        if at >= len(text):
            raise LockError("a collection is not closed", number)
        if text[at] == closing:
            return (pairs if closing == "}" else items), at + 1
        if text[at] == ",":
            at += 1
            continue
        first, at = _part(text, at, number, depth)
        at = _blank(text, at)
        if closing == "}":
            if text[at : at + 1] != ":" or not isinstance(first, str):
                raise LockError("a key has no value", number)
            at = _blank(text, at + 1)
            if at >= len(text):
                raise LockError("a collection is not closed", number)
            pairs[first], at = ("", at) if text[at] in ",}" else _part(text, at, number, depth)
        else:
            items.append(first)


def _part(text: str, at: int, number: int, depth: int) -> tuple[Any, int]:
    if text[at] in "{[":
        return _collection(text, at, number, depth + 1)
    if text[at] in "\"'":
        end = _closing(text, at, number)
        return _scalar(text[at : end + 1], number), end + 1
    end = at
    while end < len(text) and text[end] not in ",{}[]":
        if text[end] == ":" and text[end + 1 : end + 2] in {" ", ""}:
            break
        end += 1
    if end == at:
        raise LockError("a collection is not understood", number)
    return text[at:end].strip(), end


def _blank(text: str, at: int) -> int:
    while at < len(text) and text[at] == " ":
        at += 1
    return at
