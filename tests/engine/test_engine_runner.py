"""The safety nets around the transforms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest

from dockfix.engine import Settings, run, runner
from dockfix.engine.invariants import View, Violation, violations
from dockfix.engine.transform import Edit, Outcome, Transform
from dockfix.facts import Facts
from dockfix.model.reason import Declared, doubt
from dockfix.syntax import Instruction, snippet
from results import Project, text_of

Change = Callable[[Facts, Instruction], str]
TEXT = 'FROM python:3.11-slim\n# why\nRUN make install\nENV A=1\nCMD ["python", "app.py"]\n'


class Fake(Transform):
    """A transform that replaces every RUN or CMD by what a function makes of it."""

    id: ClassVar[str] = "fake"
    title: ClassVar[str] = "fake"
    atomic: ClassVar[bool] = False

    def __init__(self, keyword: str, change: Change, **outcome: object) -> None:
        self.keyword, self.change, self.outcome = keyword, change, outcome

    def apply(self, facts: Facts) -> Outcome:
        edits = [
            Edit(node, snippet(facts.tree, new, node.line), node.line, "reason")
            for node in facts.tree.instructions
            if node.keyword == self.keyword and (new := self.change(facts, node)) != node.text
        ]
        return Outcome(edits, **self.outcome)  # type: ignore[arg-type]


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def use(*transforms: Fake) -> None:
        monkeypatch.setattr(runner, "transforms", lambda: transforms)

    return use


def comment_above(facts: Facts, node: Instruction) -> str:
    return node.text if "touched" in str(facts.tree) else "# touched\n" + node.text


@pytest.mark.parametrize(
    ("fake", "broken"),
    [
        (Fake("CMD", lambda facts, node: 'CMD ["other"]\n'), "CMD of the image would change"),
        (Fake("ENV", lambda facts, node: "ENV A=2\n"), "ENV A of the image would change"),
        (Fake("ENV", lambda facts, node: "USER 5\nENV A=1\n"), "USER of the image would change"),
        (Fake("RUN", lambda facts, node: ""), "would no longer run: make install"),
        (
            Fake("RUN", lambda facts, node: "RUN make install\nRUN pip install x\n"),
            "what pip installs would change",
        ),
        (Fake("CMD", lambda facts, node: 'CMD ["python", "app.py"]\nGONE x\n'), "has an error in line"),
        (Fake("ENV", lambda facts, node: "WORKDIR /x\nENV A=1\n"), "WORKDIR of the image would change"),
        (Fake("ENV", lambda facts, node: 'SHELL ["bash"]\nENV A=1\n'), "SHELL of the image would change"),
        (Fake("ENV", lambda facts, node: "LABEL a=b\nENV A=1\n"), "LABEL a of the image would change"),
    ],
)
def test_a_pass_that_breaks_something_is_rolled_back_and_named(
    project: Project, fakes: Callable[..., None], fake: Fake, broken: str
) -> None:
    fakes(fake, Fake("RUN", comment_above))
    result = project(TEXT)
    assert any(
        note.transform == "fake" and "rolled back" in note.message and broken in note.message
        for note in result.warnings
    )
    assert text_of(result) == TEXT.replace("RUN", "# touched\nRUN")


def test_a_pass_that_cannot_be_checked_is_rolled_back_and_the_others_run(
    project: Project, fakes: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def net(before: View, after: View, declares: frozenset[Declared]) -> list[Violation]:
        if "LABEL" in after.tree.text:
            raise IndexError("a net is torn")
        return violations(before, after, declares)

    monkeypatch.setattr(runner, "violations", net)
    fakes(Fake("ENV", lambda facts, node: "LABEL a=b\nENV A=1\n"), Fake("RUN", comment_above))
    result = project(TEXT)
    (warning,) = [note for note in result.warnings if "rolled back" in note.message]
    assert "it could not be checked: IndexError: a net is torn; please report this" in warning.message
    assert "LABEL" not in result.files[0].after
    assert len(result.changes) == 1


def test_a_comment_may_not_be_lost(project: Project, fakes: Callable[..., None]) -> None:
    class Loses(Fake):
        def apply(self, facts: Facts) -> Outcome:
            return Outcome([Edit(node, (), node.line, "reason") for node in facts.tree.nodes if node.text == "# why\n"])

    fakes(Loses("RUN", comment_above))
    result = project(TEXT)
    assert not result.files
    assert "a comment is lost: # why" in result.warnings[0].message


def test_a_declared_change_is_let_through(project: Project, fakes: Callable[..., None]) -> None:
    fakes(Fake("ENV", lambda facts, node: "ENV A=2\n", declares=frozenset({Declared("ENV", "A")})))
    assert "ENV A=2\n" in text_of(project(TEXT))


@pytest.mark.parametrize(
    ("fake", "declared"),
    [
        (Fake("ENV", lambda facts, node: "LABEL a=b\nENV A=1\n"), Declared("LABEL", "a")),
        (Fake("RUN", lambda facts, node: ""), Declared("RUN", "make install")),
        (Fake("ENV", lambda facts, node: "WORKDIR /x\nENV A=1\n"), Declared("WORKDIR")),
    ],
)
def test_who_wrote_the_transform_is_told_what_to_declare(
    project: Project, fakes: Callable[..., None], fake: Fake, declared: Declared
) -> None:
    fakes(fake)
    (warning,) = project(TEXT).warnings
    assert warning.message.endswith(f"the transform has to declare {declared.source}")
    assert "report" not in warning.message
    fakes(Fake(fake.keyword, fake.change, declares=frozenset({declared})))
    assert not [note for note in project(TEXT).warnings if "rolled back" in note.message]


def test_a_fault_that_nothing_can_allow_is_to_be_reported(project: Project, fakes: Callable[..., None]) -> None:
    fakes(Fake("CMD", lambda facts, node: node.text + "GONE x\n"))
    (warning,) = project(TEXT).warnings
    assert warning.message.endswith("please report this")


def test_a_pass_that_fails_does_not_take_the_others_with_it(project: Project, fakes: Callable[..., None]) -> None:
    def fails(facts: Facts, node: Instruction) -> str:
        raise ZeroDivisionError("oops")

    fakes(Fake("CMD", fails), Fake("RUN", comment_above))
    result = project(TEXT)
    assert "ZeroDivisionError: oops" in result.warnings[0].message
    assert "# touched" in text_of(result)


def test_a_pass_that_never_settles_is_left_out(project: Project, fakes: Callable[..., None]) -> None:
    grows = Fake("RUN", lambda facts, node: "# more\n" + node.text)
    grows_id = type("Grows", (Fake,), {"id": "grows"})("CMD", lambda facts, node: "# more\n" + node.text)
    fakes(grows_id, Fake("RUN", comment_above))
    result = project(TEXT)
    assert [note.transform for note in result.warnings] == ["grows"]
    assert "second run" in result.warnings[0].message
    assert text_of(result) == TEXT.replace("RUN", "# touched\nRUN")
    fakes(grows)
    assert not project(TEXT).files


def test_two_passes_that_undo_each_other_are_found(project: Project, fakes: Callable[..., None]) -> None:
    there = type("There", (Fake,), {"id": "there"})(
        "ENV", lambda facts, node: "ENV A=2\n", declares=frozenset({Declared("ENV", "A")})
    )
    back = type("Back", (Fake,), {"id": "back"})(
        "ENV", lambda facts, node: "ENV A=1\n", declares=frozenset({Declared("ENV", "A")})
    )
    fakes(there, back)
    result = project(TEXT)
    assert "second run" in result.warnings[0].message
    assert not result.files


def test_unsafe_changes_are_only_listed(project: Project, fakes: Callable[..., None]) -> None:
    fakes(Fake("RUN", comment_above, doubts=(doubt("nobody knows"),)))
    result = project(TEXT)
    assert not result.files
    assert "nobody knows" in result.unsafe[0].message
    assert "# touched" in text_of(project(TEXT, unsafe=True))


@pytest.mark.parametrize(
    ("comment", "changed"),
    [
        ("# dockfix: ignore[fake] we know better", False),
        ("# dockfix: ignore[fake,other]", False),
        ("# dockfix: ignore", False),
        ("# dockfix: ignore[other]", True),
        ("# dockfix: ignore-file[fake] reason", False),
    ],
)
def test_suppression(project: Project, fakes: Callable[..., None], comment: str, changed: bool) -> None:
    fakes(Fake("RUN", comment_above))
    result = project(TEXT.replace("# why", comment))
    assert bool(result.files) == changed
    assert any("holds nothing back" in note.message for note in result.warnings) == changed


def test_a_suppression_that_names_no_transform_says_which_may_be_meant(project: Project) -> None:
    text = 'FROM python:3.11\n# dockfix: ignore[mutli-stage,non-root]\nRUN pip install flask\n# dockfix: ignore-file[qwx]\nCMD ["a"]\n'
    said = [(note.line, note.message) for note in project(text).warnings if not note.transform]
    assert (2, "there is no transform mutli-stage; did you mean multi-stage?") in said
    assert [message for line, message in said if line == 4] == [
        "there is no transform qwx, so this suppression holds nothing back"
    ]


@pytest.mark.parametrize(
    ("comment", "form"),
    [
        ("# dockfix: ignore=non-root", "# dockfix: ignore[non-root]"),
        ("# dockfix: ignore-file=nonroot", "# dockfix: ignore-file[nonroot]"),
        ("# dockfix: ignore: multi-stage, non-root", "# dockfix: ignore[multi-stage, non-root]"),
        ("# dockfix: ignore(virtualenv) it is ours", "# dockfix: ignore[virtualenv]"),
        ("# dockfix: ignore-file = slim_base", "# dockfix: ignore-file[slim_base]"),
        ("# dockfix: ignore (we know better)", ""),
        ("# dockfix: ignore: it has to stay", ""),
        ("# dockfix: ignore[non-root]: it has to stay", ""),
    ],
)
def test_ids_without_brackets_are_told(project: Project, comment: str, form: str) -> None:
    text = f'FROM python:3.11\nWORKDIR /srv\n{comment}\nRUN pip install flask\nCOPY . .\nCMD ["python", "app.py"]\n'
    said = [note.message for note in project(text).warnings if not note.transform and "in brackets" in note.message]
    assert [message.rpartition(": ")[2] for message in said] == ([form.rpartition(": ")[2]] if form else [])


def test_a_suppression_holds_for_the_instruction_below_it_only(project: Project, fakes: Callable[..., None]) -> None:
    fakes(Fake("CMD", comment_above))
    assert project(TEXT.replace("# why", "# dockfix: ignore[fake]")).files


@pytest.mark.parametrize(
    ("comment", "held"),
    [
        ("# dockfix: ignore-file[fake] reason", "suppressed for the whole file"),
        ("# dockfix: ignore-file", "suppressed for the whole file"),
        ("# dockfix: ignore-file[other]", ""),
    ],
)
def test_a_suppression_for_the_whole_file_holds_wherever_it_stands(
    project: Project, fakes: Callable[..., None], comment: str, held: str
) -> None:
    fakes(Fake("CMD", comment_above))
    result = project(TEXT.replace("# why", comment))
    assert bool(result.files) == (not held)
    assert [note.message for note in result.refusals] == ([held] if held else [])


def test_select_and_ignore(project: Project) -> None:
    text = (
        'FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\nCMD ["python", "app.py"]\n'
    )
    assert {note.transform for note in project(text, only="non-root").changes} == {"non-root"}
    assert "syntax-directive" not in {note.transform for note in project(text).changes}
    assert text_of(project(text, only="syntax-directive")) == "# syntax=docker/dockerfile:1\n" + text


def test_problems_are_failures_with_a_place(tmp_path: Path) -> None:
    path = tmp_path / "Dockerfile"
    path.write_text("FROM python:3.11\nRUN x \\\n  gcc \\  # why\n  && y\n", encoding="utf-8")
    (failure,) = run(path, Settings()).failures
    assert failure.line == 3
    assert failure.column > 1
    assert failure.hint


def test_a_change_that_only_moves_to_another_line_is_not_offered_again(
    project: Project, fakes: Callable[..., None]
) -> None:
    class Below(Fake):
        def apply(self, facts: Facts) -> Outcome:
            found = super().apply(facts)
            return replace(found, edits=[replace(each, line=len(facts.tree.instructions)) for each in found.edits])

    def labelled(facts: Facts, node: Instruction) -> str:
        return node.text if "LABEL" in str(facts.tree) else f"LABEL a=b\n{node.text}"

    above = type("Above", (Fake,), {"id": "above"})(
        "RUN", labelled, doubts=(doubt("nobody knows"),), declares=frozenset({Declared("LABEL", "a")})
    )
    fakes(above, Below("ENV", comment_above))
    result = project(TEXT)
    assert [(note.transform, note.line) for note in result.changes] == [("fake", 4)]
    assert [note.transform for note in result.unsafe] == ["above"]
    fakes(above, Below("ENV", comment_above, doubts=(doubt("nobody saw it"),)))
    assert [note.transform for note in project(TEXT).unsafe] == ["above", "fake"]
