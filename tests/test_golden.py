"""Every golden case gives its blessed result: diff and files, with either line end, and nothing on a second run."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import golden
from results import broken

CASES = golden.cases()


def to_crlf(text: bytes) -> bytes:
    return text.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def to_lf(text: bytes) -> bytes:
    return text.replace(b"\r\n", b"\n")


@pytest.fixture
def context(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[golden.Case, Path]:
    case: golden.Case = request.param
    shutil.copytree(case.path / "before", tmp_path / "context", symlinks=True)
    return case, tmp_path / "context"


each_case = pytest.mark.parametrize("context", CASES, indirect=True, ids=[case.name for case in CASES])


def test_there_are_cases() -> None:
    assert len(CASES) >= 15


@each_case
def test_files_and_diff(context: tuple[golden.Case, Path]) -> None:
    case, root = context
    result = golden.render(case, root)
    assert not result.failures
    assert golden.outputs(result, root) == case.expected()
    assert golden.diff(result, root).encode("utf-8", "surrogateescape") == (case.path / "expected.diff").read_bytes()


@each_case
def test_what_the_case_expects(context: tuple[golden.Case, Path]) -> None:
    case, root = context
    result = golden.render(case, root)
    expect = case.keys.expect
    assert bool(result.files) == expect.changed
    assert sorted({note.transform for note in result.changes}) == sorted(expect.transforms)
    for transform, word in expect.refused.items():
        assert any(
            note.transform == transform and word in note.message for note in (*result.refusals, *result.unsafe)
        ), result
    assert not broken(result)


@each_case
@pytest.mark.parametrize("convert", [to_crlf, to_lf], ids=["crlf", "lf"])
def test_either_line_end(context: tuple[golden.Case, Path], convert: object) -> None:
    case, root = context
    assert callable(convert)
    path = root / case.dockerfile
    path.write_bytes(convert(path.read_bytes()))
    expected = case.expected()
    outputs = golden.outputs(golden.render(case, root), root)
    assert outputs.get(case.dockerfile) == (convert(expected[case.dockerfile]) if case.dockerfile in expected else None)


@each_case
def test_a_second_run_changes_nothing(context: tuple[golden.Case, Path]) -> None:
    case, root = context
    for name, content in golden.outputs(golden.render(case, root), root).items():
        (root / name).write_bytes(content)
    assert not golden.render(case, root).files
