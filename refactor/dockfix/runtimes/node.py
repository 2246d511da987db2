"""Node.js: packages lie beside their project, in ``node_modules``, and never move by themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from dockfix.runtimes.probes import source
from dockfix.runtimes.protocol import Probe, Runtime


class Node(Runtime):
    """Node.js, as the official images have it, or Bun in its place."""

    id: ClassVar[str] = "node"
    title: ClassVar[str] = "Node.js"
    sources: ClassVar[Mapping[str, str]] = {".js": "//", ".mjs": "//", ".cjs": "//", ".ts": "//"}
    interpreters: ClassVar[tuple[str, ...]] = ("node", "bun")
    told_by: ClassVar[frozenset[str]] = frozenset({"NODE_VERSION", "BUN_RUNTIME_TRANSPILER_CACHE_PATH"})
    package_folder: ClassVar[str] = "node_modules"
    library: ClassVar[str] = "/usr/local/lib/node_modules|/usr/local/include/node"
    # every install may write the lock in the form of its own version, and what Yarn has done so far; each user has a folder of compiled
    # code
    remade: ClassVar[str] = (
        r"/(?:.*/)?(?:package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|bun\.lockb?)"
        r"|/(?:.*/)?\.yarn/(?:install-state\.gz|build-state\.yml)|/tmp/(?:v8|node)-compile-cache[^/]*"
    )
    leavings: ClassVar[tuple[str, ...]] = (
        r"/(?:root|home/[^/]+)/\.npm",
        r"/(?:root|home/[^/]+)/\.bun(?:(?![\s\S])|/install)",
        r"/(?:root|home/[^/]+)/\.cache(?:(?![\s\S])|/(?:node(?:-gyp)?|pnpm|yarn))",
        r"/(?:root|home/[^/]+)/\.local(?:(?:/(?:share|state))?(?![\s\S])|/(?:share|state)/pnpm)",
        # what tools that build keep of their own, such as whether they may count their calls
        r"/(?:root|home/[^/]+)/\.config(?:(?![\s\S])|/(?:astro|configstore|gatsby|nextjs-nodejs|nuxt|turborepo))",
        r"/(?:root|home/[^/]+)/\.yarn(?:rc)?|/usr/local/share/\.(?:cache|yarnrc)",
    )

    def asks(self, url: str, runner: str = "") -> tuple[str, ...]:
        """By the module that all releases have; what loads only as an ES module is no matter for ``-e``."""
        check = f"require('http').get('{url}', r => process.exit(r.statusCode < 400 ? 0 : 1)).on('error', () => process.exit(1))"
        return runner or "node", "-e", check

    def probe(self, what: Probe) -> str:
        """Node.js 14 or later."""
        return source(f"node_{what}.js")


NODE = Node()
