"""Commands that tasks and scripts of Python start, as lines of a script: ``subprocess.run([...])``, ``c.run(" ")``, ``session.run()``."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from dockfix.context.program.source import parse_python


def as_script(data: bytes, programs: Sequence[str]) -> str:
    """What a file of Python starts by lists of words and in texts that name one of some programs, each in the line where it stands there.

    What only the program knows is a variable of the name that stands for it.
    """
    tree = parse_python(data)
    if isinstance(tree, str):
        return ""
    lines = [""] * (data.count(b"\n") + data.count(b"\r") + 2)
    for node in ast.walk(tree):
        for number, text in enumerate(_texts(node, programs), getattr(node, "lineno", 1) - 1):
            if text and number < len(lines):
                lines[number] += f"{text} ; "
    return "\n".join(lines)


def _texts(node: ast.AST, programs: Sequence[str]) -> Iterator[str]:
    """The command that a node holds, line by line."""
    if isinstance(node, ast.List | ast.Tuple | ast.Call):
        words = node.args if isinstance(node, ast.Call) else node.elts
        first = words[0] if len(words) > 1 else None
        if isinstance(first, ast.Constant) and first.value in programs:
            yield " ".join(f'"{word}"' if " " in word else word for word in map(_word, words) if word)
    elif isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str)):
        text = _word(node)
        if any(f"{program} " in text or f"{program}-" in text for program in programs):
            yield from text.split("\n")


def _word(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(map(_word, node.values))
    if isinstance(node, ast.FormattedValue):
        return _word(node.value)
    if isinstance(node, ast.Starred):  # words of which it is not known how many
        return ""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _word(node.left) + _word(node.right)
    return f"${getattr(node, 'id', '') or getattr(node, 'attr', '') or '_'}"
