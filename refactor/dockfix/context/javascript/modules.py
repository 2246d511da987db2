"""One source file: what it imports, declares and exports, and its calls."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from typing import TYPE_CHECKING, Literal

from dockfix.context.javascript.tree import (
    ancestors,
    arguments_of,
    is_function,
    key_of,
    line_of,
    named,
    parameters,
    string_of,
    text_of,
)
from dockfix.dataclass import dataclass
from dockfix.namedtuple import NamedTuple

if TYPE_CHECKING:
    from tree_sitter import Node

_SCOPES = frozenset({"statement_block", "program", "for_statement", "for_in_statement", "switch_body", "class_body"})


class Named(NamedTuple):
    """A module that a file names: how, and the node that gives the name; ``bare`` for one of whose types alone are taken."""

    node: Node
    line: int
    how: Literal["import", "require", "import()", "export"]
    bare: bool = False


class Site(NamedTuple):
    """A call, or the making of an object: what is called, what that is a method of, its name as it stands there, the arguments."""

    node: Node
    called: Node
    receiver: Node | None
    name: str
    given: list[Node]


class Imported(NamedTuple):
    """What a local name stands for: ``name`` of the module ``source``; "*" for the whole of it, "default" for what it exports as such."""

    source: str
    name: str


class Declared(NamedTuple):
    """A variable: the part of the text where it holds, its value, and the way into it where a pattern takes it apart."""

    start: int
    end: int
    value: Node | None
    path: tuple[str, ...] = ()
    default: Node | None = None


@dataclass(eq=False)
class Module:
    """A parsed file. ``at`` is the path at which it runs, which is another one where it is compiled."""

    file: str
    at: str
    root: Node
    nodes: dict[str, list[Node]]
    names: list[Named] = field(default_factory=list)
    imported: dict[str, Imported] = field(default_factory=dict)
    declared: dict[str, list[Declared]] = field(default_factory=dict)
    functions: dict[str, Node] = field(default_factory=dict)
    exports: dict[str, Node] = field(default_factory=dict)
    again: dict[str, Imported] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)
    later: dict[str, list[Node]] = field(default_factory=dict)  # what properties are set to: by "config.port"
    calls: list[Site] = field(default_factory=list)
    made: list[Site] = field(default_factory=list)

    def holding(self, name: str, node: Node) -> Declared | Node | None:
        """What a name means at a node: a declaration, the function of which it is a parameter, or None for nothing that is known."""
        place = node.start_byte
        best: Declared | None = None
        for each in self.declared.get(name, ()):
            if each.start <= place < each.end and (best is None or each.start >= best.start):
                best = each
        for above in ancestors(node):
            if best is not None and above.start_byte <= best.start and above.end_byte >= best.end:
                return best
            if is_function(above) and _has_parameter(above, name):
                return above
        return best


def _has_parameter(function: Node, name: str) -> bool:
    given = function.child_by_field_name("parameters") or function.child_by_field_name("parameter")
    return name in text_of(given) and any(each == name for each in _names_in(function))


def _names_in(function: Node) -> Iterator[str]:
    """The names that a function's parameters bind, those in patterns too."""
    yield from (name for name, _ in parameters(function))
    pending = list(named(function.child_by_field_name("parameters")))
    while pending:
        node = pending.pop()
        if node.type in {"identifier", "shorthand_property_identifier_pattern"}:
            yield text_of(node)
        elif node.type in {
            "object_pattern",
            "array_pattern",
            "pair_pattern",
            "object_assignment_pattern",
            "required_parameter",
            "optional_parameter",
            "assignment_pattern",
            "rest_pattern",
        }:
            pending += named(node)


