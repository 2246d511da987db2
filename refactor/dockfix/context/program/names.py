"""Finds what the names of an application stand for: functions, classes, the classes of objects, the elements of lists."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from dockfix.context.program.callers import Callers
from dockfix.context.program.project import Project
from dockfix.context.program.scopes import Bound, Scope

_MAX_DEPTH = 4  # of names that are made from other names
_MAX_ELEMENTS = 8


class Names:
    """Questions to a project about names. Nothing is evaluated."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.callers = Callers(self)
        self._classes: dict[int, Scope | None] = {}  # of parameters
        self._searched: set[tuple[int, str]] = set()

    def holder(self, dotted: str, scope: Scope) -> tuple[Scope, str] | None:
        """The scope that holds the last part of a dotted name, going through classes and objects, and that part."""
        found = self.project.find(dotted, scope.module.file)
        module = self.project.module(found[0]) if found else None
        if found is None or module is None or not found[1]:
            return None
        holder = module.scope
        *above, last = found[1].split(".")
        for part in above:
            inner = holder.inner.get(part) or self.class_of(holder.names.get(part), 0)
            if inner is None:
                return None
            holder = inner
        return holder, last

    def there(self, dotted: str, scope: Scope) -> Scope | None:
        """The class or function behind a dotted name; a package's __init__ may hand it on."""
        for _ in range(4):
            found = self.holder(dotted, scope) if dotted else None
            if found is None:
                return None
            holder, name = found
            if name in holder.inner or name not in holder.module.imports:
                return holder.inner.get(name)
            dotted, scope = holder.module.imports[name], holder.module.scope
        return None

    def definition(self, node: ast.expr, scope: Scope, depth: int = 0) -> Scope | None:
        """The class or function of the application's own that an expression names."""
        match node:
            case ast.Name(id=name):
                holder = scope.holder(name)
                return (
                    holder.inner.get(name)
                    if holder is not None
                    else self.there(scope.module.imports.get(name, ""), scope)
                )
            case ast.Constant(value=str() as name):  # a quoted annotation
                return self.definition(ast.Name(name, ast.Load()), scope, depth) if name.isidentifier() else None
            case ast.Attribute(value=ast.Call(func=ast.Name(id="super")), attr=name) if (
                owner := scope.owner
            ) is not None:
                for base in owner.bases:
                    above = self.definition(base, owner.parent or owner, depth)
                    if above is not None and (found := self.holding(above, name)) is not None:
                        return found.inner.get(name)
                return None
            case ast.Attribute(value=value, attr=name):
                owner = self.object_class(value, scope, depth)
                if owner is not None:
                    found = self.holding(owner, name)
                    return found.inner.get(name) if found is not None else None
                return self.there(self.dotted(node, scope), scope)
        return None

    def holding(self, owner: Scope, name: str, depth: int = 0) -> Scope | None:
        """The class, this one or one that it derives from, that has a member of this name."""
        if name in owner.names or name in owner.inner:
            return owner
        key = id(owner), name
        if depth >= _MAX_DEPTH or key in self._searched:
            return None
        self._searched.add(key)  # a class may derive from what it holds, by mistake
        try:
            above = (self.definition(base, owner.parent or owner) for base in owner.bases)
            found = (self.holding(each, name, depth + 1) for each in above if each is not None and each.kind == "class")
            return next((each for each in found if each is not None), None)
        finally:
            self._searched.discard(key)

    def object_class(self, node: ast.expr, scope: Scope, depth: int = 0) -> Scope | None:
        """The class of the application's own that an object is of; for a class itself that class."""
        match node:
            case ast.Name(id=name):
                owner = scope.owner
                if owner is not None and name in {"self", "cls", scope.first}:
                    return owner
                holder = scope.holder(name)
                if holder is None:
                    there = self.holder(scope.module.imports[name], scope) if name in scope.module.imports else None
                    if there is None:
                        return None
                    holder, name = there
                if name in holder.inner:
                    return holder.inner[name] if holder.inner[name].kind == "class" else None
                return self.class_of(holder.names.get(name), depth)
            case ast.Attribute(value=value, attr=name):
                owner = self.object_class(value, scope, depth)
                home = self.holding(owner, name) if owner is not None else None
                return self.class_of(home.names.get(name), depth) if home is not None else None
            case ast.Call(func=function):
                found = self.definition(function, scope, depth)
                if found is None or found.kind == "class":
                    return found
                return self.class_of(found.names.get("return"), depth)  # a function that makes and returns the object
            case ast.Await(value=inner):
                return self.object_class(inner, scope, depth)
        return None

    def class_of(self, bounds: Sequence[Bound] | None, depth: int) -> Scope | None:
        """The class of what a name stands for, by the first of its values that tells."""
        for node, scope in (bounds or ())[:3] if depth < _MAX_DEPTH else ():
            found = (
                self.parameter_class(node, scope, depth)
                if isinstance(node, ast.arg)
                else self.object_class(node, scope, depth + 1)
                if isinstance(node, ast.expr)
                else None
            )
            if found is not None:
                return found
        return None

    def parameter_class(self, parameter: ast.arg, function: Scope, depth: int) -> Scope | None:
        """The class of a parameter, by its annotation or by what callers give."""
        key = id(parameter)
        if key not in self._classes:
            self._classes[key] = None  # while it is asked for
            found = self.definition(parameter.annotation, function) if parameter.annotation is not None else None
            if found is not None and found.kind == "class":
                self._classes[key] = found
            else:
                self._classes[key] = self.class_of(self.callers.given(parameter, function).bounds, depth)
        return self._classes[key]

    def callee(self, node: ast.Call, scope: Scope) -> tuple[Scope | None, bool]:
        """The function of the application's own that a call runs, and whether it can be no other."""
        found = self.definition(node.func, scope)
        if found is not None:
            home = self.holding(found, "__init__") if found.kind == "class" else None
            return (home.inner.get("__init__") if home is not None else None) if found.kind == "class" else found, True
        root: ast.expr = node.func
        while isinstance(root, ast.Attribute):
            root = root.value
        if root is node.func:
            return None, not scope.module.stars
        name = root.id if isinstance(root, ast.Name) else ""
        foreign = (
            name in scope.module.imports
            and scope.holder(name) is None
            and self.project.find(scope.module.imports[name], scope.module.file) is None
        )
        return None, foreign

    def arguments(self, node: ast.Call, scope: Scope) -> list[Bound] | None:
        """The positional arguments of a call, without self; None where not all of them are known."""
        found: list[Bound] = []
        for each in node.args[1:] if is_unbound(node) else node.args:
            spread = self.elements(each.value, scope, 0) if isinstance(each, ast.Starred) else [(each, scope)]
            if spread is None:
                return None
            found += spread
        return found

    def expanded(self, bounds: Sequence[Bound] | None, depth: int = 0) -> list[Bound]:
        """The same with what callers give in the place of parameters; a last one is not known where callers may be missing."""
        found: list[Bound] = []
        for node, scope in bounds or ():
            if not isinstance(node, ast.arg):
                found.append((node, scope))
                continue
            given = self.callers.given(node, scope)
            if depth < _MAX_DEPTH:
                for each, where in given.bounds:
                    inner = where.lookup(each.id) if isinstance(each, ast.Name) else None
                    passed = inner is not None and any(
                        isinstance(value, ast.arg) and value is not node for value, _ in inner
                    )
                    found += self.expanded(inner, depth + 1) if passed else [(each, where)]
            if not given.complete:
                found.append((None, scope))
        return found

    def bounds(self, node: ast.expr, scope: Scope) -> Sequence[Bound] | None:
        """All that is assigned to a name or an attribute, in this module or another; None for any other expression."""
        match node:
            case ast.Name(id=name):
                found = scope.lookup(name)
                if (
                    found is None
                    and name in scope.module.imports
                    and (there := self.holder(scope.module.imports[name], scope))
                ):
                    found = there[0].names.get(there[1])
                return found
            case ast.Attribute(value=value, attr=name):
                owner = self.object_class(value, scope)
                if owner is not None:
                    home = self.holding(owner, name)
                    return home.names.get(name) if home is not None else None
                dotted = self.dotted(node, scope)
                there = self.holder(dotted, scope) if dotted and not dotted.startswith(".") else None
                return there[0].names.get(there[1]) if there else None
        return None

    def elements(self, node: ast.expr, scope: Scope, depth: int) -> list[Bound] | None:
        """The elements of a literal list or tuple, also of one behind a name, in their order; None for anything else."""
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            return [(None if isinstance(part, ast.Starred) else part, scope) for part in node.elts]
        found: list[Bound] = []
        for value, inner in self.expanded(self.bounds(node, scope)):
            listed = (
                self.elements(value, inner, depth + 1)
                if isinstance(value, ast.expr) and depth < _MAX_ELEMENTS
                else None
            )
            if listed is None:
                return None
            found += listed
        return found or None

    def members(self, node: ast.expr, scope: Scope) -> list[Bound]:
        """What may be among the elements of a sequence; a value that is not known where there may be others."""
        found: list[Bound] = []
        literal = isinstance(node, ast.List | ast.Tuple | ast.Set)
        for value, inner in [(node, scope)] if literal else self.expanded(self.bounds(node, scope)):
            found += (self.elements(value, inner, 0) if isinstance(value, ast.expr) else None) or [(None, inner)]
        return found or [(None, scope)]

    def dotted(self, node: ast.expr, scope: Scope, depth: int = 0) -> str:
        """The full name of a function or object: imports are resolved, ``()`` stands for a call; "" where it has none."""
        match node:
            case ast.Name(id=name):
                bounds = scope.lookup(name)
                if bounds is None:
                    return scope.module.imports.get(name, name)
                if len(bounds) == 1 and depth < 4 and isinstance(bounds[0][0], ast.Name | ast.Attribute | ast.Call):
                    return self.dotted(bounds[0][0], bounds[0][1], depth + 1) or name
                return name
            case ast.Attribute(value=ast.Call(func=ast.Name(id="super")), attr=name) if (
                owner := scope.owner
            ) and owner.bases:
                return f"{self.dotted(owner.bases[0], owner.parent or owner, depth + 1)}.{name}"
            case ast.Attribute(value=base, attr=name):
                owner = scope.owner
                if isinstance(base, ast.Name) and owner is not None and base.id == scope.first and depth < 4:
                    bounds = owner.names.get(name)
                    if bounds and len(bounds) == 1 and isinstance(bounds[0][0], ast.Call | ast.Attribute):
                        return self.dotted(bounds[0][0], bounds[0][1], depth + 1)
                return f"{self.dotted(base, scope, depth)}.{name}"
            case ast.Call(func=function) if depth < 6:
                return f"{self.dotted(function, scope, depth + 1)}()"
            case ast.Await(value=inner):
                return self.dotted(inner, scope, depth)
        return ""


def is_unbound(node: ast.Call) -> bool:
    """Whether a call is ``Base.__init__(self, …)``, which is given the object itself."""
    function = node.func
    return (
        isinstance(function, ast.Attribute) and function.attr == "__init__" and not isinstance(function.value, ast.Call)
    )
