"""The environments that Python gives to the programs that it starts: which of them have no PATH, or another than its own."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from typing import Literal

from dockfix.context.program.calls import Call, Findings
from dockfix.context.program.model import Use
from dockfix.context.program.paths import HOLE
from dockfix.context.program.scopes import Bound, Scope
from dockfix.lazy import regex

Path = Literal["own", "other", "none", "unknown"]  # the program's own PATH, another, none
_MAX_DEPTH = 6
# The functions of os that are given an environment, with its position; -1 for the last argument
_GIVEN = {
    "execve": 2,
    "execvpe": 2,
    "execle": -1,
    "execlpe": -1,
    "spawnve": 3,
    "spawnvpe": 3,
    "spawnle": -1,
    "spawnlpe": -1,
    "posix_spawn": 2,
    "posix_spawnp": 2,
}
_OF_OS = regex(r"(?:(?:os|posix)\.)?(?:exec|spawn|posix_spawn)\w*")
_FILLED = rb"(?:\.(?:update|setdefault|__setitem__)\(|\s*\|=|\[(?!\s*[rbu]?['\"]))"
_WITH_OWN = rb"(?:\.update\(|\s*\|=)\s*(?:\*\*)?(?:os\.)?environ\b"
_COPIES = regex(r"(?:.*\.)?(?:copy|deepcopy)")


def read_environment(call: Call, started: Sequence[Use], found: Findings) -> None:
    """Reads the environment of a call that starts these programs."""
    node = _environment(call)
    if node is None or _runs_itself(call):  # sys.executable is the path of the interpreter
        return
    path = _Reader(call).path(node, call.scope, 0)
    kept = {"other": found.without_path, "none": found.without_path, "unknown": found.path_unknown}.get(path)
    if kept is not None:
        kept += (
            Use(word, call.scope.module.file, call.node.lineno, call.dotted)
            for word in sorted({use.word for use in started})
        )


def _environment(call: Call) -> ast.expr | None:
    """The argument that is the environment, None where there is none."""
    position = _GIVEN.get(call.name) if _OF_OS.fullmatch(call.dotted) else None
    if position == -1 and call.node.args and not call.node.keywords:
        return call.node.args[-1]
    return call.arg(position if position is not None else -1, "env", "_env")


def _runs_itself(call: Call) -> bool:
    """Whether the first word of a command is ``sys.executable``."""
    command = call.arg(0, "args")
    first = command.elts[0] if isinstance(command, ast.List | ast.Tuple) and command.elts else command
    return first is not None and call.evaluate.dotted(first, call.scope) == "sys.executable"


class _Reader:
    """What PATH an expression for an environment holds."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.evaluate = call.evaluate

    def path(self, node: ast.expr | ast.arg | None, scope: Scope, depth: int) -> Path:
        """Of an expression."""
        if node is None or depth > _MAX_DEPTH:
            return "unknown"
        match node:
            case ast.Constant(value=None):
                return "own"
            case ast.Dict(keys=keys, values=values):
                return self.pairs(list(zip(keys, values, strict=True)), scope, depth)
            case ast.DictComp(key=key, generators=[only]):
                return self.chosen(key, only, scope)
            case ast.BinOp(left=left, op=ast.BitOr(), right=right):
                return _joined([self.path(left, scope, depth + 1), self.path(right, scope, depth + 1)])
            case ast.IfExp(body=body, orelse=orelse):
                return _either([self.path(body, scope, depth + 1), self.path(orelse, scope, depth + 1)])
            case ast.BoolOp(values=operands):
                return _either([self.path(each, scope, depth + 1) for each in operands])
            case ast.Name() | ast.Attribute():
                return self.named(node, scope, depth)
            case ast.Call():
                return self.made(node, scope, depth)
        return "unknown"

    def pairs(self, given: Sequence[tuple[ast.expr | None, ast.expr]], scope: Scope, depth: int) -> Path:
        """Of a dictionary that is written out; a key None stands for one that is unpacked."""
        parts: list[Path] = []
        for key, value in given:
            if key is None:
                parts.append(self.path(value, scope, depth + 1))
            elif not isinstance(key, ast.Constant):
                parts.append("unknown")
            elif key.value == "PATH":
                parts.append(self.value(value, scope))
        return _joined(parts)

    def value(self, node: ast.expr, scope: Scope) -> Path:
        """Of what PATH itself is given: folders that are written out are another."""
        values = self.evaluate(node, scope)
        return "other" if values and all(HOLE not in each.text for each in values) else "own"

    def chosen(self, key: ast.expr, only: ast.comprehension, scope: Scope) -> Path:
        """Of a dictionary of variables that are chosen by name, or by what they are not."""
        text = ast.unparse(only)
        listed = self.evaluate.elements(only.iter, scope, 0)
        if listed is not None:
            named = {each.value for each, _ in listed if isinstance(each, ast.Constant)}
            return "unknown" if "PATH" in named or len(named) < len(listed) else "none"
        if "PATH" in text or not only.ifs or re.search(r"\bnot\b|!=", text):
            return "unknown"
        return "none" if "environ" in text else "unknown"

    def named(self, node: ast.Name | ast.Attribute, scope: Scope, depth: int) -> Path:
        """Of a name, by all that is assigned to it and put into it."""
        if self.evaluate.dotted(node, scope) in {"os.environ", "environ", "os.environb"}:
            return "own"
        name = node.id if isinstance(node, ast.Name) else node.attr
        bounds = self.evaluate.expanded(self.evaluate.bounds(node, scope))
        entries = self.entries(node, name, scope)
        # a parameter is what the calls that are seen give; of one that nobody is seen to give nothing is known
        seen = [(value, where) for value, where in bounds if value is not None]
        paths = [self.path(value, where, depth + 1) for value, where in seen or bounds]
        if not bounds or (self.filled(name, scope) and set(paths) != {"own"}):
            return "own" if self.filled(name, scope, _WITH_OWN) else "unknown"
        return _joined([_either(paths), *(self.value(each, where) for each, where in entries)])

    def entries(self, node: ast.expr, name: str, scope: Scope) -> list[tuple[ast.expr, Scope]]:
        """What is put under PATH into the dictionary of a name."""
        holder = scope.holder(name) if isinstance(node, ast.Name) else scope.owner
        found: Sequence[Bound] = holder.entries.get((name, "PATH"), ()) if holder is not None else ()
        return [(value, where) for value, where in found if isinstance(value, ast.expr)]

    def filled(self, name: str, scope: Scope, how: bytes = _FILLED) -> bool:
        """Whether a dictionary of this name gets what another holds, or under keys that are worked out."""
        data = self.call.scope.module.file, scope.module.file
        texts = (self.evaluate.project.files.get(file, b"") for file in data)
        plain = re.escape(name.encode())
        return any(re.search(rb"\b" + plain + how, text) for text in texts)

    def made(self, node: ast.Call, scope: Scope, depth: int) -> Path:
        """Of what a call gives: a copy, a dictionary, what a function of the application's own returns."""
        dotted = self.evaluate.dotted(node.func, scope)
        if dotted == "dict":
            keys: list[tuple[ast.expr | None, ast.expr]] = [(None, each) for each in node.args]
            keys += [(ast.Constant(word.arg) if word.arg else None, word.value) for word in node.keywords]
            return self.pairs(keys, scope, depth)
        if _COPIES.fullmatch(dotted) and node.args:
            return self.path(node.args[0], scope, depth + 1)
        if isinstance(node.func, ast.Attribute) and node.func.attr == "copy":
            return self.path(node.func.value, scope, depth + 1)
        function = self.evaluate.callee(node, scope)[0]
        if function is None:
            return "unknown"
        called = function.called(self.evaluate.arguments(node, scope), node.keywords, scope)
        return _either([self.path(value, called, depth + 1) for value, _ in called.names.get("return", [])])


def _joined(parts: Sequence[Path]) -> Path:
    """Of a dictionary that takes in all of these, one after the other."""
    found: Path = "none"
    for part in parts:
        if part in {"own", "other"} or (part == "unknown" and found == "none"):
            found = part
    return found


def _either(parts: Sequence[Path]) -> Path:
    """Of one of several."""
    return next((part for part in parts if part in {"none", "other"}), "own" if set(parts) == {"own"} else "unknown")
