"""Smoke checks, and what the command line and a configuration file say about verifying."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dockfix.config import ConfigError, Configs
from dockfix.verify.build import BuildArguments
from dockfix.verify.running import Conditions
from dockfix.verify.settings import KEYS, VerifyFlags, VerifySettingError, check_table, plan
from dockfix.verify.smoke import Smoke, SmokeError, from_text, from_value

# --- smoke checks ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        ":8000",
        ":8000/",
        " :8000/ ",
        "GET :8000/",
        "get http://localhost:8000",
        "http://127.0.0.1:8000/",
        "http://0.0.0.0:8000/",
    ],
)
def test_requests(text: str) -> None:
    assert from_text(text) == Smoke(text, port=8000, path="/", statuses=(200,))


def test_a_request_with_a_path() -> None:
    assert from_text(":80/health?x=1&y#z").path == "/health?x=1&y#z"


@pytest.mark.parametrize(
    "text",
    [
        "python -m app --version",
        "curl http://localhost:8000/",
        "POST :8000/",
        ":8000/a b",
        ": 8000",
        "https://localhost:8000",
    ],
)
def test_anything_else_is_a_command(text: str) -> None:
    assert from_text(text) == Smoke(text, shell=text, statuses=(0,))


@pytest.mark.parametrize(("value", "smoke"), [
    ("true", Smoke("true", shell="true", statuses=(0,))),
    ({"run": "x", "status": 3, "expect": "y", "wait": 2, "network": True}, Smoke("x", shell="x", statuses=(3,), expect="y", wait=2, network=True)),
    ({"command": ["python", "-V"], "status": []}, Smoke("python -V", command=("python", "-V"), statuses=(0,))),
    ({"http": ":80/x", "status": [200, 404], "wait": 0.5}, Smoke(":80/x", port=80, path="/x", statuses=(200, 404), wait=0.5)),
])  # fmt: skip
def test_values(value: object, smoke: Smoke) -> None:
    assert from_value(value) == smoke


@pytest.mark.parametrize(("value", "message"), [
    ("", "cannot be empty"), (" \n", "cannot be empty"), (7, "a text or a table"), ([], "a text or a table"), (None, "a text or a table"),
    ({}, "has one of run, command and http"), ({"run": "a", "http": ":1"}, "has one of"), ({"run": "a", "shell": "b"}, "unknown key 'shell'"),
    ({"run": ""}, "run is a text"), ({"run": ["a"]}, "run is a text"), ({"command": "a b"}, "command is a list of words"),
    ({"command": []}, "command is a list of words"), ({"command": ["a", 1]}, "command is a list of words"),
    ({"http": "localhost"}, "'localhost' is no request"), ({"http": ":0"}, "0 is no port"), (":65536", "65536 is no port"), (":99999/x", "99999 is no port"),
    ({"run": "a", "status": "0"}, "status is a number"), ({"run": "a", "status": [0, None]}, "status is a number"), ({"run": "a", "status": True}, "status is a number"),
    ({"run": "a", "wait": "1"}, "wait a number"), ({"run": "a", "wait": True}, "wait a number"), ({"run": "a", "wait": 0}, "wait a number"),
    ({"run": "a", "wait": -1}, "wait a number"), ({"run": "a", "wait": float("nan")}, "wait a number"), ({"run": "a", "wait": float("inf")}, "wait a number"),
    ({"run": "a", "expect": 1}, "expect is a text"), ({"run": "a", "network": "yes"}, "network true or false"),
])  # fmt: skip
def test_values_that_cannot_be_understood(value: object, message: str) -> None:
    with pytest.raises(SmokeError) as caught:
        from_value(value)
    assert message in str(caught.value)


toml = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from([":8000/x", "GET :1", ":99999", ":٣٤"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["run", "command", "http", "status", "expect", "wait", "network", "x"]), inner, max_size=4),
    max_leaves=8,
)  # fmt: skip


@given(st.text() | st.from_regex(r"(GET )?:\d{1,7}(/.*)?"))
@example(":00000")
def test_any_text_is_a_check_or_an_error(text: str) -> None:
    try:
        smoke = from_text(text)
    except SmokeError:
        return
    assert bool(smoke.shell) != bool(smoke.port)
    assert 0 <= smoke.port < 65536
    assert smoke.path.startswith("/")
    assert smoke.statuses


@given(toml)
def test_any_value_is_a_check_or_an_error(value: object) -> None:
    try:
        smoke = from_value(value)
    except SmokeError:
        return
    assert [bool(smoke.shell), bool(smoke.command), bool(smoke.port)].count(True) == 1
    assert smoke.statuses
    assert 0 < smoke.wait < float("inf")


# --- the table and the options -----------------------------------------------------------------------------------------


def test_nothing_said() -> None:
    wanted, most = plan(VerifyFlags(), {})
    assert (wanted.arguments, wanted.conditions, wanted.smokes, wanted.timeout, most) == (
        BuildArguments(),
        Conditions(),
        (),
        1800.0,
        12,
    )


TABLE: dict[str, object] = {
    "build-args": ["A=1"], "secrets": ["id=a"], "ssh": ["default"], "env": ["X=1"], "memory": "1g", "platform": "linux/arm64", "target": "dev",
    "build-network": "host", "network": True, "wait": 5, "timeout": 2.5, "max-builds": 3, "smoke": [":80", {"run": "x"}],
}  # fmt: skip


def test_the_file_says_it_all() -> None:
    assert set(TABLE) == set(KEYS)
    check_table(TABLE)
    wanted, most = plan(VerifyFlags(), TABLE)
    assert wanted.arguments == BuildArguments(("A=1",), ("id=a",), ("default",), "linux/arm64", "host", "dev")
    assert wanted.conditions == Conditions(True, "1g", ("X=1",), 5.0)
    assert [smoke.name for smoke in wanted.smokes] == [":80", "x"]
    assert (wanted.timeout, most) == (2.5, 3)


def test_lists_are_joined_and_all_else_is_the_command_lines() -> None:
    flags = VerifyFlags(
        build_arg=("B=2",),
        secret=("id=b",),
        ssh=("other=k",),
        env=("Y=2",),
        memory="8g",
        platform="linux/amd64",
        target="prod",
        network="none",
        wait=9,
        timeout=7,
        max_builds=2,
        smoke=("true",),
        pull=True,
        no_cache=True,
    )
    wanted, most = plan(flags, TABLE)
    assert wanted.arguments == BuildArguments(
        ("A=1", "B=2"), ("id=a", "id=b"), ("default", "other=k"), "linux/amd64", "none", "prod", True, True
    )
    assert wanted.conditions == Conditions(True, "8g", ("X=1", "Y=2"), 9)
    assert [smoke.name for smoke in wanted.smokes] == [":80", "x", "true"]
    assert (wanted.timeout, most) == (7, 2)
    assert plan(VerifyFlags(run_network=True), {})[0].conditions.network


def test_a_smoke_check_of_the_command_line_that_is_none() -> None:
    with pytest.raises(VerifySettingError, match="99999 is no port"):
        plan(VerifyFlags(smoke=(":99999",)), {})


WRONG = [
    ("smok", ":80", "unknown key 'smok' for verify"), ("memory", 4, "verify.memory must be a text"), ("platform", ["a"], "verify.platform must be a text"),
    ("env", "A=1", "verify.env must be a list of texts"), ("secrets", [1], "verify.secrets must be a list of texts"),
    ("wait", "1", "verify.wait must be a number above 0"), ("wait", 0, "verify.wait must be"), ("timeout", True, "verify.timeout must be"),
    ("timeout", float("inf"), "verify.timeout must be"), ("wait", float("nan"), "verify.wait must be"), ("max-builds", -1, "verify.max-builds must be"),
    ("max-builds", 0.5, "verify.max-builds must be a whole number"), ("network", "host", "verify.network must be true or false"),
    ("smoke", {"run": ""}, "run is a text"), ("smoke", [":80", 3], "a smoke check is a text or a table"),
]  # fmt: skip


@pytest.mark.parametrize(("key", "value", "message"), WRONG)
def test_tables_that_are_refused(key: str, value: object, message: str) -> None:
    with pytest.raises(VerifySettingError) as caught:
        check_table({key: value})
    assert message in caught.value.message


@given(st.dictionaries(st.sampled_from([*KEYS, "other"]), toml, max_size=3))
def test_what_was_checked_can_be_used(table: dict[str, object]) -> None:
    try:
        check_table(table)
    except VerifySettingError:
        return
    wanted, most = plan(VerifyFlags(), table)
    assert most >= 1
    assert 0 < wanted.timeout < float("inf")
    assert 0 < wanted.conditions.wait < float("inf")


# --- configuration files -----------------------------------------------------------------------------------------------


def config_of(folder: Path, text: str, name: str = "dockfix.toml") -> Any:
    (folder / name).write_text(text, "utf-8")
    return Configs().of(folder)


def test_the_table_in_both_files(tmp_path: Path) -> None:
    assert config_of(tmp_path, '[tool.dockfix.verify]\nsmoke = ":80"\n', "pyproject.toml").verify == {"smoke": ":80"}
    assert config_of(tmp_path, '[verify]\nmemory = "1g"\n[[verify.smoke]]\nrun = "x"\n').verify == {
        "memory": "1g",
        "smoke": [{"run": "x"}],
    }
    assert config_of(tmp_path, "").verify == {}


def test_extended_files_add_up_key_by_key(tmp_path: Path) -> None:
    (tmp_path / "base.toml").write_text('[verify]\nmemory = "1g"\nwait = 3\n', "utf-8")
    assert config_of(tmp_path, 'extend = "base.toml"\n[verify]\nwait = 4\n').verify == {"memory": "1g", "wait": 4}


@pytest.mark.parametrize("name", ["dockfix.toml", "pyproject.toml"])
@pytest.mark.parametrize(("text", "message", "hint"), [
    ("[{0}verify]\nmemory = 4", "verify.memory must be a text", ""),
    ("[{0}verify]\nbuild-arg = []", "unknown key 'build-arg' for verify", "build-args"),
    ("[{0}verify]\nenv = 'A=1'", "verify.env must be a list of texts", 'env = ["NAME=VALUE"]'),
    ("[{0}verify]\nmax-builds = inf", "verify.max-builds must be a number above 0", ""),
    ("[{0}verify]\nsmoke = [':0']", "0 is no port", 'smoke = [":8000/health"'),
])  # fmt: skip
def test_an_error_names_the_file_and_the_key(tmp_path: Path, name: str, text: str, message: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        config_of(tmp_path, text.replace("{0}", "" if name == "dockfix.toml" else "tool.dockfix."), name)
    assert caught.value.source == str(tmp_path / name)
    assert caught.value.message.startswith(message)
    assert hint in caught.value.hint


def test_verify_is_a_table(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="verify must be a table"):
        config_of(tmp_path, "verify = true\n")
