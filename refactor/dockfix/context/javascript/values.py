"""What expressions may be: texts with holes, as in the reader of Python."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from dockfix.context.javascript.joining import (
    MAX_VALUES,
    UNKNOWN,
    clean,
    in_code,
    in_packages,
    joined,
    path_of_call,
    way_of,
)
from dockfix.context.javascript.meanings import Meanings, required_name
from dockfix.context.javascript.modules import Declared, Imported, Module, unwrapped
from dockfix.context.javascript.project import Project
from dockfix.context.javascript.tree import (
    ancestors,
    arguments_of,
    field,
    is_function,
    named,
    parameters,
    string_of,
    text_of,
)
from dockfix.context.program.paths import HOLE, TEMP, Value, join
from dockfix.lazy import regex

if TYPE_CHECKING:
    from tree_sitter import Node

_MAX_DEPTH = 14
_SAME = frozenset({"String", "Number", "parseInt", "parseFloat", "encodeURI", "normalizePort", "fileURLToPath"})
_SAME_METHODS = frozenset({"toString", "trim", "valueOf", "toLowerCase", "pathname", "href"})
_VARIABLE = regex(r"[A-Z][A-Z0-9_]*")


class Evaluator:
    """Works out values and meanings; nothing is run."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.meaning = Meanings(project)
        self._busy: set[tuple[str, int]] = set()

    def __call__(
        self, node: Node | None, module: Module, bound: dict[str, tuple[Value, ...]] | None = None
    ) -> tuple[Value, ...]:
        """The values that an expression may have, a hole for each part that is not known; () for what is no text."""
        node = unwrapped(node)
        if node is None:
            return ()
        key = module.file, node.id
        if key in self._busy or len(self._busy) > _MAX_DEPTH:
            return UNKNOWN
        self._busy.add(key)
        try:
            found = self._value(node, module, bound or {})
        finally:
            self._busy.discard(key)
        return tuple(dict.fromkeys(found))[:MAX_VALUES]

    def _value(self, node: Node, module: Module, bound: dict[str, tuple[Value, ...]]) -> tuple[Value, ...]:
        kind = node.type
        if kind == "string":
            return (Value(string_of(node) or ""),)
        if kind == "number":
            return (Value(text_of(node).replace("_", "")),)
        if kind == "template_string":
            return self._template(node, module, bound)
        if kind == "binary_expression":
            return self._binary(node, module, bound)
        if kind == "ternary_expression":
            return (
                *self(node.child_by_field_name("consequence"), module, bound),
                *self(node.child_by_field_name("alternative"), module, bound),
            )
        if kind == "unary_expression":
            return self(node.child_by_field_name("argument"), module, bound) if text_of(node).startswith("+") else ()
        if kind in {"identifier", "shorthand_property_identifier"}:
            return self._identifier(node, module, bound)
        if kind in {"member_expression", "subscript_expression"}:
            return self._member(node, module, bound)
        if kind == "call_expression":
            return self._call(node, module, bound)
        if kind == "new_expression":
            return self._new(node, module, bound)
        if kind in {"object", "array", "null", "undefined", "true", "false", "regex", "class"} or is_function(node):
            return ()
        return UNKNOWN

    def _template(self, node: Node, module: Module, bound: dict[str, tuple[Value, ...]]) -> tuple[Value, ...]:
        found: tuple[Value, ...] = (Value(""),)
        for child in node.children:
            if child.type == "template_substitution":
                inner = named(child)
                found = joined(found, self(inner[0], module, bound) or UNKNOWN if inner else UNKNOWN)
            elif child.type in {"string_fragment", "escape_sequence"}:
                found = joined(found, (Value(text_of(child)),))
        return found

    def _binary(self, node: Node, module: Module, bound: dict[str, tuple[Value, ...]]) -> tuple[Value, ...]:
        operator = text_of(node.child_by_field_name("operator"))
        left = self(node.child_by_field_name("left"), module, bound)
        right = self(node.child_by_field_name("right"), module, bound)
        if operator in {"||", "??"}:
            if any(each.env for each in left if each.text == HOLE):
                env = next(each.env for each in left if each.env)
                given = tuple(each for each in left if each.text != HOLE)
                return (*given, *(each if each.env else Value(each.text, env) for each in right)) or left
            return (*(each for each in left if each.text), *right)
        if operator == "+":
            return joined(left or UNKNOWN, right or UNKNOWN)
        if operator == "&&":
            return right
        return UNKNOWN

    def _identifier(self, node: Node, module: Module, bound: dict[str, tuple[Value, ...]]) -> tuple[Value, ...]:
        name = text_of(node)
        if name == "__dirname":
            return (Value(in_code(posixpath.dirname(module.at))),)
        if name == "__filename":
            return (Value(in_code(module.at)),)
        if name == "undefined":
            return ()
        if name in bound:
            return bound[name]
        held = module.holding(name, node)
        if isinstance(held, Declared):
            every = [each for each in module.declared[name] if each.start == held.start and each.value is not None]
            return tuple(value for each in every or [held] for value in self._declared(each, module, bound)) or UNKNOWN
        if held is not None:
            return self._parameter(name, held, module)
        imported = module.imported.get(name)
        if imported is not None:
            return self._imported(imported, module, ())
        return UNKNOWN

    def _declared(self, held: Declared, module: Module, bound: dict[str, tuple[Value, ...]]) -> tuple[Value, ...]:
        found = (
            self._property(held.value, held.path, module)
            if held.path
            else self(held.value, module, bound)
            if held.value is not None
            else ()
        )
        if held.default is not None:
            default = self(held.default, module, bound)
            env = next((each.env for each in found if each.env), "")
            return tuple(Value(each.text, each.env or env) for each in default) or found
        return found

    def _parameter(self, name: str, function: Node, module: Module) -> tuple[Value, ...]:
        """What a function is called with, as far as the same file calls it by its name."""
        index, default = next(
            ((number, each) for number, (given, each) in enumerate(parameters(function)) if given == name), (-1, None)
        )
        if index < 0:
            return UNKNOWN
        found: list[Value] = list(self(default, module)) if default is not None else []
        own = next((known for known, node in module.functions.items() if node.id == function.id), "")
        for call in module.calls if own else ():
            if call.receiver is None and call.name == own and index < len(call.given):
                found += self(call.given[index], module)
        exported = any(text_of(each) == own or each.id == function.id for each in module.exports.values())
        # who calls it elsewhere is not looked for
        return (*found, *UNKNOWN) if exported or not found else tuple(found)

    def _member(self, node: Node, module: Module, bound: dict[str, tuple[Value, ...]]) -> tuple[Value, ...]:
        target, path = way_of(node)
        if target is None or not path:
            return UNKNOWN
        text = text_of(target)
        if text == "process" and path[0] == "env" and len(path) == 2:
            return (Value(HOLE, path[1]),)
        if target.type == "meta_property" or text == "import.meta":
            return self._meta(path, module)
        if target.type == "this":
            return self._of_this(path, node, module)
        return self._property(target, path, module)

    def _meta(self, path: tuple[str, ...], module: Module) -> tuple[Value, ...]:
        if path in {("dirname",), ("dir",)}:
            return (Value(in_code(posixpath.dirname(module.at))),)
        if path in {("url",), ("filename",), ("path",)}:
            return (Value(in_code(module.at)),)
        return (Value(HOLE, path[1]),) if path[0] == "env" and len(path) == 2 else UNKNOWN

    def _of_this(self, path: tuple[str, ...], node: Node, module: Module) -> tuple[Value, ...]:
        """What a class sets the field to, in its body or anywhere in the file."""
        if len(path) != 1:
            return UNKNOWN
        found: list[Value] = []
        body = next((each for each in ancestors(node) if each.type == "class_body"), None)
        for child in named(body):
            name = child.child_by_field_name("name") or child.child_by_field_name("property")
            if child.type in {"public_field_definition", "field_definition"} and text_of(name) == path[0]:
                found += self(child.child_by_field_name("value"), module)
        for each in module.nodes.get("assignment", ()):
            if text_of(each.child_by_field_name("left")) == f"this.{path[0]}":
                found += self(each.child_by_field_name("right"), module)
        return tuple(found) or UNKNOWN

    def _property(self, node: Node | None, path: tuple[str, ...], module: Module, depth: int = 0) -> tuple[Value, ...]:
        """The value at the end of a way into an object."""
        node = unwrapped(node)
        if node is None or depth > _MAX_DEPTH:
            return UNKNOWN
        if not path:
            return self(node, module)
        inner, way = way_of(node)
        if inner is not None and inner.id != node.id:
            if text_of(inner) == "process" and way == ("env",):
                return (Value(HOLE, path[0]),)
            return self._property(inner, (*way, *path), module, depth + 1)
        if node.type == "object":
            found = field(node, path[0])
            if found is not None and found.type == "shorthand_property_identifier" and len(path) == 1:
                return self(found, module)
            if found is not None:
                return self._property(found, path[1:], module, depth + 1)
            spread = [child for child in named(node) if child.type == "spread_element"]
            return (
                tuple(value for each in spread for value in self._property(named(each)[0], path, module, depth + 1))
                if spread
                else ()
            )
        if node.type in {"identifier", "shorthand_property_identifier"}:
            name = text_of(node)
            if name == "process" and path[0] == "env" and len(path) == 2:
                return (Value(HOLE, path[1]),)
            held = module.holding(name, node)
            imported = module.imported.get(name)
            if imported is not None and (held is None or isinstance(held, Declared)):
                return self._imported(imported, module, path)
            if isinstance(held, Declared) and held.value is not None:
                later = module.later.get(f"{name}.{path[0]}", ())
                return (
                    *self._property(held.value, (*held.path, *path), module, depth + 1),
                    *(value for each in later for value in self._property(each, path[1:], module, depth + 1)),
                )
        if node.type == "call_expression":
            return self._of_call(node, path, module, depth)
        if node.type in {"ternary_expression", "binary_expression"}:
            sides = ("consequence", "alternative") if node.type == "ternary_expression" else ("left", "right")
            return tuple(
                value
                for side in sides
                for value in self._property(node.child_by_field_name(side), path, module, depth + 1)
            )
        return UNKNOWN

    def _of_call(self, node: Node, path: tuple[str, ...], module: Module, depth: int) -> tuple[Value, ...]:
        """The property of what a call gives: an object that it is handed (Object.freeze), or that a function of the file returns."""
        given = arguments_of(node)
        called = node.child_by_field_name("function")
        if called is not None and called.type == "identifier":
            for value in self._returned(text_of(called), module):
                if value.type == "object":
                    return self._property(value, path, module, depth + 1)
        if text_of(called) in {"Object.freeze", "Object.assign", "defineConfig", "registerAs"} and given:
            target = given[-1]
            if is_function(target):
                body = unwrapped(target.child_by_field_name("body"))
                return self._property(body, path, module, depth + 1)
            return self._property(target, path, module, depth + 1)
        source = required_name(node)
        if source is not None:
            return self._imported(Imported(source, "*"), module, path)
        # a schema that checks the environment: env.PORT
        return (Value(HOLE, path[-1]),) if _VARIABLE.fullmatch(path[-1]) else UNKNOWN

    def _imported(self, imported: Imported, module: Module, path: tuple[str, ...]) -> tuple[Value, ...]:
        other = self.project.target(module, imported.source)
        if other is None:
            found = self.project.resolve(imported.source, posixpath.dirname(module.file))
            if found.kind == "file" and found.name.endswith(".json"):
                return self._json(found.name, (imported.name, *path) if imported.name not in {"*", "default"} else path)
            return UNKNOWN
        name = imported.name
        if name in {"*", "default"} and path:
            # all of a module, or what it exports as such: a CommonJS module is either
            for first in ((path[0], path[1:]), ("default", path)):
                export = self.project.exported(other, first[0])
                if export is not None:
                    return self._property(export[1], first[1], export[0])
            return UNKNOWN
        export = self.project.exported(other, "default" if name == "*" else name)
        if export is None:
            return UNKNOWN
        return self._property(export[1], path, export[0]) if path else self._exported(export)

    def _exported(self, export: tuple[Module, Node]) -> tuple[Value, ...]:
        return self(export[1], export[0])

    def _json(self, file: str, path: tuple[str, ...]) -> tuple[Value, ...]:
        import json

        try:
            value = json.loads(self.project.files.read(file) or "")
            for name in path:
                value = value[name]
        except (ValueError, KeyError, TypeError, IndexError, RecursionError):
            return UNKNOWN
        return (Value(str(value)),) if isinstance(value, str | int) and not isinstance(value, bool) else ()

    def _call(self, node: Node, module: Module, bound: dict[str, tuple[Value, ...]]) -> tuple[Value, ...]:
        called = node.child_by_field_name("function")
        given = arguments_of(node)
        meaning = self.meaning(called, module)
        last = meaning.last
        if meaning.module.startswith("path") or text_of(called).startswith("path."):
            words = [() if each.type == "spread_element" else self(each, module, bound) for each in given]
            return path_of_call(last, [each or UNKNOWN for each in words])
        if text_of(called) in {"require.resolve", "import.meta.resolve"} and given:
            return tuple(in_packages(each, module.at) for each in self(given[0], module, bound))
        if text_of(called) == "process.cwd":
            return (Value("."),)
        if last == "tmpdir":
            return (Value(TEMP),)
        if last == "homedir":
            return (Value("~"),)
        if last in _SAME and given:
            return self(given[0], module, bound)
        if called is not None and called.type == "member_expression":
            target = called.child_by_field_name("object")
            if last in _SAME_METHODS:
                return self(target, module, bound)
            if last in {"get", "getOrThrow"} and given:
                return self._setting(given, module)
        if called is not None and called.type == "identifier":
            return self._called(text_of(called), given, module, bound) or UNKNOWN
        return UNKNOWN

    def _called(
        self, name: str, given: list[Node], module: Module, bound: dict[str, tuple[Value, ...]]
    ) -> tuple[Value, ...]:
        """What a function of the same file gives back for these arguments."""
        function = module.functions.get(name)
        if function is None:
            return ()
        values = {
            parameter: self(given[number], module, bound)
            for number, (parameter, _) in enumerate(parameters(function))
            if parameter and number < len(given)
        }
        return tuple(value for each in self._returned(name, module) for value in self(each, module, values))

    def _returned(self, name: str, module: Module) -> list[Node]:
        """The expressions that a function of the file gives back."""
        function = module.functions.get(name)
        body = function.child_by_field_name("body") if function is not None else None
        if body is None:
            return []
        if body.type != "statement_block":
            inner = unwrapped(body)
            return [inner] if inner is not None else []
        return self._returns(body)

    def _returns(self, body: Node) -> list[Node]:
        """The expressions behind ``return`` in a block."""
        found: list[Node] = []
        pending = [body]
        while pending:
            each = pending.pop(0)
            if each.type == "return_statement":
                value = unwrapped(next(iter(named(each)), None))
                found += [value] if value is not None else []
            elif not is_function(each):
                pending += [child for child in each.children if child.is_named]
        return found

    def _setting(self, given: list[Node], module: Module) -> tuple[Value, ...]:
        """A setting by its name: of the environment, or what was set in this project."""
        name = string_of(given[0])
        if name is None:
            return UNKNOWN
        default = self(given[1], module) if len(given) > 1 else ()
        for where, value in self.project.settings.get(name, ()):
            return self(value, where) or UNKNOWN
        space, _, key = name.partition(".")
        for where, value in self.project.settings.get(f"{space}.", ()) if key else ():
            body = unwrapped(value.child_by_field_name("body")) if is_function(value) else value
            if body is not None and body.type == "statement_block":
                body = next((each for each in self._returns(body)), None)
            return self._property(body, tuple(key.split(".")), where) or UNKNOWN
        env = name if _VARIABLE.fullmatch(name) else ""
        if default:
            return tuple(Value(each.text, each.env or env) for each in default)
        return (Value(HOLE, env),)

    def _new(self, node: Node, module: Module, bound: dict[str, tuple[Value, ...]]) -> tuple[Value, ...]:
        given = arguments_of(node)
        if text_of(node.child_by_field_name("constructor")) == "URL" and given:
            first = self(given[0], module, bound)
            if len(given) > 1 and "import.meta.url" in text_of(given[1]):
                folder = in_code(posixpath.dirname(module.at))
                return tuple(Value(clean(join(folder, each.text)), each.env) for each in first)
            return first
        return ()
