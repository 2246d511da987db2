"""Values: what ENV, LABEL and ARG assign, what a word with variables becomes, what an image reference names."""

from __future__ import annotations

import re
from collections.abc import Mapping

from dockfix.lazy import regex
from dockfix.namedtuple import NamedTuple
from dockfix.syntax.lexer import LONGEST, Lexer, LexError, TooLongError
from dockfix.syntax.limits import too_long
from dockfix.syntax.nodes import Instruction
from dockfix.syntax.words import BadPairs, key_values, quoted_words

_PLAIN = regex(r"[^$'\"\\`]*")
# What dockerfile_parse reads as Docker does. It doesn't know ${X:-y}, an escaped character within double quotes, or an
# escape character other than the backslash; it takes an unknown variable as empty and an open quote as closed.
_COMMON = regex(r"(?:[^$\\`]|\$[A-Za-z_][A-Za-z0-9_]*|\$\{[A-Za-z_][A-Za-z0-9_]*\})*+", re.ASCII)
_VARIABLE = regex(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)")


def expand(word: str, env: Mapping[str, str], escape: str = "\\") -> str | None:
    """The word with its variables replaced and its quotes and escapes consumed, as Docker does it.

    ``$X``, ``${X}`` and ``${X…y}`` with ``-``, ``:-``, ``+``, ``:+``, ``?`` or ``:?`` are known. None where a variable
    without a value in ``env`` is needed, where the text has another form, where a quote or brace stays open, or where the
    values come to more than ``lexer.LONGEST``.
    """
    try:
        return _expand(word, env, escape)
    except TooLongError:
        return None


def _expand(word: str, env: Mapping[str, str], escape: str) -> str | None:
    """The same; raises TooLongError where the values come to too much."""
    if _PLAIN.fullmatch(word):
        return word
    if _is_common(word, env):
        from dockerfile_parse.util import WordSplitter

        return str(WordSplitter(word, envs=env).dequote())
    lexer = Lexer(word, escape, env, raw=False)
    try:
        value, _ = lexer.run()
    except LexError:
        return None
    return None if lexer.unknown else value


def _is_common(word: str, env: Mapping[str, str]) -> bool:
    quotes = word.count('"'), word.count("'")
    if 0 not in quotes or sum(quotes) % 2 or not word.isascii():
        return False
    if _COMMON.fullmatch(word) is None:
        return False
    names = _VARIABLE.findall(word)
    return all(name in env for name in names) and sum(len(env[name]) for name in names) <= LONGEST


def pairs(instruction: Instruction, env: Mapping[str, str]) -> tuple[tuple[str, str | None], ...]:
    """What ENV, LABEL or ARG assigns, in order, with the variables of ``env`` expanded; () for anything else.

    The value is None for an ARG without a default, and where ``expand`` gives None. As in Docker, what a line assigns
    is not yet seen by the values on the same line. Raises BeyondLimitError for a value that no program can be started with.
    """
    escape = instruction.escape
    found: list[tuple[str, str | None]] = []
    if instruction.keyword == "ARG":
        for word in quoted_words(instruction.args, escape):
            key, equals, default = word.partition("=")
            found.append((key, default if equals else None))
    elif instruction.keyword in ("ENV", "LABEL"):
        try:
            found.extend(key_values(instruction.args, escape))
        except BadPairs:
            return ()
    assigned = []
    for key, value in found:
        name = expand(key, env, escape)
        try:
            assigned.append((key if name is None else name, None if value is None else _expand(value, env, escape)))
        except TooLongError:
            raise too_long(instruction.line, key) from None
    return tuple(assigned)


class ImageRef(NamedTuple):
    """``registry/repository:tag@digest``; each part is "" where the reference doesn't name it."""

    registry: str
    repository: str
    tag: str
    digest: str


def image(reference: str) -> ImageRef:
    """The parts of an image reference, or of the image in FROM's arguments (``--platform=… image AS name``)."""
    if any(map(str.isspace, reference)):
        from dockerfile_parse.parser import image_from

        named: str | None = image_from(reference)[0]
        reference = named or ""
    name, _, digest = reference.partition("@")
    first, slash, rest = name.partition("/")
    registry = first if slash and ("." in first or ":" in first or first == "localhost") else ""
    repository, _, tag = (rest if registry else name).partition(":")
    return ImageRef(registry, repository, tag, digest)
