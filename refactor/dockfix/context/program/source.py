"""Parses Python source into one kind of tree, without running it: by ``ast``, or by LibCST where ``ast`` cannot.

LibCST reads Python newer than the interpreter that dockfix runs on, but takes some ten times as long to parse (measured: 1.5 s
for a megabyte against 0.13 s; 6 s with positions), and overflows the stack where nesting is deep.
"""

from __future__ import annotations

import ast
import re
import warnings

from dockfix.context.python_strings import PYTHON_2, too_deep

_TEMPLATE = re.compile(rb"\{%|\{\{ *cookiecutter\b")


def parse_python(data: bytes) -> ast.Module | str:
    """The tree of a source file, or the reason why there is none. Never raises."""
    try:
        with warnings.catch_warnings():
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
    if PYTHON_2.search(data):
        return f"it is Python 2 ({why})"
    if _TEMPLATE.search(data):
        return f"it is a template ({why})"
    from dockfix.context.program.from_libcst import tree_of

    return tree_of(data) or why
