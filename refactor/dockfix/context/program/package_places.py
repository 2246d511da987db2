"""Expressions that tell where Python's installed packages lie: a module's ``__file__``, ``sys.prefix``, ``site.getsitepackages()``."""

from __future__ import annotations

import ast

from dockfix.context.program.alternatives import ANYTHING, Values
from dockfix.context.program.names import Names
from dockfix.context.program.paths import CODE, PACKAGES, Value
from dockfix.context.program.scopes import Scope
from dockfix.lazy import regex

_OF_MODULE = frozenset({"__file__", "__path__"})
_PREFIXES = frozenset({"sys.prefix", "sys.base_prefix", "sys.exec_prefix", "sys.base_exec_prefix"})
# Calls that give a folder of packages, or a file of one; and those that give the place of the module that they name
_GIVES = regex(
    r"certifi\.where|sysconfig\.get_paths?|(?:distutils\.)?sysconfig\.get_python_lib|site\.getsitepackages"
    r"|importlib\.(?:resources|metadata)\.files|importlib_resources\.files|pkg_resources\.resource_filename"
    r"|inspect\.(?:getfile|getsourcefile)"
)
_LAST = frozenset(
    {
        "where",
        "get_path",
        "get_paths",
        "get_python_lib",
        "getsitepackages",
        "files",
        "resource_filename",
        "getfile",
        "getsourcefile",
    }
)


class PackagePlaces(Names):
    """Finds where the packages of others lie, which are not the application's own. Nothing is evaluated."""

    def packaged(self, node: ast.expr, scope: Scope) -> Values:
        """The place that an expression tells; nothing for one that tells none."""
        match node:
            case ast.Attribute(value=module, attr=name) if name in _OF_MODULE:
                return self._of_module(self.dotted(module, scope), scope)
            case ast.Attribute() if self.dotted(node, scope) in _PREFIXES:
                return (Value(PACKAGES),)
            case ast.Subscript(value=ast.Call() | ast.Attribute() as base):
                return self.packaged(base, scope)
            case ast.Call(func=function, args=args) if _last(function) in _LAST:
                if not _GIVES.fullmatch(self.dotted(function, scope)):
                    return ()
                if not args or not isinstance(args[0], ast.Constant | ast.Name | ast.Attribute):
                    return (Value(PACKAGES),)
                named = args[0].value if isinstance(args[0], ast.Constant) else self.dotted(args[0], scope)
                return self._of_module(str(named), scope)
        return ()

    def _of_module(self, module: str, scope: Scope) -> Values:
        """The place of a module: in the application where it has one of that name."""
        if not module or "()" in module:
            return ANYTHING
        own = self.project.find(module, scope.module.file)
        return (Value(f"{CODE}/{own[0]}" if own is not None else f"{PACKAGES}/{module.replace('.', '/')}/__init__.py"),)


def _last(function: ast.expr) -> str:
    return (
        function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
    )
