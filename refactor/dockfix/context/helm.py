"""Helm charts: what their templates say with the values that lie beside them, as far as this is read.

A template is no YAML before it is filled in: https://helm.sh/docs/chart_template_guide/. What is asked of the cluster, of other
templates or of the release is left empty. A condition is taken to hold: somebody's values have it so.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping

from dockfix.context.yaml_tree import documents, mapping
from dockfix.lazy import regex
from dockfix.namedtuple import NamedTuple
from dockfix.syntax import decode, encode

TEMPLATE = regex(r"(.*?)(?:^|/)templates/(?:.*/)?[^/]+\.(?:ya?ml|tpl)")
VALUES = regex(r"values[^/]*\.ya?ml")
_ACTION = regex(r"\{\{-?\s*(?P<comment>/\*)?(?P<text>[\s\S]*?)\s*-?\}\}")
_WORD = regex(r"\"(?:\\.|[^\"\\])*\"|`[^`]*`|\([^()]*(?:\([^()]*\)[^()]*)*\)|[^\s()]+")
_PIPE = regex(r"\|(?=(?:[^\"]*\"[^\"]*\")*[^\"]*\Z)")
_RANGE = regex(r"(?:(\$\w+)\s*(?:,\s*(\$\w+))?\s*:=\s*)?(.*)")
_BLOCKS = frozenset({"if", "with", "range", "define", "block"})
_MAX_DEPTH, _MAX_TEXT = 20, 1 << 20


class _Part(NamedTuple):
    """A text, an action, or a block with what stands in it and behind its ``else``."""

    kind: str
    text: str
    body: tuple[_Part, ...] = ()
    otherwise: tuple[_Part, ...] = ()


class _Open:
    """A block that is being read: what stands in it, and behind each ``else``."""

    def __init__(self, part: _Part) -> None:
        self.part = part
        self.lists: list[list[_Part]] = [[]]


class _Scope(NamedTuple):
    root: object
    dot: object
    names: Mapping[str, object]


def charts(files: Mapping[str, bytes]) -> dict[str, list[dict[str, object]]]:
    """The charts among files, by their folders, each with its values: its own, and these with each other file of values laid over."""
    found: dict[str, list[dict[str, object]]] = {}
    for folder in sorted({posixpath.dirname(name) for name in files if posixpath.basename(name) == "Chart.yaml"}):
        beside = sorted(name for name in files if posixpath.dirname(name) == folder)
        read = {
            posixpath.basename(name): _values(files[name])
            for name in beside
            if VALUES.fullmatch(name.rpartition("/")[2])
        }
        own = read.pop("values.yaml", None) or read.pop("values.yml", None) or {}
        found[folder] = [own, *(_merged(own, each) for each in read.values())]
    return found


def filled_in(template: bytes, values: Mapping[str, object], chart: str) -> bytes:
    """A template with what values give; ``chart`` is the chart's name. As it is where it cannot be read."""
    text = decode(template)
    parts = _parse(_tokens(text))
    if parts is None:
        return template
    root = {"Values": values, "Chart": {"Name": chart}, "Release": {"Name": chart}}
    return encode("".join(_written(parts, _Scope(root, root, {}), 0))[:_MAX_TEXT])


def _values(data: bytes) -> dict[str, object]:
    try:
        return mapping(next(documents(data), None))
    except ValueError:
        return {}


def _merged(below: Mapping[str, object], above: Mapping[str, object]) -> dict[str, object]:
    merged = dict(below)
    for key, value in above.items():
        before = merged.get(key)
        merged[key] = _merged(before, value) if isinstance(before, dict) and isinstance(value, dict) else value
    return merged


def _tokens(text: str) -> Iterator[_Part]:
    position = 0
    for match in _ACTION.finditer(text):
        yield _Part("text", text[position : match.start()])
        if not match["comment"]:
            yield _Part("action", match["text"])
        position = match.end()
    yield _Part("text", text[position:])


def _parse(tokens: Iterable[_Part]) -> tuple[_Part, ...] | None:
    """The parts with what stands in them; None where blocks do not end as they begin."""
    stack: list[_Open] = [_Open(_Part("root", ""))]
    for token in tokens:
        word = token.text.split(maxsplit=1)[0] if token.kind == "action" and token.text.split() else ""
        if word in _BLOCKS:
            stack.append(_Open(_Part(word, token.text.partition(word)[2].strip())))
        elif word == "else" and len(stack) > 1:
            stack[-1].lists.append([])
        elif word == "end" and len(stack) > 1:
            block = stack.pop()
            body, *others = block.lists
            rest = tuple(part for each in others for part in each)
            stack[-1].lists[-1].append(block.part._replace(body=tuple(body), otherwise=rest))
        else:
            stack[-1].lists[-1].append(token)
    return tuple(stack[0].lists[0]) if len(stack) == 1 else None


