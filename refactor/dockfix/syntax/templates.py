"""Files that another program makes a Dockerfile of: templates for Jinja, Go, ERB and their like."""

from __future__ import annotations

from collections.abc import Iterable

from dockfix.syntax.nodes import Dockerfile
from dockfix.syntax.problems import Problem

_SIGNS = ("{%", "{{", "{#", "<%")
_NAMES = (".j2", ".jinja", ".jinja2", ".tmpl", ".tpl", ".erb", ".ejs", ".mustache", ".hbs", ".gotmpl", ".template")


def template_sign(tree: Dockerfile, path: str, found: Iterable[Problem]) -> tuple[int, str] | None:
    """The line and the sign by which a file shows that it is a template; None where it shows no such thing.

    It does where BuildKit would stop at such a sign, or where its name, or that of a folder, says so and a sign stands in it: a plain
    Dockerfile may well give one of Go's templates to a command.
    """
    faults = {problem.line for problem in found}
    named = path.endswith(_NAMES) or any(sign in path for sign in _SIGNS)
    for number, line in enumerate(tree.text.split("\n"), 1):
        sign = next((sign for sign in _SIGNS if sign in line), None) if named or number in faults else None
        if sign is not None:
            return number, sign
    return None
