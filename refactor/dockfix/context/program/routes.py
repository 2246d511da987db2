"""Routes that can be asked for, and those that tell of health: of Flask, FastAPI, Starlette, aiohttp, Tornado, Django, …"""

from __future__ import annotations

import ast
import re

from dockfix.context.program.calls import Call, Findings, line_of, plain
from dockfix.context.program.model import UNKNOWN, Endpoint
from dockfix.context.program.paths import HOLE
from dockfix.context.program.scopes import Function, Module, Scope
from dockfix.lazy import regex

HEALTH = regex(
    r"\^?/?(?:[\w./-]*/)?(?:[\w.-]*(?<![a-z])health(?:z|check|-?check|_check|checks|-status)?|_{0,2}(?:lb)?(?:ping"
    r"|status|ready|readyz"
    r"|readiness|livez?|liveness|alive|heartbeat|hc|up|is_?alive))_{0,2}/?\??\$?"
)
# A "status" is the program's only below parts such as these: /auth/status tells of a login, /jobs/status of jobs
OTHER_STATUS = regex(
    r"(?i)(?!(?:(?:api|v\d[\d.]*|rest|public|internal|system|server|service|app|core|common|main|web|site"
    r"|monitor(?:ing)?|manage(?:ment)?|actuator|probes?|checks?|health|k8s|kube|ops|meta|info|base|root|\?)?/)*[^/]*/?$).*/_*status_*/?"
)
# A route without parameters, whose whole address is known
PLAIN = regex(r"\^?/?[\w./~-]*\$?")
_DECORATORS = frozenset({"get", "route", "head", "api_route", "websocket_route", "add_url_rule"})
_ADDS = frozenset(
    {
        "get",
        "add_get",
        "add_route",
        "add_api_route",
        "add_url_rule",
        "Route",
        "path",
        "re_path",
        "url",
        "add_resource",
        "route",
        "URLSpec",
    }
)
_MOUNTS = frozenset(
    {"include_router", "register_blueprint", "mount", "blueprint", "include", "Mount", "add_router", "nest"}
)
ROUTES = _ADDS | _MOUNTS | {"Blueprint", "APIRouter"}
_GUARD = regex(r"(?i)login|auth|permission|require|jwt|token|admin|protected|member|secur|limit")
# What makes something on which routes are put that has to be mounted to be reached
_PARTS = regex(r"(?:.*\.)?(?:APIRouter|Blueprint|Router|APIBlueprint|Namespace|InferringRouter|RouteTableDef)\(\)")


