"""What the name of a module means: a file of the project, a package of others, a module of Node.js.

https://nodejs.org/api/modules.html#all-together, https://nodejs.org/api/packages.html
"""

from __future__ import annotations

import posixpath
from typing import Literal

from dockfix.context.javascript.files import Files
from dockfix.context.javascript.package_json import Package, package_of
from dockfix.context.javascript.tree import SOURCES
from dockfix.context.javascript.tsconfig import TsConfig, nearest_tsconfig, tsconfigs
from dockfix.lazy import cached_property, regex
from dockfix.namedtuple import NamedTuple

# https://nodejs.org/api/modules.html#built-in-modules, as of Node.js 24
BUILTINS = frozenset(
    """
    assert async_hooks buffer child_process cluster console constants crypto dgram diagnostics_channel dns domain events fs http http2
    https inspector module net os path perf_hooks process punycode querystring readline repl stream string_decoder sys timers tls
    trace_events tty url util v8 vm wasi worker_threads zlib
    """.split()  # noqa: SIM905 (as a list it would have a line for each)
)
# https://docs.npmjs.com/cli/v11/configuring-npm/package-json#name; what is no name of a package is one that a bundler's settings give
_PACKAGE = regex(r"(?:@[\w.~-]+/)?[A-Za-z0-9_.-][\w.~-]*")
_ENDINGS = (".ts", ".tsx", ".mts", ".cts", ".js", ".mjs", ".cjs", ".jsx", ".json", ".node")
_COMPILED = {".js": (".ts", ".tsx"), ".mjs": (".mts",), ".cjs": (".cts",), ".jsx": (".tsx",)}
_OUTPUTS = ("dist", "build", "lib", "out", ".dist", "bin", "output", "server-dist", "dist-server", "compiled", "prod")


class Resolved(NamedTuple):
    """What a name means: ``name`` is the path of the file, or the name of the package or module."""

    kind: Literal["file", "package", "builtin", "missing"]
    name: str


