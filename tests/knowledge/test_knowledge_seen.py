from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from dockfix.knowledge.seen import SHIPPED, Seen, SeenError, Shelf, book, read_seen, rendered

FLASK = Seen(
    "flask", "3.0.3", "3.11", "glibc", "x86_64", "bookworm", "pure", (), ("Werkzeug>=3.0.0",), "2026-11-01 web"
)
LXML = Seen("lxml", "5.2.2", "3.11", "glibc", "x86_64", "bookworm", "binary", ("libz.so.1",), (), "2026-11-01 web")


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "dockfix.knowledge.toml"
    file.write_text(rendered([LXML, FLASK]))
    assert read_seen(file) == (FLASK, LXML)
    assert rendered(read_seen(file)) == file.read_text()
    assert book(str(file)).of("flask", "3.0.3") == (FLASK,)
    assert book(str(file)).of("flask", "3.0.4") == ()
    assert book(str(file)).of("lxml") == (LXML,)


def test_of_two_that_speak_of_the_same_the_later_one_counts() -> None:
    later = replace(LXML, needs=(), where="2026-11-02 api")
    assert [line for line in rendered([later, LXML]).splitlines() if "lxml" in line] == [
        line for line in rendered([later]).splitlines() if "lxml" in line
    ]


@pytest.mark.parametrize(("old", "new", "said"), [
    ("format = 1", "format = 2", "its format is 2, and this dockfix knows 1"),
    ("format = 1", "", "its format is None"),
    ("5.2.2", "5.2.3", "an entry was altered"),
    ("libz.so.1", "libpq.so.5", "an entry was altered"),
    ('"binary"', '"pure"', "an entry was altered"),
    (', where = "2026-11-01 web"', "", "an entry has other keys"),
    ("distributions = [", "others = [", "it has no list of distributions"),
    ("[", "[[[", "it cannot be read"),
    ('"libz.so.1"', "3", "an entry was altered"),
])  # fmt: skip
def test_what_was_tampered_with_says_nothing(tmp_path: Path, old: str, new: str, said: str) -> None:
    file = tmp_path / "dockfix.knowledge.toml"
    text = rendered([FLASK, LXML])
    assert old in text
    file.write_text(text.replace(old, new))
    with pytest.raises(SeenError, match=said):
        read_seen(file)
    assert book(str(file)).of("flask") == book("").of("flask")


def test_lines_can_be_taken_away_and_put_together(tmp_path: Path) -> None:
    file = tmp_path / "dockfix.knowledge.toml"
    text = rendered([FLASK, LXML])
    file.write_text("\n".join(line for line in text.splitlines() if "flask" not in line))
    assert read_seen(file) == (LXML,)


def test_the_line_is_named(tmp_path: Path) -> None:
    file = tmp_path / "dockfix.knowledge.toml"
    text = rendered([FLASK, LXML]).replace("5.2.2", "5.2.3")
    file.write_text(text)
    with pytest.raises(SeenError) as error:
        read_seen(file)
    assert "5.2.3" in text.splitlines()[error.value.line - 1]


def test_a_file_that_is_not_there_says_nothing(tmp_path: Path) -> None:
    assert read_seen(tmp_path / "none.toml") == ()


def test_a_file_that_is_laid_out_in_another_way_is_read_as_well(tmp_path: Path) -> None:
    file = tmp_path / "dockfix.knowledge.toml"
    odd = replace(FLASK, requires=('Babel; extra == "i18n"', "a\\b", "\u00fc"))
    text = rendered([odd, LXML])
    file.write_text(
        text.replace("= 1", "=1").replace("distributions = [\n", "distributions=[").replace("version =", "version=")
    )
    assert read_seen(file) == (odd, LXML)
    file.write_text(text)
    assert read_seen(file) == (odd, LXML)
    file.write_text(text.replace("2026-11-01 web", "\\x41"))  # an escape of neither JSON nor TOML
    with pytest.raises(SeenError, match="it cannot be read"):
        read_seen(file)


def test_what_is_shipped_is_as_it_was_made() -> None:
    text = SHIPPED.read_text("utf-8")
    assert rendered(read_seen(SHIPPED)) == text
    assert tomllib.loads(text)["format"] == 1
    assert len(text) < 2 << 20


def test_what_is_shipped_is_taken_entry_by_entry() -> None:
    text = rendered([FLASK, LXML, replace(LXML, version="5.3.0")])
    shelf = Shelf(text)
    assert shelf.of("flask") == (FLASK,)
    assert [each.version for each in shelf.of("lxml")] == ["5.2.2", "5.3.0"]
    assert shelf.of("lxm") == shelf.of("") == ()


@pytest.mark.parametrize(("old", "new"), [
    ("libz.so.1", "libpq.so.5"), ('"binary"', '"pure"'), ('"5.2.2"', '"5.2.3"'), (', where = "2026-11-01 web"', ""), ("needs = [", "needs = "),
])  # fmt: skip
def test_an_entry_of_what_is_shipped_that_was_altered_says_nothing(old: str, new: str) -> None:
    text = rendered([LXML])
    assert old in text
    assert Shelf(text.replace(old, new)).of("lxml") == ()
