"""Walks the tree of a module once, scope by scope, and keeps what the readings need; the rest of the tree is dropped."""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Set

from dockfix.context.program.scopes import Function, Module, Scope


def scan(file: str, tree: ast.Module, wanted: Set[str]) -> Module:
    """What a file holds; ``wanted`` are the last names of the calls that are of interest whatever other files define."""
    return _Scan(file, wanted).module(tree)


class _Scan:
    def __init__(self, file: str, wanted: Set[str]) -> None:
        self.made = Module(file)
        self.wanted = wanted
        package = posixpath.dirname(file)
        self.package = package.split("/") if package else []

    def module(self, tree: ast.Module) -> Module:
        pending: list[tuple[list[ast.AST], Scope]] = [([*tree.body], self.made.scope)]
        while pending:
            body, scope = pending.pop()
            self.block(body, scope, pending)
        return self.made

    def block(self, pending: list[ast.AST], scope: Scope, later: list[tuple[list[ast.AST], Scope]]) -> None:
        pending.reverse()
        while pending:
            node = pending.pop()
            kind = node.__class__
            if kind in _PASSED_OVER:
                continue
            given = node.__dict__
            if kind is ast.Constant:
                self.constant(node, scope)  # type: ignore[arg-type]
                continue
            if kind is ast.Attribute or kind is ast.keyword:
                pending.append(given["value"])
                continue
            if kind is ast.Call:
                self.call(node, scope)  # type: ignore[arg-type]
                pending.append(given["func"])
                pending += given["args"][::-1]
                pending += given["keywords"][::-1]
                continue
            if kind is ast.Expr:
                if given["value"].__class__ is not ast.Constant:  # a docstring, or one that is none
                    pending.append(given["value"])
                continue
            if kind is ast.FunctionDef or kind is ast.AsyncFunctionDef:
                pending += self.function(node, scope, later)  # type: ignore[arg-type]
                continue
            if kind is ast.ClassDef:
                pending += self.class_(node, scope, later)  # type: ignore[arg-type]
                continue
            if kind in _STATEMENTS:
                self.statement(node, scope)
            elif kind is ast.JoinedStr or kind is ast.BinOp:
                first = given["values"][0] if kind is ast.JoinedStr and given["values"] else given.get("left")
                if (
                    first.__class__ is ast.Constant
                    and first.value.__class__ is str
                    and first.value.startswith("sqlite")
                ):
                    self.made.texts.append((node, scope))  # type: ignore[arg-type]
                    self.literals(node)
                    continue
            elif kind is ast.Subscript and self.made.imports.get(getattr(given["value"], "id", "")) == "plumbum.local":
                self.made.plumbed.append((given["slice"], scope))
            for name in _PARTS.get(kind) or _parts(kind):
                part = given.get(name)
                if part.__class__ is list:
                    pending += part[::-1]
                elif part.__class__ not in _PASSED_OVER:
                    pending.append(part)  # type: ignore[arg-type]

    def constant(self, node: ast.Constant, scope: Scope) -> None:
        value = node.value
        if value.__class__ is str:
            self.made.literals.append((node.lineno, value))
            if value.startswith("sqlite") and len(value) > len("sqlite:///"):
                self.made.texts.append((node, scope))
        elif value.__class__ is bytes:
            self.made.literals.append((node.lineno, value.decode("latin-1")))

    def literals(self, *nodes: ast.AST | None) -> None:
        """Keeps the literals in what holds nothing else of interest."""
        for node in nodes:
            if node is not None and node.__class__ is not ast.Name:
                self.made.literals += literals_in(node)

    def class_(self, node: ast.ClassDef, scope: Scope, later: list[tuple[list[ast.AST], Scope]]) -> list[ast.expr]:
        inner = Scope(self.made, scope, "class", node.name)
        inner.bases = node.bases
        for base in inner.bases:
            self.made.derived.append((last_name(base), inner))
        scope.inner[node.name] = inner
        later.append(([*node.body], inner))
        self.literals(*node.keywords, *getattr(node, "type_params", ()))
        return node.decorator_list + node.bases

    def call(self, node: ast.Call, scope: Scope) -> None:
        function, imports = node.func, self.made.imports
        if isinstance(function, ast.Attribute):
            name = imported = function.attr
            owner = function.value
            runs = isinstance(owner, ast.Name) and imports.get(owner.id) in {"sh", "plumbum.cmd"}
        elif isinstance(function, ast.Name):
            name = imported = function.id
            if name not in self.wanted and name in imports:
                imported = imports[name].rpartition(".")[2]
            runs = imports.get(name, "").startswith(("sh.", "plumbum.cmd."))
        else:
            return
        self.made.sites.append((node, scope, name, imported, runs))

    def function(self, node: Function, scope: Scope, later: list[tuple[list[ast.AST], Scope]]) -> list[ast.AST]:
        inner = Scope(self.made, scope, "function", node.name)
        inner.decorated = bool(node.decorator_list)
        scope.inner[node.name] = inner
        given = inner.given = node.args
        plain = [*given.posonlyargs, *given.args]
        defaults = [None] * (len(plain) - len(given.defaults)) + [*given.defaults]
        for parameter, default in [
            *zip(plain, defaults, strict=True),
            *zip(given.kwonlyargs, given.kw_defaults, strict=True),
        ]:
            inner.names[parameter.arg] = (
                [(default, scope), (parameter, inner)] if default is not None else [(parameter, inner)]
            )
        for decorator in node.decorator_list:  # of click and its like
            if isinstance(decorator, ast.Call) and last_name(decorator.func) in {"option", "argument"}:
                for name, value in options_of(decorator):
                    if name in inner.names:
                        inner.names[name] = [(value, scope), inner.names[name][-1]]
        for star in (given.vararg, given.kwarg):
            if star:
                inner.names[star.arg] = [(star, inner)]
        if (
            plain
            and scope.kind == "class"
            and not any(isinstance(each, ast.Name) and each.id == "staticmethod" for each in node.decorator_list)
        ):
            inner.first = plain[0].arg
            inner.names[inner.first] = [(None, scope)]
        if any(isinstance(each, ast.Call) for each in node.decorator_list):
            self.made.decorated.append((node, scope))
        later.append(([*node.body], inner))
        parameters = (
            *plain,
            *given.kwonlyargs,
            *((given.vararg,) if given.vararg else ()),
            *((given.kwarg,) if given.kwarg else ()),
        )
        self.literals(node.returns, *(each.annotation for each in parameters), *getattr(node, "type_params", ()))
        return [
            *node.decorator_list,
            *(each for each in defaults if each is not None),
            *(each for each in given.kw_defaults if each),
        ]

    def statement(self, node: ast.AST, scope: Scope) -> None:
        match node:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    self.assign(target, value, scope)
            case ast.AnnAssign(target=target, value=value):
                if scope.kind == "class" and isinstance(target, ast.Name):
                    scope.fields.append(target.id)
                if value is not None:
                    self.assign(target, value, scope)
            case ast.NamedExpr(target=target, value=value):
                self.assign(target, value, scope)
            case ast.For(
                target=ast.Name() as target, iter=ast.List() | ast.Tuple() | ast.Name() | ast.Attribute() as sequence
            ):
                self.assign(target, ast.Starred(sequence, ast.Load()), scope)
            case ast.AugAssign(target=target) | ast.For(target=target) | ast.AsyncFor(target=target):
                self.assign(target, None, scope)
            case ast.With(items=items) | ast.AsyncWith(items=items):
                for item in items:
                    if item.optional_vars is not None:
                        self.assign(item.optional_vars, item.context_expr, scope)
            case ast.Return(value=ast.expr() as value):
                scope.names.setdefault("return", []).append((value, scope))
            case ast.Import(names=names):
                for alias in names:
                    self.made.imported.append((alias.name, node.lineno))
                    name = alias.asname or alias.name.partition(".")[0]
                    self.made.imports[name] = alias.name if alias.asname else name
            case ast.ImportFrom(module=module, names=names, level=level):
                self.import_from(module or "", names, level, node.lineno)

    def import_from(self, module: str, names: list[ast.alias], level: int, line: int) -> None:
        if level:
            package = self.package[: len(self.package) - level + 1]
            module = ":" + ".".join([*package, *([module] if module else [])])
        else:
            self.made.imported.append((module, line))
        for alias in names:
            if alias.name == "*":
                self.made.stars.append(module)
            else:
                self.made.imports[alias.asname or alias.name] = (
                    f"{module}.{alias.name}" if module != ":" else f":{alias.name}"
                )

    def assign(self, target: ast.expr, value: ast.expr | None, scope: Scope) -> None:
        match target:
            case ast.Name(id=name):
                scope.names.setdefault(name, []).append((value, scope))
                if value is not None and name.isupper() and scope.kind != "function":
                    self.made.settings.append((name, value, scope))
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                literal = isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(parts)
                for number, part in enumerate(parts):
                    item = (
                        ast.Subscript(value, ast.Constant(number), ast.Load()) if isinstance(value, _UNPACKED) else None
                    )
                    self.assign(part, value.elts[number] if literal else item, scope)  # type: ignore[union-attr]
            case ast.Attribute(value=ast.Name(id=name), attr=attribute):
                owner = scope.owner
                holder = scope.holder(name)
                if owner is not None and name == scope.first:
                    owner.names.setdefault(attribute, []).append((value, scope))
                elif holder is not None and name in holder.inner:  # an attribute of a class, set from outside
                    holder.inner[name].names.setdefault(attribute, []).append((value, scope))
            case ast.Subscript(value=base, slice=ast.Constant(value=str() as key)) if value is not None:
                if isinstance(base, ast.Attribute) and base.attr == "config":
                    self.made.settings.append((key, value, scope))
                self.entry(base, key, value, scope)

    def entry(self, base: ast.expr, key: str, value: ast.expr, scope: Scope) -> None:
        """Takes in what is put into a dictionary under a key."""
        match base:
            case ast.Name(id=name):
                (scope.holder(name) or scope).entries.setdefault((name, key), []).append((value, scope))
            case ast.Attribute(value=ast.Name(id=name), attr=attribute) if (
                scope.owner is not None and name == scope.first
            ):
                scope.owner.entries.setdefault((attribute, key), []).append((value, scope))