class Resolver:
    """Resolves names in the files of one project; each answer is worked out once."""

    def __init__(self, files: Files) -> None:
        self.files = files
        self._configs: dict[str, TsConfig | None] = {}
        self._packages: dict[str, Package | None] = {}
        self._found: dict[tuple[str, str], Resolved] = {}

    def __call__(self, name: str, folder: str) -> Resolved:
        """What a name means in a file of a folder."""
        key = name, folder
        if key not in self._found:
            self._found[key] = self._resolve(name.partition("?")[0], folder)
        return self._found[key]

    def _resolve(self, name: str, folder: str) -> Resolved:
        if name.startswith("node:"):
            return Resolved("builtin", name.removeprefix("node:"))
        if name in {".", ".."} or name.startswith(("./", "../", "/")):
            path = posixpath.normpath(posixpath.join(folder, name))
            found = self.file(path)
            return Resolved("file", found) if found is not None else Resolved("missing", path)
        package = self.package(folder)
        if name.startswith("#") and package is not None:
            return self._inside(package, name)
        top = package_of(name)
        if top in BUILTINS and (package is None or package.kind_of(top) is None):
            return Resolved("builtin", name)
        config = self.config(folder)
        for path in config.meaning(name) if config is not None else ():
            found = self.file(path)
            if found is not None:
                return Resolved("file", found)
        member = self.member(top, folder)
        if member is not None:
            return self._of_member(member, name)
        alias = self._alias(package, name)
        if alias is not None:
            found = self.file(alias)
            return Resolved("file", found) if found is not None else Resolved("missing", alias)
        return Resolved("package", top) if _PACKAGE.fullmatch(top) else Resolved("missing", name)

    def _alias(self, package: Package | None, name: str) -> str | None:
        """What the package "module-alias" makes of a name."""
        aliases = package.settings.get("_moduleAliases") if package is not None else None
        if package is None or not isinstance(aliases, dict):
            return None
        for key, target in aliases.items():
            if isinstance(target, str) and (name == key or name.startswith(f"{key}/")):
                return posixpath.normpath(posixpath.join(package.folder, target + name[len(key) :]))
        return None

    def _inside(self, package: Package, name: str) -> Resolved:
        for pattern, targets in package.imports.items():
            head, star, tail = pattern.partition("*")
            if name == pattern or (star and name.startswith(head) and name.endswith(tail)):
                middle = name[len(head) : len(name) - len(tail)] if star else ""
                for target in targets:
                    path = posixpath.normpath(posixpath.join(package.folder, target.replace("*", middle)))
                    found = self.file(path) or self.source_of(path, package.folder)
                    if found is not None:
                        return Resolved("file", found)
        return Resolved("missing", name)

    def _of_member(self, member: Package, name: str) -> Resolved:
        rest = name[len(member.name) :].lstrip("/")
        targets = list(member.exports.get(f"./{rest}" if rest else ".", ()))
        targets += [rest] if rest else [member.main, "index.js", "src/index.ts"]
        for target in filter(None, targets):
            path = posixpath.normpath(posixpath.join(member.folder, target))
            found = self.file(path) or self.source_of(path, member.folder)
            if found is not None:
                return Resolved("file", found)
        return Resolved("missing", posixpath.join(member.folder, rest))

    def file(self, path: str) -> str | None:
        """The file that a path means, with the endings and index files that Node.js and TypeScript try."""
        path = "" if path == "." else path
        has = self.files.has
        if path and has(path):
            return path
        stem, ending = posixpath.splitext(path)
        for other in _COMPILED.get(ending, ()):
            if has(stem + other):
                return stem + other
        for each in _ENDINGS if path else ():
            if has(path + each):
                return path + each
        package = self.files.package(path) if path else None
        if package is not None and package.main:
            found = posixpath.normpath(posixpath.join(path, package.main))
            if found != path and (inside := self.file(found)) is not None:
                return inside
        for each in _ENDINGS:
            if has(posixpath.join(path, f"index{each}")):
                return posixpath.join(path, f"index{each}")
        return None

    def source_of(self, path: str, folder: str) -> str | None:
        """The file of the project that a compiled file is made of, by tsconfig.json or by the usual names; None for none.

        ``folder`` is that of the package.
        """
        stem, ending = posixpath.splitext(path)
        if ending not in SOURCES:
            stem = path
        for config in tsconfigs(self.files, folder):
            out = config.out_dir
            if out is not None and (stem == out or stem.startswith(f"{out}/")):
                rest = stem[len(out) + 1 :]
                roots = [config.root_dir] if config.root_dir is not None else [posixpath.join(folder, "src"), folder]
                for root in roots:
                    found = self._source(posixpath.join(root or "", rest))
                    if found is not None:
                        return found
        inside = stem[len(folder) + 1 :] if folder else stem
        head, _, rest = inside.partition("/")
        if head in _OUTPUTS and rest:
            parts = rest.split("/")
            # a bundler may name its output as it likes, and a monorepo's output has the folders of its members
            tries = ["/".join(parts[skip:]) for skip in range(min(len(parts), 4))]
            for each in tries:
                for root in ("src", "", "source", "lib", "server", "app"):
                    found = self._source(posixpath.join(folder, root, each) if root else posixpath.join(folder, each))
                    if found is not None:
                        return found
        return None

    def _source(self, stem: str) -> str | None:
        stem = stem.removesuffix("/")
        tried = (stem, f"{stem}/index") if stem else ("index",)
        return next((each + end for each in tried for end in SOURCES if self.files.has(each + end)), None)

    def package(self, folder: str) -> Package | None:
        """The package.json that the files of a folder belong to."""
        if folder not in self._packages:
            self._packages[folder] = self.files.nearest(folder)
        return self._packages[folder]

    def config(self, folder: str) -> TsConfig | None:
        """The tsconfig.json that the files of a folder belong to."""
        if folder not in self._configs:
            self._configs[folder] = nearest_tsconfig(self.files, folder)
        return self._configs[folder]

    def member(self, name: str, folder: str) -> Package | None:
        """The member of the workspace of this name, or what package.json takes from a folder."""
        found = self._members.get(name)
        if found is not None:
            return found
        package = self.package(folder)
        if package is not None and package.name == name and package.kind_of(name) is None:
            return package  # it may name itself
        path = package.local.get(name) if package is not None else None
        if package is None or path is None:
            return None
        return self.files.package(posixpath.normpath(posixpath.join(package.folder, path)))

    @cached_property
    def _members(self) -> dict[str, Package]:
        found: dict[str, Package] = {}
        for name in self.files.names:
            if name == "package.json" or name.endswith("/package.json"):
                package = self.files.package(posixpath.dirname(name))
                if package is not None:
                    for member, each in self.files.members(package).items():
                        found.setdefault(member, each)
        return found
