"""Which hosts may ask a program, by the settings of web frameworks in its code and what they are given where it runs.

https://docs.djangoproject.com/en/stable/ref/settings/#allowed-hosts, https://www.starlette.io/middleware/#trustedhostmiddleware,
https://flask.palletsprojects.com/en/stable/config/#SERVER_NAME
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence

from dockfix.lazy import regex
from dockfix.model.reason import Reason, at
from dockfix.namedtuple import NamedTuple

_HOSTS, _HOST = "ALLOWED_HOSTS", "SERVER_NAME"
_MIDDLEWARE = "TrustedHostMiddleware"
_REDIRECTS = ("SECURE_SSL_REDIRECT", "PREPEND_WWW")
NAMES = (_HOSTS, _HOST, _MIDDLEWARE, *_REDIRECTS)
_DEBUG = "DEBUG"
# A check asks this one
_OPEN = frozenset({"*", "127.0.0.1", ".0.0.1"})
_OFF = frozenset({"", "0", "f", "false", "n", "no", "off", "none"})
_IS_OPEN = regex(rf"(?:^|[\s,;|\[\"'])(?:{'|'.join(map(re.escape, sorted(_OPEN)))})(?=$|[\s,;|\]\"'])")
_IS_OFF = regex(rf"(?i)^(?:{'|'.join(sorted(_OFF))})$")
_VARIABLE = regex(r"[A-Za-z_]\w*")
_ADDS = frozenset({"append", "extend", "insert"})


class Setting(NamedTuple):
    """A setting with what it is set to, or with what is ``added`` to it."""

    name: str
    value: ast.expr
    file: str
    line: int
    added: bool = False

    @property
    def where(self) -> str:
        """Where it stands."""
        return f"{self.file}:{self.line}"


def settings_of(file: str, text: str) -> tuple[Setting, ...]:
    """The settings in a file of Python; none where it cannot be read."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return ()
    return tuple(
        Setting(name, value, file, getattr(node, "lineno", 0), added)
        for node in ast.walk(tree)
        for name, value, added in _set_by(node)
        if name in {*NAMES, _DEBUG}
    )


def _set_by(node: ast.AST) -> Iterator[tuple[str, ast.expr, bool]]:
    if isinstance(node, ast.Assign):
        yield from ((_named(target), node.value, False) for target in node.targets)
    elif isinstance(node, ast.AnnAssign) and node.value is not None:
        yield _named(node.target), node.value, False
    elif isinstance(node, ast.AugAssign):
        yield _named(node.target), node.value, True
    elif isinstance(node, ast.Call):
        called = node.func
        if isinstance(called, ast.Attribute) and called.attr in _ADDS and node.args:
            yield _last(called.value), node.args[-1], True
        middleware = any(_last(each) == _MIDDLEWARE for each in (called, *node.args))
        for keyword in node.keywords:
            if middleware and keyword.arg == "allowed_hosts":
                yield _MIDDLEWARE, keyword.value, False
            elif keyword.arg == _HOST:
                yield _HOST, keyword.value, False


def _named(target: ast.expr) -> str:
    """The name that is set: a variable's, an attribute's, or a key."""
    key = target.slice if isinstance(target, ast.Subscript) else None
    return str(key.value) if isinstance(key, ast.Constant) else _last(target)


def _last(node: ast.expr) -> str:
    """The last part of a dotted name, "" for what is none."""
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def closed(setting: Setting, every: Sequence[Setting], given: Sequence[Mapping[str, str]]) -> Reason | None:
    """Why a request to 127.0.0.1 in plain HTTP gets no proper answer by a setting; None where it does not say so.

    ``every`` are all settings, ``given`` the variables of each environment that the program is known to run in.
    """
    if setting.name == _DEBUG or setting.added:
        return None
    constant = _constant(setting.value)
    if setting.name in _REDIRECTS:
        if not isinstance(constant, _Unknown) or _given(setting.value, given, _IS_OFF):
            return None  # (where it is written out that it is on, that is told by itself)
        return at(f"{setting.where} may send plain HTTP elsewhere ({setting.name})")
    if constant is None or (setting.name == _HOST and not constant):
        return None
    here = [each for each in every if each.file == setting.file]
    certain = {name for each in here if each.name == setting.name for name in _certain(each.value)}
    if certain & _OPEN or (setting.name == _HOST and "127.0.0.1" in str(constant)):
        return None
    if isinstance(constant, _Unknown) and _given(setting.value, given, _IS_OPEN):
        return None
    if setting.name == _HOST and not isinstance(constant, _Unknown):
        return at(f"{setting.where} answers for one host alone (SERVER_NAME)")
    if isinstance(constant, _Unknown):
        said = "lets those hosts ask that it is told where it runs"
        return at(f"{setting.where} {said} ({setting.name}), and a check would ask 127.0.0.1")
    if not constant:
        debug = any(each.name == _DEBUG and _constant(each.value) is True for each in here)
        return None if debug else at(f"{setting.where} lets no host ask but for development ({setting.name})")
    return at(f"{setting.where} lets other hosts ask than 127.0.0.1, which a check would ask")


class _Unknown:
    """Stands for a value that is worked out."""


def _constant(value: ast.expr) -> object:
    try:
        return ast.literal_eval(value)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return _Unknown()


def _certain(value: ast.expr) -> Iterator[str]:
    """The texts that are among the parts of a list in any case."""
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add):
        yield from _certain(value.left)
        yield from _certain(value.right)
    elif isinstance(value, ast.List | ast.Tuple | ast.Set):
        yield from (str(each.value) for each in value.elts if isinstance(each, ast.Constant))
    elif isinstance(value, ast.Constant):
        yield str(value.value)


def _given(value: ast.expr, given: Sequence[Mapping[str, str]], fits: re.Pattern[str]) -> bool:
    """Whether variables that are named in what works out a value are known where the program runs, and all of these fit."""
    named = {
        str(each.value) for each in ast.walk(value) if isinstance(each, ast.Constant) and isinstance(each.value, str)
    }
    values = [each[name] for name in named if _VARIABLE.fullmatch(name) for each in given if name in each]
    return bool(values) and all(fits.search(text) for text in values)
