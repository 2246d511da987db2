"""Calls of packages of which nothing is known here, and that are handed a path at which nothing lies: they may write there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dockfix.context.javascript import known_calls as known
from dockfix.context.javascript.calls import Call, object_of
from dockfix.context.javascript.files import Files
from dockfix.context.javascript.known_settings import SETTINGS
from dockfix.context.javascript.modules import Module, Site, unwrapped
from dockfix.context.javascript.resolve import BUILTINS
from dockfix.context.javascript.tree import base_of, named, string_of, text_of
from dockfix.context.javascript.values import Evaluator
from dockfix.context.program.paths import HOLE, Value, place
from dockfix.lazy import regex

if TYPE_CHECKING:
    from tree_sitter import Node

_KNOWN = frozenset(
    {module for module, _ in (*known.TOLD, *known.READ, *known.SERVERS, *known.DEFAULT_PORTS)}
    | known.FRAMEWORKS
    | known.STARTING_MODULES
    | known.FILE_MODULES
    | BUILTINS
)
# Properties that say where something is kept, and paths that are none of a URL nor of what a system only holds to be read
_KEPT = "data|db|database|cache|store|storage|sessions?|state|logs?|uploads?|downloads?|output|out|dest|save|backups?"
_FOLDER = regex(
    rf"(?i)['\"]?(?:dir|directory|folder|dest|destination|storage|(?:{_KEPT})_?path"
    rf"|(?:{_KEPT}|work|working|temp|tmp|target|home|media|files?|persist)_?(?:dir|directory|folder))['\"]?"
)
_ABSOLUTE = regex(
    r"/(?!(?:etc/ssl|usr|proc|sys|s?bin|lib(?:64)?|dev|tmp|api|v\d)(?:/|$))[A-Za-z][\w.@+-]*(?:/[\w.@+-]+)*/?"
)
# What has the folder of the code, or of the process, in it
_HERE = ("__dirname", "process.cwd()", "import.meta.dirname", "import.meta.url")


def handed_to_strangers(site: Site, module: Module, evaluate: Evaluator, files: Files) -> Iterator[tuple[Call, Value]]:
    """The paths below the application's own folders that a call of such a package is handed."""
    if not site.given or not _may_be_strange(site, module):
        return
    nodes = [node for node in _handed(site, module) if _makes_a_path(node, module)]
    absolute = list(_folders(site, module))
    if not nodes and not absolute:
        return
    meaning = evaluate.meaning(site.called, module)
    if not meaning.module or meaning.module in _KNOWN or meaning.last in known.READ_METHODS:
        return
    call = Call(site.node, module, meaning, site.receiver)
    for node in nodes:
        for value in evaluate(node, module):
            path, base = place(value.text or HOLE)
            if base in {"cwd", "code"} and not path.startswith("..") and not _lies(path, files):
                yield call, value
    for node in absolute:
        yield from ((call, value) for value in evaluate(node, module) if _ABSOLUTE.fullmatch(value.text))


def _may_be_strange(site: Site, module: Module) -> bool:
    """Whether what is called may come from such a package, by the name that it starts with."""
    base = base_of(site.called)
    if base is None:
        return False
    name = text_of(base)
    imported = module.imported.get(name)
    if imported is not None:
        return not imported.source.startswith(".") and imported.source.removeprefix("node:") not in _KNOWN
    return name in module.declared or (name == "require" and site.called is not base)


def _handed(site: Site, module: Module) -> Iterator[Node]:
    """The arguments of a call, and what the properties of an object among them say."""
    for given in site.given:
        held = object_of(given, module)
        if held is None or held.type != "object":
            yield given
            continue
        for pair in named(held):
            value = unwrapped(pair.child_by_field_name("value"))
            if value is not None and text_of(pair.child_by_field_name("key")) not in SETTINGS:
                yield value


def _folders(site: Site, module: Module) -> Iterator[Node]:
    """What of an object is called like a folder to write in."""
    for given in site.given:
        held = object_of(given, module)
        for pair in named(held) if held is not None and held.type == "object" else ():
            value = unwrapped(pair.child_by_field_name("value"))
            if value is not None and _FOLDER.fullmatch(text_of(pair.child_by_field_name("key"))):
                yield value


def _makes_a_path(node: Node | None, module: Module, depth: int = 0) -> bool:
    """Whether an expression is a path by its form: put together by path.join, from the folder of the code, or "./…"."""
    node = unwrapped(node)
    if node is None:
        return False
    if node.type == "string":
        return (string_of(node) or "").startswith("./")
    if node.type == "identifier":
        values = [each.value for each in module.declared.get(text_of(node), ()) if not each.path]
        return depth == 0 and any(_makes_a_path(value, module, 1) for value in values)
    if node.type == "call_expression":
        called = text_of(node.child_by_field_name("function"))
        owner, _, name = called.rpartition(".")
        return name in {"join", "resolve"} and (not owner or "path" in owner.lower())
    if node.type in {"template_string", "binary_expression"} and any(each in text_of(node) for each in _HERE):
        return True
    return node.type in {"binary_expression", "ternary_expression"} and any(
        _makes_a_path(part, module, depth) for part in named(node)
    )


def _lies(path: str, files: Files) -> bool:
    """Whether a file or a folder of the project has this path, from wherever the program is started."""
    path = path.rstrip("/")
    if path in {"", "."} or files.has(path):
        return True
    inner, end = f"/{path}/", f"/{path}"
    return any(f"/{name}".endswith(end) or inner in f"/{name}" for name in files.names)
