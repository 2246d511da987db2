"""What is called: a function of Node.js or of a package, followed through variables, imports and modules that hand on."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from dockfix.context.javascript.modules import Declared, Module, unwrapped
from dockfix.context.javascript.project import Project
from dockfix.context.javascript.tree import arguments_of, is_function, string_of, text_of
from dockfix.namedtuple import NamedTuple

if TYPE_CHECKING:
    from tree_sitter import Node

_MAX_DEPTH = 14


class Meaning(NamedTuple):
    """What a callee is: the module that it comes from, "" for a global or where that is not known, and the names on the way to it.

    "()" among the names stands for a call.
    """

    module: str
    names: tuple[str, ...]

    @property
    def last(self) -> str:
        """The last name."""
        return self.names[-1] if self.names else ""


class Meanings:
    """Works out what callees are; each is worked out once."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._found: dict[tuple[str, int], Meaning] = {}

    def __call__(self, node: Node | None, module: Module, depth: int = 0) -> Meaning:
        """What a callee, or what it is called on, is."""
        node = unwrapped(node)
        if node is None or depth > _MAX_DEPTH:
            return Meaning("", ())
        key = module.file, node.id
        if key not in self._found:
            self._found[key] = Meaning("", ())  # what leads to itself means nothing
            self._found[key] = self._meaning(node, module, depth)
        return self._found[key]

    def _meaning(self, node: Node, module: Module, depth: int) -> Meaning:
        kind = node.type
        if kind in {"member_expression", "subscript_expression"}:
            inner = self(node.child_by_field_name("object"), module, depth + 1)
            part = node.child_by_field_name("property")
            name = text_of(part) if part is not None else string_of(node.child_by_field_name("index")) or "?"
            return Meaning(inner.module, (*inner.names, name))
        if kind == "call_expression":
            called = node.child_by_field_name("function")
            source = required_name(node)
            if source is not None:
                return self._of_source(source, "*", module, depth)
            inner = self(called, module, depth + 1)
            given = arguments_of(node)
            if inner.last == "promisify" and given:
                return self(given[0], module, depth + 1)
            return Meaning(inner.module, (*inner.names, "()"))
        if kind == "new_expression":
            inner = self(node.child_by_field_name("constructor"), module, depth + 1)
            return Meaning(inner.module, (*inner.names, "()"))
        if kind == "identifier":
            return self._of_name(node, module, depth)
        if kind == "binary_expression":
            return self(node.child_by_field_name("right"), module, depth + 1)
        if kind == "this":
            return Meaning("", ("this",))
        return Meaning("", ("?",))

    def _of_name(self, node: Node, module: Module, depth: int) -> Meaning:
        name = text_of(node)
        held = module.holding(name, node)
        imported = module.imported.get(name)
        if imported is not None and (held is None or isinstance(held, Declared)):
            return self._of_source(imported.source, imported.name, module, depth)
        if isinstance(held, Declared) and held.value is not None and not is_function(held.value):
            inner = self(held.value, module, depth + 1)
            return Meaning(inner.module, (*inner.names, *held.path)) if inner.module else Meaning("", (name,))
        return Meaning("", (name,))

    def _of_source(self, source: str, name: str, module: Module, depth: int) -> Meaning:
        found = self.project.resolve(source, posixpath.dirname(module.file))
        names = () if name in {"*", "default"} else (name,)
        if found.kind in {"package", "builtin"}:
            return Meaning(source.removeprefix("node:"), names)
        other = self.project.module(found.name) if found.kind == "file" else None
        if other is not None:
            export = self.project.exported(other, "default" if name == "*" else name)
            if export is not None and not is_function(export[1]) and export[1].type != "object":
                return self(export[1], export[0], depth + 1)
        return Meaning("", names)


def required_name(node: Node) -> str | None:
    """The module that a call of ``require`` or ``import()`` names; None for another call, or one that works the name out."""
    called = node.child_by_field_name("function")
    if called is None or (called.type != "import" and called.text != b"require"):
        return None
    given = arguments_of(node)
    return string_of(given[0]) if given else None
