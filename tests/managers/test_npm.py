"""npm: what single commands do, and what it is given. What becomes of whole files, the catalogue shows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dockfix.context.build_context import BuildContext
from dockfix.context.manifests.manifest import Manifest
from dockfix.managers.commands import call_of, effects_of, fetches
from dockfix.managers.npm import NPM
from dockfix.managers.protocol import Given
from dockfix.model.actions import Action, Build, Clean, Configure, Install, Remove
from dockfix.model.reason import Reason
from dockfix.model.state import State
from dockfix.syntax.shell import parse_script
from node_calls import APP, effects, install


@pytest.mark.parametrize(
    ("script", "groups"),
    [
        ("npm ci", {"main", "dev"}),
        ("npm install", {"main", "dev"}),
        ("npm i --legacy-peer-deps --no-audit", {"main", "dev"}),
        ("npm ci --omit=dev", {"main"}),
        ("npm ci --omit dev", {"main"}),
        ("npm install --only=production", {"main"}),
        ("npm install --only=prod --silent", {"main"}),
        ("npm ci --production", {"main"}),
        ("npm ci --production=false", {"main", "dev"}),
        ("NODE_ENV=production npm ci", {"main"}),
        ("NODE_ENV=production npm ci --include=dev", {"main", "dev"}),
        ("NPM_CONFIG_PRODUCTION=true npm install", {"main"}),
        ("npm_config_omit=dev npm install", {"main"}),
        ("NODE_ENV=development npm install", {"main", "dev"}),
        ("npm ci --omit=dev --omit=optional", {"main", "without optional"}),
        ("npm install --no-optional", {"main", "dev", "without optional"}),
    ],
)
def test_what_is_left_out(script: str, groups: set[str]) -> None:
    assert install(script).groups == groups


def test_env_decides_as_well() -> None:
    assert install("npm ci", State(workdir="/app", runtime="node", env={"NODE_ENV": "production"})).groups == {"main"}


def test_where_packages_go() -> None:
    assert install("npm ci").into.root == "/app/node_modules"
    assert install("npm ci --prefix client").into.root == "/app/client/node_modules"
    carried = install("npm install").into.carried
    assert carried is not None and carried.paths == {"/app/node_modules": "/app/node_modules"}


def test_what_is_asked_for_by_name() -> None:
    action = install("npm install express@4 @nestjs/cli@10 github:a/b")
    assert [package.name for package in action.asked] == ["express", "@nestjs/cli", ""]


def test_scripts_that_do_not_run() -> None:
    assert install("npm ci").scripts
    assert not install("npm ci --ignore-scripts").scripts


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        ("npm run build", Build),
        ("npm test", Build),
        ("npx prisma generate", Build),
        ("npm prune --omit=dev", Remove),
        ("npm prune --production", Remove),
        ("npm cache clean --force", Clean),
        ("rm -rf /root/.npm", Clean),
        ("npm config set registry https://npm.example.org/", Configure),
        ("npm set //npm.example.org/:_authToken=x", Configure),
        ("npm --version", None),
        ("npm install -g pm2@5", None),
        ("npm pkg delete scripts.prepare", None),
    ],
)
def test_what_else_it_does(script: str, kind: type[Action] | None) -> None:
    found = effects(script)
    assert not found.opaque
    assert found.action is None if kind is None else isinstance(found.action, kind)


def test_a_build_writes_where_it_runs() -> None:
    action = effects("npm run build").action
    assert isinstance(action, Build) and action.output.paths == {"/app": "/app"}
    assert effects("npm run build --prefix web").writes == ("/app/web",)


def test_what_a_prune_takes_away() -> None:
    action = effects("npm prune").action
    assert isinstance(action, Remove) and not action.names
    action = effects("NODE_ENV=production npm prune").action
    assert isinstance(action, Remove) and action.names == {"dev"}


@pytest.mark.parametrize(
    "script",
    [
        "npm link ../other",
        "npm audit fix",
        "npm install --only=dev",
        "npm install --some-option",
        "npm ci --omit=$WHAT",
        "NPM_CONFIG_PREFIX=/opt/x npm install -g a",
        "npm config set prefix /opt/x",
        "npm install --global ./a.tgz",
        "npm update",
        "npm_config_global_style=true npm install",
    ],
)
def test_what_is_not_modelled(script: str) -> None:
    assert effects(script).opaque


def test_it_is_modelled_where_node_is_the_image_s_own() -> None:
    assert "npm is not a program that dockfix knows" in effects("npm ci", State(workdir="/app")).opaque
    assert effects("rm -rf /root/.npm", State(workdir="/app", runtime="python")).action is None


def test_a_global_install_fills_the_cache() -> None:
    assert fetches(parse_script("npm install -g pm2").commands[0], APP) is NPM
    assert fetches(parse_script("npm ci").commands[0], APP) is None


# --- what it is given -------------------------------------------------------------------------------------------------


def given(folder: Path, files: dict[str, str], script: str = "npm ci") -> tuple[Install, Manifest]:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    command = parse_script(script).commands[0]
    action = effects_of(command, APP).action
    assert isinstance(action, Install)
    context = BuildContext(folder)

    def at(path: str) -> str | None:
        name = path.removeprefix("/app/")
        return name if path.startswith("/app/") and context.exists(name) else None

    return action, NPM.manifest(
        action, Given(call_of(command), APP, context, None, at, lambda _: None, lambda _: False)
    )


def test_manifests_are_what_package_json_and_its_companions_are(tmp_path: Path) -> None:
    files = {"package.json": '{"name": "a"}', "package-lock.json": "{}", ".npmrc": "audit=false\n", "index.js": ""}
    action, manifest = given(tmp_path, files)
    assert set(manifest.files) == {"package.json", "package-lock.json", ".npmrc"}
    assert manifest.unknown is None and manifest.blocked is None
    recipe = NPM.without_project(action, call_of(parse_script("npm ci").commands[0]), manifest)
    assert not isinstance(recipe, Reason) and not recipe.insert and not recipe.again


def test_a_workspace_needs_the_manifest_of_each_member(tmp_path: Path) -> None:
    files = {
        "package.json": '{"workspaces": ["apps/*", "packages/**", "!packages/old"]}',
        "apps/api/package.json": "{}",
        "apps/api/test/package.json": "{}",
        "packages/a/b/package.json": "{}",
        "packages/old/package.json": "{}",
        "node_modules/x/package.json": "{}",
    }
    _, manifest = given(tmp_path, files)
    assert set(manifest.files) == {"package.json", "apps/api/package.json", "packages/a/b/package.json"}
    assert manifest.blocked is not None and "workspaces" in manifest.blocked


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"package.json": '{\n "scripts": {\n  "prepare": "tsc"}}'}, "package.json:3: its prepare script runs"),
        (
            {"package.json": '{"workspaces": ["a"]}', "a/package.json": '{"scripts": {"postinstall": "x"}}'},
            "postinstall",
        ),
        ({"package.json": "{}", "binding.gyp": "{}"}, "binding.gyp"),
    ],
)
def test_what_needs_the_source(tmp_path: Path, files: dict[str, str], said: str) -> None:
    action, manifest = given(tmp_path, files)
    assert said in manifest.needs_source
    reason = NPM.without_project(action, call_of(parse_script("npm ci").commands[0]), manifest)
    assert isinstance(reason, Reason) and said in reason.text


def test_scripts_that_do_not_run_need_nothing(tmp_path: Path) -> None:
    files = {"package.json": '{"scripts": {"prepare": "tsc"}}'}
    assert not given(tmp_path, files, "npm ci --ignore-scripts")[1].needs_source


@pytest.mark.parametrize(
    ("scripts", "needs"),
    [
        ({"preinstall": "npx only-allow pnpm"}, False),
        ({"preinstall": "npx -y only-allow npm"}, False),
        ({"preinstall": "only-allow npm"}, False),
        ({"prepare": "husky"}, False),
        ({"prepare": "husky install"}, False),
        ({"prepare": "husky install || true"}, False),
        ({"prepare": "is-ci || husky install .config/husky"}, False),
        ({"prepare": "npm run hooks", "hooks": "husky"}, False),
        ({"prepare": "yarn hooks", "hooks": "yarn husky install"}, False),
        ({"postinstall": "npm rebuild sharp"}, False),
        ({"postinstall": "ts-patch install -s"}, False),
        ({"prepare": "[ -d .git ] && husky"}, True),
        ({"prepare": "husky && npm run build", "build": "tsc"}, True),
        ({"prepare": "husky add .husky/pre-commit"}, True),
        ({"prepare": "npm run hooks", "hooks": "husky", "prehooks": "node a.js"}, True),
        ({"postinstall": "echo $(cat VERSION)"}, True),
        ({"postinstall": "echo x < setup"}, True),
        ({"prepare": "npm run prepare"}, True),
        ({"prepare": "npx nuxt prepare"}, True),
        ({"postinstall": "node -e 1"}, True),
        ({"prepare": "npm run gone"}, True),
    ],
)
def test_own_scripts_that_read_no_source(tmp_path: Path, scripts: dict[str, str], needs: bool) -> None:
    files = {"package.json": json.dumps({"scripts": scripts})}
    assert bool(given(tmp_path, files)[1].needs_source) is needs


def test_a_local_package(tmp_path: Path) -> None:
    action, manifest = given(tmp_path, {"package.json": '{"dependencies": {"x": "file:../lib"}}'})
    assert manifest.local is not None and manifest.local.path == "../lib"
    assert isinstance(NPM.without_project(action, call_of(parse_script("npm ci").commands[0]), manifest), Reason)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "nothing of the build context lies at /app/package.json"),
        ({"package.json": "["}, "package.json could not be read"),
        ({"package.json": "{}", ".npmrc": "omit[]=dev\n"}, ".npmrc sets omit"),
    ],
)
def test_what_is_not_known(tmp_path: Path, files: dict[str, str], said: str) -> None:
    assert said in (given(tmp_path, files)[1].unknown or "")


@pytest.mark.parametrize(
    ("script", "reads"),
    [
        ("npm rebuild sharp", ("/app/package.json", "/app/node_modules")),
        ("npm rb bcrypt --build-from-source", ("/app/package.json", "/app/node_modules")),
        ("npm rebuild node-sass better-sqlite3", ("/app/package.json", "/app/node_modules")),
        ("npm rebuild --prefix api sharp", ("/app/api/package.json", "/app/api/node_modules")),
        ("pnpm rebuild sharp", ("/app/package.json", "/app/node_modules")),
        ("npm rebuild", ("/app",)),
        ("npm rebuild $PACKAGE", ("/app",)),
        ("npm rebuild -g sharp", ("/app",)),
        ("npm rebuild ./lib", ("/app",)),
        ("pnpm rebuild", ("/app",)),
        ("npm run rebuild", ("/app",)),
    ],
)
def test_what_a_rebuild_of_packages_reads(script: str, reads: tuple[str, ...]) -> None:
    assert effects(script).reads == reads
