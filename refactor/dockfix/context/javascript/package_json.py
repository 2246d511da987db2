"""package.json: what of it decides what is installed, what is run, and which file is loaded.

https://docs.npmjs.com/cli/v11/configuring-npm/package-json, https://nodejs.org/api/packages.html
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from functools import lru_cache
from typing import Any, Literal

from dockfix.dataclass import dataclass
from dockfix.namedtuple import NamedTuple

NAME = "package.json"
# What an install of the project itself runs, in this order; the last two only where the project is no dependency of another
LIFECYCLE = ("preinstall", "install", "postinstall", "prepublish", "preprepare", "prepare", "postprepare")
Kind = Literal["production", "development", "optional", "peer"]


class Lifecycle(NamedTuple):
    """A script that an install runs by itself: its name, the command, the 1-based line in the file (0: not known)."""

    name: str
    command: str
    line: int


@dataclass(frozen=True)
class Package:
    """One package.json.

    ``file`` is its path relative to the build context. ``main`` is what is loaded where the package is named, as written, "" where
    it doesn't say. ``bin`` maps the names of its programs to files, as written. ``exports`` and ``imports`` map subpaths to all
    targets that any condition leads to. ``dependencies`` and the three after it map names to ranges, as written. ``workspaces`` are
    patterns of folders. ``manager`` is the "packageManager", as in "pnpm@9.1.0". ``settings`` is the whole file.
    """

    file: str
    name: str = ""
    version: str = ""
    main: str = ""
    type: Literal["commonjs", "module"] = "commonjs"
    bin: Mapping[str, str] = field(default_factory=dict)
    exports: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    imports: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    engines: Mapping[str, str] = field(default_factory=dict)
    scripts: Mapping[str, str] = field(default_factory=dict)
    dependencies: Mapping[str, str] = field(default_factory=dict)
    development: Mapping[str, str] = field(default_factory=dict)
    optional: Mapping[str, str] = field(default_factory=dict)
    peer: Mapping[str, str] = field(default_factory=dict)
    workspaces: tuple[str, ...] = ()
    manager: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)
    text: str = field(default="", compare=False, repr=False)

    @property
    def folder(self) -> str:
        """The folder that it lies in, "" for the root of the build context."""
        return posixpath.dirname(self.file)

    def kind_of(self, name: str) -> Kind | None:
        """What a package is to this one; None where it is not asked for. One that is asked for twice counts as what stays."""
        kinds: tuple[tuple[Kind, Mapping[str, str]], ...] = (
            ("production", self.dependencies),
            ("optional", self.optional),
            ("peer", self.peer),
            ("development", self.development),
        )
        return next((kind for kind, names in kinds if name in names), None)

    @property
    def asked_for(self) -> Mapping[str, str]:
        """All packages that it names, with their ranges."""
        return {**self.peer, **self.development, **self.optional, **self.dependencies}

    @property
    def lifecycle(self) -> tuple[Lifecycle, ...]:
        """The scripts of its own that an install in its folder runs, in their order."""
        return tuple(
            Lifecycle(name, self.scripts[name], self.line_of(name)) for name in LIFECYCLE if name in self.scripts
        )

    @property
    def local(self) -> Mapping[str, str]:
        """The packages that it takes from folders or files, with these as written: "../lib", "vendor/a.tgz"."""
        return {name: path for name, wanted in self.asked_for.items() if (path := local_path(wanted)) is not None}

    def line_of(self, key: str) -> int:
        """The 1-based line on which a key stands for the first time, 0 where it doesn't."""
        found = self.text.find(json.dumps(key) + ":")
        return self.text.count("\n", 0, found) + 1 if found >= 0 else self._loose_line(key)

    def _loose_line(self, key: str) -> int:
        found = self.text.find(json.dumps(key))
        return self.text.count("\n", 0, found) + 1 if found >= 0 else 0


def local_path(wanted: str) -> str | None:
    """The path of a folder or file that a range names; None for one that does not: "workspace:*" names a member, not a path."""
    for prefix in ("file:", "link:", "portal:"):
        if wanted.startswith(prefix):
            return wanted.removeprefix(prefix).partition("::")[0]
    return wanted if wanted.startswith(("./", "../", "/", "~/")) else None


@lru_cache(maxsize=256)
def parse_package(file: str, text: str) -> Package | None:
    """What a text says; None where it is no JSON object, so that nothing of it is known."""
    try:
        data = json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(data, dict):
        return None
    workspaces = data.get("workspaces")
    if isinstance(workspaces, dict):
        workspaces = workspaces.get("packages")
    dependencies, optional = _texts(data, "dependencies"), _texts(data, "optionalDependencies")
    return Package(
        file,
        _text(data, "name"),
        _text(data, "version"),
        _text(data, "main"),
        "module" if data.get("type") == "module" else "commonjs",
        _programs(data),
        _targets(data.get("exports")),
        _targets(data.get("imports")),
        _texts(data, "engines"),
        _texts(data, "scripts"),
        {name: wanted for name, wanted in dependencies.items() if name not in optional},
        _texts(data, "devDependencies"),
        optional,
        _texts(data, "peerDependencies"),
        tuple(each for each in workspaces if isinstance(each, str)) if isinstance(workspaces, list) else (),
        _text(data, "packageManager"),
        data,
        text,
    )


def read_package(read: Callable[[str], str | None], file: str) -> Package | None:
    """The package.json at a path relative to the build context; None where there is none that can be read."""
    text = read(file)
    return parse_package(file, text) if text is not None else None


def nearest(read: Callable[[str], str | None], folder: str) -> Package | None:
    """The package.json of the package that a folder belongs to: its own, or that of the nearest folder above that has one."""
    while True:
        found = read_package(read, posixpath.join(folder, NAME))
        if found is not None or folder.strip("/") == "":
            return found
        folder = posixpath.dirname(folder)


def _text(data: Mapping[str, Any], key: str) -> str:
    value = data.get(key)
    return value if isinstance(value, str) else ""


def _texts(data: Mapping[str, Any], key: str) -> dict[str, str]:
    value = data.get(key)
    return {name: each for name, each in value.items() if isinstance(each, str)} if isinstance(value, dict) else {}


def _programs(data: Mapping[str, Any]) -> dict[str, str]:
    given = data.get("bin")
    if isinstance(given, str):
        name = _text(data, "name").rpartition("/")[2]
        return {name: given} if name else {}
    return _texts(data, "bin")


def _targets(given: object) -> dict[str, tuple[str, ...]]:
    """Subpaths with all that they may lead to; a text, or conditions alone, are those of "."."""
    if isinstance(given, dict) and any(isinstance(key, str) and key.startswith((".", "#")) for key in given):
        return {key: tuple(_leaves(value)) for key, value in given.items() if isinstance(key, str)}
    found = tuple(_leaves(given))
    return {".": found} if found else {}


def _leaves(value: object) -> Iterator[str]:
    pending = [value]
    while pending:
        each = pending.pop()
        if isinstance(each, str):
            yield each
        elif isinstance(each, dict):
            pending += reversed(each.values())
        elif isinstance(each, list):
            pending += reversed(each)


def package_of(name: str) -> str:
    """The package that a module's name belongs to."""
    parts = name.split("/")
    return "/".join(parts[:2]) if name.startswith("@") else parts[0]
