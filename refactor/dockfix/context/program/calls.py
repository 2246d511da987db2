"""A call that may matter, with what its arguments evaluate to; and what the readings of calls find."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from dockfix.context.program.model import Download, Endpoint, Port, Use, Write
from dockfix.context.program.paths import HOLE, Value, place, shown
from dockfix.context.program.project import Project
from dockfix.context.program.scopes import Scope
from dockfix.context.program.values import Evaluator
from dockfix.lazy import regex
from dockfix.namedtuple import NamedTuple

_WINDOWS = regex(r"%\w+%|[A-Za-z]:\\|\.?\\")


class Call(NamedTuple):
    """One call: ``dotted`` is the full name of what is called, ``name`` its last part."""

    node: ast.Call
    scope: Scope
    dotted: str
    evaluate: Evaluator

    @property
    def name(self) -> str:
        """The last part of the name."""
        return self.dotted.rpartition(".")[2]

    @property
    def receiver(self) -> ast.expr | None:
        """The object whose method is called."""
        return self.node.func.value if isinstance(self.node.func, ast.Attribute) else None

    def arg(self, position: int, *names: str) -> ast.expr | None:
        """An argument by its position (-1 for none) or one of its names."""
        plain = self.node.args
        if 0 <= position < len(plain) and not any(isinstance(each, ast.Starred) for each in plain[: position + 1]):
            return plain[position]
        return next((word.value for word in self.node.keywords if word.arg in names), None)

    def values(self, position: int, *names: str) -> tuple[Value, ...]:
        """What an argument may be; nothing where it is not given."""
        return self.evaluate(self.arg(position, *names), self.scope)


class Findings:
    """What the readings add to."""

    def __init__(self, project: Project, evaluate: Evaluator) -> None:
        self.project = project
        self.evaluate = evaluate
        self.runs: list[Use] = []
        self.without_path: list[Use] = []
        self.path_unknown: list[Use] = []
        self.scripts: list[Use] = []
        self.loads: list[Use] = []
        self.writes: list[Write] = []
        self.folders: list[Write] = []
        self.ports: list[Port] = []
        self.endpoints: list[Endpoint] = []
        self.routes: list[Endpoint] = []
        self.downloads: list[Download] = []
        self.unknown: list[Use] = []

    def run(self, word: str, node: ast.AST, scope: Scope, how: str) -> None:
        """Adds a program."""
        self.runs.append(Use(shown(word), scope.module.file, line_of(node), how))

    def write(self, values: tuple[Value, ...], node: ast.AST, scope: Scope, how: str, *, missing: bool = True) -> None:
        """Adds the paths that an expression may be; where it may be nothing, one that is not known, if ``missing`` counts."""
        self.writes += self._places(values or ((Value(HOLE),) if missing else ()), node, scope, how)

    def go(self, values: tuple[Value, ...], node: ast.AST, scope: Scope, how: str) -> None:
        """Adds the folders that an expression may be, to which the program goes."""
        self.folders += self._places(values, node, scope, how)

    def _places(self, values: tuple[Value, ...], node: ast.AST, scope: Scope, how: str) -> Iterator[Write]:
        for value in values:
            # paths of Windows are written elsewhere than in an image
            if (
                value.text
                and not _WINDOWS.match(value.text)
                and not value.text.startswith((":memory:", "/dev/", "/proc/"))
            ):
                path, base = place(value.text)
                yield Write(path, base, scope.module.file, line_of(node), how, value.env)

    def port(self, values: tuple[Value, ...], node: ast.AST, scope: Scope, how: str) -> None:
        """Adds the ports that an expression may be: what callers may give counts only where nothing else is known."""
        known = [value for value in values if value.text.isascii() and value.text.isdigit() and int(value.text) < 65536]
        for value in known or values[:1]:
            self.ports.append(
                Port(int(value.text) if value in known else None, scope.module.file, line_of(node), how, value.env)
            )


def line_of(node: ast.AST) -> int:
    """The line of a node, 1 where it has none."""
    return getattr(node, "lineno", 1)


def plain(node: ast.expr | None) -> str | None:
    """The text of a literal string."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
