"""The documentation says what is so: what is generated is as it would be written now."""

from __future__ import annotations

from pathlib import Path

import pytest

import make_docs
from dockfix.cli.learn import page as explain
from dockfix.engine.registry import ids, options

README = (make_docs.ROOT / "README.md").read_text("utf-8")


def test_nothing_has_drifted() -> None:
    assert make_docs.drift() == [], f"run: {make_docs.COMMAND}"


def test_the_example_of_the_readme_is_a_golden_case() -> None:
    assert f"golden/{make_docs.README_CASE}/before/Dockerfile" in README


@pytest.mark.parametrize("name", ids())
def test_every_transform_has_a_row_and_a_page(name: str) -> None:
    assert f"\n| [`{name}`](docs/transforms/{name}.md) | " in README
    page = (make_docs.PAGES / f"{name}.md").read_text("utf-8")
    for heading in ("What it does", "Why", "Example", "Fix safety", "In a Dockerfile"):
        assert f"\n\n## {heading}\n\n" in page
    assert page.count("```diff\n") == 1


@pytest.mark.parametrize("name", ids())
def test_a_page_says_what_explain_says(name: str) -> None:
    page = (make_docs.PAGES / f"{name}.md").read_text("utf-8").replace("`", "")
    said = explain(name, lambda text, _: text).partition("\n\nSettings\n")[0].splitlines()[1:]
    assert len(said) > 10
    assert [line for line in said if line.strip() not in page] == []


def test_every_setting_is_listed() -> None:
    everywhere = (make_docs.ROOT / "docs" / "settings.md").read_text("utf-8")
    for key, option in options().items():
        row = f"\n| `{key}` | "
        assert row in (make_docs.PAGES / f"{key.partition('.')[0]}.md").read_text("utf-8")
        assert f" | {option.help} |\n" in everywhere.partition(row)[2]
    assert "| `multi-stage.always` | true or false | false | split even" in everywhere
    assert "| `multi-stage.suite` | `bookworm` or `" in everywhere
    assert "| `multi-stage.keep` | names | none | " in everywhere
    assert "## Settings" not in (make_docs.PAGES / "exec-form.md").read_text("utf-8")


def test_what_has_drifted_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "gone.md").write_text("# gone\n")
    monkeypatch.setattr(make_docs, "PAGES", tmp_path)
    monkeypatch.setattr(make_docs, "ROOT", tmp_path)
    monkeypatch.setattr(make_docs, "documents", lambda: {tmp_path / "new.md": "# new\n"})
    assert make_docs.main(["--check"]) == 1
    assert capsys.readouterr().out == (
        "not up to date: gone.md\nnot up to date: new.md\nrun: python scripts/make_docs.py\n"
    )
    assert make_docs.main([]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["new.md"]
    assert make_docs.main(["--check"]) == 0
    assert capsys.readouterr().out == ""


def test_a_part_goes_between_its_marks() -> None:
    text = "a\n<!-- x: python scripts/make_docs.py -->\nold\n<!-- end of x -->\nb\n"
    assert make_docs.put(text, "x", "new\n") == text.replace("old", "\nnew\n")
    for broken in (text.replace("end of x", "end of y"), text.replace("x: ", "z: ")):
        with pytest.raises(ValueError, match="the part x is not marked"):
            make_docs.put(broken, "x", "")
