"""Node.js: packages lie beside their project, in ``node_modules``, and never move by themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from dockfix.runtimes.probes import source
from dockfix.runtimes.protocol import Probe, Runtime


class Node(Runtime):
    """Node.js, as the official images have it."""

    id: ClassVar[str] = "node"
    title: ClassVar[str] = "Node.js"
    sources: ClassVar[Mapping[str, str]] = {".js": "//", ".mjs": "//", ".cjs": "//", ".ts": "//"}
    interpreters: ClassVar[tuple[str, ...]] = ("node",)
    told_by: ClassVar[str] = "NODE_VERSION"
    package_folder: ClassVar[str] = "node_modules"
    library: ClassVar[str] = "/usr/local/lib/node_modules|/usr/local/include/node"
    leavings: ClassVar[tuple[str, ...]] = (r"/(?:root|home/[^/]+)/\.npm", r"/(?:root|home/[^/]+)/\.cache/node(?:-gyp)?")

    def asks(self, url: str) -> tuple[str, ...]:
        """By the module that all releases have; what loads only as an ES module is no matter for ``-e``."""
        check = f"require('http').get('{url}', r => process.exit(r.statusCode < 400 ? 0 : 1)).on('error', () => process.exit(1))"
        return "node", "-e", check

    def probe(self, what: Probe) -> str:
        """Node.js 14 or later."""
        return source(f"node_{what}.js")


NODE = Node()
