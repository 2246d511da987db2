"""What expressions evaluate to, as far as constants, environment defaults and paths go. Nothing is run."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from dockfix.context.program.alternatives import ANYTHING, MOST, Values, cross, distinct
from dockfix.context.program.known_calls import (
    ENVIRONMENT,
    LOOKUPS,
    PATH_CLASSES,
    SAME_CALLS,
    SAME_METHODS,
    SETTINGS_OBJECTS,
    TEMPORARY,
    USER_DIRECTORIES,
)
from dockfix.context.program.model import is_development
from dockfix.context.program.package_places import PackagePlaces
from dockfix.context.program.paths import CODE, HOLE, TEMP, Value, above, join
from dockfix.context.program.project import Project
from dockfix.context.program.scopes import Bound, Scope

_MAX_DEPTH = 14
_MAX_CALLERS = 4  # through which a parameter is followed
_FUEL = 250


class Evaluator(PackagePlaces):
    """Evaluates expressions of a project; what it cannot follow becomes a hole."""

    def __init__(self, project: Project) -> None:
        super().__init__(project)
        self.fuel = 0
        self._asked: list[tuple[int, str]] = []
        self._open: set[tuple[int, str, str]] = set()
        self._given: dict[tuple[int, str], Values] = {}

    def __call__(self, node: ast.expr | ast.arg | None, scope: Scope) -> Values:
        """All that an expression may be, nothing for None, True and False."""
        self.fuel = _FUEL
        return self.value(node, scope, 0) if node is not None else ()

    def value(self, node: ast.expr | ast.arg, scope: Scope, depth: int) -> Values:
        """The same for a part of an expression."""
        self.fuel -= 1
        if depth > _MAX_DEPTH or self.fuel < 0:
            return ANYTHING

        def get(part: ast.expr) -> Values:
            return self.value(part, scope, depth + 1)

        match node:
            case ast.arg():
                return self.given(node, scope)
            case ast.Constant(value=bool() | None):
                return ()
            case ast.Constant(value=str() | int() as constant):
                return (Value(str(constant)),)
            case ast.Constant(value=bytes() as constant):
                return (Value(constant.decode("latin-1")),)
            case ast.Name(id="__file__"):
                return (Value(f"{CODE}/{scope.module.file}"),)
            case ast.Name(id=name):
                return self.bound(scope.lookup(name), depth) or self.imported(
                    scope.module.imports.get(name, ""), scope, depth
                )
            case ast.Attribute():
                return self.packaged(node, scope) or self.attribute(node, scope, depth)
            case ast.Subscript(value=base, slice=key):
                return self.packaged(node, scope) or self.subscript(base, key, scope, depth)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return cross(get(left), get(right), lambda one, two: one + two)
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                return cross(get(left), get(right), join)
            case ast.BinOp(left=left, op=ast.Mod(), right=right):
                parts = right.elts if isinstance(right, ast.Tuple) else [right]
                return distinct(
                    self.fill(re.split(r"%(?:\(\w+\))?[-\d.]*[sdr]", each.text), parts, scope, depth)
                    for each in get(left)
                )
            case ast.JoinedStr(values=pieces):
                found: Values = (Value(""),)
                for piece in pieces:
                    part = get(piece.value if isinstance(piece, ast.FormattedValue) else piece)
                    found = cross(found, part, lambda one, two: one + two)
                return found
            case ast.BoolOp(values=operands, op=op):
                chosen = operands if isinstance(op, ast.Or) else operands[-1:]
                each = [get(operand) for operand in chosen]
                env = next((value.env for values in each for value in values if value.env), "")
                # os.environ.get("X") or "default"
                known = [
                    [value._replace(env=value.env or env) for value in values if not env or value.text != HOLE]
                    for values in each
                ]
                return distinct(known) or distinct(each)
            case ast.IfExp(body=body, orelse=orelse):
                return distinct((get(body), get(orelse)))
            case ast.Await(value=inner) | ast.NamedExpr(value=inner):
                return get(inner)
            case ast.Starred(value=inner):  # a variable that goes through a sequence
                members = self.members(inner, scope)
                rest: Values = () if len(members) <= MOST else ANYTHING
                return distinct((self.bound(members[:MOST], depth), rest)) or ANYTHING
            case ast.Call():
                return self.packaged(node, scope) or self.call(node, scope, depth)
        return ANYTHING

    def fill(self, pieces: Sequence[str], parts: Sequence[ast.expr], scope: Scope, depth: int) -> Values:
        """A template's literal pieces with the values of expressions, or holes, between them."""
        found: Values = (Value(pieces[0]),)
        for number, piece in enumerate(pieces[1:]):
            filling = self.value(parts[number], scope, depth + 1) if number < len(parts) else ANYTHING
            found = cross(found, filling, lambda one, two, after=piece: one + two + after)  # type: ignore[misc]
        return found

    def bound(self, bounds: Sequence[Bound] | None, depth: int) -> Values:
        """What a name may be, by all that is assigned to it."""
        if not bounds:
            return ()
        if len(bounds) > MOST:
            return ANYTHING
        return distinct(self.value(node, scope, depth + 1) if node is not None else ANYTHING for node, scope in bounds)

    def given(self, parameter: ast.arg, function: Scope) -> Values:
        """What callers give for a parameter."""
        given = self.callers.given(parameter, function)
        return self.apart((id(parameter), ""), (*given.bounds, *(() if given.complete else ((None, function),))))

    def apart(self, key: tuple[int, str], bounds: Sequence[Bound]) -> Values:
        """What bounds may be, worked out apart, so that it takes nothing from what else is evaluated; each key once."""
        if key in self._given:
            return self._given[key]
        if key in self._asked or len(self._asked) >= _MAX_CALLERS:
            return ANYTHING
        outermost, fuel = not self._asked, self.fuel
        if outermost:
            self.fuel = _FUEL
        self._asked.append(key)
        values = distinct([self.value(node, scope, 0) if node is not None else ANYTHING for node, scope in bounds])
        self._asked.pop()
        if outermost:
            self.fuel = fuel
            self._given[key] = values
        return values

    def imported(self, dotted: str, scope: Scope, depth: int) -> Values:
        """The value of a name that another module of the application assigns."""
        found = self.holder(dotted, scope) if dotted else None
        if found is None:
            return ANYTHING
        holder, name = found
        return (self.bound(holder.names.get(name), depth) if name else ()) or (
            self.imported(holder.module.imports[name], holder, depth + 1)
            if name in holder.module.imports and depth < _MAX_DEPTH and self.fuel > 0
            else ANYTHING
        )

    def attribute(self, node: ast.Attribute, scope: Scope, depth: int) -> Values:
        """What an attribute is: of a path, a module, a class or an object of the application's own."""
        name = node.attr
        if name == "parent":
            return tuple(value._replace(text=above(value.text)) for value in self.value(node.value, scope, depth + 1))
        dotted = self.dotted(node, scope)
        if dotted == "sys.executable":
            return (Value("python"),)
        if dotted in {"os.sep", "os.path.sep"}:
            return (Value("/"),)
        if dotted in {"os.devnull", "os.path.devnull"}:
            return (Value("/dev/null"),)
        if dotted in {"os.curdir", "os.pardir"}:
            return (Value("." * (1 + (dotted == "os.pardir"))),)
        owner = self.object_class(node.value, scope)
        if owner is not None:
            home = self.holding(owner, name)
            method = home.inner.get(name) if home is not None and name not in home.names else None
            known = (
                self.bound(home.names.get(name) if method is None else method.names.get("return"), depth)
                if home is not None
                else ()
            )
            fields = self.callers.fields(owner, name)
            known = distinct((known, self.apart((id(owner), name), fields))) if fields else known
            if home is not None or known:
                return known or ANYTHING
        if name.isupper() and dotted.startswith("django.conf.settings."):
            return self.setting(name, depth)
        found = (
            self.imported(dotted, scope, depth) if owner is None and dotted and not dotted.startswith(".") else ANYTHING
        )
        if found == ANYTHING and name.isupper() and SETTINGS_OBJECTS.search(ast.unparse(node.value)):
            return distinct((self.setting(name, depth), ANYTHING))
        options = self.project.index.options.get(name)
        if found == ANYTHING and options and SETTINGS_OBJECTS.search(ast.unparse(node.value)):
            return distinct((self.bound(options[:MOST], depth), ANYTHING))
        return found

    def setting(self, name: str, depth: int) -> Values:
        """A setting of Django, Flask or their like, by its name, in whatever file it is set."""
        for file in self.project.setting(name)[:MOST] if name.isidentifier() and name.isupper() else ():
            if not is_development(file):
                self.project.module(file, needed=False)
        bounds = [
            (value, scope) for module in self.project.modules for key, value, scope in module.settings if key == name
        ]
        return self.bound(bounds, depth) or ANYTHING

    def subscript(self, base: ast.expr, key: ast.expr, scope: Scope, depth: int) -> Values:
        """What stands under a key: of the environment, of a Flask app's config, of a literal dictionary."""
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            dotted = self.dotted(base, scope)
            if dotted in {"os.environ", "environ", "env", "decouple.config"}:
                return (Value(HOLE, key.value),)
            found = self.setting(key.value, depth) if dotted.endswith(".config") or dotted == "config" else ANYTHING
            return found if found != ANYTHING else self.entry(base, key.value, scope, depth) or ANYTHING
        if (
            isinstance(base, ast.Attribute)
            and base.attr == "parents"
            and isinstance(key, ast.Constant)
            and isinstance(key.value, int)
        ):
            found = self.value(base.value, scope, depth + 1)
            for _ in range(min(key.value, 20) + 1):
                found = tuple(value._replace(text=above(value.text)) for value in found)
            return found
        if isinstance(key, ast.Constant) and isinstance(key.value, int):
            return self.item(base, key.value, scope, depth) or ANYTHING
        return ANYTHING

    def item(self, base: ast.expr, number: int, scope: Scope, depth: int) -> Values:
        """An element of a sequence that the code writes out, or that a function returns; nothing where none is found."""
        self.fuel -= 1
        if depth > _MAX_DEPTH or self.fuel < 0:
            return ()
        match base:
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                plain = not any(isinstance(each, ast.Starred) for each in parts)
                return self.value(parts[number], scope, depth + 1) if plain and number < len(parts) else ANYTHING
            case ast.Await(value=inner):
                return self.item(inner, number, scope, depth)
            case ast.Call(args=args):
                dotted = self.dotted(base.func, scope)
                if dotted.endswith("mkstemp"):
                    return self.value(base, scope, depth + 1) if number == 1 else ()
                if dotted in {"os.path.split", "os.path.splitext"} and args and number == 0:
                    found = self.value(args[0], scope, depth + 1)
                    return tuple(
                        each._replace(
                            text=above(each.text) if dotted.endswith("split") else re.sub(r"\.\w+$", "", each.text)
                        )
                        for each in found
                    )
                function, _ = self.callee(base, scope)
                if function is None or function.name == "__init__":
                    return ()
                called = function.called(self.arguments(base, scope), base.keywords, scope)
                return distinct(
                    self.item(value, number, called, depth + 1)
                    for value, _ in function.names.get("return", [])
                    if isinstance(value, ast.expr)
                )
        return distinct(
            self.item(value, number, where, depth + 1) if isinstance(value, ast.expr) else ANYTHING
            for value, where in self.expanded(self.bounds(base, scope))[:MOST]
        )

    def entry(self, base: ast.expr, key: str, scope: Scope, depth: int) -> Values:
        """What stands under a key of a dictionary that the code writes out or fills; nothing where none is found."""
        self.fuel -= 1
        if depth > _MAX_DEPTH or self.fuel < 0:
            return ()
        match base:
            case ast.Dict(keys=keys, values=values):
                return distinct(
                    self.value(value, scope, depth + 1)
                    if name is not None
                    else self.entry(value, key, scope, depth + 1)
                    for name, value in zip(keys, values, strict=True)
                    if name is None or (isinstance(name, ast.Constant) and name.value == key)
                )
            case ast.Call():
                function, _ = self.callee(base, scope)
                if function is None or function.name == "__init__":
                    return ()
                called = function.called(self.arguments(base, scope), base.keywords, scope)
                return distinct(
                    self.entry(value, key, called, depth + 1)
                    for value, _ in function.names.get("return", [])
                    if isinstance(value, ast.expr)
                )
        bounds = self.expanded(self.bounds(base, scope))[:MOST]
        found = [self.entry(value, key, where, depth + 1) for value, where in bounds if isinstance(value, ast.expr)]
        home, name = scope, ""
        if isinstance(base, ast.Name):
            home, name = scope.holder(base.id) or scope, base.id
        elif isinstance(base, ast.Attribute) and (owner := self.object_class(base.value, scope)) is not None:
            home, name = self.holding(owner, base.attr) or owner, base.attr
        place = id(home.origin), name, key
        if place not in self._open:  # else it is put there again, made from what stands there
            self._open.add(place)
            found.append(self.bound(home.entries.get((name, key)), depth))
            self._open.discard(place)
        known = distinct(found)
        return distinct((known, ANYTHING)) if known and any(value is None for value, _ in bounds) else known

    def call(self, node: ast.Call, scope: Scope, depth: int) -> Values:
        """What a call returns, for those that make paths or read the environment, and for functions of the application's own."""
        args = node.args

        def get(part: ast.expr) -> Values:
            return self.value(part, scope, depth + 1)

        dotted = self.dotted(node.func, scope)
        last = dotted.rpartition(".")[2]
        default = (
            args[1] if len(args) > 1 else next((word.value for word in node.keywords if word.arg == "default"), None)
        )
        if (
            ENVIRONMENT.fullmatch(dotted)
            and args
            and isinstance(args[0], ast.Constant)
            and isinstance(args[0].value, str)
        ):
            found = get(default) if default is not None else ()
            return tuple(value._replace(env=args[0].value) for value in found) or (Value(HOLE, args[0].value),)
        if last in USER_DIRECTORIES:
            return (Value(f"{USER_DIRECTORIES[last]}/{HOLE}"),)
        if TEMPORARY.fullmatch(dotted):
            folder = next((word.value for word in node.keywords if word.arg == "dir"), None)
            found = (
                tuple(value._replace(text=join(value.text, HOLE)) for value in get(folder))
                if folder is not None
                else ()
            )
            return found or (Value(f"{TEMP}/{HOLE}"),)
        if dotted in {"os.getcwd", "pathlib.Path.cwd", "Path.cwd"}:
            return (Value("."),)
        if dotted.endswith("Path.home"):
            return (Value("~"),)
        if (
            PATH_CLASSES.fullmatch(dotted)
            or dotted in {"os.path.join", "path.join", "posixpath.join"}
            or last in {"joinpath", "safe_join"}
        ):
            base: Values = (Value(""),)
            if last == "joinpath" and isinstance(node.func, ast.Attribute):
                base = get(node.func.value)
            for part in args:
                spread = self.elements(part.value, scope, depth) if isinstance(part, ast.Starred) else [(part, scope)]
                for each, where in spread or [(None, scope)]:
                    base = cross(base, self.value(each, where, depth + 1) if each is not None else ANYTHING, join)
            return base if base != (Value(""),) else (Value("."),)
        if dotted in {"os.path.dirname", "path.dirname", "posixpath.dirname"} and args:
            return tuple(value._replace(text=above(value.text)) for value in get(args[0]))
        if dotted in {"os.path.basename", "path.basename"} and args:
            return tuple(value._replace(text=value.text.rpartition("/")[2]) for value in get(args[0]))
        if SAME_CALLS.fullmatch(dotted) and args:
            return get(args[0])
        if last == "getattr" and len(args) > 1 and isinstance(args[1], ast.Constant) and isinstance(args[1].value, str):
            found = tuple(value for value in self.setting(args[1].value, depth) if value.text != HOLE)
            return found or (get(args[2]) if len(args) > 2 else ANYTHING)
        if last in {"Option", "Field", "Argument", "Parameter"}:
            first = default if default is not None and len(args) < 2 else args[0] if args else None
            return (
                get(first) if first is not None and not (isinstance(first, ast.Constant) and first.value is ...) else ()
            ) or ANYTHING
        if isinstance(node.func, ast.Attribute):
            if last == "format":
                texts = get(node.func.value)
                return distinct(self.fill(re.split(r"\{[^{}]*\}", each.text), args, scope, depth) for each in texts)
            if last == "get" and args and isinstance(args[0], ast.Constant) and dotted.endswith("config.get"):
                found = tuple(value for value in self.setting(str(args[0].value), depth) if value.text != HOLE)
                return found or ((*ANYTHING, *get(args[1])) if len(args) > 1 else ANYTHING)
            if LOOKUPS.fullmatch(last) and args and isinstance(args[0], ast.Constant):
                known = (
                    self.entry(node.func.value, str(args[0].value), scope, depth)
                    if last in {"get", "pop", "setdefault"}
                    else ()
                )
                if default is not None or known:
                    return distinct((get(default) if default is not None else (), known, ANYTHING))
            if SAME_METHODS.fullmatch(last):
                return get(node.func.value)
            if last in {"with_suffix", "with_name", "with_stem"}:
                return tuple(value._replace(text=join(above(value.text), HOLE)) for value in get(node.func.value))
        return self.returned(node, scope, depth)

    def returned(self, node: ast.Call, scope: Scope, depth: int) -> Values:
        """What a function of the application's own returns, for these arguments."""
        function, _ = self.callee(node, scope)
        if function is None or function.name == "__init__":
            return ANYTHING
        called = function.called(self.arguments(node, scope), node.keywords, scope)
        return self.bound([(value, called) for value, _ in function.names.get("return", [])], depth) or ANYTHING
