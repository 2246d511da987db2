"""What calls listen on: ports, and sockets of the file system."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dockfix.context.javascript import known_calls as known
from dockfix.context.javascript.calls import Call, fields, object_of
from dockfix.context.javascript.joining import UNKNOWN
from dockfix.context.javascript.modules import unwrapped
from dockfix.context.javascript.tree import field, is_function
from dockfix.context.javascript.values import Evaluator
from dockfix.context.program.model import Port
from dockfix.context.program.paths import CODE, HOLE, Value
from dockfix.lazy import regex

if TYPE_CHECKING:
    from tree_sitter import Node

_NUMBER = regex(r"\d{1,5}")
_ADDRESS = regex(r"(?:tcp://|https?://|unix:)?[\w.\[\]:*-]*:(\d{1,5})")


def listens(call: Call, last: str, given: list[Node], evaluate: Evaluator) -> tuple[list[Port], tuple[Value, ...]]:
    """The ports that a call listens on, and the paths of sockets; ``last`` is its name as it stands there."""
    listening = _Listening(call, evaluate)
    listening.take(last, given)
    return listening.ports, tuple(listening.sockets)


class _Listening:
    def __init__(self, call: Call, evaluate: Evaluator) -> None:
        self.call = call
        self.evaluate = evaluate
        self.ports: list[Port] = []
        self.sockets: list[Value] = []

    def take(self, last: str, given: list[Node]) -> None:
        module, names = self.call.meaning
        key = module, ".".join(names)
        if key in known.SERVERS:
            self._server(known.SERVERS[key], known.DEFAULT_PORTS.get(key), given)
        elif key == ("", "Bun.serve"):
            self._server("port", 3000, given)
        elif last == "bindAsync" and given:
            self._values(self.evaluate(given[0], self.call.module), last)
        elif (last == "listen" or (last == "bind" and module == "dgram")) and self.call.receiver is not None:
            self._listen(module, names, given)

    def _server(self, way: str, default: int | None, given: list[Node]) -> None:
        """What makes a server that listens by itself."""
        how = ".".join(self.call.meaning.names) or self.call.meaning.module
        module = self.call.module
        if way == "0":
            # an object here is a server that listens itself, or settings
            if given and given[0].type in {"number", "identifier", "member_expression", "binary_expression", "string"}:
                values = self.evaluate(given[0], module)
                self._values(tuple(each for each in values if _NUMBER.fullmatch(each.text) or each.env), how)
            return
        nodes = [node for each in given for node in fields(object_of(each, module), way.split("."))]
        for node in nodes:
            self._values(self.evaluate(node, module) or UNKNOWN, how)
        if not nodes and default is not None:
            self._port(default, how)

    def _listen(self, module: str, names: tuple[str, ...], given: list[Node]) -> None:
        """A method ``listen``: of a server that is known, or of what may be one."""
        if (module and module not in known.FRAMEWORKS) or not (module or given):
            return
        first = unwrapped(given[0]) if given else None
        default = known.DEFAULT_PORTS.get((module, names[0] if names else ""))
        if first is None:
            self._port(default, "listen")
        elif is_function(first):
            if module:
                self._port(None, "listen")
        elif (settings := object_of(first, self.call.module)) is not None and settings.type == "object":
            node = field(settings, "port")
            if node is not None:
                self._values(self.evaluate(node, self.call.module) or UNKNOWN, "listen")
            elif field(settings, "path") is None:
                self._port(default, "listen")
        else:
            self._values(self.evaluate(first, self.call.module), "listen")

    def _port(self, number: int | None, how: str, env: str = "") -> None:
        self.ports.append(Port(number, self.call.module.file, self.call.line, how, env))

    def _values(self, values: tuple[Value, ...], how: str) -> None:
        for value in values:
            text = value.text
            address = _ADDRESS.fullmatch(text)
            if _NUMBER.fullmatch(text):
                self._port(int(text), how, value.env)
            elif address:
                self._port(int(address[1]), how, value.env)
            elif text.startswith(("/", "unix:", CODE)):
                self.sockets.append(Value(text.removeprefix("unix:"), value.env))
            elif HOLE in text:
                self._port(None, how, value.env)
