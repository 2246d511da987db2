"""What a start runs of the packages that development alone asks for, through whatever it does so: then they stay in the image."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from checks import dockfix
from dockfix.engine import Settings
from results import text_of

WITHOUT = ("app.py", "requirements.txt")
SERVER = 'require("http").createServer((q, r) => r.end("hello")).listen(3000);\n'
RUNS_TSX = {"start": "tsx x.ts"}
MEMBERS = {
    "packages/api/package.json": '{"name": "api", "scripts": {"start": "tsx x.ts"}}',
    "packages/web/package.json": '{"name": "web", "scripts": {"start": "node x.js"}}',
}
PROCESSES = "module.exports = {apps: [%s]}"


def after(
    folder: Path, start: str, scripts: Mapping[str, str], tool: str, brought: str = "", files: Mapping[str, str] = {}
) -> str:
    """The Dockerfile after --unsafe, whose project asks for a tool in development alone and for what is ``brought`` besides."""
    package = {
        "name": "a",
        "scripts": {"build": "tsc", **scripts},
        "dependencies": {"express": "1", **({brought: "1"} if brought else {})},
        "devDependencies": {"typescript": "5", tool: "1"},
        **({"workspaces": ["packages/*"]} if any(name in MEMBERS for name in files) else {}),
    }
    locked = {"": package} | {
        f"node_modules/{name}": {"version": "1.0.0", "resolved": f"https://registry.npmjs.org/{name}/-/a.tgz"} | more
        for kind, more in (("dependencies", {}), ("devDependencies", {"dev": True}))
        for name in package[kind]  # type: ignore[attr-defined]  # one of the two tables
    }
    lock = {"name": "a", "lockfileVersion": 3, "packages": locked}
    dockerfile = f"FROM node:22\nWORKDIR /app\nCOPY . .\nRUN npm ci\nRUN npm run build\n{start}\n"
    code = {"package.json": json.dumps(package), "package-lock.json": json.dumps(lock), "x.js": SERVER, "x.ts": "1;\n"}
    result = dockfix(folder, dockerfile, {**code, **files}, Settings(unsafe=True), without=WITHOUT)
    assert not result.failures
    return text_of(result)


@pytest.mark.parametrize(
    ("start", "scripts", "tool", "brought"),
    [
        # a program that several packages bring, or one of another name
        ('CMD bash -c "sleep 1; npm start"', {"start": "lerna run start --stream"}, "lerna", ""),
        ('CMD ["bash", "-c", "npm start"]', {"start": "nx serve api"}, "nx", ""),
        ('CMD ["bash", "-c", "npm start"]', {"start": "nps serve"}, "nps", ""),
        ("CMD npm start", {"start": "gulp serve"}, "gulp-cli", ""),
        ("CMD npm start", {"start": "run-p a b", "a": "node x.js", "b": "node x.js"}, "npm-run-all2", ""),
        ("CMD npm start", {"start": "run-s a", "a": "node x.js"}, "npm-run-all", ""),
        ("CMD npm start", {"start": "dotenv -- node x.js"}, "dotenv-cli", ""),
        ("CMD npm start", {"start": "supervisor x.js"}, "supervisor", ""),
        ("CMD npm start", {"start": "craco start"}, "@craco/craco", ""),
        # what starts others
        (
            'CMD ["sh", "-c", "npm start"]',
            {"start": "concurrently 'npm:go-*'", "go-a": "tsx x.ts"},
            "tsx",
            "concurrently",
        ),
        ("CMD npm start", {"start": "npm-run-all --parallel a:*", "a:x": "nodemon x.js"}, "nodemon", "npm-run-all"),
        ("CMD npm start", {"start": "dotenv -e .x -- tsx x.ts"}, "tsx", "dotenv-cli"),
        ("CMD npm start", {"start": "cross-env A=1 B=2 tsx x.ts"}, "tsx", "cross-env"),
        ("CMD npm start", {"start": "node --run go", "go": "tsx x.ts"}, "tsx", ""),
        ("CMD node --run=start", RUNS_TSX, "tsx", ""),
        ('CMD npx -c "tsx x.ts"', {}, "tsx", ""),
        ('CMD npm exec -c "tsx x.ts"', {}, "tsx", ""),
        ("CMD node node_modules/.bin/tsx x.ts", {}, "tsx", ""),
        ("CMD ./node_modules/.bin/tsx x.ts", {}, "tsx", ""),
        # shells, and programs of which it is not known what they start
        ('CMD ["bash", "-euxo", "pipefail", "-c", "npm start"]', RUNS_TSX, "tsx", ""),
        ('ENTRYPOINT ["/bin/sh", "-c"]\nCMD ["npm start"]', RUNS_TSX, "tsx", ""),
        ('CMD su node -c "npm start"', RUNS_TSX, "tsx", ""),
        ("CMD runuser -u node -- npm start", RUNS_TSX, "tsx", ""),
        ('CMD eval "npm start"', RUNS_TSX, "tsx", ""),
        ("CMD trap 'exit' TERM; npm start & wait", RUNS_TSX, "tsx", ""),
        ("CMD ./wait-for-it.sh db:5432 -- npm start", RUNS_TSX, "tsx", ""),
        ("CMD infisical run --env=prod -- npm start", RUNS_TSX, "tsx", ""),
        ("CMD retry npm start", RUNS_TSX, "tsx", ""),
        ("CMD retry 'npm start'", RUNS_TSX, "tsx", ""),
        # what Node.js is told by a variable
        ("CMD npm start", {"start": "NODE_OPTIONS='-r dotenv/config' node x.js"}, "dotenv", ""),
        ("CMD npm start", {"start": "cross-env NODE_OPTIONS=--import=tsx node x.js"}, "tsx", "cross-env"),
        ("CMD export NODE_OPTIONS='-r dotenv/config'; node x.js", {}, "dotenv", ""),
        ('ENV NODE_OPTIONS="--require dotenv/config"\nCMD node x.js', {}, "dotenv", ""),
        # process managers
        ("CMD pm2-runtime start npm -- start", RUNS_TSX, "tsx", "pm2"),
        ('CMD pm2-runtime "npm run start"', RUNS_TSX, "tsx", "pm2"),
        ("CMD pm2-runtime x.ts --interpreter tsx", {}, "tsx", "pm2"),
    ],
)
def test_it_stays(start: str, scripts: Mapping[str, str], tool: str, brought: str, tmp_path: Path) -> None:
    assert "npm prune" not in after(tmp_path, start, scripts, tool, brought)


@pytest.mark.parametrize(
    ("start", "scripts", "brought"),
    [
        ("CMD npm run start --workspaces", {}, ""),
        ("CMD npm run start -ws --if-present", {}, ""),
        ("CMD npm start -w api", {}, ""),
        ("CMD pnpm -r start", {}, ""),
        ("CMD pnpm --filter api... start", {}, ""),
        ("CMD yarn workspaces foreach -A run start", {}, ""),
        ("CMD npm start", {"start": "lerna run start --scope api"}, "lerna"),
        ("CMD npm start", {"start": "turbo start"}, "turbo"),
        ("CMD npm start", {"start": "nx run api:start"}, "nx"),
    ],
)
def test_what_a_member_of_the_workspace_runs_stays(
    start: str, scripts: Mapping[str, str], brought: str, tmp_path: Path
) -> None:
    assert "npm prune" not in after(tmp_path, start, scripts, "tsx", brought, MEMBERS)


@pytest.mark.parametrize(
    ("name", "text", "start", "brought"),
    [
        (
            "ecosystem.config.js",
            PROCESSES % '{script: "npm", args: "start"}',
            "CMD pm2-runtime ecosystem.config.js",
            "pm2",
        ),
        (
            "ecosystem.config.js",
            PROCESSES % '{script: "x.ts", interpreter: "tsx"}',
            "CMD pm2-runtime ecosystem.config.js",
            "pm2",
        ),
        (
            "p.json",
            '{"apps": [{"script": "x.ts", "interpreter": "node_modules/.bin/tsx"}]}',
            "CMD pm2-runtime p.json",
            "pm2",
        ),
        ("Procfile", "web: tsx x.ts\n", "CMD nf start", "foreman"),
        ("start.sh", "#!/bin/bash\nset -e\nexec npm start\n", "CMD bash start.sh", ""),
        ("x.js", 'require("child_process").execSync("npx tsx x.ts");\n' + SERVER, "CMD node x.js", ""),
    ],
)
def test_what_a_file_says_stays(name: str, text: str, start: str, brought: str, tmp_path: Path) -> None:
    assert "npm prune" not in after(tmp_path, start, RUNS_TSX, "tsx", brought, {name: text})


@pytest.mark.parametrize(
    "start",
    [
        'CMD bash -c "sleep 1; node x.js"',
        "CMD tini -- node x.js",
        "CMD ./wait-for-it.sh db:5432 -- node x.js",
        "CMD echo tsx && node x.js",
        "CMD mkdir -p /data/tsx && node x.js",
    ],
)
def test_what_nothing_runs_leaves(start: str, tmp_path: Path) -> None:
    assert "npm prune --omit=dev" in after(tmp_path, start, {}, "tsx")
