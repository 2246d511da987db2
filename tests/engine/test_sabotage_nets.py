"""The nets see everything that can be taken out of a final stage: every line of every golden result, and what mutant transforms forget."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest

import golden
from dockfix.engine import runner
from dockfix.engine.invariants import View, violations
from dockfix.engine.nets.kinds import Asked, installed
from dockfix.engine.runner import gather
from dockfix.engine.transform import Edit, Outcome
from dockfix.facts import Facts
from dockfix.facts.between_stages import names_of, taken_from
from dockfix.managers.commands import model_of
from dockfix.model.actions import Install
from dockfix.model.reason import Declared
from dockfix.model.stages import Stage, Step, Unit
from dockfix.syntax import Dockerfile, Instruction, decode, parse, problems, replace_nodes, snippet
from dockfix.syntax.shell import Word
from dockfix_transforms.multi_stage import MultiStage
from dockfix_transforms.virtualenv import Virtualenv
from results import Project, text_of

# The nets judge each transform. Over all of them at once, a package that the split takes out of the builder and another base image out of
# the last stage (curl) looks as if an install had lost it: that case is not for these tests.
CASES = [
    case
    for case in golden.cases()
    if (case.path / "after" / case.dockerfile).is_file() and case.name != "distroless-service"
]
Mutants = Iterator[tuple[str, Dockerfile]]


def mutants(tree: Dockerfile) -> Mutants:
    """The tree with any one line of its final stage taken out, any one variable or label, any one package; each with its name."""
    for step in model_of(tree).final.steps:
        node = step.instruction
        yield node.original, replace_nodes(tree, {node: ()})
        if node.keyword in {"ENV", "LABEL"} and len(node.words) > 2:
            yield from without_pairs(tree, node)
        for unit in step.units:
            for word in packages(unit):
                left = step.shell_form and step.shell_form.edited(remove=[word])
                assert left is not None
                yield f"{word.text} of {node.original}", replace_nodes(tree, {node: (left,)})


def without_pairs(tree: Dockerfile, node: Instruction) -> Mutants:
    pairs = list(zip(node.words[::2], node.words[1::2], strict=True))
    for pair in pairs:
        rest = " ".join(f"{key}={value}" for key, value in pairs if (key, value) != pair)
        yield (
            f"{pair[0]} of {node.original}",
            replace_nodes(tree, {node: snippet(tree, f"{node.keyword} {rest}\n", node.line)}),
        )


def packages(unit: Unit) -> list[Word]:
    if not isinstance(unit.effects.action, Install):
        return []
    return [
        word for word in unit.command.args if not word.text.startswith("-") and word.value not in {"install", "pip"}
    ]


@pytest.fixture(scope="module", params=CASES, ids=[case.name for case in CASES])
def case(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[View, Callable[[Dockerfile], View], Dockerfile, frozenset[Declared]]:
    """What the nets see of the original, how they see a tree in the result's context, the result, and what the run declared."""
    found: golden.Case = request.param
    root = tmp_path_factory.mktemp(found.name)
    for name in ("before", "after"):
        shutil.copytree(found.path / "before", root / name, symlinks=True)
    declares = golden.render(found, root / "before").declares
    for name, content in found.expected().items():
        (root / "after" / name).write_bytes(content)
    before, after = (root / name / found.dockerfile for name in ("before", "after"))

    def view(tree: Dockerfile, path: Path = after) -> View:
        return View(gather(path, tree))

    tree = parse(decode(after.read_bytes()))
    return view(parse(decode(before.read_bytes())), before), view, tree, declares


Seen = tuple[View, Callable[[Dockerfile], View], Dockerfile, frozenset[Declared]]


def test_a_golden_result_breaks_nothing(case: Seen) -> None:
    original, view, tree, declares = case
    assert [str(found) for found in violations(original, view(tree), declares)] == []


def test_whatever_is_taken_out_of_the_final_stage_is_missed(case: Seen) -> None:
    original, view, tree, declares = case
    found = list(mutants(tree))
    assert len(found) >= len(model_of(tree).final.steps)
    assert not [name for name, mutant in found if problems(mutant)]
    assert [name for name, mutant in found if not violations(original, view(mutant), declares)] == []


def test_whatever_is_declared_and_left_as_it_was_is_told(case: Seen) -> None:
    original, view, tree, declares = case
    more = frozenset({Declared("LABEL", "no.such"), Declared("PACKAGE", "no-such"), Declared("FILE", "/no/such")})
    said = [str(found) for found in violations(original, view(tree), declares | more)]
    assert [text.split("alters ", 1)[1].split(", which", 1)[0] for text in said] == sorted(map(str, more))


def test_what_an_install_needs_may_not_leave_the_builder(case: Seen) -> None:
    original, view, tree, declares = case
    builders = needed_stages(tree)
    asked = [found.asked for stage in builders for _, unit in stage.units if (found := installed(unit)) is not None]
    installs = {
        step: step.instruction
        for stage in builders
        for step in stage.steps
        if any(is_needed(unit, asked) for unit in step.units) or brings_manifests(step)
    }
    for node in installs.values():
        assert violations(original, view(replace_nodes(tree, {node: ()})), declares), node.original