def _written(parts: tuple[_Part, ...], scope: _Scope, depth: int) -> Iterator[str]:
    names = dict(scope.names)
    for part in parts if depth < _MAX_DEPTH else ():
        if part.kind == "text":
            yield part.text
        elif part.kind == "action":
            name, assigns, rest = part.text.partition(":=")
            if assigns and name.strip().startswith("$"):
                names[name.strip()] = _value(rest, scope._replace(names=names))
            else:
                yield _shown(_value(part.text, scope._replace(names=names)))
        elif part.kind == "if":
            yield from _written(part.body, scope._replace(names=names), depth + 1)
            if not _value(part.text, scope._replace(names=names)):
                yield from _written(part.otherwise, scope._replace(names=names), depth + 1)
        elif part.kind == "with":
            value = _value(part.text.rpartition(":=")[2], scope._replace(names=names))
            body = part.body if value else part.otherwise
            yield from _written(body, scope._replace(dot=value or scope.dot, names=names), depth + 1)
        elif part.kind == "range":
            yield from _repeated(part, scope._replace(names=names), depth)


def _repeated(part: _Part, scope: _Scope, depth: int) -> Iterator[str]:
    match = _RANGE.fullmatch(part.text)
    first, second, told = match.groups() if match else (None, None, part.text)
    value = _value(told, scope)
    pairs = (
        list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    )
    for key, each in pairs:
        names = dict(scope.names)
        names |= {second: each, first or "": str(key)} if second else {first: each} if first else {}
        yield from _written(part.body, scope._replace(dot=each, names=names), depth + 1)


def _value(text: str, scope: _Scope) -> object:
    """What a pipeline gives, None for what is not known."""
    value: object = None
    for number, command in enumerate(_PIPE.split(text)):
        words = _WORD.findall(command.strip())
        value = _called(words, [] if number == 0 else [value], scope) if words else None
    return value


def _called(words: list[str], piped: list[object], scope: _Scope) -> object:
    name, *rest = words
    given = [*(_operand(word, scope) for word in rest), *piped]
    last = given[-1] if given else None
    if name in {
        "toYaml",
        "toJson",
        "tpl",
        "quote",
        "squote",
        "trim",
        "toString",
        "int",
        "required",
        "nindent",
        "indent",
    }:
        if name == "tpl":
            return given[0] if given else None
        if name in {"quote", "squote"}:
            return json.dumps(_shown(last))
        if name == "toJson":
            return json.dumps(last) if last is not None else ""
        if name == "toYaml":
            return "\n".join(_lines(last))
        if name in {"nindent", "indent"}:
            width = int(_shown(given[0])) if _shown(given[0]).isdecimal() else 0
            block = "\n".join(f"{' ' * width}{line}" for line in _shown(last).split("\n"))
            return f"\n{block}" if name == "nindent" else block
        return last
    if name == "default":
        return last if last and len(given) > 1 else given[0] if given else None
    if not rest and not piped:
        return _operand(name, scope)
    # whether a condition holds that is put together is not worked out: a part that is there speaks for it
    return next((each for each in given if each), None) if name in {"and", "or", "coalesce"} else None


def _operand(word: str, scope: _Scope) -> object:
    if word.startswith("("):
        return _value(word[1:-1], scope)
    if word.startswith('"'):
        try:
            return str(json.loads(word))
        except ValueError:
            return None
    if word.startswith("`"):
        return word.strip("`")
    if re.fullmatch(r"-?\d+", word):
        return word
    start, *path = word.split(".")
    if start.startswith("$"):
        value = scope.names.get(start) if start != "$" else scope.root
    elif word.startswith("."):
        value = scope.dot
    else:
        return None
    for key in filter(None, path):
        value = mapping(value).get(key)
    return value


def _shown(value: object) -> str:
    if isinstance(value, dict | list):
        return json.dumps(value)
    return value if isinstance(value, str) else ""


def _lines(value: object) -> Iterator[str]:
    """A value as lines of YAML."""
    if isinstance(value, dict):
        yield from (f"{json.dumps(str(key))}: {json.dumps(each)}" for key, each in value.items())
    elif isinstance(value, list):
        yield from (f"- {json.dumps(each)}" for each in value)
    else:
        yield json.dumps(_shown(value)) if value is not None else ""
