"""Node.js: what is certain by the lock, by the manager's release, or because only a page is handed out; and what is not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from checks import dockfix
from dockfix.engine import Settings
from results import text_of

WITHOUT = ("app.py", "requirements.txt")
IN_DOUBT = "does not say whether in-house runs a script"


def project(**more: object) -> str:
    """A package.json that builds with tsc and starts the result."""
    return json.dumps(
        {
            "name": "a",
            "private": True,
            "scripts": {"build": "tsc -p tsconfig.json", "start": "node dist/server.js"},
            "dependencies": {"in-house": "4.19.2"},
            "devDependencies": {"typescript": "5.4.5"},
            **more,
        }
    )


def pnpm_lock(version: str = "9.0", more: str = "") -> str:
    """A lock of pnpm with a package of which no table knows anything."""
    return (
        f"lockfileVersion: '{version}'\n\nimporters:\n\n  .:\n    dependencies:\n      in-house:\n        specifier: 4.19.2\n"
        "        version: 4.19.2\n    devDependencies:\n      typescript:\n        specifier: 5.4.5\n        version: 5.4.5\n\n"
        "packages:\n\n  in-house@4.19.2:\n    resolution: {integrity: sha512-a}\n" + more + "\n"
        "  typescript@5.4.5:\n    resolution: {integrity: sha512-b}\n    hasBin: true\n\nsnapshots:\n\n  in-house@4.19.2: {}\n\n"
        "  typescript@5.4.5: {}\n"
    )


def said(folder: Path, dockerfile: str, files: Mapping[str, str], *, unsafe: bool = False) -> tuple[bool, str, str]:
    """Whether the file is split, the text after, and all that is said of the split."""
    result = dockfix(folder, dockerfile, files, Settings(unsafe=unsafe), without=WITHOUT)
    assert not result.failures
    notes = (*result.refusals, *result.unsafe, *result.warnings)
    split = any(each.transform == "multi-stage" for each in result.changes)
    return split, text_of(result), " / ".join(each.message for each in notes if each.transform == "multi-stage")


TYPESCRIPT = {
    "tsconfig.json": '{"compilerOptions":{"outDir":"dist","rootDir":"src"}}',
    "src/server.ts": 'import inHouse from "in-house";\ninHouse().listen(3000);\n',
}


def pnpm(base: str, brings: str, install: str = "pnpm install --frozen-lockfile") -> str:
    """A Dockerfile in which ``brings`` brings pnpm."""
    rest = f"WORKDIR /app\nCOPY . .\nRUN {install}\nRUN pnpm build\n"
    return f'FROM {base}\nRUN {brings}\n{rest}CMD ["node", "dist/server.js"]\n'


@pytest.mark.parametrize(
    ("base", "brings"),
    [
        ("node:20", "npm install -g pnpm"),
        ("node:22-alpine", "npm i --global pnpm@latest"),
        ("node:18-slim", "corepack enable && corepack prepare pnpm@latest --activate"),
        ("node:lts", "npm install -g pnpm"),
        ("node:20", "npm install -g pnpm@latest-10"),
    ],
)
def test_a_late_pnpm_runs_no_script_that_the_project_does_not_allow(tmp_path: Path, base: str, brings: str) -> None:
    files = {**TYPESCRIPT, "package.json": project(), "pnpm-lock.yaml": pnpm_lock()}
    split, _, notes = said(tmp_path, pnpm(base, brings), files)
    assert split, notes


@pytest.mark.parametrize(
    ("base", "brings", "install", "files"),
    [
        ("node:16", "npm install -g pnpm", "", {}),  # npm chooses a release that this Node.js can run
        ("node:20", "npm install -g pnpm@9", "", {}),
        ("node:20", "corepack enable", "", {}),
        ("node:alpine3.12", "npm install -g pnpm", "", {}),
        ("node:20", "npm install -g pnpm", "", {"package.json": project(packageManager="pnpm@9.15.9")}),
        ("node:20", "npm install -g pnpm", "pnpm install --frozen-lockfile --dangerously-allow-all-builds", {}),
        ("node:20", "npm install -g pnpm", "", {".npmrc": "dangerously-allow-all-builds=true\n"}),
        ("node:20", "npm install -g pnpm", "", {"pnpm-workspace.yaml": "dangerouslyAllowAllBuilds: true\n"}),
        ("node:20", "npm install -g pnpm", "", {"pnpm-workspace.yaml": "allowBuilds:\n  in-house: true\n"}),
        ("node:20", "npm install -g pnpm", "", {"package.json": project(pnpm={"onlyBuiltDependencies": ["in-house"]})}),
    ],
)
def test_another_pnpm_may_run_any_script(
    tmp_path: Path, base: str, brings: str, install: str, files: Mapping[str, str]
) -> None:
    given = {**TYPESCRIPT, "package.json": project(), "pnpm-lock.yaml": pnpm_lock(), **files}
    text = pnpm(base, brings, install or "pnpm install --frozen-lockfile")
    split, _, notes = said(tmp_path, text, given)
    assert not split and IN_DOUBT in notes


OTHER_SYSTEM = """
  {name}@1.0.0:
    resolution: {{integrity: sha512-c}}
    cpu: [{cpu}]
    os: [{system}]
