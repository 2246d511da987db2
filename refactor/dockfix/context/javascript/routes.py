"""Routes of Express, Fastify, Koa, Hono, Hapi, Nest and Next.js that can be asked for, and those that tell of health."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from dockfix.context.javascript.modules import Declared, Module, Site, required, unwrapped
from dockfix.context.javascript.project import Project
from dockfix.context.javascript.tree import (
    ancestors,
    arguments_of,
    field,
    is_function,
    line_of,
    named,
    string_of,
    text_of,
)
from dockfix.context.javascript.values import Evaluator
from dockfix.context.program.model import UNKNOWN, Endpoint, Served, Unparsed
from dockfix.context.program.paths import HOLE
from dockfix.context.program.routes import HEALTH, OTHER_STATUS, PLAIN
from dockfix.lazy import regex
from dockfix.namedtuple import NamedTuple

if TYPE_CHECKING:
    from tree_sitter import Node

_METHODS = frozenset({"get", "all", "head"})
_ROUTERS = frozenset(
    "express fastify koa @koa/router koa-router @hapi/hapi hapi restify polka hono connect itty-router elysia find-my-way".split()  # noqa: SIM905
)
_LIKE_A_ROUTER = regex(
    r"(?i)(?:.*_)?(?:app|application|router|routes?|server|fastify|instance|api|web|.*router|.*server|.*app)"
)
_GUARD = regex(
    r"(?i)auth|jwt|passport|guard|protect|session|login|token|permission|admin|secur|verify|csrf|limit|apikey"
)
# What turns a request away, in a function that stands there
_REFUSES = regex(r"(?i)\b40[13]\b|unauthori[sz]ed|forbidden")
# Packages whose middleware turns no request of a health check away, whatever its functions are called
_OPEN = frozenset({"helmet", "cors", "morgan", "compression", "body-parser", "cookie-parser"})
# What leads on to other routes, by its name, and the nodes that may name a router
_LEADS_ON = regex(r"(?i)rout|controller|handlers?$")
_NAMING = frozenset({"identifier", "call_expression", "member_expression"})
_PAGES = regex(r"(?:.*/)?pages/api/(?P<path>.+)\.[cm]?[jt]sx?")
_ROUTE_FILE = regex(r"(?:.*/)?app/(?P<path>(?:.+/)?)route\.[cm]?[jt]sx?")
_MAX_DEPTH = 5
Where = tuple[str, str]


class _Mounted(NamedTuple):
    """What the router ``by`` passes requests below ``prefix`` to, in a line; 0 where it does so for what stands above that, too."""

    prefix: str
    line: int
    by: Where
    guarded: bool = False


class Routes:
    """The routes found so far, and where routers are mounted: ``Where`` is the file and the name of the variable that holds one."""

    def __init__(self, project: Project, evaluate: Evaluator) -> None:
        self.project = project
        self.evaluate = evaluate
        self.routes: list[tuple[str, Where, Endpoint]] = []
        self.mounts: dict[Where, list[_Mounted]] = {}
        self.guards: dict[
            Where, list[tuple[_Mounted, Where]]
        ] = {}  # each with what it is, where that may be a router all the same
        self.everywhere = False  # a guard of Nest for all routes
        self.prefix = ""

    def module(self, module: Module, whole: Iterable[str]) -> None:
        """Takes in a module; ``whole`` are the folders of frameworks that find routes by the files' places."""
        for call in module.calls:
            self._call(call, module)
        for node in module.nodes.get("class", ()):
            self._controller(node, module)
        for folder in whole:
            head = f"{folder}/" if folder else ""
            if module.file.startswith(head):
                self._by_place(module, module.file[len(head) :])

    def _call(self, site: Site, module: Module) -> None:
        call, receiver, name, given = site.node, site.receiver, site.name, site.given
        if receiver is None:
            return
        if name in _METHODS and len(given) > 1:
            self._route(call, receiver, given, module)
        elif name in {"use", "register", "route", "mount"} and given:
            self._mount(name, receiver, given, module, call)
        elif name == "setGlobalPrefix":
            self.prefix = string_of(given[0]) or UNKNOWN if given else UNKNOWN
        elif name == "useGlobalGuards":
            self.everywhere = True
        elif name == "get" and len(given) == 1 and receiver is not None and receiver.type == "call_expression":
            # app.route("/x").get(handler)
            inner = receiver.child_by_field_name("function")
            if inner is not None and text_of(inner).endswith(".route"):
                words = arguments_of(receiver)
                self._route(call, inner.child_by_field_name("object"), [*words, *given], module)

    def _route(self, call: Node, receiver: Node | None, given: list[Node], module: Module) -> None:
        if not self._is_router(receiver, module):
            return
        where = self._where(receiver, module)
        handlers = [each for each in given[1:] if each.type != "object"]
        guarded = any(self._turns_away(each, module) for each in handlers[:-1])
        for path in self._texts(given[0], module):
            if path.startswith("/") or path == "":
                endpoint = Endpoint(path or "/", module.file, line_of(call), self._framework(receiver, module), guarded)
                self.routes.append((path, where, endpoint))

    def _turns_away(self, node: Node, module: Module) -> bool:
        """Whether middleware may turn a request away, as for want of a login: by what it is called, not by its settings."""
        value = unwrapped(node)
        if value is None or is_function(value):
            parameters = named(value.child_by_field_name("parameters")) if value is not None else []
            # with four it is told of errors, and of nothing else
            return value is not None and len(parameters) < 4 and _REFUSES.search(text_of(value)) is not None
        called = value.child_by_field_name("function") if value.type == "call_expression" else value
        if self.evaluate.meaning(called, module).module in _OPEN:
            return False
        names = list(_names_in(value))
        return any(map(_GUARD.search, names)) and not any(map(_LEADS_ON.search, names))

    def _texts(self, node: Node, module: Module) -> list[str]:
        if node.type == "array":
            return [text for each in named(node) for text in self._texts(each, module)]
        return [each.text.replace(HOLE, UNKNOWN) for each in self.evaluate(node, module)]

    def _framework(self, receiver: Node | None, module: Module) -> str:
        return self.evaluate.meaning(receiver, module).module

    def _is_router(self, receiver: Node | None, module: Module) -> bool:
        meaning = self.evaluate.meaning(receiver, module)
        if meaning.module:
            return meaning.module in _ROUTERS
        name = text_of(receiver).removeprefix("this.")
        return _LIKE_A_ROUTER.fullmatch(name) is not None

    def _where(self, receiver: Node | None, module: Module) -> Where:
        """Which router: one that a function is handed is that of all its calls, and so has no name of its own."""
        receiver = unwrapped(receiver)
        if receiver is None:
            return module.file, ""
        source = required(receiver)
        if source is not None:
            return self._of_module(source, "default", module)
        if receiver.type == "identifier":
            name = text_of(receiver)
            held = module.holding(name, receiver)
            imported = module.imported.get(name)
            if imported is not None and (held is None or isinstance(held, Declared)):
                return self._of_module(imported.source, imported.name, module)
            if held is not None and not isinstance(held, Declared):
                return module.file, "()"
            return module.file, name
        if receiver.type == "call_expression":
            inner = receiver.child_by_field_name("function")
            return (
                self._where(inner, module) if inner is not None and inner.type == "identifier" else (module.file, "?")
            )
        return module.file, text_of(receiver)

    def _of_module(self, source: str, name: str, module: Module) -> Where:
        other = self.project.target(module, source)
        if other is None:
            return module.file, UNKNOWN
        export = self.project.exported(other, "default" if name == "*" else name)
        if export is None:
            return other.file, ""
        value = unwrapped(export[1])
        if value is not None and value.type == "identifier":
            return export[0].file, text_of(value)
        return export[0].file, "()" if value is not None and is_function(value) else name

    def _mount(self, name: str, receiver: Node | None, given: list[Node], module: Module, call: Node) -> None:
        if not self._is_router(receiver, module):
            return
        where = self._where(receiver, module)
        first = given[0]
        if name == "route" and first.type == "object":
            self._hapi(first, where, module, call)
            return
        prefix, parts = "", given
        if first.type in {"string", "template_string"} or (
            name in {"use", "route", "mount"}
            and len(given) > 1
            and first.type in {"member_expression", "binary_expression"}
        ):
            texts = self._texts(first, module)
            prefix, parts = (texts[0] if texts else UNKNOWN), given[1:]
        elif name == "register" and len(given) > 1 and given[1].type == "object":
            node = field(given[1], "prefix")
            prefix = (self._texts(node, module) or [UNKNOWN])[0] if node is not None else ""
            parts = given[:1]
        line = line_of(call) if name == "use" else 0
        guarded = False
        for each in parts:
            value = unwrapped(each)
            if value is None or value.type == "object":
                continue
            closed = self._turns_away(value, module)
            if value.type == "call_expression" and text_of(value.child_by_field_name("function")).endswith(".routes"):
                value = (value.child_by_field_name("function") or value).child_by_field_name("object") or value
            target = self._where(value, module) if value.type in _NAMING else where
            if closed:
                self.guards.setdefault(where, []).append((_Mounted(prefix, line, where), target))
            if target != where:
                self.mounts.setdefault(target, []).append(_Mounted(prefix, line, where, guarded))
            guarded |= closed

    def _hapi(self, given: Node, where: Where, module: Module, call: Node) -> None:
        """``server.route({method, path})`` of Hapi, ``fastify.route({method, url})``."""
        node = field(given, "path") or field(given, "url")
        method = text_of(field(given, "method"))
        if node is None or not re.search(r"(?i)\bget\b|\*", method):
            return
        guarded = any(field(given, key) is not None for key in ("preHandler", "onRequest", "preValidation")) or (
            _GUARD.search(text_of(field(given, "options") or field(given, "config"))) is not None
        )
        for path in self._texts(node, module):
            self.routes.append((path, where, Endpoint(path, module.file, line_of(call), "", guarded)))

    def _controller(self, node: Node, module: Module) -> None:
        """A controller of Nest: the decorators of the class and its methods."""
        decorators = _decorators_of(node)
        controller = next((each for name, each in decorators if name == "Controller"), None)
        if controller is None:
            return
        guarded = any("Guard" in name for name, _ in decorators)
        prefixes, versioned = [""], False
        given = arguments_of(controller)
        if given and given[0].type == "object":
            place = field(given[0], "path")
            prefixes = self._texts(place, module) if place is not None else [""]
            versioned = field(given[0], "version") is not None
        elif given:
            prefixes = self._texts(given[0], module)
        pending: list[tuple[str, Node]] = []
        for child in named(node.child_by_field_name("body")):
            if child.type == "decorator":
                pending += _named_decorator(child)
                continue
            if child.type == "method_definition":
                own = [*pending, *_decorators_of(child)]
                get = next((each for name, each in own if name == "Get"), None)
                if get is not None:
                    words = arguments_of(get)
                    closed = guarded or any("Guard" in name for name, _ in own)
                    public = any(
                        re.search(r"(?i)public|skipauth|nojwt|anonymous", name) for name, _ in (*own, *decorators)
                    )
                    for prefix in prefixes:
                        for path in self._texts(words[0], module) if words else [""]:
                            full = f"{UNKNOWN if versioned else ''}/{prefix.strip('/')}/{path.strip('/')}"
                            endpoint = Endpoint(full, module.file, line_of(child), "@nestjs/core", closed)
                            self.routes.append((full, ("", "public" if public else "nest"), endpoint))
            pending = []

    def _by_place(self, module: Module, name: str) -> None:
        """Routes of Next.js: pages/api/x.ts, app/x/route.ts."""
        match = _PAGES.fullmatch(name)
        if match and "default" in module.exports:
            path = "/api/" + match["path"].removesuffix("/index")
        else:
            match = _ROUTE_FILE.fullmatch(name)
            if not match or "GET" not in {*module.exports, *module.again}:
                return
            path = "/" + "/".join(part for part in match["path"].split("/") if part and not part.startswith(("(", "@")))
        self.routes.append((path, ("", "next"), Endpoint(path, module.file, 1, "next")))

    def served(self, unparsed: tuple[Unparsed, ...]) -> Served:
        """All that was found, the prefixes put before the paths."""
        endpoints: list[Endpoint] = []
        routes: list[Endpoint] = []
        holding = {where for _, where, _ in self.routes}
        self.guards = {
            by: [each for each in guards if each[1] == by or each[1] not in holding]
            for by, guards in self.guards.items()
        }
        for path, where, endpoint in self.routes:
            for prefix, guarded in self._prefixes(where, 0, path, endpoint.line):
                full = re.sub(r"/{2,}", "/", f"{prefix}/{path}")
                full = full.rstrip("/") or "/" if len(full) > 1 else "/"
                if re.search(r"[:*\[\]{}]", full):
                    continue
                whole = endpoint._replace(path=full, guarded=endpoint.guarded or guarded)
                tail = path if path.strip("/") else prefix
                if (HEALTH.fullmatch(tail) or HEALTH.fullmatch(full)) and not OTHER_STATUS.fullmatch(full):
                    endpoints.append(whole)
                if PLAIN.fullmatch(full):
                    routes.append(whole)
        return Served(_in_order(endpoints), _in_order(routes), unparsed)

    def _prefixes(self, where: Where, depth: int, path: str, line: int) -> list[tuple[str, bool]]:
        """The prefixes below which a router is reached, each with whether something on the way may ask for a login.

        ``path`` is what is asked of it, and ``line`` where it answers: what a router comes to only after that turns nothing away.
        """
        if where[0] == "":
            if where[1] == "next":
                return [("", False)]
            return [(f"/{self.prefix}" if self.prefix else "", self.everywhere and where[1] != "public")]
        guarded = any(each.line < line and _below(path, each.prefix) for each, _ in self.guards.get(where, ()))
        mounted = [each for each in self.mounts.get(where, ()) if each.by != where]
        if not mounted or depth > _MAX_DEPTH:
            return [("", guarded)]
        return [
            (f"{outer}/{each.prefix}", guarded or each.guarded or closed)
            for each in mounted[:4]
            for outer, closed in self._prefixes(each.by, depth + 1, f"{each.prefix}/{path}", each.line)
        ]


