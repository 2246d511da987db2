"""What is known of the programs and packages of Node.js."""

from __future__ import annotations

from collections import Counter
from functools import partial

import pytest

from dockfix import knowledge
from dockfix.knowledge.node_needs import all_node_needs, fills, needs_are_known, node_needs
from dockfix.knowledge.node_programs import is_node, node_program, node_programs, node_starters, script_runners
from dockfix.knowledge.tables import table


def test_no_package_is_listed_twice() -> None:
    for kind, key in (("node_needs", "needs"), ("node_programs", "program"), ("node_programs", "starter")):
        names = "packages" if key == "needs" else "programs"
        listed = Counter(name for each in table(kind)[key] for name in each[names].split())
        assert [name for name, count in listed.items() if count > 1] == []


def test_the_keys_of_the_tables() -> None:
    known = {
        "needs": {"packages", "prebuilt", "libraries", "linked", "commands", "vital"}
        | {"downloads", "since", "off", "moved_by", "configs", "all", "checked", "why", "source"},
        "program": {"programs", "package", "develops", "watches", "serves", "builds", "runs", "port", "port_options"}
        | {
            "options",
            "preloads",
            "configs",
            "process_file",
            "compiles",
            "checks",
            "unknown",
            "entry",
            "whole",
            "any_user",
        }
        | {
            "writes",
            "moved_by",
            "makes",
            "alone",
            "server",
            "host",
            "beside",
            "hands_out",
            "told_in",
            "told_as",
            "env_file",
            "installs",
            "output",
            "harmless",
            "bundles",
            "apart",
            "bundlers",
            "tasks_in",
            "gathers_in",
            "gathers_by",
            "gathers_size",
            "others",
            "members",
            "processes",
        },
        "runner": {"programs", "run", "direct", "any", "exec", "folder", "member", "options", "files"}
        | {"env_file", "or_program", "every", "call", "configs", "installs", "code"},
        "starter": {"programs", "package", "arguments", "options", "subcommand", "env_file", "others"},
    }
    found = {
        (key, name)
        for file, key in (
            ("node_needs", "needs"),
            *(("node_programs", each) for each in ("program", "runner", "starter")),
        )
        for entry in table(file)[key]
        for name in entry
    }
    assert {(key, name) for key, name in found if name not in known[key]} == set()


def test_a_source_for_each() -> None:
    assert all(each.source.startswith("https://") and each.why for each in all_node_needs().values())
    assert {each.prebuilt for each in all_node_needs().values()} == {"whole", "part", "none", ""}


def test_debian_knows_the_packages() -> None:
    stands_for = partial(knowledge.runtime_libraries, suites=frozenset({"bookworm"}), python_base=False)
    named = {name for each in all_node_needs().values() for name in (*each.libraries, *each.linked)}
    assert {name for name in named if name.endswith("-dev") and stands_for(name) is None} == set()


@pytest.mark.parametrize(
    ("package", "alone"),
    [
        ("sharp", True),
        ("bcrypt", True),
        ("canvas", False),
        ("prisma", True),
        ("pg-native", True),
        ("simple-git", True),
        ("left-pad", False),
    ],
)
def test_what_brings_its_libraries(package: str, alone: bool) -> None:
    assert needs_are_known(package) is alone


def test_what_an_install_puts_into_a_home() -> None:
    assert fills()["puppeteer"].folder == ".cache/puppeteer"
    assert "PUPPETEER_SKIP_DOWNLOAD" in fills()["puppeteer"].off
    assert "sharp" not in fills()


def test_nothing_is_known_of_others() -> None:
    assert node_needs("left-pad") is None
    assert node_program("left-pad") is None


@pytest.mark.parametrize(
    ("program", "words", "develops"),
    [
        ("node", ["--watch", "app.js"], True),
        ("node", ["--require", "x", "--watch-path=src", "app.js"], True),
        ("node", ["app.js", "--watch"], False),  # what follows the file is its own
        ("node", ["--require", "./x", "dist/server.js", "--watch", "-w"], False),
        ("tsx", ["watch", "app.ts"], True),
        ("tsx", ["app.ts", "--watch"], False),
        ("nest", ["start", "--watch"], True),
        ("webpack", ["build", "--watch"], True),
    ],
)
def test_a_file_that_is_run_has_options_of_its_own(program: str, words: list[str], develops: bool) -> None:
    known = node_program(program)
    assert known is not None
    assert known.is_for_development(words) is develops


def test_programs() -> None:
    following = node_program("next")
    assert following is not None
    assert (following.port, following.package, following.whole) == (3000, "next", True)
    assert following.is_server(["start", "-p", "80"])
    assert following.is_for_development([])
    assert following.only_builds(["build"])
    assert following.plain(["start", "-p", "80", "--", "-x"]) == ["start", "-x"]
    assert is_node("node")
    assert is_node("nodejs")
    assert not is_node("tsx")
    assert node_programs()["tsc"].package == "typescript"
    assert node_starters()["dotenvx"].subcommand == "run"
    assert script_runners()["yarn"].any
    assert not script_runners()["npm"].any
