"""What the JavaScript and TypeScript of a project does."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dockfix.context.javascript.tree import parse
from javascript import code, program


def ports(text: str, **others: str) -> list[tuple[int | None, str]]:
    return [(each.port, each.env) for each in code(text, **others).behaviour.ports]


def writes(text: str, **others: str) -> list[tuple[str, str]]:
    return [(each.path, each.base) for each in code(text, **others).behaviour.writes]


def runs(text: str, **others: str) -> list[str]:
    return [each.word for each in code(text, **others).behaviour.runs]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("require('express')().listen(3000)", [(3000, "")]),
        ("const app = require('express')();\napp.listen(process.env.PORT || 3000, () => {})", [(3000, "PORT")]),
        ("import express from 'express';\nconst app = express(), { PORT = 8080 } = process.env;\napp.listen(PORT)", [(8080, "PORT")]),
        ("import Fastify from 'fastify';\nawait Fastify().listen({ port: Number(process.env.PORT ?? 80), host: '::' })", [(80, "PORT")]),
        ("const http = require('node:http');\nhttp.createServer(f).listen(+process.env.HTTP_PORT || '4000')", [(4000, "HTTP_PORT")]),
        ("app.listen(process.env.PORT)", [(None, "PORT")]),
        ("const { WebSocketServer } = require('ws');\nnew WebSocketServer({ port: 8081 })", [(8081, "")]),
        ("import { serve } from '@hono/node-server';\nserve({ fetch, port: 8787 })", [(8787, "")]),
        ("import { serve } from '@hono/node-server';\nserve(app)", [(3000, "")]),
        ("const Hapi = require('@hapi/hapi');\nHapi.server({ port: process.env.PORT || 1234 })", [(1234, "PORT")]),
        ("Bun.serve({ port: 5000, fetch })", [(5000, "")]),
        (
            "var port = normalize(process.env.PORT || '3000');\napp.set('port', port);\nhttp.createServer(app).listen(port);\n"
            "function normalize(val) { var p = parseInt(val, 10); if (isNaN(p)) { return val; } return false; }",
            [(3000, "PORT")],
        ),
        ("app.set('port', process.env.PORT || 9000);\napp.listen(app.get('port'))", [(9000, "PORT")]),
        ("const config = { http: { port: 7000 } };\nserver.listen(config.http.port)", [(7000, "")]),
        ("function start(port) { app.listen(port) }\nstart(6000)", [(6000, "")]),
        ("server.bindAsync('0.0.0.0:50051', x)", [(50051, "")]),
        ("emitter.listen(() => {})", []),
        ("require('chokidar').listen(80)", []),
    ],
)  # fmt: skip
def test_ports(text: str, found: list[tuple[int | None, str]]) -> None:
    assert ports(text) == found


def test_a_port_of_another_file() -> None:
    assert ports(
        "const { port } = require('./config');\napp.listen(port)", config__js="module.exports = { port: 5005 }"
    ) == [(5005, "")]
    assert ports(
        "import { env } from './env.js';\napp.listen(env.PORT)",
        env__js="import { cleanEnv } from 'envalid';\nexport const env = cleanEnv(process.env, {})",
    ) == [(None, "PORT")]
    assert ports("app.listen(require('./config.json').port)", config__json='{"port": 81}') == [(81, "")]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("const fs = require('fs');\nfs.writeFileSync('out/a.json', x)", [("out/a.json", "cwd")]),
        ("import { mkdir } from 'node:fs/promises';\nawait mkdir('/data/x', { recursive: true })", [("/data/x", "root")]),
        ("import * as fs from 'fs';\nfs.createWriteStream(path.join(__dirname, 'logs', name))", [("logs/?", "code")]),
        ("const path = require('path');\nrequire('fs').promises.appendFile(path.resolve(process.cwd(), 'a.log'))", [("a.log", "cwd")]),
        ("const fs = require('fs');\nfs.open('a.db', 'r+', f);\nfs.open('b.db', 'r', f)", [("a.db", "cwd")]),
        ("const os = require('os');\nfs.writeFileSync(`${os.tmpdir()}/x`, 1)", [("x", "temp")]),
        ("const multer = require('multer');\nmulter({ dest: 'uploads/' })", [("uploads/", "cwd")]),
        (
            "const multer = require('multer');\nmulter.diskStorage({ destination: function (req, file, cb) { cb(null, './up') } })",
            [("up", "cwd")],
        ),
        ("const sqlite3 = require('sqlite3').verbose();\nnew sqlite3.Database('./db/a.sqlite')", [("db/a.sqlite", "cwd")]),
        ("import Database from 'better-sqlite3';\nnew Database(':memory:')", []),
        ("import Database from 'better-sqlite3';\nnew Database(process.env.DB || '/data/a.db')", [("/data/a.db", "root")]),
        ("const winston = require('winston');\nnew winston.transports.File({ filename: 'error.log' })", [("error.log", "cwd")]),
        ("const { Sequelize } = require('sequelize');\nnew Sequelize({ dialect: 'sqlite', storage: 'a.db' })", [("a.db", "cwd")]),
        ("const { Sequelize } = require('sequelize');\nnew Sequelize('postgres://db/x')", []),
        ("const { DataSource } = require('typeorm');\nnew DataSource({ type: 'postgres', database: 'shop' })", []),
        ("const { DataSource } = require('typeorm');\nnew DataSource({ type: 'sqlite', database: 'shop.db' })", [("shop.db", "cwd")]),
        ("const { buildSchema } = require('type-graphql');\nbuildSchema({ resolvers, emitSchemaFile: { path: 'schema.gql', sortedSchema: true } })", [("schema.gql", "cwd")]),
        ("import { buildSchemaSync } from 'type-graphql';\nbuildSchemaSync({ resolvers, emitSchemaFile: true })", [("schema.graphql", "cwd")]),
        ("import { buildSchema } from 'type-graphql';\nbuildSchema({ resolvers, emitSchemaFile: false })", []),
        ("import * as path from 'path';\nimport * as tg from 'type-graphql';\ntg.buildSchema({ emitSchemaFile: path.resolve(__dirname, 'schema.gql') })", [("schema.gql", "code")]),
        ("import { buildSchema } from 'type-graphql';\nconst options = { resolvers, emitSchemaFile: process.env.NODE_ENV !== 'production' };\nbuildSchema(options)", [("?", "unknown")]),
        ("import { GraphQLModule } from '@nestjs/graphql';\nGraphQLModule.forRoot({ autoSchemaFile: 'schema.gql' })", [("schema.gql", "cwd")]),
        ("import { GraphQLModule } from '@nestjs/graphql';\nGraphQLModule.forRoot({ autoSchemaFile: true })", []),
        ("import { join } from 'path';\nGraphQLModule.forRootAsync({ useFactory: () => ({ autoSchemaFile: join(process.cwd(), 'src/schema.gql') }) })", [("src/schema.gql", "cwd")]),
        ("export class Options { createGqlOptions() { return { autoSchemaFile: { path: 'a.gql', federation: 2 } } } }", [("a.gql", "cwd")]),
        ("import { GraphQLModule } from '@nestjs/graphql';\nGraphQLModule.forRoot({ typePaths: ['./**/*.graphql'], definitions: { path: 'src/graphql.ts' } })", [("src/graphql.ts", "cwd")]),
        ("const swaggerAutogen = require('swagger-autogen')();\nswaggerAutogen('./swagger-output.json', ['./routes.js'])", [("swagger-output.json", "cwd")]),
        ("const swaggerAutogen = require('swagger-autogen')({ openapi: '3.0.0' });\nconst outputFile = './swagger.json';\nswaggerAutogen(outputFile, ['./routes.js'], {}).then(f)", [("swagger.json", "cwd")]),
        ("import swaggerAutogen from 'swagger-autogen';\nswaggerAutogen()('docs.json', [])", [("docs.json", "cwd")]),
        ("require('swagger-autogen')()('./swagger-output.json', ['./routes.js'])", [("swagger-output.json", "cwd")]),
        ("const db = require('quick.db');\ndb.set('a', 1)", [("json.sqlite", "cwd")]),
        ("const { QuickDB } = require('quick.db');\nnew QuickDB()", [("json.sqlite", "cwd")]),
        ("require('typeorm').createConnection({ type: 'postgres', logging: true, logger: 'file' })", [("ormlogs.log", "cwd")]),
        ("import { TypeOrmModule } from '@nestjs/typeorm';\nTypeOrmModule.forRootAsync({ useFactory: () => ({ type: 'mysql', logger: 'file' }) })", [("ormlogs.log", "cwd")]),
        ("import { DataSource, FileLogger } from 'typeorm';\nnew DataSource({ type: 'mysql', logger: new FileLogger('all', { logPath: 'logs/sql.log' }) })", [("logs/sql.log", "cwd")]),
        ("import { DataSource } from 'typeorm';\nnew DataSource({ type: 'mysql', logger: 'advanced-console' })", []),
        ("import { TsMorphMetadataProvider } from '@mikro-orm/reflection';", [("temp", "cwd")]),
        ("const Loki = require('lokijs');\nnew Loki('data.json')", [("data.json", "cwd")]),
        ("const PouchDB = require('pouchdb');\nnew PouchDB('notes');\nnew PouchDB('http://db:5984/notes')", [("notes", "cwd")]),
        ("const jsonServer = require('json-server');\njsonServer.router('db.json')", [("db.json", "cwd")]),
        ("const { Client } = require('whatsapp-web.js');\nnew Client()", [(".wwebjs_cache", "cwd")]),
        ("const pino = require('pino');\npino({ transport: { target: 'pino/file', options: { destination: 'app.log' } } })", [("app.log", "cwd")]),
        ("const { createObjectCsvWriter } = require('csv-writer');\ncreateObjectCsvWriter({ path: 'out.csv', header })", [("out.csv", "cwd")]),
        ("server.listen('/run/app.sock')", [("/run/app.sock", "root")]),
        ("list.remove('x'); cache.rename('a', 'b')", []),
        ("import { fileURLToPath } from 'url';\nimport path from 'path';\n"
         "const here = path.dirname(fileURLToPath(import.meta.url));\nfs.mkdirSync(path.join(here, '..', 'data'))", [("../data", "code")]),
    ],
)  # fmt: skip
def test_paths_written(text: str, found: list[tuple[str, str]]) -> None:
    assert writes(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("const { exec } = require('child_process');\nexec('convert a.png b.jpg && rm a.png')", ["convert", "rm"]),
        ("import { spawn } from 'node:child_process';\nspawn('ffmpeg', ['-i', x])", ["ffmpeg"]),
        ("const cp = require('child_process');\ncp.execSync(`git rev-parse ${ref}`)", ["git"]),
        ("const run = require('util').promisify(require('child_process').exec);\nrun('df -h')", ["df"]),
        ("const { execFile } = require('child_process');\nexecFile(program)", ["?"]),
        ("const tool = '/usr/bin/pdftotext';\nrequire('child_process').spawnSync(tool)", ["/usr/bin/pdftotext"]),
        ("import { execa, $ } from 'execa';\nawait execa('unzip', [f]);\nawait $`tar x`", ["unzip", "tar"]),
        ("const { spawn } = require('child_process');\nspawn('sh', ['-c', 'curl x | jq .'])", ["curl", "jq", "sh"]),
        ("const shell = require('shelljs');\nshell.exec('make')", ["make"]),
        ("/a/.exec('b'); db.exec('DROP x')", []),
    ],
)  # fmt: skip
def test_programs(text: str, found: list[str]) -> None:
    assert runs(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("const { exec } = require('child_process');\nexec('mkdir -p out && cp a out')", ["mkdir -p out && cp a out"]),
        (
            "import { spawn } from 'node:child_process';\nspawn('cp', ['-r', from, 'it is'])",
            ["'cp' '-r' \"$DOCKFIX\" 'it is'"],
        ),
        ("const cp = require('child_process');\ncp.execSync(`convert ${a} b.png`)", ["convert $DOCKFIX b.png"]),
        ("/a/.exec('b')", []),
    ],
)
def test_command_lines(text: str, found: list[str]) -> None:
    assert [each.word for each in code(text).behaviour.scripts] == found


def test_a_program_without_path() -> None:
    text = "const { spawn } = require('child_process');\nspawn('a', [], { env: { X: '1' } });\nspawn('b', [], { env: { ...process.env } })"
    assert [each.word for each in code(text).behaviour.without_path] == ["a"]


def test_imports_are_followed() -> None:
    found = code(
        "import './a.js';\nexport * from './lib';\nconst c = await import('chalk');",
        a__js="const x = require('@nestjs/core/testing'), fs = require('node:fs')",
        lib_0_index__ts="import { y } from '../b'",
        b__ts="import type { X } from 'types-only';\nimport 'lodash/fp'; require('fs')",
        unused__js="require('never')",
    )
    assert found.files == {"index.js", "a.js", "lib/index.ts", "b.ts"}
    assert found.names == {"@nestjs/core", "lodash", "chalk"}
    assert [each.module for each in found.builtins] == ["fs"]
    assert found.complete
    assert found.packages_by_name["lodash"].file == "b.ts"


def test_what_a_name_means() -> None:
    found = program(
        "node apps/api/dist/main.js",
        {
            "package.json": {"workspaces": ["apps/*", "packages/*"]},
            "apps/api/package.json": {"name": "api", "imports": {"#lib/*": "./src/lib/*.js"}},
            "apps/api/tsconfig.json": '{ "extends": "../../base.json", // where it goes\n "compilerOptions": {"outDir": "dist",} }',
            "base.json": {"compilerOptions": {"baseUrl": "apps/api", "paths": {"@/*": ["src/*"]}}},
            "apps/api/src/main.ts": "import '@/one'; import '#lib/two'; import '@shop/log'; import './three.js'; import '@missing/x'",
            "apps/api/src/one.ts": "",
            "apps/api/src/lib/two.ts": "",
            "apps/api/src/three.ts": "",
            "packages/log/package.json": {"name": "@shop/log", "main": "dist/index.js"},
            "packages/log/src/index.ts": "import 'pino'",
        },
    )
    assert found.files == {
        "apps/api/src/main.ts", "apps/api/src/one.ts", "apps/api/src/lib/two.ts", "apps/api/src/three.ts", "packages/log/src/index.ts",
    }  # fmt: skip
    assert found.names == {"pino", "@missing/x"}
    assert found.entries[0].how == "compiled"


@pytest.mark.parametrize(
    ("command", "source", "how"),
    [
        ("node dist/main.js", "src/main.ts", "compiled"),
        ("node dist/main", "src/main.ts", "compiled"),
        ("node dist", "src/index.ts", "compiled"),
        ("node build/server/main.js", "src/server/main.ts", "compiled"),
        ("node -r dotenv/config --max-old-space-size=4096 dist/main.js", "src/main.ts", "compiled"),
        ("node .", "src/main.ts", "compiled"),
        ("node bin/www", "bin/www", "as it is"),
        ("./bin/www", "bin/www", "as it is"),
        ("tsx src/main.ts", "src/main.ts", "compiled by the program"),
        ("ts-node -r tsconfig-paths/register src/main.ts", "src/main.ts", "compiled by the program"),
        ("nest start", "src/main.ts", "compiled by the program"),
        ("pm2-runtime start dist/main.js --name api", "src/main.ts", "compiled"),
        ("pm2-runtime ecosystem.config.js", "src/main.ts", "compiled"),
        ("pm2-runtime pm2.json", "src/main.ts", "compiled"),
        ("shop", "src/main.ts", "compiled"),
    ],
)
def test_entries(command: str, source: str, how: str) -> None:
    found = program(
        command,
        {
            "package.json": {
                "main": "dist/main.js",
                "bin": {"shop": "dist/main.js"},
                "scripts": {"serve": "node dist/main.js"},
            },
            "tsconfig.json": {"compilerOptions": {"outDir": "dist", "rootDir": "src"}},
            "src/main.ts": "",
            "src/index.ts": "",
            "src/server/main.ts": "",
            "bin/www": "#!/usr/bin/env node\nrequire('express')().listen(3000)",
            "ecosystem.config.js": "module.exports = { apps: [{ name: 'a', script: 'npm', args: 'run serve' }] }",
            "pm2.json": {"apps": [{"script": "dist/main.js"}]},
        },
    )
    assert [(each.source, each.how) for each in found.entries] == [(source, how)]
    assert found.unknown is None


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("node dist/app.js", "is not in the build context"),
        ("node $FILE", "worked out only"),
        ("node ../x.js", "not in the build context"),
    ],
)
def test_unknown_entries(command: str, said: str) -> None:
    found = program(
        command, {"src/other.ts": "app.listen(99)", "src/other.test.ts": "app.listen(1)", "package.json": {}}
    )
    assert said in (found.unknown or "")
    assert not found.complete
    assert [each.port for each in found.behaviour.ports] == [99]  # anything may run


def test_compiled_code_runs_elsewhere() -> None:
    found = program(
        "node dist/main.js",
        {
            "tsconfig.json": {"compilerOptions": {"outDir": "dist", "rootDir": "src"}},
            "src/main.ts": "import './store/db'",
            "src/store/db.ts": "import * as fs from 'fs';\nfs.mkdirSync(__dirname + '/../../data'); fs.mkdirSync(__dirname + '/x')",
        },
    )
    assert [(each.path, each.base) for each in found.behaviour.writes] == [("data", "code"), ("dist/store/x", "code")]


def test_names_worked_out_at_run_time() -> None:
    known = code("const fs = require('fs');\nfs.readdirSync(__dirname + '/routes').forEach(f => require('./routes/' + f))",
                 routes_0_a__js="require('a')", routes_0_b__js="require('b')")  # fmt: skip
    assert known.names == {"a", "b"}
    assert known.complete
    unknown = code("require(process.argv[2])", other__js="require('a')")
    assert unknown.names == {"a"}
    assert [each.how for each in unknown.behaviour.unknown] == ["process.argv[2]"]
    assert code("eval(x)").behaviour.unknown
    assert not code("const name = './a';\nrequire(name)", a__js="").behaviour.unknown


def test_workers() -> None:
    found = code(
        "const { Worker } = require('worker_threads');\nnew Worker('./w.js');\nrequire('child_process').fork(__dirname + '/c.js')",
        w__js="require('a')",
        c__js="require('b')",
    )
    assert found.names == {"a", "b"}


def test_code_that_is_no_evidence() -> None:
    minified = "app.listen(1);" * 600
    found = code("require('./vendor/a.js');require('./b.min.js');require('./c.js')",
                 vendor_0_a__js="app.listen(2)", b__min__js="app.listen(3)", c__js=minified)  # fmt: skip
    assert not found.behaviour.ports
    assert {each.file for each in found.behaviour.unparsed} == {"vendor/a.js", "b.min.js", "c.js"}


def test_frameworks_run_what_they_find() -> None:
    found = program(
        "npm start",
        {
            "package.json": {"scripts": {"start": "next start -p 8080"}},
            "next.config.mjs": "import analyzer from '@next/bundle-analyzer'",
            "src/app/api/health/route.ts": "import db from 'pg';\nexport async function GET() {}",
            "src/app/page.test.tsx": "import 'vitest'",
            "jest.config.js": "require('jest')",
        },
    )
    assert [(each.port, each.how) for each in found.behaviour.ports] == [(8080, "next")]
    assert found.names == {"@next/bundle-analyzer", "pg"}
    assert [each.file for each in found.configs] == ["next.config.mjs"]
    assert [each.path for each in found.behaviour.served.endpoints] == ["/api/health"]


def test_a_standalone_server() -> None:
    found = program(
        "node server.js",
        {"package.json": {"dependencies": {"next": "15"}}, "pages/api/ping.js": "export default (q, s) => s.end()"},
    )
    assert found.entries[0].how == "made by a framework"
    assert [(each.port, each.env) for each in found.behaviour.ports] == [(3000, "PORT")]
    assert found.unknown is None
    assert [each.path for each in found.behaviour.served.endpoints] == ["/api/ping"]


def test_the_database_of_a_schema() -> None:
    schema = 'datasource db {\n  provider = "sqlite"\n  url = "file:./dev.db"\n}\n'
    found = program(
        "node index.js", {"index.js": "require('@prisma/client')", "prisma/schema.prisma": schema, "package.json": {}}
    )
    assert [(each.path, each.base, each.line) for each in found.behaviour.writes] == [("prisma/dev.db", "code", 3)]
    assert not program("node index.js", {"index.js": "", "prisma/schema.prisma": schema}).behaviour.writes


def test_an_answer_is_worked_out_once() -> None:
    from dockfix.context.javascript import unfold
    from dockfix.context.javascript.read import read_javascript
    from javascript import files

    there = files({"index.js": "require('a')"})
    commands = unfold("node index.js", there, "", "CMD").commands
    assert read_javascript(there, commands) is read_javascript(there, commands)


@settings(deadline=None, max_examples=60)
@given(st.text(alphabet="abf(){}[];=>.,'\"`$ \n/*:?!&|+-require import export listen process.env", max_size=120))
def test_reading_never_raises(text: str) -> None:
    found = code(text)
    assert found.files == {"index.js"}
    assert found.behaviour.served.routes is not None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("const fs = require('fs');\nfs.readFileSync('config.json')", [("config.json", "cwd")]),
        (
            "const express = require('express'), path = require('path');\nexpress().use(express.static(path.join(__dirname, 'public')))",
            [("public", "code")],
        ),
        (
            "const app = require('express')();\napp.set('views', './views');\napp.set('port', 1)",
            [("views", "cwd")],
        ),
        ("app.get('/', (q, s) => s.sendFile(__dirname + '/index.html'))", [("index.html", "code")]),
        ("require('dotenv').config()", [(".env", "cwd")]),
        ("import 'dotenv/config'", [(".env", "cwd")]),
        ("import dotenv from 'dotenv';\ndotenv.config({ path: `.env.${mode}` })", [(".env.?", "cwd")]),
        ("import s from '@fastify/static';\ns({ root: '/srv/www' })", [("/srv/www", "root")]),
    ],
)
def test_paths_read(text: str, found: list[tuple[str, str]]) -> None:
    assert [(each.path, each.base) for each in code(text).reads] == found


def test_what_could_be_anything_stays_unknown() -> None:
    assert ports("app.listen(options.port || 3000)") == [(3000, ""), (None, "")]
    assert ports("let port = 1;\nport += offset;\napp.listen(port)") == [(1, ""), (None, "")]
    text = "function start(port) { app.listen(port) }\nmodule.exports = { start };\nstart(1)"
    assert ports(text) == [(1, ""), (None, "")]
    assert ports("const config = {};\nconfig.port = 99;\napp.listen(config.port)") == [(99, "")]


@pytest.mark.parametrize("name", ["/x", "/", "//", "//x", "../../y", "..", ".", "./", "", "#", "@", "node:", "\\0"])
def test_odd_names_of_modules(name: str) -> None:
    found = code(f"require('{name}')")
    assert found.files == {"index.js"}


def test_odd_folders_in_a_lock() -> None:
    from dockfix.context.manifests.node_locks import parse_node_lock
    from dockfix.context.manifests.package_tree import PackageTree

    text = (
        '{"lockfileVersion": 3, "packages": {"/x": {"dependencies": {"a": "1"}}, "../y": {"dependencies": {"a": "1"}}}}'
    )
    found = parse_node_lock("package-lock.json", text)
    assert isinstance(found, PackageTree)
    assert found.closure() == ()


def test_a_file_that_is_not_understood() -> None:
    found = code("app.listen(3000)\nif (")
    assert not found.behaviour.ports
    assert [each.reason for each in found.behaviour.unparsed] == ["its syntax is not understood"]
    assert not found.complete


@pytest.mark.parametrize(
    "shown",
    [
        "<p>Terms & Conditions</p>",
        "<>a && b, AT&T, &copy; and &</>",
        '<p title="A & B" data-x={"?a=1&b=2"}>{x && <i>y & z</i>}</p>',
        '<label for="name" class="wide">R&D</label>',
        '<animate in="x" />',
    ],
)
def test_what_jsx_allows_and_the_grammar_does_not(shown: str) -> None:
    """Text may hold an "&" of its own, an attribute may have the name of a keyword; the code around it stays what it is."""
    found = code(f"const url = '/?a=1&b=2', x = 6 & 3\nfunction Page() {{ return {shown} }}\napp.listen(3000)\n")
    assert found.complete
    assert [each.port for each in found.behaviour.ports] == [3000]


def test_strings_beside_an_ampersand_in_jsx() -> None:
    found = code("fs.writeFileSync('/data/a&b.txt', '')\nconst Page = () => <p>a & b</p>\n")
    assert [each.path for each in found.behaviour.writes] == ["/data/a&b.txt"]


def test_types_in_javascript() -> None:
    """Flow's types stand in files that are JavaScript by name."""
    assert code("type A = {b: string};\nfunction f(a: A) { return a.b }\napp.listen(3000)\n").complete


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("a.tsx", "export default () => <h1>Next 15 & React 19</h1>\n"),
        ("a.jsx", "const A = () => <><b>R&D</b> & <i>more & more</i> &amp; &</>\nconst n = 6 & 3\n"),
        ("a.tsx", "type A = B & C\nexport const D = () => <p>ends &\n  <br />\n</p>\n"),
        ("a.ts", "const a = await prisma.$queryRaw<Part[]>`SELECT 1`\n"),
        ("a.ts", "const a = await p.$queryRaw<\n  [{ n: bigint }]\n>`SELECT ${1}`\nrun(a)\n"),
        ("a.tsx", "const a = f<A>`x`\nconst b = <p>R&D & more</p>\n"),
    ],
)
def test_what_is_right_and_the_grammar_does_not_know_is_no_error(name: str, code: str) -> None:
    root = parse(name, code.encode()).root
    assert not root.has_error
    assert root.end_point[0] == code.count("\n")


@pytest.mark.parametrize("code", ["const a = <p>{a &}</p>\n", "a & & b\n", "const a = (\n", "<p>a & {b</p>\n"])
def test_other_errors_stay_errors(code: str) -> None:
    assert parse("a.tsx", code.encode()).root.has_error
