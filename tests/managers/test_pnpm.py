"""pnpm: what single commands do. What becomes of whole files, the catalogue shows."""

from __future__ import annotations

import pytest

from dockfix.model.actions import Action, Build, Clean, Configure, Install, Provide, Remove
from dockfix.model.state import State
from node_calls import effects


@pytest.mark.parametrize(
    ("script", "groups"),
    [
        ("pnpm install", {"main", "dev"}),
        ("pnpm i --frozen-lockfile --reporter=append-only", {"main", "dev"}),
        ("pnpm install --prod", {"main"}),
        ("pnpm install -P --no-optional", {"main", "without optional"}),
        ("pnpm --dir /app install --production", {"main"}),
        ("pnpm install --config.confirmModulesPurge=false", {"main", "dev"}),
    ],
)
def test_what_is_left_out(script: str, groups: set[str]) -> None:
    action = effects(script).action
    assert isinstance(action, Install) and action.groups == groups
    assert action.into.root == "/app/node_modules"


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        ("pnpm build", Build),
        ("pnpm run build", Build),
        ("pnpm --filter api build", Build),
        ("pnpm -r build", Build),
        ("pnpm exec prisma generate", Build),
        ("pnpx prisma generate", Build),
        ("pnpm prune --prod", Remove),
        ("pnpm store prune", Clean),
        ("pnpm config set registry https://npm.example.org/", Configure),
        ("npm install -g pnpm@9.15.9", Provide),
        ("pnpm --version", None),
        ("pnpm fetch", None),
        ("pnpm fetch --prod", None),
    ],
)
def test_what_else_it_does(script: str, kind: type[Action] | None) -> None:
    found = effects(script)
    assert not found.opaque
    assert found.action is None if kind is None else isinstance(found.action, kind)


def test_what_needs_no_store_fills_none() -> None:
    action = effects("pnpm install --offline --frozen-lockfile").action
    assert isinstance(action, Install) and not action.cached


def test_a_version_that_a_global_install_names_is_kept() -> None:
    action = effects("npm install -g pnpm@9").action
    assert isinstance(action, Provide) and action.versions == {"pnpm": "9"}
    assert action.programs == {"pnpm", "pnpx"}


@pytest.mark.parametrize(
    "script",
    [
        "pnpm deploy --prod /out",
        "pnpm install --dev",
        "pnpm install --lockfile-only",
        "pnpm add -g turbo",
        "pnpm install --modules-dir /x",
        "pnpm config set store-dir /x",
        "npm_config_production=true pnpm install",
        "pnpm env use --global 20",
        "pnpm $WHAT",
    ],
)
def test_what_is_not_known(script: str) -> None:
    assert effects(script).opaque


def test_on_another_image_nothing_is_known_of_it() -> None:
    assert effects("pnpm install", State(workdir="/app", runtime="python")).opaque
