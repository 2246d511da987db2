"""What breaks when a stage is split: for each way there is an entry in tests/catalogue/ that says what must hold, and it holds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dockfix.context.dockerignore import parse_ignore
from dockfix.engine import FileResult, Note
from entries import Breakage, Entry, Said, Seen, load, see
from results import broken, refusal, unsafe

ENTRIES = load("catalogue", Breakage)
SHOWN = [entry for entry in ENTRIES if not entry.keys.only_named()]


def faults(keys: Breakage, seen: Seen) -> list[str]:
    """What does not hold of a result although the entry says so."""
    return [*_in_texts(keys, seen), *_in_the_image(keys, seen), *_in_what_is_said(keys, seen.result)]


def _in_texts(keys: Breakage, seen: Seen) -> Iterator[str]:
    texts = seen.texts()
    for part in ("text", "builder", "runtime", "ignore", "said"):
        said: Said = getattr(keys, part)
        if part in texts:
            yield from (f"{part} {fault}" for fault in said.faults(texts[part]))
        elif said != Said():
            yield f"there is no {part}, because there are not two stages"
    ignored = parse_ignore(texts["ignore"] or keys.files.get(".dockerignore", "")).ignores
    yield from (f"{each} is kept out of the build context" for each in keys.sent if ignored(each))
    yield from (f"{each} is in the build context" for each in keys.kept_out if not ignored(each))
    position = 0
    for each in keys.order:
        position = texts["text"].find(each, position)
        if position < 0:
            yield f"{each!r} does not stand where the order says"
            return
        position += len(each)


def _in_the_image(keys: Breakage, seen: Seen) -> Iterator[str]:
    there = seen.installed
    yield from (f"{each} is not installed in the final stage" for each in keys.keeps if each not in there)
    yield from (f"{each} is installed in the final stage" for each in keys.drops if each in there)
    if keys.split is not None and keys.split != seen.split:
        yield "the image is split" if seen.split else "the image is not split"
    if keys.unchanged and seen.after != seen.before:
        yield "the Dockerfile is changed"


def _in_what_is_said(keys: Breakage, result: FileResult) -> Iterator[str]:
    changed = {note.transform for note in result.changes}
    yield from (f"{each} changes nothing" for each in keys.applied if each not in changed)
    yield from (f"{each} changes something" for each in keys.idle if each in changed)
    for kind, reasons, told in (("refused", keys.refused, refusal), ("held back", keys.held_back, unsafe)):
        for transform, reason in reasons.items():
            said = told(result, transform)
            if not said or reason not in said:
                yield f"{transform} is not {kind} because of {reason!r}, but: {said!r}"
    for transform, reason in keys.left.items():
        said = "; ".join(filter(None, (refusal(result, transform), unsafe(result, transform))))
        if transform in changed:
            yield f"{transform} changes something"
        elif not said or reason not in said:
            yield f"{transform} is not left because of {reason!r}, but: {said!r}"
    if keys.warned and not any(keys.warned in note.message for note in result.warnings):
        yield f"no warning says {keys.warned!r}"


@pytest.mark.parametrize(
    ("more", "wrong"),
    [
        ({"left": {"non-root": "port 80"}, "said": Said(has=["unsafe: non-root: "], lacks=["refusal: non-root"])}, ""),
        ({"left": {"non-root": "port 443"}}, "non-root is not left because of 'port 443', but: 'port 80 is low'"),
        ({"left": {"multi-stage": "no gain"}}, ""),
        ({"left": {"exec-form": ""}}, "exec-form changes something"),
        ({"left": {"healthcheck": ""}}, "healthcheck is not left because of '', but: ''"),
        ({"said": Said(lacks=["gain"])}, "said has 'gain'"),
        ({"files": {".dockerignore": "*.md\n"}, "sent": ["app.py"], "kept_out": ["a.md"]}, ""),
        ({"files": {".dockerignore": "*.md\n"}, "sent": ["a.md"]}, "a.md is kept out of the build context"),
        ({"files": {".dockerignore": "*.md\n"}, "kept_out": ["docs/a.md"]}, "docs/a.md is in the build context"),
        ({"text": Said(like=["^USER [0-9]+$"])}, ""),
        ({"text": Said(like=["^USER [a-z]+$"])}, "text has nothing like '^USER [a-z]+$'"),
    ],
)
def test_what_does_not_hold_is_told(more: dict[str, Any], wrong: str) -> None:
    result = FileResult(
        "Dockerfile",
        changes=(Note("exec-form", 3, "CMD is a list"),),
        unsafe=(Note("non-root", 1, "port 80 is low"),),
        refusals=(Note("multi-stage", 1, "gcc stays"), Note("multi-stage", 1, "no gain")),
    )
    seen = Seen("FROM python:3.11\nUSER 1000\nCMD python app.py\n", result)
    found = faults(Breakage(name="", **more), seen)
    assert found == ([wrong] if wrong else [])


@pytest.mark.parametrize("entry", SHOWN, ids=str)
def test_what_must_hold(entry: Entry[Breakage], tmp_path: Path) -> None:
    seen = see(entry.keys, tmp_path)
    assert not seen.result.failures, entry.place
    assert not broken(seen.result), entry.place
    wrong = faults(entry.keys, seen)
    assert not wrong, "\n".join([f"{entry.place}: {entry.keys.name}", *wrong, seen.shown()])


def test_no_entry_holds_without_a_word_where_nothing_is_done() -> None:
    silent = [
        entry.place
        for entry in SHOWN
        if not (entry.keys.split is False or entry.keys.unchanged or entry.keys.idle or entry.keys.left)
        and not faults(entry.keys, Seen(entry.keys.written(), FileResult("Dockerfile")))
    ]
    assert not silent, "these would hold if dockfix did nothing; say split, unchanged, applied or idle"


def test_every_topic_has_entries_with_names_of_their_own() -> None:
    assert len({entry.topic for entry in ENTRIES}) >= 10
    assert len({entry.keys.name for entry in ENTRIES}) == len(ENTRIES) >= 500
    ids = [f"{entry.topic}/{entry.keys.id}" for entry in ENTRIES if entry.keys.id]
    assert len(set(ids)) == len(ids)
