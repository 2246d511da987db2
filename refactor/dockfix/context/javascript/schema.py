"""Settings of databases that stand in files of other languages: schema.prisma."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable

from dockfix.context.javascript.files import Files
from dockfix.context.javascript.program import Config
from dockfix.context.program.model import UNKNOWN, Write
from dockfix.lazy import regex

_CLIENT = "@prisma/client"
_SOURCE = regex(r"(?ms)^datasource\s+\w+\s*\{(.*?)^\}")
_PROVIDER = regex(r'(?m)^\s*provider\s*=\s*"([^"]*)"')
_URL = regex(r'(?m)^\s*url\s*=\s*(?:"(?:file:)?([^"]*)"|env\("([^"]*)"\))')


def schemas(files: Files, configs: Iterable[Config]) -> list[str]:
    """The schemas of a project, those that a started program loads among them."""
    found = {each.file for each in configs if each.file.endswith(".prisma")}
    found |= {name for name in files.names if name.endswith("schema.prisma") and "node_modules/" not in name}
    return sorted(found)


def database_of(files: Files, packages: Collection[str], configs: Iterable[Config], writes: list[Write]) -> None:
    """Adds the file of an SQLite database that a schema names, where the code or a started program uses it."""
    configs = tuple(configs)
    if _CLIENT not in packages and not any(each.file.endswith(".prisma") for each in configs):
        return
    for file in schemas(files, configs):
        text = files.read(file) or ""
        for match in _SOURCE.finditer(text):
            provider, url = _PROVIDER.search(match[1]), _URL.search(match[1])
            if provider is None or provider[1] != "sqlite" or url is None:
                continue
            line = text.count("\n", 0, match.start(1) + url.start()) + 1
            if url[2]:
                writes.append(Write(UNKNOWN, "unknown", file, line, "SQLite", url[2]))
            elif url[1].startswith("/"):
                writes.append(Write(url[1], "root", file, line, "SQLite"))
            else:
                path = posixpath.normpath(posixpath.join(posixpath.dirname(file), url[1]))
                writes.append(Write(path, "code", file, line, "SQLite"))
