"""Corepack: what it puts on PATH, what it fetches, and who can start that."""

from __future__ import annotations

import pytest

from dockfix.model.actions import Provide
from dockfix.model.state import State
from node_calls import APP, effects


def provided(script: str, state: State = APP) -> Provide:
    action = effects(script, state).action
    assert isinstance(action, Provide), effects(script, state).opaque
    return action


@pytest.mark.parametrize(
    ("script", "programs", "versions"),
    [
        ("corepack enable", {"pnpm", "pnpx", "yarn", "yarnpkg"}, {}),
        ("corepack enable pnpm", {"pnpm", "pnpx"}, {}),
        ("corepack prepare pnpm@9.15.9 --activate", {"pnpm", "pnpx"}, {"pnpm": "9.15.9"}),
        ("corepack prepare pnpm@9.15.9+sha512.ab --activate", {"pnpm", "pnpx"}, {"pnpm": "9.15.9"}),
        ("corepack prepare pnpm@9.15.9", {"pnpm", "pnpx"}, {}),
        ("corepack install -g yarn@4.5.0", {"yarn", "yarnpkg"}, {"yarn": "4.5.0"}),
        ("npm install -g corepack@0.34", {"corepack", "pnpm", "pnpx", "yarn", "yarnpkg"}, {"corepack": "0.34"}),
    ],
)
def test_what_is_there_then(script: str, programs: set[str], versions: dict[str, str]) -> None:
    action = provided(script)
    assert action.programs == programs and action.versions == versions


def test_a_version_that_a_build_argument_chooses_is_not_known() -> None:
    state = State(workdir="/app", runtime="node", args={"V": "9.1.0"}, chosen=frozenset({"V"}))
    assert provided("corepack prepare pnpm@$V --activate", state).versions == {}


def test_only_root_finds_what_lies_in_its_home() -> None:
    assert provided("corepack enable").home == "/root/.cache/node/corepack"
    assert "only root can read" in provided("corepack enable").private
    moved = State(workdir="/app", runtime="node", env={"COREPACK_HOME": "/opt/corepack"})
    assert provided("corepack enable", moved).home == "/opt/corepack" and not provided("corepack enable", moved).private


def test_what_the_project_names_is_read() -> None:
    assert effects("corepack prepare --activate").reads == ("/app/package.json",)
    assert effects("corepack install").reads == ("/app/package.json",)


@pytest.mark.parametrize(
    "script",
    [
        "corepack enable --install-directory /x",
        "corepack use pnpm@9",
        "corepack disable",
        "corepack prepare $WHAT --activate",
        "corepack cache clean",
        "corepack enable deno",
    ],
)
def test_what_is_not_known(script: str) -> None:
    assert effects(script).opaque
