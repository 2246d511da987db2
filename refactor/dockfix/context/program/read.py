"""Reads an application's Python files: a text filter picks those worth parsing, and no code is run."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import TypeVar

from dockfix.context.kinds import is_python
from dockfix.context.program.calls import Call, Findings
from dockfix.context.program.model import UNKNOWN, Program, Served, Unparsed, Use
from dockfix.context.program.names import is_unbound
from dockfix.context.program.project import Project, Sources, words_of
from dockfix.context.program.routes import ROUTES, Routes
from dockfix.context.program.runs import LOADS, RUNS, read_load, read_names, read_run
from dockfix.context.program.scopes import Module
from dockfix.context.program.serving import FETCHES, LISTENS, read_bound, read_download, read_installs, read_port
from dockfix.context.program.values import Evaluator
from dockfix.context.program.writes import WRITES, read_setting, read_text, read_write
from dockfix.lazy import regex

_MADE = frozenset(
    {"import_module", "__import__", "exec", "eval", "load_source", "spec_from_file_location", "run_path", "run_module"}
)
_DOES = RUNS | LOADS | LISTENS | FETCHES | WRITES | _MADE
WANTED = _DOES | ROUTES
# Words that are common in any code are of interest only where the patterns below find them
_COMMON = frozenset(
    {
        "run",
        "call",
        "get",
        "open",
        "save",
        "dump",
        "load",
        "move",
        "copy",
        "remove",
        "replace",
        "path",
        "url",
        "local",
        "add",
        "option",
        "spawn",
        "output",
        "export",
        "render",
        "install",
        "connect",
        "bind",
        "launch",
        "mount",
        "include",
        "route",
        "extract",
        "listen",
        "pipeline",
        "link",
        "rename",
        "write",
        "Config",
        "File",
        "Cache",
        "Reader",
        "exec",
        "eval",
        "nest",
        "serve",
        "sudo",
        "which",
        "system",
        "add_argument",
        "add_option",
        "prepare",
        "blueprint",
        "Route",
        "utime",
        "load_data",
        "touch",
    }
)
_DISTINCT = frozenset(
    word.encode()
    for word in (_DOES - _COMMON)
    | {
        "subprocess",
        "ctypes",
        "cffi",
        "plumbum",
        "shutil",
        "DATABASES",
        "LOGGING",
        "CACHES",
        "PORT",
        "MEDIA_ROOT",
        "STATIC_ROOT",
        "sqlite",
        "gradio",
        "nicegui",
        "YOLO",
        "whisper",
        "nltk",
        "sqlite3",
        "websockets",
        "eventlet",
        "waitress",
        "rembg",
        "gunicorn",
        "UPLOAD_FOLDER",
    }
)
# Each starts with a fixed text, for which re looks many times as fast as for one that starts with a choice
_FILTERS = tuple(
    regex(pattern)
    for pattern in (
        rb"open\((?<!\wopen\()(?:(?:[^)\n]{0,300}['\"]|[^\n]{0,300}?,\s*['\"]|[^)]{0,300}?,\s*['\"])[rbt]*[wax+]|[^)]{0,300}mode)",
        rb"\.(?:(?:run|serve|open|mount)\(|(?:save|dump|export|render|output|touch|launch|listen|bind|connect|spawn)\([^)]|add\([^)\n]{0,300}\.)",
        rb"os\.(?:remove|rename|replace|link|system|open|utime)",
        rb"PORT\b",
        rb"port['\"]",
        rb"exec\((?<!\wexec\()",
        rb"eval\((?<!\weval\()",
        rb"which\((?<!\wwhich\()",
        rb"import sh\b",
        rb"from sh\b",
        rb"torch\b",
        rb"keras\b",
        rb"easyocr\b",
        rb"uvicorn\b",
        rb"joblib\b",
        rb"stanza\b",
        rb"gensim\b",
        rb"hypercorn\b",
    )
)
_TEXTS = (b"UPLOAD", b"sqlite:", b"create_app")
# The same for routes
_ROUTE_WORDS = frozenset(word.encode() for word in ROUTES - _COMMON)
_ROUTE_FILTERS = tuple(
    regex(pattern)
    for pattern in (
        rb"include\((?<!\winclude\()",
        rb"['\"/^](?:_*health|ping|status|ready|live|alive|heartbeat|hc\b|up\b)",
    )
)
_Found = TypeVar("_Found")


def read_python(files: Mapping[str, bytes], sources: Sources | None = None) -> Program:
    """What the Python among the files does; the others are passed over. Never raises.

    Files are parsed where the text filter finds something of interest in them, or where such a file imports a constant from
    them. ``sources``, made by ``new_sources``, keep what was read for the next time.
    """
    return _program(
        {name: files[name] for name in sorted(files) if is_python(name, files[name])}, sources or new_sources()
    )


def new_sources() -> Sources:
    """What can be handed to ``read_python`` again and again."""
    return Sources(WANTED)


def worth_parsing(data: bytes) -> bool:
    """Whether a source file holds words of interest, apart from routes."""
    return (
        not _DISTINCT.isdisjoint(words_of(data))
        or any(text in data for text in _TEXTS)
        or any(pattern.search(data) for pattern in _FILTERS)
    )


def _may_hold_routes(data: bytes) -> bool:
    return not _ROUTE_WORDS.isdisjoint(words_of(data)) or any(pattern.search(data) for pattern in _ROUTE_FILTERS)


def _served(files: Mapping[str, bytes], sources: Sources) -> Served:
    project = Project(files, sources)
    found = Findings(project, Evaluator(project))
    routes = Routes(found)
    said = sources.says
    for name in [name for name, data in files.items() if said(worth_parsing, data) or said(_may_hold_routes, data)]:
        module = project.module(name)
        if module is not None:
            routes.module(module)
            _take_routes(_calls(module, found), routes)
    _take_routes(_subclasses(found), routes)
    routes.finish()
    return Served(_sorted(found.endpoints), _sorted(found.routes), _unparsed(project))


def _take_routes(calls: Iterable[Call], routes: Routes) -> None:
    for call in calls:
        if call.name in ROUTES:
            routes.call(call)
            routes.django(call)


def _program(files: Mapping[str, bytes], sources: Sources) -> Program:
    project = Project(files, sources)
    found = Findings(project, Evaluator(project))
    chosen = [name for name, data in files.items() if sources.says(worth_parsing, data)]
    modules = [module for name in chosen if (module := project.module(name)) is not None]
    for module in modules:
        _module(module, found)
    for call in _subclasses(found):
        _call(call, found)
    read_installs(found)
    return Program(
        _sorted(found.runs),
        _sorted(found.loads),
        _sorted(found.writes),
        _sorted(found.ports),
        _sorted(found.downloads),
        _sorted(found.unknown),
        _unparsed(project),
        len(files),
        project.parsed,
        _sorted(found.without_path),
        _sorted(found.path_unknown),
        _sorted(found.scripts),
        _sorted(found.folders),
        partial(_served, files, sources),
    )


def _unparsed(project: Project) -> tuple[Unparsed, ...]:
    return tuple(Unparsed(name, reason) for name, reason in sorted(project.reasons.items()))


def _calls(module: Module, found: Findings) -> Iterator[Call]:
    """The calls of interest in a module."""
    for node, scope in found.project.calls(module):
        dotted = found.evaluate.dotted(node.func, scope)
        plain = dotted.removesuffix(".__init__")  # the constructor of a base class does what calling the class does
        made = (
            node
            if plain == dotted
            else ast.copy_location(ast.Call(node.func, node.args[is_unbound(node) :], node.keywords), node)
        )
        yield Call(made, scope, plain, found.evaluate)


def _module(module: Module, found: Findings) -> None:
    for call in _calls(module, found):
        _call(call, found)
    for name, value, scope in module.settings:
        read_setting(name, value, scope, found)
        read_bound(name, value, scope, found)
    for text, scope in module.texts:
        read_text(text, scope, found)
    for word, scope in module.plumbed:
        for each in found.evaluate(word, scope):
            found.run(each.text, word, scope, "plumbum")
    for dotted in sorted(set(module.imports.values())):
        if dotted.startswith(("sh.", "plumbum.cmd.")) and dotted.rpartition(".")[2][:1].islower():
            line = next((line for name, line in module.imported if dotted.startswith(name)), 1)
            found.runs.append(Use(dotted.rpartition(".")[2].replace("_", "-"), module.file, line, "sh"))


def _call(call: Call, found: Findings) -> None:
    name = call.name
    if call.dotted.startswith(("sh.", "plumbum.cmd.")):
        read_names(call, found)
        return
    if name in RUNS:
        read_run(call, found)
    if name in LOADS:
        read_load(call, found)
    if name in WRITES:
        read_write(call, found)
    if name in LISTENS:
        read_port(call, found)
    if name in FETCHES or "." in call.dotted:
        read_download(call, found)
    if name in _MADE and not (name in {"exec", "eval"} and call.dotted != name):
        _made(call, found)


def _subclasses(found: Findings) -> Iterator[Call]:
    """Calls that make objects of the application's own classes that derive from one of interest and have no constructor of their own."""
    evaluate = found.evaluate
    derived = found.project.index.derived
    for name in sorted(derived.keys() & WANTED):
        for each in derived[name]:
            around = each.parent or each
            dotted = next(
                (full for base in each.bases if (full := evaluate.dotted(base, around)).rpartition(".")[2] == name), ""
            )
            if dotted and evaluate.holding(each, "__init__") is None:
                for node, scope in evaluate.callers.sites(each.name)[0]:
                    if evaluate.definition(node.func, scope) is each:
                        yield Call(node, scope, dotted, evaluate)


def _made(call: Call, found: Findings) -> None:
    """Code or a module that is named only when the program runs."""
    values = call.values(0, "name")
    if (
        call.name in {"import_module", "__import__"}
        and values
        and all(value.text and "\0" not in value.text for value in values)
    ):
        return
    found.unknown.append(Use(call.name, call.scope.module.file, call.node.lineno, call.dotted))


def _sorted(found: Iterable[_Found]) -> tuple[_Found, ...]:
    return tuple(sorted(dict.fromkeys(found), key=lambda each: (each.file, each.line, repr(each))))  # type: ignore[attr-defined]


__all__ = ["UNKNOWN", "is_python", "new_sources", "read_python"]
