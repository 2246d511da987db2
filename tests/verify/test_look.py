"""Every runtime whose interpreter an image brings is asked and compared. Of the two here one was made for these tests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest
from verify_images import file, folder, image, link, program, snapshot

from dockfix.engine.runner import gather
from dockfix.facts import Facts
from dockfix.model.artefact import Environment
from dockfix.model.reason import Reason
from dockfix.model.stages import Step, Unit
from dockfix.runtimes import registry
from dockfix.runtimes.protocol import Probe, Runtime
from dockfix.runtimes.python import PYTHON
from dockfix.syntax import parse
from dockfix.verify import system, timing
from dockfix.verify.compare import (
    access,
    broken_interpreters,
    compare_access,
    compare_files,
    compare_interpreters,
    compare_modules,
    compare_packages,
    start,
)
from dockfix.verify.compare.start import compare_start
from dockfix.verify.image import Image, RuntimeFacts
from dockfix.verify.look import find_tool, look
from dockfix.verify.running import Conditions
from dockfix.verify.starting import Start
from fake_docker import FILES, FakeDocker

REFERENCE = "dockfix-verify/x:1"


class Lua(Runtime):
    id: ClassVar[str] = "lua"
    title: ClassVar[str] = "Lua"
    sources: ClassVar[Mapping[str, str]] = {".lua": "--"}
    interpreters: ClassVar[tuple[str, ...]] = ("lua5.4", "lua")
    installers: ClassVar[frozenset[str]] = frozenset({"luarocks"})
    any_version: ClassVar[frozenset[str]] = frozenset({"compat"})
    environment_file: ClassVar[str] = "tree.conf"
    package_folder: ClassVar[str] = "rocks"
    library: ClassVar[str] = "/usr/local/share/lua[0-9.]*"
    remade: ClassVar[str] = r"/.*\.luac"
    leavings: ClassVar[tuple[str, ...]] = ("/.*/luarocks-build",)

    def environment(self, facts: Facts) -> Environment:
        return Environment("/opt/rocks")

    def needs_installer(self, facts: Facts, staying: Iterable[tuple[Step, Unit]]) -> bool:
        return True

    def make(self, facts: Facts, environment: Environment) -> str:
        return f"luarocks init {environment.root}"

    def holds_back(self, facts: Facts) -> Reason | None:
        return None

    def probe(self, what: Probe) -> str:
        return f"print('the {what} of Lua')"


@pytest.fixture(autouse=True)
def lua(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lua]:
    """A second runtime; what follows from those that there are is worked out anew, and once more after the test."""
    kept = (access._remade, start._places, system.system)
    found = Lua()
    with monkeypatch.context() as patch:
        patch.setattr(registry, "_RUNTIMES", {"python": PYTHON, "lua": found})
        for each in kept:
            each.cache_clear()
        yield found
    for each in kept:
        each.cache_clear()


def built(docker: FakeDocker, **files: str) -> Image:
    engine = docker.engine()
    (docker.root / "Dockerfile").write_text("FROM scratch\n", "utf-8")
    docker.set(files={path.replace("__", "/"): text for path, text in files.items()} | FILES)
    engine.call("build", "-t", REFERENCE, "-f", str(docker.root / "Dockerfile"), ".")
    return look(engine, REFERENCE, lambda: None, Conditions(), lambda text: text.replace("secret", "[hidden]"))


def test_each_interpreter_is_asked(docker: FakeDocker) -> None:
    found = built(docker, usr__bin__lua="\x7fELF")
    assert set(found.runtimes) == {"python", "lua"}
    assert (found.silent, found.silence) == ({}, "")
    assert [argv[argv.index("--entrypoint") + 1] for argv in docker.argv("run") if argv[-1] == "-"] == [
        "python3",
        "lua5.4",
        "lua",
    ]


def test_one_that_is_not_there_or_does_not_start_says_why(docker: FakeDocker) -> None:
    found = built(docker)
    assert set(found.runtimes) == {"python"}
    assert (found.silent, found.silence) == ({"lua": "there is no lua on PATH"}, "")
    docker.set(runs=[{"words": "python3", "err": "no secret\n", "status": 1}])
    found = built(docker)
    assert found.runtimes == {}
    assert found.silence == "python3 does not run: no [hidden]; there is no lua on PATH"
    assert find_tool(docker.engine(), REFERENCE, Conditions()) is None


def test_another_program_may_stand_in_for_one_that_does_not_run(docker: FakeDocker) -> None:
    """Bun's images have a ``node`` that takes no script from standard input."""
    docker.set(runs=[{"words": "python3", "err": "no secret\n", "status": 1}])
    assert set(built(docker, usr__bin__python="\x7fELF").runtimes) == {"python"}


def test_the_first_that_starts_asks_the_ports(docker: FakeDocker, lua: Lua) -> None:
    built(docker, usr__bin__lua="\x7fELF")
    docker.set(runs=[{"words": "python3", "err": "broken\n", "status": 1}])
    found = find_tool(docker.engine(), REFERENCE, Conditions())
    assert found is not None
    assert (found.image, found.runtime, found.interpreter) == (REFERENCE, lua, "lua")


