"""Parses Python source into one kind of tree, without running it: by ``ast``, or by LibCST where ``ast`` cannot.

LibCST reads Python newer than the interpreter that dockfix runs on, but takes some ten times as long to parse (measured: 1.5 s
for a megabyte against 0.13 s; 6 s with positions), and overflows the stack where nesting is deep.
"""

from __future__ import annotations

import ast
import threading
import warnings

from dockfix.lazy import regex

_NESTING = regex(rb"[(\[{]|[)\]}]|\n(?=\S)|[-+*/%.|&^~<>=@]|\b(?:not|lambda|and|or|if|else|await)\b")
# CPython counts the depth of a tree that it makes for all threads together (gh-106905), and warnings are switched off for all
_ONE_AT_A_TIME = threading.Lock()
_MAX_OPERATORS = 3000
_MAX_BRACKETS = 100
_PYTHON_2 = regex(rb"(?m)^\s*(?:print\s+[\"'\w%]|except\s+[\w.]+\s*,|raise\s+\w+\s*,)")
_TEMPLATE = regex(rb"\{%|\{\{ *cookiecutter\b")


def parse_python(data: bytes) -> ast.Module | str:
    """The tree of a source file, or the reason why there is none. Never raises."""
    try:
        with _ONE_AT_A_TIME, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # for odd escapes in the user's strings
            return ast.parse(data)
    except SyntaxError as error:
        return _by_libcst(data, error)
    except ValueError as error:
        return f"it is not Python source: {error}"
    except (RecursionError, MemoryError):
        return "it is nested too deeply"


def _by_libcst(data: bytes, error: SyntaxError) -> ast.Module | str:
    why = f"line {error.lineno}: {error.msg}" if error.lineno else str(error.msg)
    if too_deep(data):
        return "it is nested too deeply"
    if _PYTHON_2.search(data):
        return f"it is Python 2 ({why})"
    if _TEMPLATE.search(data):
        return f"it is a template ({why})"
    from dockfix.context.program.from_libcst import tree_of

    return tree_of(data) or why


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