def _below(path: str, prefix: str) -> bool:
    """Whether a path is one that middleware with a prefix sees: a prefix that is worked out may be any."""
    whole, above = (f"/{each.strip('/')}/".replace("//", "/") for each in (path, prefix))
    return UNKNOWN in above or whole.startswith(above)


def _names_in(node: Node) -> Iterator[str]:
    """The names in an expression, but for those in its settings and in functions."""
    if node.type in {"identifier", "property_identifier"}:
        yield text_of(node)
    elif node.type not in {"object", "string", "template_string"} and not is_function(node):
        for child in named(node):
            yield from _names_in(child)


def next_base(project: Project, folder: str) -> str:
    """The ``basePath`` of next.config.*, "" for none, ``?`` where it is worked out."""
    for ending in ("js", "mjs", "cjs", "ts"):
        file = posixpath.join(folder, f"next.config.{ending}")
        text = project.files.read(file) if project.files.has(file) else None
        if text is not None and "basePath" in text:
            return UNKNOWN
    return ""


def _decorators_of(node: Node) -> list[tuple[str, Node]]:
    """The decorators of a class or method by name, those before the ``export`` in front of a class, too."""
    found = [each for child in node.children if child.type == "decorator" for each in _named_decorator(child)]
    above = next(ancestors(node), None)
    if above is not None and above.type == "export_statement":
        found += [each for child in above.children if child.type == "decorator" for each in _named_decorator(child)]
    return found


def _named_decorator(node: Node) -> list[tuple[str, Node]]:
    inner = next(iter(named(node)), None)
    if inner is None:
        return []
    called = inner.child_by_field_name("function") if inner.type == "call_expression" else inner
    return [(text_of(called), inner)]


def _in_order(found: list[Endpoint]) -> tuple[Endpoint, ...]:
    return tuple(sorted(dict.fromkeys(found), key=lambda each: (each.file, each.line, each.path)))