def said(packages: dict[str, str], modules: dict[str, str], version: str = "5.4.6", data: str = "") -> RuntimeFacts:
    return RuntimeFacts("/usr/bin/lua", version, packages, modules, data)


def test_comparisons_go_by_the_runtime() -> None:
    python = RuntimeFacts("/usr/bin/python", "3.11.9", {"luarocks": "1"}, {})
    old = said({"lpeg": "1", "luarocks": "3", "compat": "1"}, {"lpeg": "", "ssl": ""})
    before = replace(image(), runtimes={"python": python, "lua": old})
    after = replace(
        before,
        runtimes={
            "python": replace(python, packages={"luarocks": "2"}),
            "lua": said({"lpeg": "2", "compat": "2"}, {"lpeg": ""}, "5.4.7"),
        },
    )
    assert [finding.message for finding in compare_packages(before, after)] == [
        "luarocks is 2 instead of 1",  # it installs packages of Lua alone
        "lpeg is 2 instead of 1",
    ]
    assert [finding.message for finding in compare_modules(before, after)] == [
        "ssl cannot be imported: it is not there"
    ]
    assert [(finding.subject, finding.message) for finding in compare_interpreters(before, after)] == [
        ("lua", "Lua is 5.4.7 instead of 5.4.6")
    ]
    gone = replace(after, runtimes={"python": python}, silent={"lua": "there is no lua on PATH"})
    assert [finding.message for finding in compare_interpreters(before, gone)] == [
        "the interpreter of the new image does not start: there is no lua on PATH"
    ]
    assert compare_packages(before, gone) == compare_modules(before, gone) == compare_interpreters(gone, before) == []


def test_environments_and_data_of_another_runtime() -> None:
    entries = {"/opt/r/tree.conf": file(), "/opt/r/bin/lua5.4": link("/usr/bin/lua"), "/usr/bin/lua": program()}
    before = image(entries)
    after = image({path: entry for path, entry in entries.items() if path != "/usr/bin/lua"})
    assert [finding.subject for finding in broken_interpreters(before, after)] == ["/opt/r/bin/lua5.4"]
    before = replace(image({"/usr/share/doc.txt": file("a")}), runtimes={"lua": said({}, {}, data="/usr/share")})
    moved = image({"/usr/share": folder(), "/opt/r/share/doc.txt": file("a")})
    there = replace(moved, runtimes={"lua": said({}, {}, data="/opt/r/share")})
    assert files(before, there) == []
    assert files(before, moved) == ["/usr/share/doc.txt is missing"]


def files(before: Image, after: Image) -> list[str]:
    return [finding.message for finding in compare_files(snapshot(), before, after, frozenset(), frozenset())]


@pytest.mark.parametrize(
    ("path", "counts"),
    [
        ("/srv/rocks/lpeg.lua", False),
        ("/usr/local/share/lua5.4/x.lua", False),
        ("/srv/a.luac", False),
        ("/srv/luarocks-build/x", False),
        ("/opt/r/bin/serve", False),  # of the environment
        ("/srv/a.lua", True),
        ("/usr/local/share/x", True),
        ("/srv/site-packages/a.py", False),
    ],
)
def test_which_files_are_the_applications(path: str, counts: bool) -> None:
    entries = {above: folder() for above in ("/usr/local/share", "/srv", "/opt/r", "/opt/r/bin", "/srv/site-packages")}
    after = image({**entries, "/opt/r/tree.conf": file()})
    before = image({**entries, "/opt/r/tree.conf": file(), path: file("x")})
    assert files(before, after) == ([f"{path} is missing"] if counts else [])


def test_what_interpreters_do_without_where_they_may_not_write_it() -> None:
    before = image({"/srv": folder()})
    after = image({"/srv": folder()}, User="app")
    written = frozenset({"/srv/a.luac", "/srv/b.pyc", "/srv/__pycache__/x", "/srv/data"})
    assert [each.subject for each in compare_access(snapshot(), before, after, written)] == ["/", "/srv", "/srv/data"]


def test_where_packages_lie_is_no_difference_in_what_a_container_says() -> None:
    before = Start(1, "Error: /usr/local/share/lua5.4/x.lua:3\n/app/rocks/y: not found\n")
    after = Start(1, "Error: /usr/local/share/lua/x.lua:3\n/opt/r/rocks/y: not found\n")
    assert compare_start(before, after) == []
    assert compare_start(before, replace(after, output=after.output.replace("rocks", "stones"))) != []


def test_a_change_in_the_source_is_a_comment_in_its_language(tmp_path: Path) -> None:
    for name, text in {
        "Dockerfile": "FROM x\nCOPY . /app\nCMD lua main.lua\n",
        "main.lua": "print(1)",
        "z.py": "",
    }.items():
        (tmp_path / name).write_text(text, "utf-8")
    path = tmp_path / "Dockerfile"
    assert timing._changing(gather(path, parse(path.read_text("utf-8")))) == ("main.lua", "")
    timing._touch(tmp_path / "main.lua", "abc", timing._comments()[".lua"])
    assert (tmp_path / "main.lua").read_text("utf-8") == "print(1)\n-- abc\n"
