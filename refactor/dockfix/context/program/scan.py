"""Walks the tree of a module once, scope by scope, and keeps what the readings need; the rest of the tree is dropped."""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Set

from dockfix.context.program.scopes import Function, Index, Module, Scope


def scan(file: str, tree: ast.Module, wanted: Set[str], index: Index) -> Module:
    """What a file holds. Calls of the names in ``index`` are added to it, and so are classes."""
    return _Scan(file, wanted, index).module(tree)


class _Scan:
    def __init__(self, file: str, wanted: Set[str], index: Index) -> None:
        self.made = Module(file)
        self.wanted = wanted
        self.index = index
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
            if kind is ast.Constant:
                value = node.value  # type: ignore[attr-defined]
                if value.__class__ is str and value.startswith("sqlite") and len(value) > len("sqlite:///"):
                    self.made.texts.append((node, scope))  # type: ignore[arg-type]
                continue
            if kind is ast.Attribute or kind is ast.keyword:
                pending.append(node.value)  # type: ignore[attr-defined]
                continue
            if kind is ast.Call:
                self.call(node, scope)  # type: ignore[arg-type]
                pending.append(node.func)  # type: ignore[attr-defined]
                pending += node.args[::-1]  # type: ignore[attr-defined]
                pending += node.keywords[::-1]  # type: ignore[attr-defined]
                continue
            if kind is ast.FunctionDef or kind is ast.AsyncFunctionDef:
                pending += self.function(node, scope, later)  # type: ignore[arg-type]
                continue
            if kind is ast.ClassDef:
                inner = Scope(self.made, scope, "class", node.name)  # type: ignore[attr-defined]
                inner.bases = node.bases  # type: ignore[attr-defined]
                for base in inner.bases:
                    self.index.derived.setdefault(_last_name(base), []).append(inner)
                scope.inner[node.name] = inner  # type: ignore[attr-defined]
                later.append(([*node.body], inner))  # type: ignore[attr-defined]
                pending += node.decorator_list + node.bases  # type: ignore[attr-defined]
                continue
            if kind in _STATEMENTS:
                self.statement(node, scope)
            elif kind is ast.JoinedStr or kind is ast.BinOp:
                first = node.values[0] if kind is ast.JoinedStr and node.values else getattr(node, "left", None)  # type: ignore[attr-defined]
                if (
                    isinstance(first, ast.Constant)
                    and isinstance(first.value, str)
                    and first.value.startswith("sqlite")
                ):
                    self.made.texts.append((node, scope))  # type: ignore[arg-type]
                    continue
            elif (
                isinstance(node, ast.Subscript)
                and isinstance(node.value, ast.Name)
                and self.made.imports.get(node.value.id) == "plumbum.local"
            ):
                self.made.plumbed.append((node.slice, scope))
            for part in node.__dict__.values():
                if part.__class__ is list:
                    pending += part[::-1]
                elif part.__class__ not in _PASSED_OVER and isinstance(part, ast.AST):
                    pending.append(part)

    def call(self, node: ast.Call, scope: Scope) -> None:
        function = node.func
        if isinstance(function, ast.Attribute):
            name = function.attr
        elif isinstance(function, ast.Name):
            name = function.id
            if name not in self.wanted and name not in self.index.calls:
                name = self.made.imports.get(name, name).rpartition(".")[2]
        else:
            return
        if name in {"add_argument", "add_option"}:
            for option, default in _options(node):
                self.index.options.setdefault(option, []).append((default, scope))
        if name in self.index.calls:
            self.index.calls[name].append((node, scope))
        if name == "__init__":  # of a class that derives from one of interest
            wanted = scope.owner is not None and any(_last_name(base) in self.wanted for base in scope.owner.bases)
        else:
            wanted = name in self.wanted
        if (
            wanted
            or (
                isinstance(function, ast.Attribute)
                and isinstance(function.value, ast.Name)
                and self.made.imports.get(function.value.id) in {"sh", "plumbum.cmd"}
            )
            or (
                isinstance(function, ast.Name)
                and self.made.imports.get(function.id, "").startswith(("sh.", "plumbum.cmd."))
            )
        ):
            self.made.calls.append((node, scope))

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
            if isinstance(decorator, ast.Call) and _last_name(decorator.func) in {"option", "argument"}:
                for name, value in _options(decorator):
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


def _options(node: ast.Call) -> list[tuple[str, ast.expr]]:
    """The names under which a declared option of the command line is found, each with its default; nothing for one without."""
    given = {word.arg: word.value for word in node.keywords}
    default, named = given.get("default"), given.get("dest")
    if default is None:
        return []
    texts = [each.value for each in ([named] if named is not None else node.args) if isinstance(each, ast.Constant)]
    return [(text.split("/")[0].lstrip("-").replace("-", "_"), default) for text in texts if isinstance(text, str)]


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
