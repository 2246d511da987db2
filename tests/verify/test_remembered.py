"""What a proof keeps of what it saw of packages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dockfix.knowledge.seen import Seen, SeenError, read_seen
from dockfix.verify.image import Image, RuntimeFacts
from dockfix.verify.remembered import remember, witnessed
from dockfix.verify.snapshot import Entry, Snapshot

FLASK = {"name": "flask", "version": "3.0.3", "kind": "pure", "needs": [], "requires": ["Werkzeug>=3.0.0"]}
LXML = {"name": "lxml", "version": "5.2.2", "kind": "binary", "needs": ["libz.so.1"], "requires": []}
ENTRY = Seen("lxml", "5.2.2", "3.11", "glibc", "x86_64", "bookworm", "binary", ("libz.so.1",))


def image(*seen: Any, libc: str = "glibc", machine: str = "x86_64") -> Image:
    facts = RuntimeFacts("/usr/local/bin/python", "3.11.9", {}, {}, "", tuple(seen), libc, machine)
    snapshot = Snapshot({"/": Entry("dir")}, {"/etc/os-release": "VERSION_CODENAME=bookworm\n"})
    return Image({}, snapshot, {"python": facts})


def test_what_an_image_holds() -> None:
    assert witnessed(image(FLASK, LXML)) == (
        Seen("flask", "3.0.3", "3.11", "glibc", "x86_64", "bookworm", "pure", (), ("Werkzeug>=3.0.0",)),
        ENTRY,
    )
    assert witnessed(image(LXML, libc="musl", machine="arm64"))[0].what[3:] == ("musl", "aarch64", "")


@pytest.mark.parametrize("said", [
    {}, {**LXML, "kind": "else"}, {**LXML, "version": ""}, {**LXML, "needs": None}, "nothing", None,
])  # fmt: skip
def test_what_makes_no_sense_is_left_out(said: Any) -> None:
    assert witnessed(image(said, LXML)) == (ENTRY,)


def test_an_image_without_an_interpreter() -> None:
    assert witnessed(Image({}, Snapshot({}))) == ()


def test_it_is_kept_with_the_day_and_the_dockerfile(tmp_path: Path) -> None:
    file = tmp_path / "cache/knowledge.toml"
    other = tmp_path / "elsewhere/api/Dockerfile"
    assert remember(file, [(other, [ENTRY])]) == 1
    (kept,) = read_seen(file)
    assert kept.what == ENTRY.what
    assert kept.where.endswith(" api/Dockerfile")
    shared = tmp_path / "dockfix.knowledge.toml"
    remember(shared, [(tmp_path / "services/api/Dockerfile", [ENTRY])])
    assert read_seen(shared)[0].where.endswith(" services/api/Dockerfile")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_what_is_known_already_is_not_written_again(tmp_path: Path) -> None:
    file = tmp_path / "knowledge.toml"
    remember(file, [(tmp_path / "a/Dockerfile", [ENTRY])])
    before = file.read_text()
    assert remember(file, [(tmp_path / "b/Dockerfile", [ENTRY])]) == 0
    assert file.read_text() == before
    another = Seen("lxml", "6.0.0", "3.11", "glibc", "x86_64", "bookworm", "binary", ("libz.so.1",))
    assert remember(file, [(tmp_path / "b/Dockerfile", [another, ENTRY])]) == 1
    assert {each.version for each in read_seen(file)} == {"5.2.2", "6.0.0"}


def test_a_file_that_was_tampered_with_is_not_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "knowledge.toml"
    remember(file, [(tmp_path / "a/Dockerfile", [ENTRY])])
    file.write_text(file.read_text().replace("libz", "liby"))
    before = file.read_text()
    with pytest.raises(SeenError):
        remember(file, [(tmp_path / "b/Dockerfile", [ENTRY])])
    assert file.read_text() == before
