"""Words of a logical line, cut as BuildKit cuts them: flags, JSON arrays, quoted words and key=value pairs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import lru_cache

from dockfix.lazy import regex
from dockfix.namedtuple import NamedTuple
from dockfix.syntax.encoding import encode
from dockfix.syntax.grammar import SEPARATOR, SPACES

_SPACE_RUN = regex(f"[{SPACES}\n]+")


class RawFlag(NamedTuple):
    """A flag with its quotes and escapes removed, and where its source stands in the text that was cut."""

    text: str
    start: int
    end: int


class NotStrings(ValueError):
    """A JSON array that holds something else than strings: BuildKit refuses it rather than taking it for shell form."""


class BadPairs(ValueError):
    """ENV or LABEL arguments that are neither ``key=value`` words nor ``key value``."""


@lru_cache(maxsize=2)
def _flag_patterns(escape: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    e = re.escape(escape)
    double = rf'"((?:[^"{e}]|{e}[\s\S])*+)(?:"|{e}?\Z)'
    single = rf"'((?:[^'{e}]|{e}[\s\S])*+)(?:'|{e}?\Z)"
    token = regex(rf"""[{SPACES}\n]*+(--(?:[^{SPACES}\n'"{e}]|{e}[\s\S]|{e}\Z|{double}|{single})*+)""")
    return token, regex(rf"{double}|{single}|{e}([\s\S])|{e}\Z")


def _unquote(raw: str, escape: str) -> str:
    if not any(mark in raw for mark in ('"', "'", escape)):
        return raw
    inner = regex(rf"{re.escape(escape)}([\s\S])")

    def plain(match: re.Match[str]) -> str:
        quoted = match[1] if match[1] is not None else match[2]
        return inner.sub(r"\1", quoted) if quoted is not None else match[3] or ""

    return _flag_patterns(escape)[1].sub(plain, raw)


def split_flags(rest: str, escape: str) -> tuple[list[RawFlag], int]:
    """Take the leading ``--x=y`` words off ``rest``; the second value is the offset at which the arguments begin.

    BuildKit walks over bytes here: in flags that are not ASCII some characters are cut apart. So does this
    (https://github.com/moby/buildkit, frontend/dockerfile/parser/split_command.go).
    """
    if rest.isascii():
        return _split_flags(rest, escape)
    narrow = encode(rest).decode("latin-1")
    flags, end = _split_flags(narrow, escape)
    if not flags and not end:
        return flags, end

    def wide(offset: int) -> int:
        return len(narrow[:offset].encode("latin-1").decode("utf-8", "replace"))

    return [RawFlag(flag.text, wide(flag.start), wide(flag.end)) for flag in flags], wide(end)


def _split_flags(rest: str, escape: str) -> tuple[list[RawFlag], int]:
    token = _flag_patterns(escape)[0]
    flags: list[RawFlag] = []
    end = 0
    while match := token.match(rest, end):
        end = match.end()
        word = _unquote(match[1], escape)
        if word == "--":
            break
        flags.append(RawFlag(word, match.start(1), end))
    return flags, end


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


_decode: Callable[[str], object] = json.JSONDecoder(parse_constant=_refuse_constant).decode
_LONE_SURROGATE = regex("[\ud800-\udfff]")


def json_array(args: str) -> tuple[str, ...] | None:
    """The strings of a strict JSON array; None where ``args`` is anything else and therefore shell form.

    Raises NotStrings for an array that holds other values.
    """
    if not args.startswith("["):
        return None
    try:
        items = _decode(args)
    except (ValueError, RecursionError):
        return None
    if not isinstance(items, list):
        return None
    if not all(isinstance(item, str) for item in items):
        raise NotStrings
    return tuple(_LONE_SURROGATE.sub("\ufffd", item) for item in items)


@lru_cache(maxsize=2)
def _word_pattern(escape: str) -> re.Pattern[str]:
    e = re.escape(escape)
    double = rf'"(?:[^"{e}]|{e}[\s\S])*+(?:"|(?={e}?\Z))'
    return regex(rf"""(?:[^{SPACES}\n'"{e}]|{e}[\s\S]|{double}|'[^']*+(?:'|\Z))++""")


def quoted_words(args: str, escape: str) -> tuple[str, ...]:
    """The words of ENV, LABEL and ARG: quotes hold blanks together and stay in the word; a last lone escape goes."""
    if '"' not in args and "'" not in args and escape not in args:
        return tuple(word for word in _SPACE_RUN.split(args) if word)
    return tuple(_word_pattern(escape).findall(args))


def key_values(args: str, escape: str) -> tuple[tuple[str, str], ...]:
    """The pairs of ENV and LABEL, values still quoted: ``k=v …`` if the first word has a ``=``, else one pair ``k v``.

    Raises BadPairs with the word that has no ``=``.
    """
    words = quoted_words(args, escape)
    if not words:
        return ()
    if "=" not in words[0]:
        parts = SEPARATOR.split(args, maxsplit=1)
        if len(parts) < 2:
            raise BadPairs(words[0])
        return ((parts[0], parts[1]),)
    pairs = []
    for word in words:
        key, equals, value = word.partition("=")
        if not equals:
            raise BadPairs(word)
        pairs.append((key, value))
    return tuple(pairs)
