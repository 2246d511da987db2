"""Yarn and Bun: what single commands do. What becomes of whole files, the catalogue shows."""

from __future__ import annotations

import pytest

from dockfix.model.actions import Action, Build, Clean, Configure, Install, Remove
from node_calls import effects


@pytest.mark.parametrize(
    ("script", "groups"),
    [
        ("yarn", {"main", "dev"}),
        ("yarn install --frozen-lockfile --network-timeout 100000", {"main", "dev"}),
        ("yarn --production", {"main"}),
        ("yarn install --prod --ignore-optional", {"main", "without optional"}),
        ("yarn install --production=false", {"main", "dev"}),
        ("yarn install --immutable --inline-builds", {"main", "dev"}),
        ("yarn --cwd /app install", {"main", "dev"}),
        ("yarn add express", {"main", "dev"}),
        ("bun install --frozen-lockfile", {"main", "dev"}),
        ("bun install --production", {"main"}),
        ("bun i --omit=dev", {"main"}),
    ],
)
def test_what_is_left_out(script: str, groups: set[str]) -> None:
    action = effects(script).action
    assert isinstance(action, Install), effects(script).opaque
    assert action.groups == groups and action.into.root == "/app/node_modules"


def test_what_an_install_writes() -> None:
    assert "/app/yarn.lock" in effects("yarn install").writes
    assert "/app/yarn.lock" not in effects("yarn install --frozen-lockfile").writes
    assert "/app/package.json" in effects("yarn add express").writes
    assert "/app/package.json" not in effects("yarn install").writes


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        ("yarn build", Build),
        ("yarn run build", Build),
        ("yarn workspace api build", Build),
        ("yarn workspaces foreach -A run build", Build),
        ("yarn dlx prisma generate", Build),
        ("yarn workspaces focus --all --production", Remove),
        ("yarn cache clean", Clean),
        ("rm -rf /usr/local/share/.cache/yarn", Clean),
        ("yarn config set network-timeout 300000", Configure),
        ("yarn global add serve", None),
        ("yarn --version", None),
        ("bun run build", Build),
        ("bun build ./src/index.ts --outdir dist", Build),
        ("bunx prisma generate", Build),
        ("bun pm cache rm", Clean),
    ],
)
def test_what_else_it_does(script: str, kind: type[Action] | None) -> None:
    found = effects(script)
    assert not found.opaque
    assert found.action is None if kind is None else isinstance(found.action, kind)


@pytest.mark.parametrize(
    "script",
    [
        "yarn set version berry",
        "yarn plugin import workspace-tools",
        "yarn install --modules-folder /x",
        "yarn install --flat",
        "yarn install --mode=update-lockfile",
        "yarn install --what",
        "YARN_PRODUCTION=true yarn install",
        "yarn config set nodeLinker node-modules",
        "yarn workspaces focus api",
        "yarn global upgrade",
        "yarn $WHAT",
        "bun install --global serve",
        "bun install --what",
        "bun upgrade",
    ],
)
def test_what_is_not_known(script: str) -> None:
    assert effects(script).opaque
