"""The ``syntax-directive`` transform."""

from __future__ import annotations

from typing import ClassVar

from dockfix.engine.transform import Edit, Outcome, Safety, Transform, refuse
from dockfix.facts import Facts
from dockfix.syntax import snippet

DIRECTIVE = "# syntax=docker/dockerfile:1"


class SyntaxDirective(Transform):
    """Name the Dockerfile front end in the first line.

    What it does
        Puts ``# syntax=docker/dockerfile:1`` on top of the file. An existing directive is kept as it is.

    Why
        The directive makes every BuildKit use the same, current front end. It also makes every build fetch that
        front end from a registry, so a build without network fails. dockfix writes nothing that needs it, hence
        this transform runs only when asked for.

    Example
        FROM python:3.11-slim                   # syntax=docker/dockerfile:1
                                                FROM python:3.11-slim

    Fix safety
        On request only: ``--select syntax-directive``.
    """

    title: ClassVar[str] = "name the Dockerfile front end"
    safety: ClassVar[Safety] = "on request"
    after: ClassVar[frozenset[str]] = frozenset({"dockerignore"})
    sees_to: ClassVar[frozenset[str]] = frozenset({"front end"})

    def apply(self, facts: Facts) -> Outcome:
        """Inserts the directive above the first node: directives stand on top, in any order."""
        existing = next((node for node in facts.tree.directives if node.name == "syntax"), None)
        if existing is not None:
            return refuse(f"the file names the front end {existing.value} already", existing.line)
        first = facts.tree.nodes[0]
        new = snippet(facts.tree, f"{DIRECTIVE}\n", 1)
        return Outcome(
            [Edit(first, (*new, first), 1, "the build uses the current front end, whatever the engine brings")]
        )
