from __future__ import annotations

import pytest

from dockfix.knowledge import (
    boxes,
    cron_packages,
    distinct_path_resetters,
    downloaders,
    file_changers,
    file_makers,
    file_movers,
    file_programs,
    inits,
    operand_writers,
    ordinary_root_programs,
    path_resetters,
    posix_shells,
    root_programs,
    rule_runners,
    shells,
    starts_another,
    waiters,
    wrappers,
)
from dockfix.knowledge.tables import table


def test_no_program_is_told_twice_how_it_starts_another() -> None:
    data = table("programs")
    sections = [data["wrappers"], data["wrappers_as_user"], data["inits"], data["starters"]]
    sections += [manager["starts"] for manager in table("package_managers")["manager"] if "starts" in manager]
    names = [program for section in sections for programs in section for program in programs.split()]
    assert sorted(names) == sorted(set(names)) == sorted(wrappers())


def test_options_of_wrappers_are_options() -> None:
    for program, wrapper in wrappers().items():
        assert wrapper.positional in {0, 1}, program
        assert all(option.startswith("-") for option in wrapper.valued), program
        assert all(word.isalpha() for word in wrapper.subcommands), program


@pytest.mark.parametrize(
    ("program", "words", "starts"),
    [
        ("uv", "run --frozen gunicorn", True),
        ("uv", "pip install gunicorn", False),
        ("uvx", "gunicorn", True),
        ("yarn", "dlx serve", True),
        ("gosu", "app gunicorn", True),
        ("pip", "install gunicorn", False),
        ("no-such-thing", "run x", False),
    ],
)
def test_what_starts_another_program(program: str, words: str, starts: bool) -> None:
    assert starts_another(program, frozenset(words.split())) is starts


def test_shells() -> None:
    assert {"sh", "bash", "dash", "ash"} < posix_shells() < shells()
    assert boxes() < shells() - posix_shells()
    assert "zsh" in shells() - posix_shells()


def test_inits_start_what_follows() -> None:
    assert {"tini", "dumb-init", "catatonit"} < inits() <= wrappers().keys()
    assert not inits() & root_programs()


def test_what_needs_root_says_why() -> None:
    assert all(group["why"] for group in table("programs")["root"])
    assert {"nginx", "gosu", "doas", "cron", "apt-get", "init"} < root_programs()
    assert ordinary_root_programs() == {"init", "service"}
    assert not {"python", "bash", "supercronic"} & root_programs()


def test_every_cron_resets_path_and_needs_root() -> None:
    crons = {program for program, name in path_resetters().items() if name == "cron"}
    assert {"cron", "crond"} < crons <= root_programs()
    assert {"cron", "busybox"} < cron_packages()
    assert {"sudo", "su"} < distinct_path_resetters() < path_resetters().keys()


def test_rule_runners() -> None:
    assert {"make", "tox", "npm", "yarn", "pnpm", "bun"} < rule_runners()
    assert not {"npx", "bunx", "poetry", "python"} & rule_runners()  # these start the program that they name


def test_waiters_start_what_stands_where_they_are_called() -> None:
    assert {"wait-for-it.sh", "wait-for"} < waiters()
    assert waiters().isdisjoint(wrappers())


def test_programs_that_work_on_files() -> None:
    assert {"cp", "mv", "ln", "install"} < file_movers() < file_programs()
    assert {"mkdir", "touch", "chown"} < operand_writers() < file_programs()
    assert {"curl", "wget"} < downloaders() < file_programs()
    assert {"tar", "unzip"} < file_programs()
    assert {"mkdir", "touch", "cp", "tar", "curl", "git", "echo"} < file_makers()
    assert file_changers() == {"chown", "chgrp", "chmod"} == operand_writers() - file_makers()
    assert "rm" not in file_programs()
