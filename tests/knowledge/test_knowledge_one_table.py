"""Names of programs stand in knowledge: a list of them elsewhere would know other ones before long."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

import dockfix
import dockfix_transforms
from dockfix import knowledge

ROOTS = (Path(dockfix.__file__).parent, Path(dockfix_transforms.__file__).parent)
# Rooms that say of each program what it does; and libraries, not programs
ALLOWED = (
    "knowledge/",
    "managers/",
    "model/commands/",
    "context/program/imports.py",
    "context/javascript/known_calls.py",
)
TABLES: Mapping[str, frozenset[str]] = {
    "shells": knowledge.shells(),
    "inits": knowledge.inits(),
    "rule runners": knowledge.rule_runners(),
    "programs that need root": knowledge.root_programs(),
    "programs that work on files": knowledge.file_programs(),
    "package managers": frozenset(name for each in knowledge.package_managers() for name in each.programs),
    "programs of Python": frozenset(name for each in knowledge.python_programs() for name in each.names),
    "linters": frozenset(each.name for each in knowledge.linters()),
}


def lists(code: str) -> Iterator[frozenset[str]]:
    """The texts of each list, set, tuple and dictionary in Python code, and the branches of each regular expression."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Set | ast.List | ast.Tuple | ast.Dict):
            parts = node.keys if isinstance(node, ast.Dict) else node.elts
            yield frozenset(
                each.value for each in parts if isinstance(each, ast.Constant) and isinstance(each.value, str)
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
            text = node.value.decode("latin-1") if isinstance(node.value, bytes) else node.value
            yield frozenset(re.split(r"[|():\\?]+b?", text)) if "|" in text else frozenset()


@pytest.mark.parametrize("table", TABLES)
def test_names_of_programs_stand_in_one_table(table: str) -> None:
    found = [
        (path.name, sorted(names & TABLES[table]))
        for root in ROOTS
        for path in sorted(root.rglob("*.py"))
        if not path.relative_to(root).as_posix().startswith(ALLOWED)
        for names in lists(path.read_text("utf-8"))
        if len(names & TABLES[table]) > 2
    ]
    assert found == []


@pytest.mark.parametrize(
    "code",
    [
        "X = {'sh', 'bash', 'dash'}",
        "X = {'sh': 1, 'bash': 2, 'zsh': 3}",
        r"X = r'\b(?:sh|bash|zsh)\b'",
        "X = rb'(sh|bash|ksh)'",
    ],
)
def test_a_list_is_seen(code: str) -> None:
    assert any(len(names & TABLES["shells"]) > 2 for names in lists(code))