def needed_stages(tree: Dockerfile) -> list[Stage]:
    """The stages that the image takes something from, and those below them: others are built by their names alone."""
    stages = model_of(tree).stages
    taken = [each for each in stages[:-1] if names_of(each) & set(taken_from(stages[-1]))]
    below = {stage for each in (*taken, stages[-1]) for stage in each.lineage} - {stages[-1]}
    return [stage for stage in stages if stage in below]


def is_needed(unit: Unit, asked: Sequence[Asked]) -> bool:
    """Whether it installs what no other install brings: a layer of dependencies is there for the cache alone."""
    found = installed(unit)
    return found is not None and not any(map(found.asked.brings_less_than, asked))


def brings_manifests(step: Step) -> bool:
    return step.copy is not None and any("requirements" in source for source in step.copy.sources)


# --- mutant transforms, which only the runner can stop -------------------------------------------------------------------

TEXT = """FROM python:3.11-slim
WORKDIR /app
RUN apt-get update && apt-get install -y gcc libpq-dev curl && rm -rf /var/lib/apt/lists/*
COPY requirements.txt .
RUN pip install -r requirements.txt
COPY . .
CMD ["python", "app.py"]
"""
Keep = Callable[[Instruction], bool]


class Forgetful(MultiStage):
    """A multi-stage that loses some of the instructions that it writes."""

    id: ClassVar[str] = "forgetful"

    def __init__(self, keeps: Keep, *, declares: frozenset[Declared] | None = None) -> None:
        self.keeps, self.declares = keeps, declares

    def apply(self, facts: Facts) -> Outcome:
        outcome = super().apply(facts)
        edits = [Edit(edit.node, tuple(self.left(edit)), edit.line, edit.reason) for edit in outcome.edits]
        return replace(outcome, edits=edits, declares=outcome.declares if self.declares is None else self.declares)

    def left(self, edit: Edit) -> Iterator[object]:
        return (node for node in edit.replacement if not isinstance(node, Instruction) or self.keeps(node))


@pytest.fixture
def with_transforms(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def use(*transforms: object) -> None:
        monkeypatch.setattr(runner, "transforms", lambda: transforms)

    return use


def is_carried(node: Instruction) -> bool:
    return any(flag.name == "from" for flag in node.flags)


@pytest.mark.parametrize(
    ("keeps", "missed"),
    [
        (lambda node: not is_carried(node), "/opt/venv, made in line 4, would not be in the image"),
        (lambda node: node.keyword != "COPY", "requirements.txt"),
        (lambda node: node.keyword != "COPY" or is_carried(node), "requirements.txt"),
        (lambda node: node.keyword != "ENV", "/opt/venv, made in line 4, would not be in the image"),
        (
            lambda node: "curl" not in node.text,
            "libpq5 would not be installed, which is to take the place of libpq-dev",
        ),
        (lambda node: node.keyword != "RUN", "what pip installs would change"),
        (lambda node: "-m venv" not in node.text, "/opt/venv, made in line 4, would not be in the image"),
    ],
    ids=["COPY --from", "all COPY", "COPY", "ENV", "curl", "RUN", "venv"],
)
def test_a_transform_that_forgets_something_is_rolled_back_and_named(
    project: Project, with_transforms: Callable[..., None], keeps: Keep, missed: str
) -> None:
    with_transforms(Virtualenv(), Forgetful(keeps))
    result = project(TEXT)
    (warning,) = [note for note in result.warnings if "rolled back" in note.message]
    assert warning.transform == "forgetful"
    assert missed in warning.message
    assert "FROM python:3.11-slim AS builder" not in text_of(result)


def test_without_path_an_installer_of_the_environments_own_is_not_found(
    project: Project, with_transforms: Callable[..., None]
) -> None:
    with_transforms(Virtualenv(), Forgetful(lambda node: node.keyword != "ENV"))
    (warning,) = project(TEXT, options={"virtualenv.installer": True}).warnings
    assert "would stay in another stage, in /usr/local" in warning.message


def test_a_transform_that_forgets_nothing_is_not(project: Project, with_transforms: Callable[..., None]) -> None:
    with_transforms(Virtualenv(), Forgetful(lambda node: True))
    result = project(TEXT)
    assert "COPY --from=builder /opt/venv /opt/venv" in text_of(result)
    assert not result.warnings


def test_a_transform_that_does_not_declare_the_packages_is_told_which(
    project: Project, with_transforms: Callable[..., None]
) -> None:
    with_transforms(Virtualenv(), Forgetful(lambda node: True, declares=frozenset()))
    (warning,) = project(TEXT).warnings
    assert (
        'the transform has to declare Declared("ENV", "PIP_PYTHON") and Declared("PACKAGE", "gcc")' in warning.message
    )


def test_a_transform_that_declares_a_library_and_forgets_it_is_rolled_back(
    project: Project, with_transforms: Callable[..., None]
) -> None:
    declares = frozenset({Declared("PACKAGE", "gcc"), Declared("PACKAGE", "libpq-dev", ("libpq5", "libkrb5-3"))})
    with_transforms(Virtualenv(), Forgetful(lambda node: True, declares=declares))
    (warning,) = project(TEXT).warnings
    assert "libkrb5-3 would not be installed, which is to take the place of libpq-dev" in warning.message
