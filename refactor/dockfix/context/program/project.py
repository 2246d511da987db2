"""The modules of an application: what each assigns, imports and calls, in which scope. Trees are dropped once they were walked."""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field

from dockfix.context.program.source import parse_python

Function = ast.FunctionDef | ast.AsyncFunctionDef
# An expression with the scope whose names it uses; None is a value that is not known
Bound = tuple["ast.expr | None", "Scope"]


class Scope:
    """The names that a module, class or function assigns, each with all that is assigned to it."""

    def __init__(self, module: Module, parent: Scope | None, kind: str) -> None:
        self.module = module
        self.parent = parent
        self.kind = kind
        self.names: dict[str, list[Bound]] = {}
        self.inner: dict[str, Scope] = {}
        self.bases: list[ast.expr] = []
        self.first = ""  # the name of the first parameter: "self", for a method
        self.given: ast.arguments | None = None

    def lookup(self, name: str) -> list[Bound] | None:
        """All that a name may stand for; None for a name that is not assigned here."""
        scope = self.holder(name)
        return scope.names.get(name) if scope else None

    def holder(self, name: str) -> Scope | None:
        """The scope, this one or one around it, that assigns or defines a name."""
        scope: Scope | None = self
        while scope is not None:
            if (scope is self or scope.kind != "class") and (name in scope.names or name in scope.inner):
                return scope
            scope = scope.parent
        return None

    def called(self, call: ast.Call, caller: Scope) -> Scope:
        """The scope of a function's body when it is called with these arguments."""
        made = Scope(self.module, self.parent, self.kind)
        made.names, made.inner, made.first = {**self.names}, self.inner, self.first
        given = self.given
        if given is None or any(isinstance(each, ast.Starred) for each in call.args):
            return made
        names = [each.arg for each in (*given.posonlyargs, *given.args)][1 if self.first else 0:]
        for name, value in zip(names, call.args, strict=False):
            made.names[name] = [(value, caller)]
        if given.vararg:
            made.names[given.vararg.arg] = [(ast.Tuple(call.args[len(names):], ast.Load()), caller)]
        for word in call.keywords:
            if word.arg:
                made.names[word.arg] = [(word.value, caller)]
        for name, bounds in self.names.items():  # a default holds where nothing is given
            if len(bounds) == 2 and made.names[name] is bounds and bounds[1][0] is None:
                made.names[name] = bounds[:1]
        # a local variable made from a parameter belongs to this call
        made.names = {name: [(value, made if scope is self else scope) for value, scope in bounds] for name, bounds in made.names.items()}
        return made

    @property
    def owner(self) -> Scope | None:
        """The class that the code belongs to."""
        scope: Scope | None = self
        while scope is not None and scope.kind != "class":
            scope = scope.parent
        return scope


@dataclass(eq=False)
class Module:
    """What was kept of a file. ``calls`` are those of a wanted name."""

    file: str
    imports: dict[str, str] = field(default_factory=dict)
    imported: list[tuple[str, int]] = field(default_factory=list)
    stars: list[str] = field(default_factory=list)
    calls: list[tuple[ast.Call, Scope]] = field(default_factory=list)
    decorated: list[tuple[Function, Scope]] = field(default_factory=list)
    settings: list[tuple[str, ast.expr, Scope]] = field(default_factory=list)
    texts: list[tuple[ast.expr, Scope]] = field(default_factory=list)
    plumbed: list[tuple[ast.expr, Scope]] = field(default_factory=list)
    scope: Scope = field(init=False)

    def __post_init__(self) -> None:
        self.scope = Scope(self, None, "module")


