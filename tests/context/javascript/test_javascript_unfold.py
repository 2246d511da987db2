"""What command lines really start."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dockfix.context.javascript import parse_package, placed_by, unfold, unfold_lifecycle
from javascript import files, unfolded

PACKAGE: dict[str, object] = {
    "name": "shop",
    "workspaces": ["packages/*", "!packages/old"],
    "scripts": {
        "prestart": "npm run build",
        "start": "cross-env NODE_ENV=production node dist/main.js",
        "build": "tsc -p .",
        "dev": "nodemon --watch src --exec ts-node src/main.ts",
        "all": "run-s build serve:*",
        "serve:a": "vite preview --port 8080",
        "both": 'concurrently -n a,b "npm:dev" "next start"',
        "migrate": "prisma migrate deploy && node server.js || (echo no; exit 1)",
        "env": "dotenv -e .env -- node server.js",
        "nx": "nx serve api",
        "loop": "npm run loop",
    },
}
MEMBERS = {
    "package.json": PACKAGE,
    "packages/api/package.json": {"name": "@shop/api", "scripts": {"start": "node index.js"}},
    "packages/old/package.json": {"name": "@shop/old", "scripts": {"start": "node old.js"}},
}


def plain(command: str, folder: str = "") -> list[str]:
    """The commands that are started, without the runners of scripts."""
    found = unfolded(command, MEMBERS, folder)
    return [" ".join(word or "?" for word in each.words) for each in found.commands]


@pytest.mark.parametrize(
    ("command", "last"),
    [
        ("npm start", "node dist/main.js"),
        ("npm run-script start", "node dist/main.js"),
        ("yarn start", "node dist/main.js"),
        ("pnpm start", "node dist/main.js"),
        ("bun run start", "node dist/main.js"),
        ("corepack pnpm start", "node dist/main.js"),
        ("npm run dev -- --inspect", "ts-node src/main.ts --inspect"),
        ("npx prisma migrate deploy", "prisma migrate deploy"),
        ("npm exec -- serve -s dist", "serve -s dist"),
        ("yarn next start", "next start"),
        ("npm run env", "node server.js"),
        ("npm run both", "next start"),
        ("npm run all", "vite preview --port 8080"),
        ("exec tini -- npm start", "node dist/main.js"),
        ("sh -c 'npm start'", "node dist/main.js"),
        ("cd packages/api && npm start", "node index.js"),
        ("npm --prefix packages/api start", "node index.js"),
        ("npm -w @shop/api start", "node index.js"),
        ("npm start --workspace=packages/api", "node index.js"),
        ("yarn workspace @shop/api start", "node index.js"),
        ("pnpm --filter @shop/api start", "node index.js"),
        ("pnpm -C packages/api run start", "node index.js"),
        ("bun --watch src/index.ts", "node --watch src/index.ts"),
        ("bun -e 'fetch(1)'", "node -e fetch(1)"),
        ("bun --eval 'fetch(1)'", "node --eval fetch(1)"),
        ("bun -p 1", "node -p 1"),
    ],
)
def test_the_command_behind(command: str, last: str) -> None:
    assert plain(command)[-1] == last
    assert unfolded(command, MEMBERS).unknown is None


def test_scripts_before_and_after() -> None:
    assert plain("npm start") == [
        "npm start",
        "npm run build",
        "tsc -p .",
        "cross-env NODE_ENV=production node dist/main.js",
        "node dist/main.js",
    ]
    found = unfolded("npm start", MEMBERS)
    assert [each.name for each in found.scripts] == ["prestart", "build", "start"]
    last = found.commands[-1]
    assert dict(last.env) == {"NODE_ENV": "production"}
    assert (last.file, last.line, last.where, last.runner) == ("package.json", 9, "package.json: start", "npm")


def test_all_branches() -> None:
    assert {"prisma", "node", "echo"} <= unfolded("npm run migrate", MEMBERS).programs


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("npm run $WHICH", "worked out only when it runs"),
        ("$COMMAND", "worked out only when it runs"),
        ("npm run nothing", "has no script nothing"),
        ("npm run nx", "what nx runs"),
        ("npm -w @shop/old start", "is not there"),
        ("if then", "could not be read"),
        ('cd "$DIR" && npm start', "the folder of CMD is worked out"),
        ("npm start $ARGS", "hands on to start"),
    ],
)
def test_unknown(command: str, said: str) -> None:
    found = unfolded(command, MEMBERS)
    assert said in (found.unknown or "")


def test_a_script_that_runs_itself_ends() -> None:
    assert plain("npm run loop") == ["npm run loop", "npm run loop"]


@pytest.mark.parametrize(
    ("command", "program"),
    [
        ("npm run dev", "nodemon"),
        ("next dev", "next"),
        ("next", "next"),
        ("vite", "vite"),
        ("vite --host 0.0.0.0", "vite"),
        ("npx react-scripts start", "react-scripts"),
        ("ng serve --port 80", "ng"),
        ("ts-node-dev src/a.ts", "ts-node-dev"),
        ("tsx watch src/a.ts", "tsx"),
        ("webpack serve", "webpack"),
        ("node --watch a.js", "node"),
        ("nest start --watch", "nest"),
        ("vue-cli-service serve", "vue-cli-service"),
    ],
)
def test_servers_for_development(command: str, program: str) -> None:
    found = unfolded(command, MEMBERS).development
    assert found is not None
    assert found.program == program


@pytest.mark.parametrize(
    "command",
    [
        "next start",
        "next build",
        "vite preview",
        "vite build",
        "tsx src/a.ts",
        "nest start",
        "webpack",
        "node a.js",
        "npm start",
    ],
)
def test_servers_for_production(command: str) -> None:
    assert unfolded(command, MEMBERS).development is None


def test_lifecycle_scripts() -> None:
    there = files({"package.json": {"scripts": {"prepare": "husky", "postinstall": "prisma generate", "start": "x"}}})
    package = there.package("")
    assert package is not None
    assert [(each.name, each.command) for each in package.lifecycle] == [
        ("postinstall", "prisma generate"),
        ("prepare", "husky"),
    ]
    assert {name: each.programs for name, each in unfold_lifecycle(package, there).items()} == {
        "postinstall": {"prisma"},
        "prepare": {"husky"},
    }


def test_a_script_of_the_image() -> None:
    there = files({"api/package.json": {"scripts": {"start": "node a.js"}}, "api/run.sh": "npm start"})
    places = {"/app/package.json": "api/package.json", "/app/run.sh": "api/run.sh"}
    found = unfold("sh /app/run.sh", there, "api", "CMD", placed_by(places.get))
    assert [each.program for each in found.commands] == ["sh", "npm", "node"]
    assert placed_by(places.get)("/app/dist/a.js") == "api/dist/a.js"
    assert placed_by(places.get)("/opt/x") is None


def test_members_of_a_workspace() -> None:
    there = files({**MEMBERS, "pnpm-workspace.yaml": "packages:\n  - x\n"})
    root = there.workspace("packages/api")
    assert root is not None
    assert root.file == "package.json"
    assert list(there.members(root)) == ["@shop/api"]
    pnpm = files({"package.json": {}, "pnpm-workspace.yaml": "packages:\n  - 'apps/**'\n", "apps/a/b/package.json": {}})
    package = pnpm.package("")
    assert package is not None
    assert list(pnpm.members(package)) == ["apps/a/b"]


def test_package_json() -> None:
    package = parse_package(
        "api/package.json",
        """{
          "name": "@shop/api", "bin": "cli.js", "type": "module",
          "dependencies": {"lib": "file:../lib", "a": "^1.0.0", "b": "1"}, "optionalDependencies": {"b": "1"},
          "devDependencies": {"tsc": "1"}, "peerDependencies": {"tsc": "1"},
          "exports": {".": {"import": "./a.mjs", "require": ["./a.cjs"]}, "./x": "./x.js"},
          "workspaces": {"packages": ["apps/*"]}, "scripts": {"a": 1, "b": "x"}
        }""",
    )
    assert package is not None
    assert package.bin == {"api": "cli.js"}
    assert package.exports == {".": ("./a.mjs", "./a.cjs"), "./x": ("./x.js",)}
    assert package.local == {"lib": "../lib"}
    assert [package.kind_of(name) for name in ("a", "b", "tsc", "x")] == ["production", "optional", "peer", None]
    assert package.workspaces == ("apps/*",)
    assert dict(package.scripts) == {"b": "x"}
    assert (package.folder, package.type, package.line_of("devDependencies")) == ("api", "module", 4)
    assert parse_package("package.json", "[1]") is None
    assert parse_package("package.json", "{") is None


WORDS = [
    "npm", "run", "start", "--", "yarn", "pnpm", "bun", "npx", "exec", "-w",
    "--filter", "--prefix", "-C", "workspace", "@shop/api", "node", "-r", "x.js", "run-s", "run-p",
    "concurrently", "npm:dev", "cross-env", "A=1", "dotenv", "-e", ".env", "nodemon", "--exec", "sh",
    "-c", "cd", "..", "/", "//", "''", "\"\"", "$X", "pm2-runtime", "ecosystem.config.js",
    "next", "dev", "&&", "||", ";", "|", "(", ")", "#", "*",
    "[a",
]  # fmt: skip


@settings(deadline=None, max_examples=150)
@given(st.lists(st.sampled_from(WORDS), max_size=9))
def test_unfolding_never_raises(words: list[str]) -> None:
    found = unfolded(" ".join(words), MEMBERS, "packages/api")
    assert len(found.commands) < 200


@pytest.mark.parametrize("folder", ["/", "//", "/app", "//app/x", "../x", "..", "a/../.."])
def test_folders_outside_of_the_build_context(folder: str) -> None:
    there = files({"x.js": ""})
    assert there.nearest(folder) is None
    assert there.workspace(folder) is None
