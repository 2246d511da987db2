"""The modules of an application, and how they find each other."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Set

from dockfix.context.program.scan import last_name, options_of, scan
from dockfix.context.program.scopes import CallSite, Index, Module, Scope
from dockfix.context.program.source import parse_python
from dockfix.lazy import cached_property, regex

# Functions that take something, and classes
_DEFINED = regex(rb"def[ \t]+(\w+)\(\s*(?!\)|(?:self|cls)\s*(?:,\s*)?\))|class[ \t]+(\w+)")
_MAX_SETTINGS = 60
_DECLARING = frozenset({"add_argument", "add_option"})  # methods that declare an option of the command line
_NOT_A_WORD = bytes(
    code if (chr(code).isalnum() and code < 128) or code in b"_" or code >= 128 else 32 for code in range(256)
)


def words_of(data: bytes) -> list[bytes]:
    """All words of a source file, those of comments and strings, too."""
    return data.translate(_NOT_A_WORD).split()


class Sources:
    """What was read of Python files, kept for whoever reads the same files again, be it in another application.

    ``wanted`` are the last names of the calls that are of interest. May be used by several threads.
    """

    def __init__(self, wanted: Set[str] = frozenset()) -> None:
        self.wanted = wanted
        self._modules: dict[tuple[str, bytes], Module | str] = {}
        self._defined: dict[bytes, tuple[str, ...]] = {}
        self._said: dict[tuple[Callable[[bytes], bool], bytes], bool] = {}

    def module(self, file: str, data: bytes) -> Module | str:
        """What a file holds, or why it cannot be parsed."""
        key = file, data
        if key not in self._modules:
            tree = parse_python(data)
            self._modules[key] = tree if isinstance(tree, str) else scan(file, tree, self.wanted)
        return self._modules[key]

    def says(self, question: Callable[[bytes], bool], data: bytes) -> bool:
        """The answer to a question about the text of a file."""
        key = question, data
        if key not in self._said:
            self._said[key] = question(data)
        return self._said[key]

    def defined(self, data: bytes) -> tuple[str, ...]:
        """The names of the functions that take something, and of the classes, by the looks of the text."""
        if data not in self._defined:
            names = ((match[1] or match[2]).decode("utf-8", "replace") for match in _DEFINED.finditer(data))
            self._defined[data] = tuple(dict.fromkeys(names))
        return self._defined[data]


class Project:
    """All Python files, each parsed when first needed, unless that was done already for ``sources``."""

    def __init__(self, files: Mapping[str, bytes], sources: Sources) -> None:
        self.files = files
        self.reasons: dict[str, str] = {}
        self._sources = sources
        self._failed: dict[str, str] = {}
        self._settings: dict[str, list[str]] = {}
        self._modules: dict[str, Module | None] = {}
        self._calls: dict[str, list[CallSite]] = {}
        self.index = Index({name: [] for data in files.values() for name in sources.defined(data)})
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
            module = self._sources.module(file, self.files[file])
            if isinstance(module, str):
                self._failed[file] = module
                self._modules[file] = None
            else:
                self._modules[file] = module
                self._calls[file] = self._taken_in(module)
        if needed and file in self._failed:
            self.reasons[file] = self._failed[file]
        return self._modules[file]

    def _taken_in(self, module: Module) -> list[CallSite]:
        """The calls in a module that are of interest; those of the application's own functions are put into the index."""
        index, wanted = self.index, self._sources.wanted
        for name, inner in module.derived:
            index.derived.setdefault(name, []).append(inner)
        found: list[CallSite] = []
        for node, scope, name, imported, runs in module.sites:
            called = name if name in index.calls else imported
            if called in _DECLARING:
                for option, default in options_of(node):
                    index.options.setdefault(option, []).append((default, scope))
            if called in index.calls:
                index.calls[called].append((node, scope))
            if runs or (called in wanted if called != "__init__" else self._derives(scope)):
                found.append((node, scope))
        return found

    def _derives(self, scope: Scope) -> bool:
        """Whether code belongs to a class that derives from one of interest."""
        owner = scope.owner
        return owner is not None and any(last_name(base) in self._sources.wanted for base in owner.bases)

    def calls(self, module: Module) -> list[CallSite]:
        """The calls of interest in a module that was parsed."""
        return self._calls[module.file]

    @property
    def parsed(self) -> int:
        """How many files were parsed, or could not be."""
        return len(self._modules)

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

    def may_have(self, name: str) -> bool:
        """Whether a file, or a dotted module's first part, of this name is among the files: a quick look before ``find``."""
        return name in self.files or name.removeprefix(":").partition(".")[0] in self._homes

    def homes(self, name: str, importer: str) -> list[str]:
        """The folders, nearest first, in which a top-level module of the application's own lies."""
        known = self._homes.get(name, set())
        around = [folder for folder in above(importer) if folder in known]
        # a folder that is no package itself may be on the module path
        return around or sorted(
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


def above(file: str) -> list[str]:
    """The folders that a file lies in, the nearest first."""
    folders = [posixpath.dirname(file)]
    while folders[-1].strip("/"):
        folders.append(posixpath.dirname(folders[-1]))
    return folders