class Project:
    """All Python files, each parsed when first needed."""

    def __init__(self, files: Mapping[str, bytes], wanted: Set[str]) -> None:
        self.files = files
        self.wanted = wanted
        self.reasons: dict[str, str] = {}
        self._modules: dict[str, Module | None] = {}
        self.parsed: set[str] = set()
        self._homes: dict[str, set[str]] = {}
        for file in files:
            stem = file.rpartition(".")[0] if file.endswith((".py", ".pyw")) else ""
            while stem:
                folder, _, name = stem.rpartition("/")
                self._homes.setdefault(name, set()).add(folder)
                stem = folder

    def module(self, file: str) -> Module | None:
        """What a file holds; None where it cannot be parsed, and ``reasons`` says why."""
        if file not in self._modules:
            self.parsed.add(file)
            tree = parse_python(self.files[file])
            if isinstance(tree, str):
                self.reasons[file] = tree
                self._modules[file] = None
            else:
                self._modules[file] = _Scan(file, self.wanted).module(tree)
        return self._modules[file]

    @property
    def modules(self) -> Iterator[Module]:
        """Those that were parsed so far, by name."""
        return (module for file in sorted(self._modules) if (module := self._modules[file]) is not None)

    def homes(self, name: str, importer: str) -> list[str]:
        """The folders, nearest first, in which a top-level module of the application's own lies."""
        known = self._homes.get(name, set())
        above = [folder for folder in _above(importer) if folder in known]
        # a folder that is no package itself may be on the module path
        return above or sorted((folder for folder in known if f"{folder}/__init__.py" not in self.files),
                               key=lambda folder: (folder.count("/"), folder))

    def find(self, dotted: str, importer: str) -> tuple[str, str] | None:
        """The file of a dotted name, and what of the name is left; None for a module from elsewhere.

        A name with a colon before it starts at the root of the context.
        """
        parts = dotted.removeprefix(":").split(".")
        for home in [""] if dotted.startswith(":") else self.homes(parts[0], importer):
            for number in range(len(parts), 0, -1):
                path = posixpath.join(home, *parts[:number])
                for file in (f"{path}.py", f"{path}/__init__.py"):
                    if file in self.files:
                        return file, ".".join(parts[number:])
        return None


def _above(file: str) -> list[str]:
    folders = [posixpath.dirname(file)]
    while folders[-1].strip("/"):
        folders.append(posixpath.dirname(folders[-1]))
    return folders


