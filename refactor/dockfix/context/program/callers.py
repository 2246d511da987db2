"""What the callers of a function give for a parameter."""

from __future__ import annotations

import ast
import re
from typing import Protocol

from dockfix.context.program.model import is_development
from dockfix.context.program.project import Project
from dockfix.context.program.scopes import Bound, CallSite, Scope
from dockfix.namedtuple import NamedTuple

_MAX_CALLS = 24
_MAX_NESTED = 4  # questions that come up while one is answered
# Files that are parsed only because they hold a function's name
_MAX_FILES = 6
_MAX_FILES_IN_ALL = 60


class Given(NamedTuple):
    """The arguments that were found; ``complete`` where no other caller can give anything else."""

    bounds: tuple[Bound, ...]
    complete: bool


class Names(Protocol):
    """What finds definitions by their names: ``names.Names``, which itself asks for callers."""

    project: Project

    def holding(self, owner: Scope, name: str, depth: int = 0) -> Scope | None:
        """The class, this one or one that it derives from, that has a member of this name."""

    def definition(self, node: ast.expr, scope: Scope, depth: int = 0) -> Scope | None:
        """The class or function that an expression names."""

    def callee(self, node: ast.Call, scope: Scope) -> tuple[Scope | None, bool]:
        """What is called, and whether that is certain."""

    def arguments(self, node: ast.Call, scope: Scope) -> list[Bound] | None:
        """The positional arguments of a call; None where not all are known."""