class Routes:
    """The routes found so far, and where routers are mounted."""

    def __init__(self, found: Findings) -> None:
        self.found = found
        self.mounts: dict[tuple[str, str], list[tuple[str, tuple[str, str]]]] = {}
        self.routes: list[tuple[str, tuple[str, str], Endpoint]] = []
        self.decorators: set[int] = set()

    def module(self, module: Module) -> None:
        """Takes in the decorated functions of a module."""
        for function, scope in module.decorated:
            for decorator in function.decorator_list:
                if (
                    isinstance(decorator, ast.Call)
                    and isinstance(decorator.func, ast.Attribute)
                    and decorator.func.attr in _DECORATORS
                ):
                    self.decorators.add(id(decorator))
                    self.decorated(function, decorator, decorator.func, scope)

    def decorated(self, function: Function, decorator: ast.Call, called: ast.Attribute, scope: Scope) -> None:
        """Takes in a function with the decorator that makes it answer."""
        node = (
            decorator.args[0]
            if decorator.args
            else next((word.value for word in decorator.keywords if word.arg in {"path", "rule", "uri"}), None)
        )
        values = (
            self.found.evaluate(node, scope)
            if isinstance(node, ast.Name | ast.Attribute | ast.JoinedStr | ast.BinOp)
            else ()
        )
        path = values[0].text if values else plain(node)
        if path is None or not _asked_for(path) or not _gets(decorator, called.attr):
            return
        others = [each for each in function.decorator_list if each is not decorator]
        guarded = (
            any(_GUARD.search(ast.unparse(each)) for each in others)
            or any(word.arg == "dependencies" for word in decorator.keywords)
            or any(
                _GUARD.search(ast.unparse(default))
                for default in [*function.args.defaults, *filter(None, function.args.kw_defaults)]
            )
        )
        made = self.found.evaluate.dotted(called.value, scope).partition(".")[0]
        endpoint = Endpoint(path, scope.module.file, function.lineno, made.lstrip(":"), guarded)
        self.routes.append((path, self.identity(called.value, scope), endpoint))

    def call(self, call: Call) -> None:
        """Takes in a call that adds a route or mounts a router."""
        name = call.name
        if name in _MOUNTS:
            self.mount(call)
        if name not in _ADDS or id(call.node) in self.decorators:
            return
        position = 1 if name == "add_resource" else 0
        path = plain(call.arg(position, "path", "rule", "route"))
        if name in {"path", "re_path", "url"} and "django" not in call.dotted and name != "url":
            return
        if path is None or not call.node.args or not _asked_for(path):
            return
        if name == "get" and not call.dotted.startswith("aiohttp.web"):
            return
        if name in {"add_route", "Route", "route", "add_api_route", "add_url_rule"} and not _gets(call.node, "route"):
            return
        if name == "route" and not isinstance(call.node.func, ast.Attribute):
            return
        target = call.arg(1) if name in {"path", "re_path", "url"} else None
        if isinstance(target, ast.Call) and isinstance(target.func, ast.Name) and target.func.id == "include":
            return
        where = (
            (call.scope.module.file, "")
            if name in {"path", "re_path", "url"} or call.receiver is None
            else self.identity(call.receiver, call.scope)
        )
        framework = call.dotted.partition(".")[0].removesuffix("()").lstrip(":")
        if any(each[2].line == line_of(call.node) for each in self.routes if each[2].file == call.scope.module.file):
            return
        path = "/" + path.lstrip("^").rstrip("$").removesuffix("/?").lstrip("/")
        self.routes.append((path, where, Endpoint(path, call.scope.module.file, line_of(call.node), framework)))

    def mount(self, call: Call) -> None:
        """Takes in a call that puts a router below a prefix."""
        name, scope = call.name, call.scope
        if name == "include":
            return  # taken in with the path() around it
        target = call.arg(1, "app", "routes") if name in {"mount", "Mount"} else call.arg(0, "router", "blueprint")
        prefix = _text(call.node, 0) if name in {"mount", "Mount"} else _text(call.node, -1, "prefix", "url_prefix")
        given = any(word.arg in {"prefix", "url_prefix"} for word in call.node.keywords)
        if target is None or (prefix is None and given):
            values = call.values(-1, "prefix", "url_prefix")
            prefix = values[0].text.replace(HOLE, UNKNOWN) if values else UNKNOWN
        if target is None:
            return
        receiver = self.identity(call.receiver, scope) if call.receiver is not None else (scope.module.file, "")
        self.mounts.setdefault(self.identity(target, scope), []).append((prefix or "", receiver))

    def django(self, call: Call) -> None:
        """Takes in ``path("api/", include("app.urls"))``."""
        target = call.arg(1, "view")
        prefix = plain(call.arg(0, "route"))
        if not isinstance(target, ast.Call) or not target.args:
            return
        if not self.found.evaluate.dotted(target.func, call.scope).endswith("include"):
            return
        argument = target.args[0]
        if isinstance(argument, ast.Tuple) and argument.elts:
            argument = argument.elts[0]
        dotted = plain(argument) or self.found.evaluate.dotted(argument, call.scope)
        there = self.found.project.find(dotted, call.scope.module.file) if dotted else None
        if there is not None:
            self.mounts.setdefault((there[0], ""), []).append(
                ((prefix if prefix is not None else UNKNOWN).lstrip("^"), (call.scope.module.file, ""))
            )

    def identity(self, node: ast.expr, scope: Scope) -> tuple[str, str]:
        """The file and name of the variable that holds a router."""
        if isinstance(node, ast.Name):
            if scope.lookup(node.id) is None and node.id in scope.module.imports:
                return self.there(scope.module.imports[node.id], scope)
            return scope.module.file, node.id
        if isinstance(node, ast.Attribute):
            return self.there(self.found.evaluate.dotted(node, scope), scope)
        return scope.module.file, ""

    def there(self, dotted: str, scope: Scope) -> tuple[str, str]:
        """The file and name behind a dotted name."""
        for _ in range(4):
            found = self.found.project.find(dotted, scope.module.file)
            module = self.found.project.module(found[0]) if found else None
            if found is None or module is None:
                break
            # a package's __init__ may hand it on
            if found[1] in module.imports and found[1] not in module.scope.names:
                dotted, scope = module.imports[found[1]], module.scope
                continue
            return found
        return scope.module.file, dotted

    def finish(self) -> None:
        """Puts the prefixes before the paths."""
        for path, where, endpoint in self.routes:
            for prefix in self.prefixes(where, 0) or [""]:
                full = re.sub(r"/{2,}", "/", f"{prefix}/{path.lstrip('^').rstrip('$')}")
                whole = Endpoint(full, endpoint.file, endpoint.line, endpoint.framework, endpoint.guarded)
                if HEALTH.fullmatch(path) and not OTHER_STATUS.fullmatch(full):
                    self.found.endpoints.append(whole)
                if PLAIN.fullmatch(full):
                    self.found.routes.append(whole)

    def prefixes(self, where: tuple[str, str], depth: int) -> list[str]:
        """The prefixes below which a router is reached."""
        if depth > 5:
            return [UNKNOWN]
        own, part = self.own(where)
        mounted = self.mounts.get(where)
        if not mounted:
            return [(UNKNOWN if part else "") + own]
        return [
            f"{outer}/{prefix}/{own}"
            for prefix, receiver in mounted[:4]
            for outer in (self.prefixes(receiver, depth + 1) if receiver != where else [""])
        ]

    def own(self, where: tuple[str, str]) -> tuple[str, bool]:
        """The prefix that a router was made with, and whether it has to be mounted."""
        module = self.found.project.module(where[0]) if where[0] in self.found.project.files else None
        bounds = module.scope.names.get(where[1]) if module else None
        node, scope = bounds[0] if bounds else (None, None)
        if not isinstance(node, ast.Call) or scope is None:
            return "", False
        prefix = next((word.value for word in node.keywords if word.arg in {"prefix", "url_prefix"}), None)
        values = self.found.evaluate(prefix, scope)
        text = values[0].text.replace(HOLE, UNKNOWN) if values else ""
        return text, _PARTS.fullmatch(self.found.evaluate.dotted(node, scope)) is not None


def _asked_for(path: str) -> bool:
    """Whether a route tells of health, or can be asked for as it stands."""
    return bool(HEALTH.fullmatch(path) or PLAIN.fullmatch(path))


def _text(call: ast.Call, position: int, *names: str) -> str | None:
    argument = (
        call.args[position]
        if 0 <= position < len(call.args)
        else next((word.value for word in call.keywords if word.arg in names), None)
    )
    return plain(argument)


def _gets(call: ast.Call, name: str) -> bool:
    """Whether a route answers GET."""
    methods = next((word.value for word in call.keywords if word.arg == "methods"), None)
    if isinstance(methods, ast.List | ast.Tuple | ast.Set):
        return any((plain(each) or "GET").upper() == "GET" for each in methods.elts)
    return name != "websocket_route"
