"""CONTRIBUTING's example of a transform works as it stands there."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable
from pathlib import Path

import pytest

import golden
import make_docs
import schema
from checks import check_noop, check_transformed
from dockfix.engine import runner
from dockfix.engine.transform import Transform

TEXT = (golden.ROOT / "CONTRIBUTING.md").read_text("utf-8")
SELECT = ["maintainer-label"]


def example(kind: str, part: str) -> str:
    """The one block of a kind that has a part."""
    (found,) = [block for block in re.findall(rf"^```{kind}\n(.*?)^```$", TEXT, re.M | re.S) if part in block]
    return found


def loaded(path: Path, text: str) -> dict[str, object]:
    """The names of a module that is written to a file and imported from there."""
    path.write_text(text, "utf-8")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return vars(module)


@pytest.fixture
def transform(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Transform:
    kind = loaded(tmp_path / "maintainer_label.py", example("python", "class MaintainerLabel"))["MaintainerLabel"]
    assert isinstance(kind, type) and issubclass(kind, Transform)
    made = kind()
    monkeypatch.setattr(runner, "transforms", lambda: (made,))
    return made


def test_the_module(transform: Transform) -> None:
    assert [transform.id] == SELECT
    page = make_docs.page(transform)
    for heading in ("What it does", "Why", "Example", "Fix safety"):
        assert f"\n\n## {heading}\n\n" in page
    label = "LABEL org.opencontainers.image.authors"
    check_noop(f"FROM a\nMAINTAINER Jo\n{label}=Flo\n", select=SELECT, refused="label org.opencontainers.image.authors")
    check_noop(f"FROM a\n{label}=Flo\n", select=SELECT)
    check_transformed(
        "from a\nmaintainer  Jo  Do\n", f'from a\n{label.replace("LABEL", "label")}="Jo  Do"\n', select=SELECT
    )


@pytest.mark.usefixtures("transform")
def test_the_golden_case(tmp_path: Path) -> None:
    keys = schema.read(golden.Keys, schema.parse(example("toml", "title"), ""), "")
    case = golden.Case(tmp_path, keys)
    (tmp_path / "Dockerfile").write_text(example("dockerfile", "MAINTAINER"), "utf-8")
    (tmp_path / "app.py").write_text(example("python", "print("), "utf-8")
    result = golden.render(case, tmp_path)
    assert [note.transform for note in result.changes] == keys.expect.transforms == SELECT
    assert (keys.build, len(result.files), result.warnings) == (True, 1, ())


@pytest.mark.usefixtures("transform")
def test_the_tests(tmp_path: Path) -> None:
    names = loaded(tmp_path / "test_example.py", example("python", "def test_"))
    tests: list[Callable[[], None]] = [
        each for name, each in names.items() if name.startswith("test_") and callable(each)
    ]
    assert len(tests) == 2
    for test in tests:
        test()
