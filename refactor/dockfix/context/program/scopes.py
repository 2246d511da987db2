"""The names of an application's modules: what each scope assigns, and what was kept of each file."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence

Function = ast.FunctionDef | ast.AsyncFunctionDef
# An expression with the scope whose names it uses; a parameter is what callers give, None a value that is not known
Bound = tuple["ast.expr | ast.arg | None", "Scope"]
CallSite = tuple[ast.Call, "Scope"]
# A call of a function that has a name: with its scope, that name, the last name under which it was imported (or else the same),
# and whether it runs the program of that name (by the library sh, or plumbum.cmd)
Site = tuple[ast.Call, "Scope", str, str, bool]


class Scope:
    """The names that a module, class or function assigns, each with all that is assigned to it."""

    __slots__ = (
        "bases", "decorated", "entries", "fields", "first", "given", "inner", "kind", "module", "name", "names", "origin", "parent",
    )  # fmt: skip

    def __init__(self, module: Module, parent: Scope | None, kind: str, name: str = "") -> None:
        self.module = module
        self.parent = parent
        self.kind = kind
        self.name = name
        self.names: dict[str, list[Bound]] = {}
        self.entries: dict[tuple[str, str], list[Bound]] = {}  # what is put into a dictionary, by its name and the key
        self.inner: dict[str, Scope] = {}
        self.bases: list[ast.expr] = []
        self.fields: list[str] = []  # what a class declares with a type
        self.first = ""  # the name of the first parameter: "self", for a method
        self.given: ast.arguments | None = None
        self.decorated = False
        self.origin = self  # the scope as it was defined, for one made for a call

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

    @property
    def positions(self) -> list[str]:
        """The names of the parameters that can be given by position, without self."""
        given = self.given
        return [each.arg for each in (*given.posonlyargs, *given.args)][1 if self.first else 0 :] if given else []

    def called(self, arguments: Sequence[Bound] | None, keywords: Iterable[ast.keyword], caller: Scope) -> Scope:
        """The scope of a function's body when it is called with these arguments; None for some that are not known."""
        made = Scope(self.module, self.parent, self.kind, self.name)
        made.names, made.inner, made.first, made.given, made.origin = (
            {**self.names},
            self.inner,
            self.first,
            self.given,
            self.origin,
        )
        made.entries = {
            key: [(value, made if scope is self else scope) for value, scope in bounds]
            for key, bounds in self.entries.items()
        }
        given = self.given
        if given is None or arguments is None:
            return made
        names = self.positions
        for name, bound in zip(names, arguments, strict=False):
            made.names[name] = [bound]
        if given.vararg:
            rest = arguments[len(names) :]
            made.names |= {f"*{number}": [bound] for number, bound in enumerate(rest)}  # no name that code could have
            made.names[given.vararg.arg] = [
                (ast.Tuple([ast.Name(f"*{number}") for number in range(len(rest))], ast.Load()), made)
            ]
        for word in keywords:
            if word.arg:
                made.names[word.arg] = [(word.value, caller)]
        for name, bounds in self.names.items():  # a default holds where nothing is given
            if len(bounds) == 2 and made.names[name] is bounds and isinstance(bounds[1][0], ast.arg):
                made.names[name] = bounds[:1]
        # a local variable made from a parameter belongs to this call
        made.names = {
            name: [(value, made if scope is self else scope) for value, scope in bounds]
            for name, bounds in made.names.items()
        }
        return made

    @property
    def owner(self) -> Scope | None:
        """The class that the code belongs to."""
        scope: Scope | None = self
        while scope is not None and scope.kind != "class":
            scope = scope.parent
        return scope


class Module:
    """What was kept of a file. Once it is made nothing in it changes, so that all who read the file can share it."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.imports: dict[str, str] = {}
        self.imported: list[tuple[str, int]] = []
        self.stars: list[str] = []
        self.sites: list[Site] = []
        self.literals: list[tuple[int, str]] = []  # strings with their lines, without docstrings
        self.derived: list[tuple[str, Scope]] = []  # the classes, by the last name of each base
        self.decorated: list[tuple[Function, Scope]] = []
        self.settings: list[tuple[str, ast.expr, Scope]] = []
        self.texts: list[tuple[ast.expr, Scope]] = []
        self.plumbed: list[tuple[ast.expr, Scope]] = []
        self.scope = Scope(self, None, "module")


class Index:
    """By last names: the calls of functions and classes of the application's own, the classes that derive from one, and the defaults
    of the command line's options.
    """

    def __init__(self, calls: dict[str, list[CallSite]]) -> None:
        self.calls = calls
        self.derived: dict[str, list[Scope]] = {}
        self.options: dict[str, list[Bound]] = {}
