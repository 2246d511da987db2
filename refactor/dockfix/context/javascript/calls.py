"""A call with what it means, and the object literals that it is handed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dockfix.context.javascript.meanings import Meaning
from dockfix.context.javascript.modules import Module, unwrapped
from dockfix.context.javascript.tree import field, line_of, named, text_of
from dockfix.namedtuple import NamedTuple

if TYPE_CHECKING:
    from tree_sitter import Node


class Call(NamedTuple):
    """A call, or the making of an object, with what it means."""

    node: Node
    module: Module
    meaning: Meaning
    receiver: Node | None

    @property
    def line(self) -> int:
        """Its line."""
        return line_of(self.node)


def object_of(node: Node | None, module: Module) -> Node | None:
    """The object literal that an argument is, or that the variable which it names is set to."""
    node = unwrapped(node)
    if node is not None and node.type == "identifier":
        value = next((each.value for each in module.declared.get(text_of(node), ()) if not each.path), None)
        inner = unwrapped(value)
        return inner if inner is not None and inner.type == "object" else node
    return node


def fields(node: Node | None, way: list[str]) -> Iterator[Node]:
    """The values at the end of a way into an object literal; "*" leads into each property and each part of a list."""
    if node is None:
        return
    if not way:
        yield node
        return
    if node.type != "object" and not (node.type == "array" and way[0] == "*"):
        return
    if way[0] == "*":
        for child in named(node):
            yield from fields(unwrapped(child.child_by_field_name("value") or child), way[1:])
        return
    found = field(node, way[0])
    if found is not None:
        yield from fields(found if found.type == "method_definition" else unwrapped(found), way[1:])
