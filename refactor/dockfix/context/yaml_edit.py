"""Entries added to YAML files: every other byte stays, comments, quotes and anchors too.

PyYAML says where a key begins; nothing is printed anew. What comes out is read again, and has to say what the file said and the
entry, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from dockfix.context.yaml_tree import documents, mapping, scalar
from dockfix.syntax import encode

if TYPE_CHECKING:
    import yaml

Path = Sequence[str | int]


class CannotAddError(ValueError):
    """Why an entry cannot be added; the message is a clause."""


def with_entry(text: str, path: Path, keys: Sequence[str], value: str, comment: str = "", beside: str = "") -> str:
    """A file in which the mapping at ``path`` says ``value`` at the end of ``keys``, which make mappings that are not there yet.

    ``path`` begins with the number of the document. ``comment`` is a line above the entry, which stands above the key ``beside`` where
    there is one and no comment belongs to it, or else above the first. Raises CannotAddError.
    """
    try:
        before = list(documents(encode(text)))
        new = _edited(text, path, keys, value, comment, beside)
        after = list(documents(encode(new)))
    except CannotAddError:
        raise
    except (ValueError, RecursionError) as error:
        raise CannotAddError(str(error) or "it is nested too deeply") from error
    _add(before, path, keys, value)
    if before != after:
        raise CannotAddError("its text could not be changed without loss")
    return new


def _add(tree: list[object], path: Path, keys: Sequence[str], value: str) -> None:
    """What the documents say with the entry."""
    node: object = tree
    for step in path:
        node = node[step] if isinstance(node, list) and isinstance(step, int) else mapping(node)[str(step)]
    for key in keys[:-1]:
        node = mapping(node).setdefault(key, {})
    mapping(node)[keys[-1]] = value


def _edited(text: str, path: Path, keys: Sequence[str], value: str, comment: str, beside: str) -> str:
    import yaml

    try:
        roots = list(yaml.compose_all(text, Loader=yaml.BaseLoader))
    except yaml.YAMLError as error:
        raise CannotAddError("it is not valid YAML") from error
    used_twice = shared(roots)
    node: yaml.Node | None = roots[int(path[0])]
    left, steps = [*keys], [*path[1:]]
    while steps or (len(left) > 1 and _below(node, left[0]) is not None):
        node = _below(node, steps.pop(0) if steps else left.pop(0))
        if node is not None and id(node) in used_twice:
            raise CannotAddError(f"line {node.start_mark.line + 1} is an anchor that others use, too")
    if not isinstance(node, yaml.MappingNode) or not node.value:
        raise CannotAddError(f"{path[-1]} is no mapping")
    if node.flow_style:
        raise CannotAddError(f"line {node.start_mark.line + 1} stands within braces")
    if _below(node, left[0]) is not None:
        raise CannotAddError(f"{left[0]} is said already")
    place = _place(text, node, beside)
    newline, indent = "\r\n" if "\r\n" in text else "\n", " " * place.start_mark.column
    lines = [f"# {comment}"] if comment else []
    lines += [f"{'  ' * depth}{key}:" for depth, key in enumerate(left)]
    lines[-1] += f' "{value}"' if ":" in value else f" {value}"
    at = place.start_mark.index
    return text[:at] + "".join(line + newline + indent for line in lines) + text[at:]


def _place(text: str, node: yaml.MappingNode, beside: str) -> Any:
    """The key above which an entry is written: the one that is asked for, unless a comment that belongs to it stands between them."""
    lines = text.split("\n")
    keys = [key for key, _ in node.value]
    free = (key for key in keys if key.value == beside and not lines[key.start_mark.line - 1].lstrip().startswith("#"))
    return next(free, keys[0])


def _below(node: yaml.Node | None, step: str | int) -> Any:
    """What stands at a place of a list, or the value of a mapping's last key of a name."""
    if isinstance(step, int):
        return node.value[step] if node is not None and isinstance(node.value, list) else None
    found = entry(node, step)
    return found[1] if found is not None else None


def entry(node: yaml.Node | None, name: str) -> tuple[yaml.Node, yaml.Node] | None:
    """The last key of a mapping with a name, and its value."""
    pairs = node.value if node is not None and isinstance(node.value, list) else ()
    found = [each for each in pairs if isinstance(each, tuple) and scalar(each[0].value) == name]
    return found[-1] if found else None


def shared(roots: Sequence[yaml.Node | None]) -> frozenset[int]:
    """The nodes that stand at more than one place."""
    seen: dict[int, int] = {}
    for node in _nodes(roots, seen):
        seen[id(node)] = seen.get(id(node), 0) + 1
    return frozenset(each for each, count in seen.items() if count > 1)


def _nodes(roots: Sequence[yaml.Node | None], seen: dict[int, int]) -> Iterator[yaml.Node]:
    """Every node as often as it stands somewhere; what lies in one that was seen is not looked at again."""
    waiting = [root for root in roots if root is not None]
    while waiting:
        each = waiting.pop()
        known = id(each) in seen
        yield each
        if not known and isinstance(each.value, list):
            for part in each.value:
                waiting += part if isinstance(part, tuple) else [part]
