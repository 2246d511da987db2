"""The string literals of a Python source file, without docstrings. The source is parsed, never run."""

from __future__ import annotations

import re
import warnings
from functools import lru_cache

_NESTING = re.compile(rb"[(\[{]|[)\]}]|\n(?=\S)|[-+*/%.|&^~<>=@]|\b(?:not|lambda|and|or|if|else|await)\b")
# Code that no parser here can read, so that LibCST, which takes long to import, need not try
PYTHON_2 = re.compile(rb"(?m)^\s*(?:print\s+[\"'\w%]|except\s+[\w.]+\s*,|raise\s+\w+\s*,)")
_MAX_OPERATORS = 3000
_MAX_BRACKETS = 100

Literals = tuple[tuple[int, str], ...]


@lru_cache(maxsize=256)
def string_literals(data: bytes) -> Literals | None:
    """The string literals of a source file, sorted by the 1-based lines on which they start; None where it can't be parsed.

    A string that stands alone as a statement, such as a docstring, is left out. Bytes are decoded as Latin-1. An
    f-string gives its constant parts.
    """
    import ast

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # for odd escapes in the user's strings
            tree = ast.parse(data)
    except SyntaxError:
        return _by_libcst(data)  # it may be written for a Python newer than this one
    except (ValueError, RecursionError, MemoryError):
        return None
    found: list[tuple[int, str]] = []
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Constant):
            if isinstance(node.value, str | bytes):
                value = node.value if isinstance(node.value, str) else node.value.decode("latin-1")
                found.append((node.lineno, value))
        elif not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            # ast.walk does the same, at a fourth of the speed
            for part in node.__dict__.values():
                if isinstance(part, list):
                    pending += [each for each in part if isinstance(each, ast.AST)]
                elif isinstance(part, ast.AST) and not isinstance(part, ast.expr_context):
                    pending.append(part)
    return tuple(sorted(found))


def _by_libcst(data: bytes) -> Literals | None:
    if PYTHON_2.search(data) or too_deep(data):
        return None
    import libcst
    from libcst.metadata import CodeRange, MetadataWrapper, PositionProvider

    found: list[tuple[int, str]] = []

    class Strings(libcst.CSTVisitor):
        METADATA_DEPENDENCIES = (PositionProvider,)

        def visit_Expr(self, node: libcst.Expr) -> bool:  # noqa: N802 (LibCST's name)
            return not isinstance(node.value, libcst.SimpleString | libcst.ConcatenatedString)

        def visit_SimpleString(self, node: libcst.SimpleString) -> None:  # noqa: N802
            value = node.evaluated_value
            self.add(node, value if isinstance(value, str) else value.decode("latin-1"))

        def visit_FormattedStringText(self, node: libcst.FormattedStringText) -> None:  # noqa: N802
            self.add(node, node.value)

        def add(self, node: libcst.CSTNode, value: str) -> None:
            place = self.get_metadata(PositionProvider, node)
            found.append((place.start.line if isinstance(place, CodeRange) else 1, value))

    try:
        MetadataWrapper(libcst.parse_module(data), unsafe_skip_copy=True).visit(Strings())
    except (libcst.ParserSyntaxError, ValueError, SyntaxError, RecursionError, LookupError):
        return None
    return tuple(sorted(found))


def too_deep(data: bytes) -> bool:
    """Whether LibCST's recursive parser could overflow the stack, which would end the whole process."""
    brackets = operators = 0
    for match in _NESTING.finditer(data):
        sign = match[0]
        if sign in b"([{":
            brackets += 1
        elif sign in b")]}":
            brackets = max(0, brackets - 1)
        elif sign != b"\n":
            operators += 1
        elif not brackets:
            operators = 0  # a new statement
        if brackets > _MAX_BRACKETS or operators > _MAX_OPERATORS:
            return True
    return False
