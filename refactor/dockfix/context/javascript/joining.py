"""Texts and paths put together, and the way that an expression takes into an object."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from dockfix.context.javascript.modules import unwrapped
from dockfix.context.javascript.tree import string_of, text_of
from dockfix.context.program.paths import CODE, HOLE, PACKAGES, TEMP, Value, above

if TYPE_CHECKING:
    from tree_sitter import Node

MAX_VALUES = 6  # of one expression
UNKNOWN = (Value(HOLE),)


def way_of(node: Node) -> tuple[Node | None, tuple[str, ...]]:
    """The object that an expression starts from, and the names that lead on from it; a "?" for one that is worked out."""
    path: list[str] = []
    current: Node | None = node
    while current is not None and current.type in {"member_expression", "subscript_expression"}:
        part = current.child_by_field_name("property")
        index = current.child_by_field_name("index")
        path.append(text_of(part) if part is not None else string_of(index) or "?")
        current = unwrapped(current.child_by_field_name("object"))
    return current, tuple(reversed(path))


def joined(first: tuple[Value, ...], second: tuple[Value, ...]) -> tuple[Value, ...]:
    """Two texts behind each other, each of the first with each of the second."""
    return tuple(Value(a.text + b.text, a.env or b.env) for a in first for b in second)[:MAX_VALUES]


def put_together(first: str, second: str, resolves: bool) -> str:
    """Two parts as path.join or path.resolve puts them together; for the latter an absolute second part wins."""
    if not first:
        return second
    if second.startswith((CODE, TEMP, PACKAGES, "~")) or (resolves and second.startswith("/")):
        return second
    return f"{first.rstrip('/') or '/'}/{second.lstrip('/')}" if first != "/" else f"/{second.lstrip('/')}"


def path_of_call(name: str, given: list[tuple[Value, ...]]) -> tuple[Value, ...]:
    """What a function of Node.js's module "path" gives back for these arguments."""
    if name in {"join", "resolve"}:
        found: tuple[Value, ...] = (Value(""),)
        for each in given:
            found = tuple(
                Value(put_together(first.text, second.text, name == "resolve"), first.env or second.env)
                for first in found
                for second in each
            )[:MAX_VALUES]
        return tuple(Value(clean(each.text or "."), each.env) for each in found)
    values = given[0] if given else ()
    if name == "dirname":
        return tuple(Value(above(each.text), each.env) for each in values)
    if name in {"normalize", "toNamespacedPath"}:
        return values
    if name == "basename":
        return tuple(Value(each.text.rstrip("/").rpartition("/")[2] or HOLE, each.env) for each in values)
    return UNKNOWN


def in_code(path: str) -> str:
    """A path of the build context as the code has it."""
    return CODE + path


def in_packages(value: Value, at: str) -> Value:
    """Where a module lies that a file names: in the project by a path, else among the packages."""
    text = value.text
    if text.startswith("."):
        text = in_code(posixpath.join(posixpath.dirname(at), text))
    elif not text.startswith(("/", HOLE, CODE, PACKAGES)):
        text = f"{PACKAGES}/{text}"
    return Value(clean(text), value.env)


def clean(text: str) -> str:
    """A path without "." and ".." as far as it is known."""
    if HOLE in text or not text:
        head, hole, rest = text.partition(HOLE)
        folder, slash, last = head.rpartition("/")
        return f"{clean(folder) if folder else folder}{slash}{last}{hole}{rest}"
    mark = text[:1] if text[:1] in {CODE, TEMP, PACKAGES} else ""
    plain = posixpath.normpath(text[len(mark) :].lstrip("/") if mark else text)
    return f"{mark}{'' if plain == '.' and mark else plain}" + "/" * (text.endswith("/") and plain not in {"/", "."})
