"""The commands of a script with their words, wherever in it they stand, and what their words say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from dockfix.knowledge import wrappers
from dockfix.knowledge.node_programs import Runner
from dockfix.lazy import regex
from dockfix.namedtuple import NamedTuple
from dockfix.syntax import encode
from dockfix.syntax.shell import unquote
from dockfix.syntax.shell_tree import is_broken, is_computed, script_tree, text_of, walk

if TYPE_CHECKING:
    from tree_sitter import Node

_MAX_TEXT = 256 << 10
HANDED = "$@"  # stands for a command that is nothing but all the words that its script is given
# A condition that is nothing but a redirection, which bash takes: `while !</dev/tcp/db/5432`
_BARE = regex(r"(?<=!)\s*(?=<\s*/dev/(?:tcp|udp)/)")
_ALL_WORDS = frozenset({'"$@"', "$@", '"${@}"', "${@}"})


class Called(NamedTuple):
    """One command: its words, and the variables that are set in front of it; None for what the shell works out."""

    words: tuple[str | None, ...]
    env: Mapping[str, str | None]


@lru_cache(maxsize=1024)
def called_in(text: str) -> tuple[Called, ...] | None:
    """All commands of a script in the order in which they stand; None where it cannot be read. Never raises."""
    if len(text) > _MAX_TEXT:
        return None
    root = script_tree(encode(_BARE.sub(" : ", text)).replace(b"\r\n", b"\n")).root_node
    if is_broken(root):
        return None
    return tuple(_called(node) for node in walk(root) if node.type in {"command", "declaration_command"})


def _called(node: Node) -> Called:
    words: list[str | None] = ["export"] if node.type == "declaration_command" else []
    env: dict[str, str | None] = {}
    for child in node.children:
        if child.type == "variable_assignment":
            value = child.child_by_field_name("value")
            env[text_of(child.children[0])] = "" if value is None else _value(value)
        elif child.is_named and not child.type.endswith("_redirect"):
            words.append(_value(child.children[0] if child.type == "command_name" and child.children else child))
    if words in ([None], ["exec", None]) and text_of(node).split()[-1] in _ALL_WORDS:
        words[-1] = HANDED
    return Called(tuple(words), env)


def _value(node: Node) -> str | None:
    return None if is_computed(node) else unquote(text_of(node))


def handed_on(runner: Runner, words: Sequence[str | None]) -> list[str | None]:
    """The words behind the name of a script that the script is given."""
    end = next((number for number, word in enumerate(words) if word == "--"), len(words))
    # what takes any first word for a script hands on all that follows it
    own = () if runner.any else runner.options
    skip = False
    found: list[str | None] = []
    for word in words[:end]:
        if skip:
            skip = False
        elif runner.any or word is None or not word.startswith("-"):
            found.append(word)
        else:
            skip = word in own
    return [*found, *words[end + 1 :]]


def behind(program: str, rest: Sequence[str | None]) -> Sequence[str | None] | None:
    """The words of the command that a wrapper starts; None where it starts none."""
    wrapper = wrappers()[program]
    words = [word if word is not None else "?" for word in rest]
    if wrapper.subcommands:
        at = next((number for number, word in enumerate(words) if word in wrapper.subcommands), None)
        if at is None:
            return None
        return _behind_options(rest[at + 1 :], wrapper.positional, wrapper.valued)
    return _behind_options(rest, wrapper.positional, wrapper.valued)


def _behind_options(rest: Sequence[str | None], positional: int, valued: frozenset[str]) -> Sequence[str | None] | None:
    at = 0
    while at < len(rest):
        word = rest[at]
        if word == "--":
            at += 1
            break
        if word is not None and word.startswith("-"):
            at += 2 if word in valued else 1
        elif word is not None and "=" in word and "/" not in word.partition("=")[0]:
            at += 1
        elif positional:
            positional -= 1
            at += 1
        else:
            break
    return rest[at:] or None
