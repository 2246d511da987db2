"""The routes that can be asked for."""

from __future__ import annotations

import pytest

from javascript import code, program


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("const app = require('express')();\napp.get('/health', (q, s) => s.end());\napp.post('/x', f)", ["/health"]),
        ("const app = require('express')();\napp.get('/a/:id', f);\napp.get('/b', f)", ["/b"]),
        ("const app = require('express')();\napp.route('/a').get(f)", ["/a"]),
        ("import Fastify from 'fastify';\nconst app = Fastify();\napp.get('/ping', async () => 1)", ["/ping"]),
        ("import Fastify from 'fastify';\nconst app = Fastify();\napp.route({ method: 'GET', url: '/live', handler: f })", ["/live"]),
        ("const Router = require('@koa/router');\nconst r = new Router();\nr.get('/up', ctx => {})", ["/up"]),
        ("const Hapi = require('@hapi/hapi');\nconst server = Hapi.server();\nserver.route({ method: 'GET', path: '/h', handler: f })", ["/h"]),
        ("import { Hono } from 'hono';\nconst app = new Hono();\napp.get('/ready', c => c.text('ok'))", ["/ready"]),
        ("const axios = require('axios');\naxios.get('/x', y)", []),
        ("new Map().get('/x', f)", []),
    ],
)  # fmt: skip
def test_routes(text: str, paths: list[str]) -> None:
    assert [each.path for each in code(text).behaviour.served.routes] == paths


def test_prefixes() -> None:
    found = code(
        "const express = require('express');\nconst app = express();\napp.use('/api', require('./routes'));",
        routes_0_index__js="const router = require('express').Router();\nrouter.use('/v1', require('./v1'));\nmodule.exports = router;",
        routes_0_v1__js="const r = require('express').Router();\nr.get('/health', (q, s) => s.end());\nmodule.exports = r;",
    )
    assert [each.path for each in found.behaviour.served.endpoints] == ["/api/v1/health"]


def test_plugins_with_a_prefix() -> None:
    found = code(
        "const app = require('fastify')();\napp.register(require('./health'), { prefix: '/internal' })",
        health__js="module.exports = async function (fastify) { fastify.get('/health', async () => 1) }",
    )
    assert [each.path for each in found.behaviour.served.endpoints] == ["/internal/health"]


@pytest.mark.parametrize(
    ("text", "guarded"),
    [
        ("app.get('/health', f)", False),
        ("app.get('/health', authenticate, f)", True),
        ("app.use(passport.authenticate('jwt'));\napp.get('/health', f)", True),
    ],
)
def test_guards(text: str, guarded: bool) -> None:
    found = code(f"const app = require('express')();\n{text}")
    assert [each.guarded for each in found.behaviour.served.endpoints] == [guarded]


CONTROLLER = """
    import { Controller, Get, UseGuards } from '@nestjs/common';

    @Controller('health')
    export class HealthController {
      @Get()
      check() { return 'ok'; }

      @Get('secret')
      @UseGuards(AuthGuard)
      secret() {}

      @Get(':id')
      one() {}
    }
"""


def test_nest() -> None:
    found = program(
        "node dist/main.js",
        {
            "tsconfig.json": {"compilerOptions": {"outDir": "dist"}},
            "src/main.ts": "import { NestFactory } from '@nestjs/core';\nimport './health';\n"
            "const app = await NestFactory.create(M);\napp.setGlobalPrefix('api');\nawait app.listen(process.env.PORT ?? 3000);",
            "src/health.ts": CONTROLLER,
        },
    )
    served = found.behaviour.served
    assert [(each.path, each.guarded) for each in served.routes] == [
        ("/api/health", False),
        ("/api/health/secret", True),
    ]
    assert [each.path for each in served.endpoints] == ["/api/health"]
    assert [(each.port, each.env) for each in found.behaviour.ports] == [(3000, "PORT")]


_EXPRESS = "const express = require('express')\nconst app = express()\n"
_HEALTH = "app.get('/health', (q, r) => r.send('ok'))\n"


@pytest.mark.parametrize(
    ("text", "guarded"),
    [
        (f"app.use(express.json({{ limit: '10mb' }}))\n{_HEALTH}", False),
        (f"app.use(express.urlencoded({{ limit: '1mb', extended: true }}))\n{_HEALTH}", False),
        (f"app.use(require('cors')({{ allowedHeaders: ['Authorization'] }}))\n{_HEALTH}", False),
        (f"app.use(require('morgan')('dev', {{ skip: (req) => req.session }}))\n{_HEALTH}", False),
        (f"app.use(require('helmet').contentSecurityPolicy({{}}))\n{_HEALTH}", False),
        (
            f"app.use((q, r, next) => {{ r.header('Access-Control-Allow-Headers', 'Authorization'); next() }})\n{_HEALTH}",
            False,
        ),
        (f"app.use((error, q, r, next) => {{ r.status(401).end() }})\n{_HEALTH}", False),
        (f"app.use('/admin', requireAuth)\n{_HEALTH}", False),
        (f"app.use('/auth', authRoutes)\n{_HEALTH}", False),
        (f"{_HEALTH}app.use(requireAuth)\n", False),
        ("app.get('/health', express.json({ limit: 5 }), (q, r) => r.end())\n", False),
        (f"app.use(requireAuth)\n{_HEALTH}", True),
        (f"app.use(jwt({{ secret: 'x' }}).unless({{ path: ['/x'] }}))\n{_HEALTH}", True),
        (f"app.use((q, r, next) => {{ if (!q.headers.key) return r.status(401).end(); next() }})\n{_HEALTH}", True),
        ("app.use('/api', requireAuth)\napp.get('/api/health', (q, r) => r.end())\n", True),
        ("app.get('/health', requireAuth, (q, r) => r.end())\n", True),
    ],
)
def test_what_may_turn_a_request_away(text: str, guarded: bool) -> None:
    found = code(_EXPRESS + text)
    assert [each.guarded for each in found.behaviour.served.endpoints] == [guarded]


@pytest.mark.parametrize(
    ("mount", "guarded"),
    [
        ("app.use('/api', require('./auth'))", False),
        ("app.use(require('./auth'))", False),
        ("app.use('/api', requireAuth, require('./auth'))", True),
        ("app.use(requireAuth)\napp.use('/api', require('./auth'))", True),
        ("app.use('/api', require('./auth'))\napp.use(requireAuth)", False),
    ],
)
def test_a_router_that_is_called_as_a_guard_is(mount: str, guarded: bool) -> None:
    router = "const router = require('express').Router()\nrouter.get('/health', (q, r) => r.end())\nmodule.exports = router\n"
    found = code(_EXPRESS + mount, auth__js=router)
    assert [each.guarded for each in found.behaviour.served.endpoints] == [guarded]
