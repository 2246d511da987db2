"""Which packages come into an image, and what is known of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from dockfix.engine import Settings
from dockfix.engine.runner import gather
from dockfix.knowledge.releases import LATEST, Need, Release
from dockfix.knowledge.seen import Seen, rendered
from dockfix.runtimes.closure import Closure, closure, distributions, targets
from dockfix.runtimes.wheels import Target
from dockfix.syntax import parse

LOCK = """\
lock-version = "1.0"
created-by = "a-tool"
[[packages]]
name = "whole"
version = "1.0"
wheels = [{name = "whole-1.0-py3-none-any.whl"}]
[[packages]]
name = "native"
version = "2.0"
sdist = {name = "native-2.0.tar.gz"}
wheels = [
    {name = "native-2.0-cp311-cp311-manylinux_2_17_x86_64.whl"},
    {name = "native-2.0-cp311-cp311-manylinux_2_17_aarch64.whl"},
]
[[packages]]
name = "windows-only"
version = "3.0"
marker = "sys_platform == 'win32'"
sdist = {name = "windows-only-3.0.tar.gz"}
"""
PLAIN = "FROM {base}\nCOPY {file} /\nRUN pip install {more}-r /{file}\nCOPY . .\n"


def seen(name: str, version: str, kind: str = "pure", *, machine: str = "x86_64", **more: tuple[str, ...]) -> Seen:
    return Seen(name, version, "3.11", "glibc", machine, "bookworm", kind, where="2026-11-01 web", **more)  # type: ignore[arg-type]


def closed(
    folder: Path,
    files: Mapping[str, str],
    known: tuple[Seen, ...] = (),
    base: str = "python:3.11-slim-bookworm",
    more: str = "",
    options: Mapping[str, object] | None = None,
) -> Closure:
    for name, text in {"app.py": "pass\n", **files}.items():
        (folder / name).write_text(text)
    (folder / "seen.toml").write_text(rendered(known))
    first = next(iter(files))
    tree = parse(PLAIN.format(base=base, file=first, more=more))
    settings = Settings(knowledge=str(folder / "seen.toml"), options=options or {})
    return gather(folder / "Dockerfile", tree, folder, settings).ask(closure)


def told(found: Closure) -> dict[str, tuple[str, str]]:
    return {each.distribution.name: (each.kind, each.lack) for each in found.held}


def test_what_a_lock_lists(tmp_path: Path) -> None:
    found = closed(tmp_path, {"pylock.toml": LOCK})
    assert found.unlocked == ()
    assert told(found) == {"whole": ("pure", ""), "native": ("binary", "native 2.0 on x86_64")}


def test_what_was_seen_of_a_wheel(tmp_path: Path) -> None:
    linked = {"needs": ("libxml2.so.2",)}
    one = seen("native", "2.0", "binary", **linked)
    assert told(closed(tmp_path, {"pylock.toml": LOCK}, (one,)))["native"] == ("binary", "native 2.0 on aarch64")
    both = (one, seen("native", "2.0", "binary", machine="aarch64", **linked))
    found = closed(tmp_path, {"pylock.toml": LOCK}, both)
    assert found.held[1].needs == {"libxml2.so.2"}
    assert found.held[1].seen
    fixed = closed(tmp_path, {"pylock.toml": LOCK}, (one,), base="--platform=linux/amd64 python:3.11-slim-bookworm")
    assert told(fixed)["native"] == ("binary", "")
    chosen = closed(tmp_path, {"pylock.toml": LOCK}, (one,), options={"slim-base.platforms": ["linux/amd64"]})
    assert told(chosen)["native"] == ("binary", "")


@pytest.mark.parametrize("other", [
    seen("native", "2.1", "binary"),
    seen("native", "2.0", "compiled"),
    Seen("native", "2.0", "3.12", "glibc", "x86_64", "bookworm", "binary"),
    Seen("native", "2.0", "3.11", "musl", "x86_64", "", "binary"),
])  # fmt: skip
def test_another_version_python_or_libc_says_nothing(tmp_path: Path, other: Seen) -> None:
    found = closed(tmp_path, {"pylock.toml": LOCK}, (other,), options={"slim-base.platforms": ["linux/amd64"]})
    assert told(found)["native"] == ("binary", "native 2.0")


def test_what_is_compiled_in_any_case(tmp_path: Path) -> None:
    found = closed(tmp_path, {"pylock.toml": LOCK}, more="--no-binary native ")
    assert told(found)["native"][0] == "compiled"


def test_a_table_knows_what_a_wheel_needs(tmp_path: Path) -> None:
    lock = LOCK.replace("native", "lxml")
    assert told(closed(tmp_path, {"pylock.toml": lock}))["lxml"] == ("binary", "")


def test_pins_are_closed_by_what_was_seen(tmp_path: Path) -> None:
    web = seen(
        "web",
        "1.0",
        requires=("Core>=2; python_version >= '3.8'", "tests; extra == 'dev'", "win; sys_platform == 'win32'"),
    )
    core = seen("core", "2.5")
    pins = {"requirements.txt": "web==1.0\ncore==2.5\n"}
    assert told(closed(tmp_path, pins, (web, core))) == {"web": ("pure", ""), "core": ("pure", "")}
    assert closed(tmp_path, pins, (web, core)).unlocked == ()
    assert closed(tmp_path, pins, (web,)).unlocked == ("requirements.txt:2: what core 2.5 brings is not known",)
    alone = closed(tmp_path, {"requirements.txt": "web==1.0\n"}, (web, core))
    assert alone.unlocked == ("requirements.txt pins all but does not name core, which web brings",)
    extra = closed(tmp_path, {"requirements.txt": "web[dev]==1.0\ncore==2.5\n"}, (web, core))
    assert extra.unlocked == ("requirements.txt pins all but does not name tests, which web brings",)
    limited = {"requirements.txt": "-c limits.txt\nweb\n", "limits.txt": "web==1.0\ncore==2.5\nother==3\n"}
    assert told(closed(tmp_path, limited, (web, core))).keys() == {"web", "core"}


def test_extras_that_a_lock_for_this_python_alone_tells(
    tmp_path: Path, released: Callable[[Iterable[Release]], None]
) -> None:
    wide = Release("web", ("1.0",), (8, LATEST), ("pure",), ())
    narrow = Release("web", ("1.0",), (11, 11), ("pure",), (Need("core", extra="fast"),))
    core = Release("core", ("2.5",), (8, LATEST), ("pure",), ())
    pins = {"requirements.txt": "web[fast]==1.0\ncore==2.5\n"}
    for rows, unlocked in (
        ((wide, narrow, core), ()),
        ((wide, core), ("requirements.txt:1: what web[fast] 1.0 brings is not known",)),
        (
            (wide, narrow._replace(pythons=(9, 9)), core),
            ("requirements.txt:1: what web[fast] 1.0 brings is not known",),
        ),
    ):
        released(rows)
        assert closed(tmp_path, pins).unlocked == unlocked
    released((wide, narrow, core))
    alone = closed(tmp_path, {"requirements.txt": "web[fast]==1.0\n"})
    assert alone.unlocked == ("requirements.txt pins all but does not name core, which web brings",)


def test_what_is_not_pinned_is_not_known(tmp_path: Path) -> None:
    web = seen("web", "1.0", requires=("core",))
    found = closed(tmp_path, {"requirements.txt": "web>=1\n"}, (web, seen("core", "2.0")))
    assert (found.held, found.unlocked) == ((), ("requirements.txt:1: web is not pinned",))
    assert found.names == {"web", "core"}  # all the same it may come, and with it what it brings


def test_where_later_versions_count_as_those_that_were_seen(tmp_path: Path) -> None:
    known = (seen("web", "1.0", requires=("core",)), seen("core", "2.0", "binary", needs=("libz.so.1",)))
    options = {"slim-base.later-versions": True, "slim-base.platforms": ["linux/amd64"]}
    for text in ("web>=1\n", "web==1.1\n", "web\n"):
        found = closed(tmp_path, {"requirements.txt": text}, known, options=options)
        assert told(found) == {"web": ("pure", ""), "core": ("binary", "")}
        assert found.unlocked == ()
    found = closed(tmp_path, {"requirements.txt": "web\nother\n"}, known, options=options)
    assert found.unlocked == ("what other brings is not known",)


def test_installers_are_of_any_version(tmp_path: Path) -> None:
    found = closed(
        tmp_path, {"requirements.txt": "web==1.0\n"}, (seen("web", "1.0"),), more="--upgrade pip setuptools "
    )
    assert found.unlocked == ()
    assert told(found).keys() == {"web", "pip", "setuptools"}


@pytest.mark.parametrize(("base", "said"), [
    ("python:3", "the base image's tag does not say which release of Python it has (3)"),
    ("python:3.11.1-buster", "the release of the base image is not certain"),
    ("debian:bookworm", "the base image's tag does not say which release of Python it has (no version)"),
    ("fedora:40", "the base image is not known"),
])  # fmt: skip
def test_without_a_target_nothing_is_known(tmp_path: Path, base: str, said: str) -> None:
    assert closed(tmp_path, {"pylock.toml": LOCK}, base=base).unlocked == (said,)


def test_targets(tmp_path: Path) -> None:
    facts = gather(tmp_path / "Dockerfile", parse("FROM python:3.11.9\nRUN pip install a\n"), tmp_path)
    assert facts.ask(targets) == (
        Target((3, 11), "glibc", (2, 36), "x86_64", "bookworm", 9),
        Target((3, 11), "glibc", (2, 36), "aarch64", "bookworm", 9),
    )
    assert distributions(facts) == {"a"}


@pytest.mark.parametrize(("release", "kind", "holds"), [
    ("bookworm", "binary", True), ("bullseye", "binary", True), ("trixie", "binary", False), ("jammy", "binary", False),
    ("trixie", "pure", True), ("bookworm", "compiled", True), ("bullseye", "compiled", False),
])  # fmt: skip
def test_for_which_releases_what_was_seen_holds(tmp_path: Path, release: str, kind: str, holds: bool) -> None:
    known = replace(seen("some", "1.0", kind, needs=("libz.so.1",) if kind != "pure" else ()), system=release)
    one = {"slim-base.platforms": ["linux/amd64"]}
    (held,) = closed(tmp_path, {"requirements.txt": "some==1.0\n"}, (known,), options=one).held
    assert (held.lack == "") is holds
