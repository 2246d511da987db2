"""The source files of a project, each parsed when it is first asked for."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from dockfix.context.javascript.files import Files
from dockfix.context.javascript.modules import Imported, Module, Taking
from dockfix.context.javascript.resolve import Resolver
from dockfix.context.javascript.tree import captures, is_minified, is_source, is_vendored, parse, string_of
from dockfix.syntax import encode

if TYPE_CHECKING:
    from tree_sitter import Node

_MAX_FILE = 1 << 20
_OTHERS = (
    ".vue",
    ".svelte",
    ".astro",
    ".mdx",
    ".coffee",
    ".ls",
    ".node",
    ".wasm",
)  # code, but not in a language that is read


class Project:
    """The files of a project, each parsed when it is first asked for."""

    def __init__(self, files: Files) -> None:
        self.files = files
        self.resolve = Resolver(files)
        self.reasons: dict[str, str] = {}  # why a file could not be read
        self.places: dict[str, str] = {}  # where files run that are compiled
        self.programs: set[str] = set()  # files without an ending that are run as programs
        self.settings: dict[str, list[tuple[Module, Node]]] = {}  # what calls of a method "set" set
        self._modules: dict[str, Module | None] = {}

    def module(self, file: str) -> Module | None:
        """A file taken apart; None for one that is no source, or can't be read, for which ``reasons`` says why."""
        if file not in self._modules:
            self._modules[file] = self._read(file)
        return self._modules[file]

    @property
    def parsed(self) -> list[Module]:
        """All that was parsed so far, by name."""
        return [module for _, module in sorted(self._modules.items()) if module is not None]

    def _read(self, file: str) -> Module | None:
        if not is_source(file) and file not in self.programs:
            if file.endswith(_OTHERS):
                self.reasons[file] = "its language is not read"
            return None
        whole = self.files.read(file)
        if whole is None or len(whole) > _MAX_FILE:
            self.reasons[file] = "it could not be read, or is too large"
            return None
        text = encode(whole)
        if is_vendored(file) or is_minified(text):
            self.reasons[file] = "it was made by a program, or is another project's"
            return None
        parsed = parse(file, text)
        if parsed.root.has_error:
            # asked for what is around a node, the library may not come back from a tree with errors
            self.reasons[file] = "its syntax is not understood"
            return None
        module = Module(file, self.places.get(file, file), parsed.root, captures(parsed))
        Taking(module).all()
        for site in module.calls:
            if site.name == "set" and site.receiver is not None and len(site.given) == 2:
                name = string_of(site.given[0])
                if name:
                    self.settings.setdefault(name, []).append((module, site.given[1]))
            elif site.name == "registerAs" and len(site.given) == 2:
                self.settings.setdefault(f"{string_of(site.given[0])}.", []).append((module, site.given[1]))
        return module

    def target(self, module: Module, source: str) -> Module | None:
        """The file of the project that a module names; None where it is another's."""
        found = self.resolve(source, posixpath.dirname(module.file))
        return self.module(found.name) if found.kind == "file" else None

    def exported(self, module: Module, name: str, depth: int = 0) -> tuple[Module, Node] | None:
        """What a module exports under a name, followed through the modules that only hand it on."""
        if depth > 8:
            return None
        if name in module.exports:
            return module, module.exports[name]
        again = module.again.get(name)
        for source, wanted in [again] if again is not None else [Imported(each, name) for each in module.stars]:
            other = self.target(module, source)
            found = self.exported(other, wanted, depth + 1) if other is not None else None
            if found is not None:
                return found
        return None