class _Scan:
    """Walks a tree once, scope by scope."""

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
            if kind is ast.Name:
                continue
            if kind is ast.Constant:
                value = node.value  # type: ignore[attr-defined]
                if value.__class__ is str and value.startswith("sqlite") and len(value) > len("sqlite:///"):
                    self.made.texts.append((node, scope))  # type: ignore[arg-type]
                continue
            if kind is ast.Call:
                self.call(node, scope)  # type: ignore[arg-type]
            elif kind is ast.FunctionDef or kind is ast.AsyncFunctionDef:
                pending += self.function(node, scope, later)  # type: ignore[arg-type]
                continue
            elif kind is ast.ClassDef:
                inner = Scope(self.made, scope, "class")
                inner.bases = node.bases  # type: ignore[attr-defined]
                scope.inner[node.name] = inner  # type: ignore[attr-defined]
                later.append(([*node.body], inner))  # type: ignore[attr-defined]
                pending += node.decorator_list + node.bases  # type: ignore[attr-defined]
                continue
            elif kind in _STATEMENTS:
                self.statement(node, scope)
            elif kind is ast.JoinedStr or kind is ast.BinOp:
                first = node.values[0] if kind is ast.JoinedStr and node.values else getattr(node, "left", None)  # type: ignore[attr-defined]
                if isinstance(first, ast.Constant) and isinstance(first.value, str) and first.value.startswith("sqlite"):
                    self.made.texts.append((node, scope))  # type: ignore[arg-type]
                    continue
            elif kind is ast.Subscript and isinstance(node.value, ast.Name) and (  # type: ignore[attr-defined]
                    self.made.imports.get(node.value.id) == "plumbum.local"):  # type: ignore[attr-defined]
                self.made.plumbed.append((node.slice, scope))  # type: ignore[attr-defined]
            for part in node.__dict__.values():
                if part.__class__ is list:
                    pending += [each for each in reversed(part) if isinstance(each, ast.AST)]
                elif isinstance(part, ast.AST) and not isinstance(part, ast.expr_context):
                    pending.append(part)

    def call(self, node: ast.Call, scope: Scope) -> None:
        function = node.func
        if isinstance(function, ast.Attribute):
            name = function.attr
        elif isinstance(function, ast.Name):
            name = function.id
            if name not in self.wanted:
                name = self.made.imports.get(name, name).rpartition(".")[2]
        else:
            return
        if name in self.wanted or (isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name)
                                   and self.made.imports.get(function.value.id) in {"sh", "plumbum.cmd"}) or (
                isinstance(function, ast.Name) and self.made.imports.get(function.id, "").startswith(("sh.", "plumbum.cmd."))):
            self.made.calls.append((node, scope))

    def function(self, node: Function, scope: Scope, later: list[tuple[list[ast.AST], Scope]]) -> list[ast.AST]:
        inner = Scope(self.made, scope, "function")
        scope.inner[node.name] = inner
        given = inner.given = node.args
        plain = [*given.posonlyargs, *given.args]
        defaults = [None] * (len(plain) - len(given.defaults)) + [*given.defaults]
        for parameter, default in [*zip(plain, defaults, strict=True), *zip(given.kwonlyargs, given.kw_defaults, strict=True)]:
            # what callers give is not known, with or without a default
            inner.names[parameter.arg] = [(default, scope), (None, scope)] if default is not None else [(None, scope)]
        for star in (given.vararg, given.kwarg):
            if star:
                inner.names[star.arg] = [(None, scope)]
        if plain and scope.kind == "class":
            inner.first = plain[0].arg
        if any(isinstance(each, ast.Call) for each in node.decorator_list):
            self.made.decorated.append((node, scope))
        later.append(([*node.body], inner))
        return [*node.decorator_list, *(each for each in defaults if each is not None), *(each for each in given.kw_defaults if each)]

    def statement(self, node: ast.AST, scope: Scope) -> None:
        match node:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    self.assign(target, value, scope)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self.assign(target, value, scope)
            case ast.NamedExpr(target=target, value=value):
                self.assign(target, value, scope)
            case ast.For(target=ast.Name() as target, iter=ast.List() | ast.Tuple() | ast.Name() | ast.Attribute() as sequence):
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
            package = self.package[:len(self.package) - level + 1]
            module = ":" + ".".join([*package, *([module] if module else [])])
        else:
            self.made.imported.append((module, line))
        for alias in names:
            if alias.name == "*":
                self.made.stars.append(module)
            else:
                self.made.imports[alias.asname or alias.name] = f"{module}.{alias.name}" if module != ":" else f":{alias.name}"

    def assign(self, target: ast.expr, value: ast.expr | None, scope: Scope) -> None:
        match target:
            case ast.Name(id=name):
                scope.names.setdefault(name, []).append((value, scope))
                if value is not None and name.isupper() and scope.kind != "function":
                    self.made.settings.append((name, value, scope))
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                values = value.elts if isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(parts) else [None] * len(parts)
                for part, each in zip(parts, values, strict=True):
                    self.assign(part, each, scope)
            case ast.Attribute(value=ast.Name(id=name), attr=attribute):
                owner = scope.owner
                holder = scope.holder(name)
                if owner is not None and name == scope.first:
                    owner.names.setdefault(attribute, []).append((value, scope))
                elif holder is not None and name in holder.inner:  # an attribute of a class, set from outside
                    holder.inner[name].names.setdefault(attribute, []).append((value, scope))
            case ast.Subscript(value=ast.Attribute(attr="config"), slice=ast.Constant(value=str() as key)) if value is not None:
                self.made.settings.append((key, value, scope))


_STATEMENTS = frozenset({ast.Assign, ast.AnnAssign, ast.NamedExpr, ast.AugAssign, ast.For, ast.AsyncFor, ast.With, ast.AsyncWith,
                         ast.Return, ast.Import, ast.ImportFrom})