class Taking:
    """Takes in what a module says."""

    def __init__(self, module: Module) -> None:
        self.module = module

    def all(self) -> None:
        """Takes in all of it."""
        nodes = self.module.nodes
        for node in nodes.get("import", ()):
            self._import_statement(node)
        for node in nodes.get("function", ()):
            if node.parent is not None:
                self.module.functions.setdefault(text_of(node), node.parent)
        for node in nodes.get("variable", ()):
            self._variable(node)
        for node in nodes.get("assignment", ()):
            self._assignment(node)
        for node in nodes.get("export", ()):
            self._export(node)
        for node in nodes.get("call", ()):
            self._call(node)
        for node in nodes.get("new", ()):
            made = node.child_by_field_name("constructor")
            if made is not None:
                self._site(node, made, self.module.made)

    def _name(
        self, node: Node | None, how: Literal["import", "require", "import()", "export"], bare: bool = False
    ) -> None:
        if node is not None:
            self.module.names.append(Named(node, line_of(node), how, bare))

    def _import_statement(self, node: Node) -> None:
        source = node.child_by_field_name("source")
        bare = any(child.type == "type" for child in node.children)
        clause = next((child for child in node.children if child.type == "import_clause"), None)
        required = next((child for child in node.children if child.type == "import_require_clause"), None)
        if required is not None:
            source = required.child_by_field_name("source")
            local = next((child for child in named(required) if child.type == "identifier"), None)
            self._imported(local, string_of(source), "*")
        self._name(source, "import", bare)
        text = string_of(source)
        for child in named(clause):
            if child.type == "identifier":
                self._imported(child, text, "default")
            elif child.type == "namespace_import":
                self._imported(next(iter(named(child)), None), text, "*")
            elif child.type == "named_imports":
                for each in named(child):
                    name, alias = each.child_by_field_name("name"), each.child_by_field_name("alias")
                    self._imported(alias or name, text, text_of(name))

    def _imported(self, local: Node | None, source: str | None, name: str) -> None:
        if local is not None and source is not None:
            self.module.imported[text_of(local)] = Imported(source, name)

    def _call(self, node: Node) -> None:
        called = node.child_by_field_name("function")
        if called is None:
            return
        site = self._site(node, called, self.module.calls)
        if site.given and site.receiver is None and (called.type == "import" or site.name == "require"):
            self._name(site.given[0], "import()" if called.type == "import" else "require")

    def _site(self, node: Node, called: Node, into: list[Site]) -> Site:
        """Adds a call to a list."""
        receiver = called.child_by_field_name("object") if called.type == "member_expression" else None
        name = text_of(called.child_by_field_name("property") if receiver is not None else called)
        found = Site(node, called, receiver, name, arguments_of(node))
        into.append(found)
        return found

    def _variable(self, node: Node) -> None:
        target, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        if target is None:
            return
        source = required(value)
        start, end = self._scope(node)
        for name, path, default in _bound(target, ()):
            self.module.declared.setdefault(name, []).append(Declared(start, end, value, path, default))
            if source is not None and len(path) < 2:
                self.module.imported.setdefault(name, Imported(source, path[0] if path else "*"))
        if value is not None and is_function(value) and target.type == "identifier":
            self.module.functions.setdefault(text_of(target), value)

    def _scope(self, node: Node) -> tuple[int, int]:
        around = next((each for each in ancestors(node) if each.type in _SCOPES), node)
        return around.start_byte, around.end_byte

    def _assignment(self, node: Node) -> None:
        target, value = node.child_by_field_name("left"), node.child_by_field_name("right")
        if target is None or value is None:
            return
        if node.type == "augmented_assignment_expression":
            value = node  # what comes of it is not worked out
        if target.type == "identifier":
            start, end = 0, self.module.root.end_byte
            known = self.module.declared.setdefault(text_of(target), [])
            same = next((each for each in known if each.value is None), None)
            known.append(Declared(same.start if same else start, same.end if same else end, value))
            return
        text = text_of(target)
        if text in {"module.exports", "exports"}:
            self._object_of_exports(value)
        elif text.startswith(("module.exports.", "exports.")):
            self.module.exports.setdefault(text.rpartition(".")[2], value)
        elif text.count(".") == 1:
            self.module.later.setdefault(text, []).append(value)

    def _object_of_exports(self, value: Node) -> None:
        self.module.exports["default"] = value
        source = required(value)
        if source is not None:
            self.module.stars.append(source)
        if value.type == "object":
            for child in named(value):
                if child.type == "pair":
                    inner = child.child_by_field_name("value")
                    if inner is not None:
                        self.module.exports.setdefault(key_of(child.child_by_field_name("key")), inner)
                elif child.type == "shorthand_property_identifier":
                    self.module.exports.setdefault(text_of(child), child)

    def _export(self, node: Node) -> None:
        source = node.child_by_field_name("source")
        text = string_of(source)
        self._name(source, "export", any(child.type == "type" for child in node.children))
        clause = next((child for child in node.children if child.type == "export_clause"), None)
        for each in named(clause):
            name, alias = each.child_by_field_name("name"), each.child_by_field_name("alias")
            shown = text_of(alias or name)
            if text is not None:
                self.module.again[shown] = Imported(text, text_of(name))
            elif name is not None:
                self.module.exports.setdefault(shown, name)
        if text is not None and clause is None:
            self.module.stars.append(text)
        value = node.child_by_field_name("value")
        if value is not None:
            self.module.exports["default"] = value
        declaration = node.child_by_field_name("declaration")
        if declaration is None:
            return
        default = any(child.type == "default" for child in node.children)
        if declaration.type in {"lexical_declaration", "variable_declaration"}:
            for each in named(declaration):
                target = each.child_by_field_name("name")
                if target is not None:
                    for name_, _, _ in _bound(target, ()):
                        self.module.exports.setdefault(name_, target if target.type == "identifier" else each)
        else:
            name = declaration.child_by_field_name("name")
            self.module.exports.setdefault("default" if default else text_of(name), declaration)


def required(value: Node | None) -> str | None:
    """The module that an expression requires; None where it is anything else."""
    value = unwrapped(value)
    if value is None or value.type != "call_expression":
        return None
    called = value.child_by_field_name("function")
    if called is None or (called.type != "import" and called.text != b"require"):
        return None
    given = arguments_of(value)
    return string_of(given[0]) if given else None


def unwrapped(node: Node | None) -> Node | None:
    """An expression without what leaves its value alone: parentheses, ``await``, types."""
    while node is not None and node.type in {
        "parenthesized_expression",
        "await_expression",
        "as_expression",
        "satisfies_expression",
        "non_null_expression",
        "type_assertion",
    }:
        inner = named(node)
        node = inner[-1 if node.type == "type_assertion" else 0] if inner else None
    return node


def _bound(target: Node, path: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...], Node | None]]:
    """The names that a pattern binds, each with the way to its value, and its default."""
    if target.type == "identifier":
        yield text_of(target), path, None
    elif target.type == "object_pattern":
        for child in named(target):
            if child.type == "shorthand_property_identifier_pattern":
                yield text_of(child), (*path, text_of(child)), None
            elif child.type == "object_assignment_pattern":
                left = child.child_by_field_name("left")
                yield text_of(left), (*path, text_of(left)), child.child_by_field_name("right")
            elif child.type == "pair_pattern":
                value, key = child.child_by_field_name("value"), key_of(child.child_by_field_name("key"))
                default = None
                if value is not None and value.type == "assignment_pattern":
                    default, value = value.child_by_field_name("right"), value.child_by_field_name("left")
                if value is not None:
                    for name, way, inner in _bound(value, (*path, key)):
                        yield name, way, inner or default