_UNPACKED = (ast.Call, ast.Name, ast.Attribute, ast.Await)
# What holds nothing: names, and what else stands in the fields of nodes
_PASSED_OVER = frozenset({ast.Name, ast.Load, ast.Store, ast.Del, ast.Pass, ast.alias, str, int, bool, type(None)})
_HOLD_NOTHING = frozenset(
    {
        "ctx",
        "op",
        "ops",
        "id",
        "attr",
        "kind",
        "conversion",
        "type_comment",
        "level",
        "module",
        "simple",
        "is_async",
        "rest",
    }
)
# The fields of each kind of node that may hold others
_PARTS: dict[type[ast.AST], tuple[str, ...]] = {}


def _parts(kind: type[ast.AST]) -> tuple[str, ...]:
    found = _PARTS[kind] = tuple(name for name in kind._fields if name not in _HOLD_NOTHING)
    return found


_STATEMENTS = frozenset(
    {
        ast.Assign,
        ast.AnnAssign,
        ast.NamedExpr,
        ast.AugAssign,
        ast.For,
        ast.AsyncFor,
        ast.With,
        ast.AsyncWith,
        ast.Return,
        ast.Import,
        ast.ImportFrom,
    }
)


def literals_in(tree: ast.AST) -> list[tuple[int, str]]:
    """The string literals below a node with their lines, without those that stand alone as a statement, such as docstrings."""
    found: list[tuple[int, str]] = []
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        kind = node.__class__
        if kind is ast.Constant:
            value = node.value  # type: ignore[attr-defined]
            if isinstance(value, str | bytes):
                found.append((node.lineno, value if isinstance(value, str) else value.decode("latin-1")))  # type: ignore[attr-defined]
        elif kind is not ast.Expr or not isinstance(node.value, ast.Constant):  # type: ignore[attr-defined]
            given = node.__dict__
            for name in _PARTS.get(kind) or _parts(kind):
                part = given.get(name)
                if part.__class__ is list:
                    pending += [each for each in part if each.__class__ not in _PASSED_OVER]
                elif part.__class__ not in _PASSED_OVER:
                    pending.append(part)  # type: ignore[arg-type]
    return found


def options_of(node: ast.Call) -> list[tuple[str, ast.expr]]:
    """The names under which a declared option of the command line is found, each with its default; nothing for one without."""
    given = {word.arg: word.value for word in node.keywords}
    default, named = given.get("default"), given.get("dest")
    if default is None:
        return []
    texts = [each.value for each in ([named] if named is not None else node.args) if isinstance(each, ast.Constant)]
    return [(text.split("/")[0].lstrip("-").replace("-", "_"), default) for text in texts if isinstance(text, str)]


def last_name(node: ast.expr) -> str:
    """The name, or the last part of a dotted one, of what an expression names; "" for any other."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