"""


@pytest.mark.parametrize(
    ("system", "certain"), [("android", True), ("darwin", True), ("win32", True), ("linux", False)]
)
def test_a_package_for_another_system_runs_no_script(tmp_path: Path, system: str, certain: bool) -> None:
    entry = OTHER_SYSTEM.format(name="in-house-binding", cpu="arm64", system=system)
    lock = pnpm_lock(more=entry).replace(
        "in-house@4.19.2: {}",
        "express@4.19.2:\n    optionalDependencies:\n      in-house-binding: 1.0.0\n\n  in-house-binding@1.0.0:\n    optional: true",
    )
    lock = lock.replace("in-house@", "express@").replace("in-house:", "express:")
    files = {
        **TYPESCRIPT,
        "src/server.ts": 'import express from "express";\nexpress().listen(3000);\n',
        "package.json": project(dependencies={"express": "4.19.2"}),
        "pnpm-lock.yaml": lock,
    }
    split, _, notes = said(tmp_path, pnpm("node:20", "npm install -g pnpm@9"), files)
    assert split is certain, notes
    assert certain or "in-house-binding" in notes


def page(
    start: str, *, build: str = "react-scripts build", brings: str = "RUN npm install -g serve\n"
) -> tuple[str, dict[str, str]]:
    """A Dockerfile that builds a page without a lock and hands it out, and its files."""
    rest = "WORKDIR /app\nCOPY package.json .\nRUN npm install\nCOPY . .\nRUN npm run build\n"
    about = {"name": "a", "scripts": {"build": build}, "dependencies": {"react-scripts": "5.0.1"}}
    return f"FROM node:20\n{brings}{rest}{start}\n", {
        "package.json": json.dumps(about),
        "src/index.js": "console.log(1)\n",
    }


@pytest.mark.parametrize(
    ("start", "build", "inside", "brings"),
    [
        ('CMD ["serve", "-s", "build"]', "react-scripts build", "build", "serve"),
        ('CMD ["serve", "-s", "/app/build", "-l", "3000"]', "react-scripts build", "build", "serve"),
        ("CMD serve -s dist -l 8080", "tsc && vite build", "dist", "serve"),
        ('CMD ["http-server", "dist", "-p", "8080"]', "vite build", "dist", "http-server"),
        ('ENTRYPOINT ["serve", "--single", "./dist"]', "vue-cli-service build", "dist", "serve@14"),
    ],
)
def test_a_page_that_is_handed_out_comes_alone(
    tmp_path: Path, start: str, build: str, inside: str, brings: str
) -> None:
    text, files = page(start, build=build, brings=f"RUN npm install -g {brings}\n")
    split, after, notes = said(tmp_path, text, files)
    assert split, notes
    assert f"COPY --from=builder /app/{inside} /app/{inside}" in after and "npm prune" not in after


@pytest.mark.parametrize(
    ("start", "build", "more"),
    [
        ('CMD ["serve", "-s", "."]', "react-scripts build", {}),
        ('CMD ["serve", "-s", "public"]', "react-scripts build", {}),
        ('CMD ["serve", "-s", "build", "-c", "../serve.json"]', "react-scripts build", {}),
        ('CMD ["serve", "-s", "build"]', "node build.js", {"build.js": "require('fs').mkdirSync('build')\n"}),
        ('CMD ["serve", "-s", "dist"]', "vite build --outDir web", {}),
        (
            'CMD ["serve", "-s", "build"]',
            "react-scripts build",
            {"compose.yaml": "services:\n  web:\n    build: .\n    volumes:\n      - ./build:/app/build\n"},
        ),
        (
            'RUN sed -i s/a/b/ /app/build/index.html && chown node /srv\nCMD ["serve", "-s", "build"]',
            "react-scripts build",
            {},
        ),
    ],
)
def test_more_than_a_page_comes_with_the_whole_folder(
    tmp_path: Path, start: str, build: str, more: Mapping[str, str]
) -> None:
    text, files = page(start, build=build)
    _, after, _ = said(tmp_path, text, {**files, **more}, unsafe=True)
    assert "/app/build /app/build" not in after and "/app/dist /app/dist" not in after


def npm(build: str, files: Mapping[str, str], *, run: str = "npm run build") -> tuple[str, dict[str, str]]:
    """A Dockerfile with a lock of npm in which a build runs, and its files."""
    about = {
        "name": "a",
        "scripts": {"build": build},
        "dependencies": {"express": "1.0.0"},
        "devDependencies": {"typescript": "1.0.0", "esbuild-node-tsc": "1.0.0", "autocannon": "1.0.0"},
    }
    bins = {"typescript": "tsc", "esbuild-node-tsc": "etsc", "autocannon": "autocannon"}
    locked: dict[str, object] = {"": about, "node_modules/express": {"version": "1.0.0"}}
    locked |= {
        f"node_modules/{name}": {"version": "1.0.0", "dev": True, "bin": {bin_: "x"}} for name, bin_ in bins.items()
    }
    given = {
        "package.json": json.dumps(about),
        "package-lock.json": json.dumps({"lockfileVersion": 3, "packages": locked}),
        "tsconfig.json": '{"compilerOptions":{"outDir":"dist","rootDir":"src"},"include":["src"]}',
        "src/server.ts": 'import express from "express";\nexpress().listen(3000);\n',
    }
    rest = f"COPY package*.json ./\nRUN npm ci\nCOPY . .\nRUN {run}\n"
    return f'FROM node:20-slim\nWORKDIR /app\n{rest}CMD ["node", "dist/server.js"]\n', {**given, **files}


COPIES = 'const fs = require("fs");\nconst path = require("path");\n'


@pytest.mark.parametrize(
    "script",
    [
        'fs.cpSync(path.resolve(__dirname, "../src/a"), path.resolve(__dirname, "../dist/a"), { recursive: true });\n',
        'fs.writeFileSync("dist/version.json", "{}");\n',
        'fs.mkdirSync(path.join(process.cwd(), "dist", "static"), { recursive: true });\n',
        'for (const each of fs.readdirSync("src")) fs.copyFileSync(path.join("src", each), path.join("dist", each));\n',
        'const out = path.join(__dirname, "..", "dist");\nfs.rmSync(path.join(out, "old"), { force: true });\n',
    ],
)
def test_a_script_of_the_build_that_is_read_stays_inside(tmp_path: Path, script: str) -> None:
    text, files = npm("tsc && node scripts/copy.js", {"scripts/copy.js": COPIES + script})
    split, _, notes = said(tmp_path, text, files)
    assert split, notes


@pytest.mark.parametrize(
    "script",
    [
        'fs.writeFileSync("/etc/version", "1");\n',
        'fs.writeFileSync(path.join(__dirname, "../../version"), "1");\n',
        'fs.writeFileSync(path.join(process.env.TARGET, "version"), "1");\n',
        'fs.writeFileSync(path.join(require("os").homedir(), ".version"), "1");\n',
        'require("child_process").execSync("make install");\n',
        'require("some-bundler").build();\n',
        "require(process.argv[2]);\n",
    ],
)
def test_another_script_of_the_build_may_work_elsewhere(tmp_path: Path, script: str) -> None:
    text, files = npm("tsc && node scripts/copy.js", {"scripts/copy.js": COPIES + script})
    split, _, notes = said(tmp_path, text, files)
    assert not split and "what node makes outside of the working directory" in notes


@pytest.mark.parametrize(
    ("build", "run"),
    [
        ("etsc", "npm run build"),
        ("tsc", '["npm", "run", "build"]'),
        ("tsc", '["npx", "tsc"]'),
        ("tsc", '[ "npx", "tsc", "-p", "tsconfig.json" ]'),
        ("etsc", '["npx", "etsc"]'),
    ],
)
def test_a_build_is_one_in_either_form(tmp_path: Path, build: str, run: str) -> None:
    text, files = npm(build, {}, run=run)
    split, after, notes = said(tmp_path, text, files)
    assert split, notes
    builder, _, runtime = after.partition(" AS runtime\n")
    assert f"RUN {run}\n" in builder and run not in runtime


@pytest.mark.parametrize(
    "run",
    [
        '["./build.sh"]',
        '["npm", "install", "left-pad"]',
        '["sh", "-c", "npm run build"]',
        '["some-builder", "--out", "dist"]',
        '["npm", "ci"]',
    ],
)
def test_what_else_is_in_exec_form_stays_unknown(tmp_path: Path, run: str) -> None:
    text, files = npm("tsc", {"build.sh": "tsc\n"}, run=run)
    split, _, _ = said(tmp_path, text, files)
    assert not split


LOADS = 'import autocannon from "autocannon";\nautocannon({ url: "http://localhost:3000" });\n'


@pytest.mark.parametrize(
    "name", ["scripts/stress.ts", "bench/load.ts", "seed.ts", "tools/src/run.tsx", "scripts/deep/er/x.mts"]
)
def test_typescript_beside_what_is_compiled_is_no_need_of_the_program(tmp_path: Path, name: str) -> None:
    text, files = npm("tsc", {name: LOADS})
    split, _, notes = said(tmp_path, text, files)
    assert split, notes


@pytest.mark.parametrize(
    ("name", "server"),
    [
        ("src/stress.ts", ""),
        ("scripts/stress.js", ""),
        ("src/server.ts", ""),
        ("scripts/stress.ts", "import(process.env.PLUGIN as string);\n"),
        ("scripts/stress.ts", 'require("ts-node/register");\nrequire("../scripts/stress");\n'),
    ],
)
def test_what_may_run_and_names_a_package_keeps_it(tmp_path: Path, name: str, server: str) -> None:
    text, files = npm("tsc", {})
    files = {**files, name: LOADS}
    if server:
        files["src/server.ts"] += server
    split, _, notes = said(tmp_path, text, files)
    assert not split, notes


@pytest.mark.parametrize(
    ("code", "certain"),
    [
        ("import(pathToFileURL(file).href);", True),
        ("require(path.join(__dirname, file));", True),
        ("require(path.resolve(__dirname, dir, file));", True),
        ("import(new URL(`./commands/${file}`, import.meta.url).href);", True),
        ('require(__dirname + "/commands/" + file);', True),
        ("require(file);", False),
        ("import(pathToFileURL(require.resolve(file)).href);", False),
        ('require(path.join(__dirname, "../node_modules", file));', False),
        ('require(path.join("node_modules", file));', False),
        ("require(path.join(base, file));", False),
    ],
)
def test_a_file_that_is_worked_out_is_no_package(tmp_path: Path, code: str, certain: bool) -> None:
    text, files = npm("tsc", {})
    loads = f"export function load(dir: string, base: string, file: string) {{\n  return {code}\n}}\n"
    files["src/server.ts"] = (
        'import express from "express";\nimport { load } from "./load";\nload(process.argv[2], "", "");\nexpress().listen(3000);\n'
    )
    files["src/load.ts"] = f'import path from "path";\nimport {{ pathToFileURL }} from "url";\n{loads}'
    split, _, notes = said(tmp_path, text, files)
    assert split is certain, notes


@pytest.mark.parametrize(
    ("script", "alone"),
    [("", True), ("vue-demi", True), ("core-js", True), ("esbuild", False), ("bcrypt", False), ("in-house", False)],
)
def test_what_rewrites_its_own_code_is_gathered_as_any_other(tmp_path: Path, script: str, alone: bool) -> None:
    about = {"name": "a", "scripts": {"build": "nuxt build"}, "dependencies": {"nuxt": "3.0.0", "vue": "1.0.0"}}
    locked: dict[str, object] = {
        "": about,
        "node_modules/nuxt": {"version": "3.0.0", "bin": {"nuxt": "x"}},
        "node_modules/vue": {"version": "1.0.0"},
    }
    if script:
        about["dependencies"] = {"nuxt": "3.0.0", "vue": "1.0.0", script: "1.0.0"}
        locked |= {f"node_modules/{script}": {"version": "1.0.0", "hasInstallScript": True}}
    files = {
        "package.json": json.dumps(about),
        "package-lock.json": json.dumps({"lockfileVersion": 3, "packages": locked}),
        "nuxt.config.ts": "export default defineNuxtConfig({});\n",
        "pages/index.vue": "<template><p>a</p></template>\n",
    }
    steps = "RUN mkdir -p /srv/app\nWORKDIR /srv/app\nCOPY . /srv/app\nRUN npm ci\nRUN npm run build\n"
    _, after, notes = said(
        tmp_path, f'FROM node:20\n{steps}CMD ["node", ".output/server/index.mjs"]\n', files, unsafe=True
    )
    assert ("COPY --from=builder /srv/app/.output /srv/app/.output" in after) is alone, notes


def workspace(steps: str, start: str = 'CMD ["node", "dist/server.js"]') -> tuple[str, dict[str, str]]:
    """A Dockerfile of a workspace of npm with one member, server, and its files."""
    member = {"version": "1.0.0", "dependencies": {"express": "1.0.0"}, "devDependencies": {"typescript": "1.0.0"}}
    root = {"name": "root", "private": True, "workspaces": ["server"]}
    locked = {
        "": root,
        "server": member,
        "node_modules/server": {"resolved": "server", "link": True},
        "node_modules/express": {"version": "1.0.0"},
        "node_modules/typescript": {"version": "1.0.0", "dev": True, "bin": {"tsc": "x"}},
    }
    files = {
        "package.json": json.dumps(root),
        "package-lock.json": json.dumps({"lockfileVersion": 3, "packages": locked}),
        "server/package.json": json.dumps({"name": "server", "scripts": {"build": "tsc"}, **member}),
        "server/tsconfig.json": '{"compilerOptions":{"outDir":"dist","rootDir":"src"}}',
        "server/src/server.ts": 'import express from "express";\nexpress().listen(3000);\n',
    }
    return f"FROM node:20\n{steps}{start}\n", files


@pytest.mark.parametrize(
    ("steps", "tail"),
    [
        ("WORKDIR /app\nCOPY . .\nRUN npm ci\nWORKDIR /app/server\nRUN npm run build\n", "cd /app && npm prune"),
        ("WORKDIR /app\nCOPY . .\nRUN npm ci\nRUN npm run build -w server\nWORKDIR /app/server\n", "npm prune"),
        ("WORKDIR /app\nCOPY . .\nRUN npm ci\nRUN cd server && npm run build\nWORKDIR server\n", "npm prune"),
        (
            "COPY . /srv/api\nWORKDIR /srv/api\nRUN npm ci\nWORKDIR /srv/api/server\nRUN npm run build\n",
            "cd /srv/api && npm prune",
        ),
        (
            "WORKDIR /usr/src/app\nCOPY . .\nRUN npm ci\nWORKDIR /usr/src/app/server\nRUN npm run build\n",
            "cd /usr/src/app && npm prune",
        ),
    ],
)
def test_a_workspace_comes_whole_where_its_member_is_started(tmp_path: Path, steps: str, tail: str) -> None:
    text, files = workspace(steps)
    split, after, notes = said(tmp_path, text, files)
    assert split, notes
    folder = steps.partition("WORKDIR ")[2].partition("\n")[0]
    assert f"RUN {tail} --omit=dev --no-save\n" in after and f"COPY --from=builder {folder} {folder}\n" in after


@pytest.mark.parametrize(
    "steps",
    [
        "WORKDIR /app\nCOPY . .\nRUN npm ci\nRUN npm run build -w server\nWORKDIR /srv\n",
        "COPY . /\nRUN npm ci\nWORKDIR /server\nRUN npm run build\n",
        "WORKDIR /opt/web\nCOPY . .\nRUN npm ci\nWORKDIR /opt/api\nCOPY server .\nRUN npm run build\n",
        "WORKDIR /usr/local\nCOPY . .\nRUN npm ci\nWORKDIR /usr/local/server\nRUN npm run build\n",
        "ARG WHERE=/app\nWORKDIR $WHERE\nCOPY . .\nRUN npm ci\nWORKDIR $WHERE/server\nRUN npm run build\n",
    ],
)
def test_a_folder_that_holds_more_is_not_carried(tmp_path: Path, steps: str) -> None:
    text, files = workspace(steps, 'CMD ["node", "/app/server/dist/server.js"]')
    split, after, notes = said(tmp_path, text, files, unsafe=True)
    assert not split and "COPY --from" not in after, notes


def two_projects(
    *, ui: Mapping[str, object] | None = None, ui_lock: bool = True, steps: str = ""
) -> tuple[str, dict[str, str]]:
    """A Dockerfile that installs and builds two projects, of which the one in api is started, and its files."""
    api = {
        "name": "api",
        "scripts": {"build": "tsc"},
        "dependencies": {"express": "1.0.0"},
        "devDependencies": {"typescript": "1.0.0"},
    }
    page = {
        "name": "ui",
        "scripts": {"build": "vite build"},
        "dependencies": {"vue": "1.0.0"},
        "devDependencies": {"vite": "1.0.0"},
    }
    tsc = {"version": "1.0.0", "dev": True, "bin": {"tsc": "x"}}
    locked = {"": api, "node_modules/express": {"version": "1.0.0"}, "node_modules/typescript": tsc}
    locked_ui = {
        "": page,
        "node_modules/vue": {"version": "1.0.0"},
        "node_modules/vite": {"version": "1.0.0", "dev": True, "bin": {"vite": "x"}},
    }
    files = {
        "api/package.json": json.dumps(api),
        "api/package-lock.json": json.dumps({"lockfileVersion": 3, "packages": locked}),
        "api/tsconfig.json": '{"compilerOptions":{"outDir":"dist","rootDir":"src"}}',
        "api/src/server.ts": 'import express from "express";\nexpress().use(express.static("../ui/dist")).listen(3000);\n',
        "ui/package.json": json.dumps(page),
        "ui/index.html": "<p>a</p>\n",
    }
    if ui_lock:
        files["ui/package-lock.json"] = json.dumps({"lockfileVersion": 3, "packages": {**locked_ui, **(ui or {})}})
    steps = (
        steps
        or "WORKDIR /app/ui\nRUN npm install\nRUN npm run build\nWORKDIR /app/api\nRUN npm install\nRUN npm run build\n"
    )
    return f'FROM node:20\nWORKDIR /app\nCOPY . .\n{steps}CMD ["node", "dist/server.js"]\n', files


@pytest.mark.parametrize(
    ("steps", "tail"),
    [
        ("", "npm prune"),
        (
            "WORKDIR /app/api\nRUN npm ci\nRUN npm run build\nWORKDIR /app/ui\nRUN npm ci && npm run build\nWORKDIR /app/api\n",
            "cd /app/api && npm prune",
        ),
        (
            "RUN cd ui && npm ci && npm run build\nRUN cd api && npm ci && npm run build\nWORKDIR /app/api\n",
            "cd /app/api && npm prune",
        ),
    ],
)
def test_of_two_projects_the_one_that_is_started_is_cleared(tmp_path: Path, steps: str, tail: str) -> None:
    text, files = two_projects(steps=steps)
    split, after, notes = said(tmp_path, text, files)
    assert split and "packages for development stay in /app/ui" in notes, notes
    assert f"RUN {tail} --omit=dev --no-save\n" in after and "COPY --from=builder /app /app\n" in after


@pytest.mark.parametrize(
    ("ui", "ui_lock", "reason"),
    [
        (
            {"node_modules/in-house": {"version": "1.0.0", "hasInstallScript": True}},
            True,
            "the install script of the npm package in-house",
        ),
        ({"node_modules/puppeteer": {"version": "22.0.0", "hasInstallScript": True}}, True, "puppeteer"),
        ({}, False, "ui/package.json is installed without a lock"),
    ],
)
def test_what_the_other_project_brings_counts(
    tmp_path: Path, ui: Mapping[str, object], ui_lock: bool, reason: str
) -> None:
    text, files = two_projects(ui=ui, ui_lock=ui_lock)
    split, _, notes = said(tmp_path, text, files)
    assert not split and reason in notes


@pytest.mark.parametrize(
    "brings",
    [
        "npm install -g typescript",
        "npm i -g @nestjs/cli",
        "yarn global add @nestjs/cli",
        "npm install --global typescript@5.4.5 rimraf",
        "npm install -g @angular/cli@17",
    ],
)
def test_a_program_for_building_leaves_with_the_builder(tmp_path: Path, brings: str) -> None:
    text, files = npm("tsc", {})
    text = text.replace("COPY package*.json", f"RUN {brings}\nCOPY package*.json")
    split, after, notes = said(tmp_path, text, files)
    builder, _, runtime = after.partition(" AS runtime\n")
    assert split and brings in builder and brings not in runtime, notes


@pytest.mark.parametrize(
    ("brings", "start", "more"),
    [
        ("npm install -g pm2", 'CMD ["pm2-runtime", "dist/server.js"]', {}),
        ("npm install -g in-house-tool", 'CMD ["node", "dist/server.js"]', {}),
        ("npm install -g nodemon", 'CMD ["nodemon", "dist/server.js"]', {}),
        ("npm install -g rimraf", 'CMD ["npm", "start"]', {"start": "rimraf /tmp/a && node dist/server.js"}),
        ("npm install -g typescript in-house-tool", 'CMD ["node", "dist/server.js"]', {}),
        ("npm install -g typescript", 'ENV NODE_PATH=/usr/local/lib/node_modules\nCMD ["node", "dist/server.js"]', {}),
        ("npm install -g typescript", "CMD tsc -v && node dist/server.js", {}),
    ],
)
def test_a_program_that_may_be_started_stays(tmp_path: Path, brings: str, start: str, more: Mapping[str, str]) -> None:
    text, files = npm("tsc", {})
    text = text.replace("COPY package*.json", f"RUN {brings}\nCOPY package*.json")
    text = text.replace('CMD ["node", "dist/server.js"]', start)
    about = json.loads(files["package.json"])
    files["package.json"] = json.dumps({**about, "scripts": {**about["scripts"], **more}})
    _, after, _ = said(tmp_path, text, files, unsafe=True)
    assert not after or brings in after.rpartition("FROM ")[2]


def browser(
    wanted: str, *, kind: str = "dependencies", name: str = "puppeteer", before: str = ""
) -> tuple[str, dict[str, str]]:
    """A Dockerfile of a program that drives a browser, without a lock, and its files."""
    about = {"name": "a", kind: {name: wanted}, "scripts": {"start": "node index.js"}}
    files = {"package.json": json.dumps(about), "index.js": 'require("express")().listen(3000);\n'}
    steps = "COPY package*.json ./\nRUN npm install\nCOPY . .\n"
    return f'FROM node:20\nWORKDIR /app\n{before}{steps}CMD ["node", "index.js"]\n', files


@pytest.mark.parametrize("wanted", ["^19.2.2", "~22.0.0", "24.1.0", "v23", "21.x"])
def test_a_range_says_where_the_browser_lies(tmp_path: Path, wanted: str) -> None:
    text, files = browser(wanted)
    split, after, notes = said(tmp_path, text, files, unsafe=True)
    assert split and "COPY --from=builder /root/.cache/puppeteer /root/.cache/puppeteer\n" in after, notes
    certain, _, notes = said(tmp_path, text, files)
    assert not certain and "there is no lock" in notes


@pytest.mark.parametrize(
    ("wanted", "kind", "name"),
    [
        (">=18", "dependencies", "puppeteer"),
        ("latest", "dependencies", "puppeteer"),
        ("18 || 20", "dependencies", "puppeteer"),
        ("^22.0.0", "devDependencies", "puppeteer"),
        ("^1.40.0", "dependencies", "playwright"),
    ],
)
def test_another_range_does_not(tmp_path: Path, wanted: str, kind: str, name: str) -> None:
    text, files = browser(wanted, kind=kind, name=name)
    split, after, notes = said(tmp_path, text, files, unsafe=True)
    assert not split and "/root/.cache" not in after and f"which folder {name} fills" in notes


@pytest.mark.parametrize(("run", "known"), [("fc-cache -f -v", True), ("fc-cache", True), ("some-cache -f", False)])
def test_the_cache_of_fonts_is_no_secret(tmp_path: Path, run: str, known: bool) -> None:
    text, files = npm("tsc", {"fonts/a.ttf": "a"})
    fonts = "RUN apt-get update && apt-get install -y fontconfig\nCOPY fonts/a.ttf /usr/share/fonts/\n"
    text = text.replace("COPY package*.json", f"{fonts}RUN {run}\nCOPY package*.json")
    split, after, notes = said(tmp_path, text, files, unsafe=True)
    assert split is known and (not known or f"RUN {run}\n" in after.partition(" AS runtime\n")[2]), notes


def locked_browser(before: str, after: str = "") -> tuple[str, dict[str, str]]:
    """A Dockerfile on the full image of a program that drives a browser of the system, with a lock, and its files."""
    text, files = browser("22.0.0", before=before)
    lock = {
        "node_modules/puppeteer": {"version": "22.0.0", "hasInstallScript": True},
        "": {"dependencies": {"puppeteer": "22.0.0"}},
    }
    files["package-lock.json"] = json.dumps({"lockfileVersion": 3, "packages": lock})
    return text.replace("COPY . .\n", f"COPY . .\n{after}"), files


CHROMIUM = "RUN apt-get update && apt-get install -y chromium\n"


@pytest.mark.parametrize(
    "before",
    [
        f"{CHROMIUM}ENV PUPPETEER_EXECUTABLE_PATH=/usr/bin/chromium\n",
        f"{CHROMIUM}ENV PUPPETEER_SKIP_DOWNLOAD=true\n",
        f"{CHROMIUM}ENV PUPPETEER_SKIP_CHROMIUM_DOWNLOAD=1\n",
        "ENV PUPPETEER_SKIP_DOWNLOAD=true\n",
        f"ENV PUPPETEER_SKIP_DOWNLOAD=true PUPPETEER_EXECUTABLE_PATH=/usr/bin/chromium\n{CHROMIUM}",
    ],
)
def test_a_browser_that_is_not_fetched_needs_nothing(tmp_path: Path, before: str) -> None:
    text, files = locked_browser(before)
    result = dockfix(tmp_path, text, files, without=WITHOUT)
    assert "slim-base" in {each.transform for each in result.changes}
    assert "libnss3" not in text_of(result)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (CHROMIUM, ""),
        ("ENV PUPPETEER_SKIP_DOWNLOAD=true\n", "RUN npx puppeteer browsers install chrome\n"),
        ("ENV PUPPETEER_SKIP_DOWNLOAD=true\n", "RUN npx @puppeteer/browsers install chrome@stable\n"),
    ],
)
def test_one_that_is_fetched_needs_the_full_image_or_its_libraries(tmp_path: Path, before: str, after: str) -> None:
    text, files = locked_browser(before, after)
    result = dockfix(tmp_path, text, files, without=WITHOUT)
    assert "slim-base" not in {each.transform for each in result.changes}


@pytest.mark.parametrize(
    ("before", "after"),
    [("", ""), ("ENV PUPPETEER_SKIP_DOWNLOAD=false\n", ""), ("", "ENV PUPPETEER_SKIP_DOWNLOAD=true\n")],
)
def test_one_without_its_libraries_starts_in_no_image_of_node(tmp_path: Path, before: str, after: str) -> None:
    text, files = locked_browser(before, after)
    result = dockfix(tmp_path, text, files, without=WITHOUT)
    assert "slim-base" in {each.transform for each in result.changes}


def without_build(install: str, lock: str, **more: object) -> tuple[str, dict[str, str]]:
    """A Dockerfile on Alpine of a program that nothing builds, with packages for development, and its files."""
    about = {"name": "a", "dependencies": {"ms": "2.1.3"}, "devDependencies": {"typescript": "5.4.5"}, **more}
    yarn = 'ms@2.1.3:\n  version "2.1.3"\n  resolved "https://registry.yarnpkg.com/ms/-/ms-2.1.3.tgz#a"\n\ntypescript@5.4.5:\n  version "5.4.5"\n'
    yarn = (
        f'# yarn lockfile v1\n\n\n{yarn}  resolved "https://registry.yarnpkg.com/typescript/-/typescript-5.4.5.tgz#b"\n'
    )
    pnpm_text = pnpm_lock().replace("in-house", "ms").replace("4.19.2", "2.1.3")
    files = {
        "package.json": json.dumps(about),
        lock: yarn if lock == "yarn.lock" else pnpm_text,
        "index.js": 'console.log(require("ms")("2 days"));\n',
    }
    brings = "RUN npm install -g pnpm@9\n" if lock == "pnpm-lock.yaml" else ""
    copies = f"WORKDIR /app\nCOPY package.json {lock} ./\n"
    return f'FROM node:20-alpine\n{brings}{copies}RUN {install}\nCOPY . .\nCMD ["node", "index.js"]\n', files


@pytest.mark.parametrize(
    ("install", "lock", "wanted"),
    [
        ("yarn install --frozen-lockfile", "yarn.lock", "yarn install --production --frozen-lockfile"),
        ("yarn", "yarn.lock", "yarn --production"),
        ("yarn --frozen-lockfile", "yarn.lock", "yarn --production --frozen-lockfile"),
        ("pnpm install --frozen-lockfile", "pnpm-lock.yaml", "pnpm install --prod --frozen-lockfile"),
        ("pnpm i", "pnpm-lock.yaml", "pnpm i --prod"),
    ],
)
def test_what_is_not_built_is_installed_for_production(tmp_path: Path, install: str, lock: str, wanted: str) -> None:
    text, files = without_build(install, lock)
    result = dockfix(tmp_path, text, files, without=WITHOUT)
    assert "production-dependencies" in {each.transform for each in result.changes}
    assert f"{wanted}\n" in text_of(result) and "prune" not in text_of(result)


@pytest.mark.parametrize(
    ("install", "lock", "more"),
    [
        ("yarn install --frozen-lockfile", "yarn.lock", {"scripts": {"prepare": "tsc"}}),
        ("yarn install --immutable", "yarn.lock", {"packageManager": "yarn@4.1.0"}),
        ("yarn install --production=false", "yarn.lock", {}),
        ("pnpm install --frozen-lockfile", "pnpm-lock.yaml", {"scripts": {"postinstall": "node x.js"}}),
        ("pnpm install --frozen-lockfile", "pnpm-lock.yaml", {"scripts": {"prepare": "husky"}}),
        ("pnpm install -D", "pnpm-lock.yaml", {}),
    ],
)
def test_another_install_stays_as_it_is(tmp_path: Path, install: str, lock: str, more: Mapping[str, object]) -> None:
    text, files = without_build(install, lock, **more)
    result = dockfix(tmp_path, text, files, without=WITHOUT)
    assert "production-dependencies" not in {each.transform for each in result.changes}


def next_app(config: str, start: str = "next start") -> tuple[str, dict[str, str]]:
    """A Dockerfile of a Next.js application whose configuration names a package for development, and its files."""
    about = {
        "name": "a",
        "scripts": {"build": "next build", "start": start},
        "dependencies": {"next": "14.0.0", "react": "1.0.0"},
        "devDependencies": {"@svgr/webpack": "1.0.0"},
    }
    locked = {
        "": about,
        "node_modules/next": {"version": "14.0.0", "bin": {"next": "x"}},
        "node_modules/react": {"version": "1.0.0"},
        "node_modules/@svgr/webpack": {"version": "1.0.0", "dev": True},
    }
    files = {
        "package.json": json.dumps(about),
        "package-lock.json": json.dumps({"lockfileVersion": 3, "packages": locked}),
        "next.config.js": config,
        "pages/index.js": "export default function Page() { return null; }\n",
    }
    steps = "WORKDIR /app\nCOPY . .\nRUN npm ci\nRUN npm run build\n"
    return f'FROM node:20-alpine\n{steps}CMD ["npm", "start"]\n', files


@pytest.mark.parametrize(
    "config",
    [
        "module.exports = { webpack(c) { c.module.rules.push({ test: /svg/, use: ['@svgr/webpack'] }); return c; } };\n",
        "module.exports = {\n  webpack: (c) => {\n    c.module.rules.push({\n      use: '@svgr/webpack',\n    });\n    return c;\n  },\n};\n",
        "module.exports = { experimental: { turbo: { rules: { '*.svg': { loaders: ['@svgr/webpack'] } } } } };\n",
        'module.exports = { turbopack: { rules: { "*.svg": { loaders: [{ loader: "@svgr/webpack" }], as: "*.js" } } } };\n',
        "module.exports = { transpilePackages: [`@svgr/webpack`] };\n",
    ],
)
def test_what_only_the_bundler_takes_is_no_need_of_next_start(tmp_path: Path, config: str) -> None:
    text, files = next_app(config)
    split, _, notes = said(tmp_path, text, files)
    assert split, notes


@pytest.mark.parametrize(
    ("config", "start"),
    [
        ("const svgr = require('@svgr/webpack');\nmodule.exports = {};\n", "next start"),
        ("module.exports = { loader: require.resolve('@svgr/webpack') };\n", "next start"),
        ("import svgr from '@svgr/webpack';\nexport default {};\n", "next start"),
        ("module.exports = { use: ['@svgr/webpack'] };\n", "next dev"),
        ("module.exports = { use: ['@svgr/webpack'] };\n", "node server.js"),
    ],
)
def test_what_the_configuration_loads_is(tmp_path: Path, config: str, start: str) -> None:
    text, files = next_app(config, start)
    files["server.js"] = 'const config = require("./next.config.js");\nrequire("next")({ conf: config });\n'
    split, _, notes = said(tmp_path, text, files)
    assert not split, notes
