"""``--stages``: alone, with names, beside paths that look like names, and in the configuration."""

from __future__ import annotations

import pytest

KEY = "named-stages.only"
ALL = "base dev dev-deps prod-deps release test"


def told(result) -> str:
    """The stages that the engine was told to write."""
    found = [line for line in result.stderr.splitlines() if KEY in line]
    return " ".join(sorted(name for name in ALL.split() if f"'{name}'" in found[0])) if found else ""


@pytest.mark.parametrize(
    ("arguments", "stages"),
    [
        (["--stages"], ALL),
        (["--stages", "Dockerfile"], ALL),
        (["--stages", "."], ALL),
        (["Dockerfile", "--stages"], ALL),
        (["--stages", "all", "Dockerfile"], ALL),
        (["--stages", "test,release", "Dockerfile"], "release test"),
        (["--stages=test", "Dockerfile"], "test"),
        (["--stages", "test"], "test"),
        (["Dockerfile"], ""),
    ],
)
def test_what_is_a_value_and_what_a_path(dockfix, put, arguments: list[str], stages: str) -> None:
    put()
    put("test/Dockerfile")  # a folder with the name of a stage is reached as ./test
    assert told(dockfix("-v", *arguments)) == stages


@pytest.mark.parametrize(
    ("name", "hint"), [("tset", "did you mean 'test'?"), ("production", "the stages are base, prod-deps")]
)
def test_a_name_that_is_none(dockfix, put, name: str, hint: str) -> None:
    put()
    result = dockfix("--stages", name, "Dockerfile")
    assert result.exit_code == 2
    assert f"there is no stage {name!r} to write" in result.stderr
    assert hint in result.stderr
    assert "base, prod-deps, dev-deps, test, dev, release" in result.stderr


def test_from_the_environment_and_the_configuration(dockfix, put) -> None:
    put()
    assert told(dockfix("Dockerfile", env={"DOCKFIX_STAGES": "test"})) == "test"
    put("dockfix.toml", f'[{KEY.partition(".")[0]}]\nonly = ["test", "dev"]\n')
    assert told(dockfix("Dockerfile")) == "dev test"
    assert told(dockfix("--stages", "release", "Dockerfile")) == "release"
    put("dockfix.toml", f'[{KEY.partition(".")[0]}]\nonly = ["tests"]\n')
    assert "the names are base, prod-deps, dev-deps, test, dev, release" in dockfix("Dockerfile").stderr


def test_beside_select(dockfix, put) -> None:
    put()
    result = dockfix("--select", "non-root", "--stages", "test", "Dockerfile")
    assert "unknown" not in result.stderr
    assert told(result) == "test"
