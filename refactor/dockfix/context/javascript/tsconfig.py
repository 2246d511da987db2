"""tsconfig.json: where what is compiled goes, and what names of modules mean.

https://www.typescriptlang.org/tsconfig/
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from dockfix.context.javascript.files import Files
from dockfix.dataclass import dataclass
from dockfix.lazy import regex

NAMES = ("tsconfig.build.json", "tsconfig.prod.json", "tsconfig.server.json", "tsconfig.json", "jsconfig.json")
_MAX_EXTENDS = 8
_STRING_OR_COMMENT = regex(r'(?s)("(?:[^"\\]|\\.)*")|//[^\n]*|/\*.*?\*/')
_LAST_COMMA = regex(r'("(?:[^"\\]|\\.)*")|,(?=\s*[}\]])')


@dataclass(frozen=True)
class TsConfig:
    """Paths are relative to the build context; "" for the root, None where the file does not say.

    ``paths`` are patterns of names with what they may mean.
    """

    file: str
    out_dir: str | None = None
    root_dir: str | None = None
    base_url: str | None = None
    paths: tuple[tuple[str, tuple[str, ...]], ...] = ()
    include: tuple[str, ...] = ()

    @property
    def folder(self) -> str:
        """The folder that it lies in."""
        return posixpath.dirname(self.file)

    def meaning(self, name: str) -> list[str]:
        """The paths that a module's name may mean by ``paths`` and ``baseUrl``, the likeliest first."""
        found: list[str] = []
        for pattern, targets in self.paths:
            head, star, tail = pattern.partition("*")
            if not star and name == pattern:
                found += targets
            elif star and name.startswith(head) and name.endswith(tail) and len(name) >= len(head) + len(tail):
                middle = name[len(head) : len(name) - len(tail)]
                found += [target.replace("*", middle) for target in targets]
        if self.base_url is not None:
            found.append(_clean(self.base_url, name))
        return found


def without_comments(text: str) -> str:
    """The JSON in a text that may have comments and a comma after the last entry."""
    text = re.sub(_STRING_OR_COMMENT.pattern, lambda match: match[1] or " ", text.removeprefix("\ufeff"))
    return re.sub(_LAST_COMMA.pattern, lambda match: match[1] or "", text)


@lru_cache(maxsize=512)
def _parsed(text: str) -> Mapping[str, Any] | None:
    try:
        found = json.loads(without_comments(text))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def read_tsconfig(files: Files, file: str, depth: int = 0) -> TsConfig | None:
    """What a file says together with those that it extends; None where it is not there or can't be read."""
    text = files.read(file) if files.has(file) else None
    data = _parsed(text) if text is not None else None
    if data is None or depth > _MAX_EXTENDS:
        return None
    folder = posixpath.dirname(file)
    base = TsConfig(file)
    extends = data.get("extends")
    for each in [extends] if isinstance(extends, str) else extends if isinstance(extends, list) else []:
        if isinstance(each, str) and each.startswith("."):
            path = _clean(folder, each)
            above = read_tsconfig(files, path if path.endswith(".json") else f"{path}.json", depth + 1)
            base = above or base
    given = data.get("compilerOptions")
    options: Mapping[str, Any] = given if isinstance(given, dict) else {}
    base_url = _path(options, "baseUrl", folder, base.base_url)
    paths = options.get("paths")
    include = data.get("include")
    return TsConfig(
        file,
        _path(options, "outDir", folder, base.out_dir),
        _path(options, "rootDir", folder, base.root_dir),
        base_url,
        tuple(
            (pattern, tuple(_clean(base_url or folder, each) for each in targets if isinstance(each, str)))
            for pattern, targets in paths.items()
            if isinstance(targets, list)
        )
        if isinstance(paths, dict)
        else base.paths,
        tuple(each for each in include if isinstance(each, str)) if isinstance(include, list) else base.include,
    )


def _path(options: Mapping[str, Any], key: str, folder: str, otherwise: str | None) -> str | None:
    value = options.get(key)
    return _clean(folder, value) if isinstance(value, str) else otherwise


def _clean(folder: str, path: str) -> str:
    found = posixpath.normpath(posixpath.join(folder, path.replace("${configDir}", ".")))
    return "" if found == "." else found


def tsconfigs(files: Files, folder: str) -> list[TsConfig]:
    """Those of a folder, those for a build first."""
    found = (read_tsconfig(files, posixpath.join(folder, name)) for name in NAMES)
    return [each for each in found if each is not None]


def nearest_tsconfig(files: Files, folder: str) -> TsConfig | None:
    """The tsconfig.json or jsconfig.json that an editor would take for the files of a folder."""
    while True:
        for name in ("tsconfig.json", "jsconfig.json"):
            found = read_tsconfig(files, posixpath.join(folder, name))
            if found is not None:
                return found
        if folder.strip("/") == "":
            return None
        folder = posixpath.dirname(folder)