class Callers:
    """Finds calls by name. Code for development, such as tests, counts as a caller but gives nothing."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self._given: dict[int, Given] = {}
        self._fields: dict[tuple[int, str], tuple[Bound, ...]] = {}
        self._nested = 0
        self._left = _MAX_FILES_IN_ALL

    def given(self, parameter: ast.arg, function: Scope) -> Given:
        """What the calls of a function give for one of its parameters; a default that they leave is not among it."""
        key = id(parameter)
        if key not in self._given:
            if self._nested >= _MAX_NESTED:
                return Given((), False)
            self._given[key] = Given((), False)  # while it is asked for
            self._nested += 1
            self._given[key] = self._find(parameter, function.origin)
            self._nested -= 1
        return self._given[key]

    def fields(self, owner: Scope, name: str) -> tuple[Bound, ...]:
        """What objects of a class without a constructor of its own, such as a dataclass, are given for a field when they are made."""
        key = id(owner), name
        if key not in self._fields:
            self._fields[key] = ()  # while it is asked for
            if name in owner.fields and self.names.holding(owner, "__init__") is None:
                position = owner.fields.index(name)
                self._fields[key] = tuple(
                    (value, scope)
                    for node, scope in self.sites(owner.name)[0][:_MAX_CALLS]
                    if not is_development(scope.module.file) and self.names.definition(node.func, scope) is owner
                    for value in [
                        *(word.value for word in node.keywords if word.arg == name),
                        *node.args[position : position + 1],
                    ][:1]
                )
        return self._fields[key]

    def _find(self, parameter: ast.arg, function: Scope) -> Given:
        found: list[Bound] = []
        complete = not function.decorated
        counted = 0
        names = self._called_as(function)
        for name in names:
            sites, all_read = self.sites(name)
            complete = complete and all_read and len(sites) <= _MAX_CALLS
            for node, scope in sites[:_MAX_CALLS]:
                ours, certain = self._is_call(node, scope, function)
                if not ours:
                    continue
                counted += 1
                complete = complete and certain
                if is_development(scope.module.file):
                    continue
                argument, known = self._argument(node, scope, function, parameter)
                complete = complete and known
                found += [argument] if argument is not None else []
        return Given(tuple(found), complete and counted > 0 and self._only_called(function, names, counted))

    def _called_as(self, function: Scope) -> list[str]:
        """The last names by which a function may be called: a constructor by its class and those that derive from it."""
        owner = function.parent
        if function.name != "__init__" or owner is None or owner.kind != "class":
            return [function.name]
        pending, names = [owner], [function.name]
        while pending and len(names) < 8:
            each = pending.pop()
            names.append(each.name)
            pending += [
                derived
                for derived in self.names.project.index.derived.get(each.name, ())
                if "__init__" not in derived.inner
            ]
        return names

    def sites(self, name: str) -> tuple[list[CallSite], bool]:
        """The calls of a name, and whether all files that hold it were read."""
        project = self.names.project
        rest = [file for file in project.mentions.get(name, ()) if not project.known(file) and not is_development(file)]
        few = len(rest) <= min(_MAX_FILES, self._left)
        if few:
            self._left -= len(rest)
            for file in rest:
                project.module(file, needed=False)
        return project.index.calls.get(name, []), few

    def _is_call(self, node: ast.Call, scope: Scope, function: Scope) -> tuple[bool, bool]:
        """Whether a call may be one of this function, and whether that is certain."""
        called, certain = self.names.callee(node, scope)
        if called is None:
            method = function.parent is not None and function.parent.kind == "class" and function.name != "__init__"
            return not certain and (method or isinstance(node.func, ast.Name)), False
        if called.origin is function:
            return True, True
        # a method that overrides the one that is named
        owner, other = function.parent, called.parent
        return (
            owner is not None
            and other is not None
            and other.kind == "class"
            and called.name == function.name != "__init__"
            and self._derives(owner, other, 0),
            False,
        )

    def _derives(self, owner: Scope, other: Scope, depth: int) -> bool:
        if owner is other:
            return True
        above = (self.names.definition(base, owner.parent or owner) for base in owner.bases) if depth < 4 else ()
        return any(each is not None and self._derives(each, other, depth + 1) for each in above)

    def _argument(self, node: ast.Call, scope: Scope, function: Scope, parameter: ast.arg) -> tuple[Bound | None, bool]:
        """What a call gives for a parameter, None for nothing, and whether that is all it can give."""
        if function.given is not None and parameter is function.given.kwarg:
            keys: list[ast.expr | None] = [
                None if word.arg is None else ast.Constant(word.arg) for word in node.keywords
            ]
            return (ast.Dict(keys, [word.value for word in node.keywords]), scope), True
        for word in node.keywords:
            if word.arg == parameter.arg:
                return (word.value, scope), True
        spread = all(word.arg is not None for word in node.keywords)
        if function.given is not None and parameter is function.given.vararg:
            rest = (self.names.arguments(node, scope) or [(None, scope)])[len(function.positions) :]
            ours = [each for each, where in rest if where is scope and isinstance(each, ast.expr)]
            return (ast.Tuple(ours, ast.Load()), scope), len(ours) == len(rest)
        if parameter.arg in function.positions:
            arguments = self.names.arguments(node, scope)
            position = function.positions.index(parameter.arg)
            if arguments is None:
                return None, False
            if position < len(arguments):
                return arguments[position], True
        return None, spread

    def _only_called(self, function: Scope, names: list[str], calls: int) -> bool:
        """Whether a function's name stands in the application's Python where it is defined, imported and called, and nowhere else."""
        owner = function.parent
        constructor = function.name == "__init__"
        if constructor and len(names) != 2:
            return False
        if owner is not None and owner.kind == "class" and owner.bases and not constructor:
            return False  # a base class from elsewhere may call it
        name = names[-1]
        if name.startswith("__"):
            return False
        project = self.names.project
        word = re.compile(rb"\b" + name.encode() + rb"\b")
        files = project.mentions.get(name, ())
        total = sum(len(word.findall(project.files[file])) for file in files)
        imports = [
            each
            for file in files
            if project.known(file) and (module := project.module(file, needed=False)) is not None
            for each, dotted in module.imports.items()
            if dotted.rpartition(".")[2] == name
        ]
        return all(each == name for each in imports) and total == 1 + calls + len(imports)
