"""A test, a golden case or a decision says which entries of the catalogue it covers, and every such link leads to one."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from difflib import get_close_matches

import golden
from entries import TESTS, Breakage, Decision, load

ENTRIES = {f"{entry.topic}/{entry.keys.id}": entry for entry in load("catalogue", Breakage) if entry.keys.id}


def links() -> Iterator[tuple[str, str]]:
    """Where a link stands, and the entry that it names."""
    for path in sorted(TESTS.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.covers":
                yield from (
                    (f"{path.relative_to(TESTS.parent)}:{node.lineno}", ast.literal_eval(each)) for each in node.args
                )
    for case in golden.cases():
        yield from ((f"golden/{case.name}/case.toml", each) for each in case.keys.covers)
    for decision in load("decisions", Decision):
        yield from ((decision.place, each) for each in decision.keys.covers)


def test_every_link_leads_to_an_entry() -> None:
    lost = [
        f"{place}: there is no entry {link} in tests/catalogue/; nearest: {get_close_matches(link, ENTRIES, 1, 0)}"
        for place, link in links()
        if link not in ENTRIES
    ]
    assert not lost, "\n".join(lost)


def test_an_entry_shows_what_it_says_or_is_covered() -> None:
    covered = {link for _, link in links()}
    bare = [
        f"{entry.place} shows nothing, and nothing covers {entry.topic}/{entry.keys.id}"
        for entry in load("catalogue", Breakage)
        if entry.keys.only_named() and f"{entry.topic}/{entry.keys.id}" not in covered
    ]
    assert not bare, "\n".join(bare)


def test_an_id_is_there_to_be_linked_to() -> None:
    assert set(ENTRIES) <= {link for _, link in links()}
