"""The modules of an application, and how they find each other."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Set
from functools import cached_property

from dockfix.context.program.scan import scan
from dockfix.context.program.scopes import Index, Module
from dockfix.context.program.source import parse_python

# Functions that take something, and classes
_DEFINED = re.compile(rb"def[ \t]+(\w+)\(\s*(?!\)|(?:self|cls)\s*(?:,\s*)?\))|class[ \t]+(\w+)")
_MAX_SETTINGS = 60
_NOT_A_WORD = bytes(
    code if (chr(code).isalnum() and code < 128) or code in b"_" or code >= 128 else 32 for code in range(256)
)


def words_of(data: bytes) -> list[bytes]:
    """All words of a source file, those of comments and strings, too."""
    return data.translate(_NOT_A_WORD).split()


class Project:
    """All Python files, each parsed when first needed."""

    def __init__(self, files: Mapping[str, bytes], wanted: Set[str]) -> None:
        self.files = files
        self.wanted = wanted
        self.reasons: dict[str, str] = {}
        self._failed: dict[str, str] = {}
        self._settings: dict[str, list[str]] = {}
        self._modules: dict[str, Module | None] = {}
        self.parsed: set[str] = set()
        self.index = Index(
            {
                (match[1] or match[2]).decode("utf-8", "replace"): []
                for data in files.values()
                for match in _DEFINED.finditer(data)
            }
        )
        self._homes: dict[str, set[str]] = {}
        for file in files:
            stem = file.rpartition(".")[0] if file.endswith((".py", ".pyw")) else ""
            while stem:
                folder, _, name = stem.rpartition("/")
                self._homes.setdefault(name, set()).add(folder)
                stem = folder

    def module(self, file: str, needed: bool = True) -> Module | None:
        """What a file holds; None where it cannot be parsed, and ``reasons`` says why if the file is ``needed``."""
        if file not in self._modules:
            self.parsed.add(file)
            tree = parse_python(self.files[file])
            if isinstance(tree, str):
                self._failed[file] = tree
                self._modules[file] = None
            else:
                self._modules[file] = scan(file, tree, self.wanted, self.index)
        if needed and file in self._failed:
            self.reasons[file] = self._failed[file]
        return self._modules[file]

    def setting(self, name: str) -> list[str]:
        """The files that assign a constant of this name; for the first of these questions only, since each goes through all files."""
        if name not in self._settings:
            pattern = re.compile(rb"(?:\A|\n)[ \t]*" + name.encode() + rb"[ \t]*(?::[^=\n]*)?=(?!=)")
            files = self.files.items() if len(self._settings) < _MAX_SETTINGS else ()
            self._settings[name] = [file for file, data in files if name.encode() in data and pattern.search(data)]
        return self._settings[name]

    @cached_property
    def mentions(self) -> Mapping[str, list[str]]:
        """The files that hold the name of a function or class of the application's own, be it in a comment."""
        names = {name.encode(): name for name in self.index.calls}
        found: dict[str, list[str]] = {}
        for file, data in self.files.items():
            for word in names.keys() & set(words_of(data)):
                found.setdefault(names[word], []).append(file)
        return found

    def known(self, file: str) -> bool:
        """Whether a file was parsed, or could not be."""
        return file in self._modules

    @property
    def modules(self) -> Iterator[Module]:
        """Those that were parsed so far, by name."""
        return (module for file in sorted(self._modules) if (module := self._modules[file]) is not None)

    def homes(self, name: str, importer: str) -> list[str]:
        """The folders, nearest first, in which a top-level module of the application's own lies."""
        known = self._homes.get(name, set())
        above = [folder for folder in _above(importer) if folder in known]
        # a folder that is no package itself may be on the module path
        return above or sorted(
            (folder for folder in known if f"{folder}/__init__.py" not in self.files),
            key=lambda folder: (folder.count("/"), folder),
        )

    def find(self, dotted: str, importer: str) -> tuple[str, str] | None:
        """The file of a dotted name, and what of the name is left; None for a module from elsewhere.

        A name with a colon before it starts at the root of the context.
        """
        parts = dotted.removeprefix(":").split(".")
        for home in [""] if dotted.startswith(":") else self.homes(parts[0], importer):
            for number in range(len(parts), 0, -1):
                path = posixpath.join(home, *parts[:number])
                for file in (f"{path}.py", f"{path}/__init__.py"):
                    if file in self.files:
                        return file, ".".join(parts[number:])
        return None


def _above(file: str) -> list[str]:
    folders = [posixpath.dirname(file)]
    while folders[-1].strip("/"):
        folders.append(posixpath.dirname(folders[-1]))
    return folders
