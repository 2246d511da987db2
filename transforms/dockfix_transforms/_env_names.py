"""Where code names a ``.env`` file as one that it may read: as a path, and not as a word of a list or of a comparison."""

from __future__ import annotations

import re

from dockfix.lazy import regex

_NAME = regex(rb"[\"'`](?:[^\"'`\n]*[/\\])?\.env[\"'`]")
# A module that has the word in its name, of which no more is known: flask_dotenv, dotenvit, @acme/dotenv-loader
_PYTHON_MODULE = regex(rb"(?m)^[ \t]*(?:from|import)[ \t]+(?!dotenv\b)\w*dotenv\w*")
_SCRIPT_MODULE = regex(rb"(?:\b(?:from|import|require)\b[ \t(]*)[\"'](?![./])[^\"'\n]*dotenv[^\"'\n]*[\"']")
_PYTHON = regex(r"(?i).*\.py[wx]?")
_CODE = regex(r"(?i).*\.(?:py[wx]?|[cm]?[jt]sx?)")
# How far the call or the list that a name stands in may begin before it
_REACH = 600
_STRING = regex(rb"\"[^\"\n]*\"|'[^'\n]*'|`[^`\n]*`")
_COMMENT = regex(rb"[ \t]*(?:#|//|/?\*)")
_COMPARED = regex(rb"(?:[=!]=|\b(?:in|is|not|case))\s*\Z")
_COMPARES = regex(rb"\s*(?:[=!]=|(?:not\s+)?in\b)")
# What is joined, given to a name, or taken where a setting says nothing
_TAKEN = regex(rb"(?:(?<![=!<>])=|[/+%?]|\|\||\b(?:or|else|return)|\?[^\n;]*:)\s*\Z")
_KEY = regex(rb"(?i)([\w$]+)[\"']?\s*:\s*\Z")
_KEY_OF_FILE = regex(rb"(?i).*(?:path|file|env).*")
_LIST_OF_FILES = regex(rb"(?i)(?:env_?files?|\w*paths?|\w*dotenv\w*)[\"']?\s*[=:]\s*\Z")
_CALLED = regex(rb"([\w$]+)\s*\Z")
# Calls that ask whether a name is this one, keep it for that, or show it
_ONLY_A_WORD = frozenset(
    b"endswith startswith endsWith startsWith includes indexOf has add append push extend insert discard ignore_patterns replace"
    b" replaceAll removesuffix removeprefix split rsplit print log warn error info debug warning match test fnmatch expect equal"
    b" toBe Error if elif while not and or in return assert frozenset set Set".split()
)


def names_env(name: str, text: bytes) -> int:
    """The line in which code may read a ``.env``, by its name or by a module for such files; 0 where none does."""
    if b"env" not in text or not _CODE.fullmatch(name):
        return 0
    module = (_PYTHON_MODULE if _PYTHON.fullmatch(name) else _SCRIPT_MODULE).search(text)
    places = [module.end()] if module else []
    places += [found.start() for found in _NAME.finditer(text) if _is_a_path(text, found)][:1]
    return text.count(b"\n", 0, min(places)) + 1 if places else 0


def _is_a_path(text: bytes, found: re.Match[bytes]) -> bool:
    before = text[max(0, found.start() - _REACH) : found.start()]
    if before.endswith((b"r", b"b", b"u", b"f")):
        before = before[:-1]
    if _COMMENT.match(before.rpartition(b"\n")[2]) or _COMPARED.search(before) or _COMPARES.match(text, found.end()):
        return False
    if _TAKEN.search(before):
        return True
    key = _KEY.search(before)
    if key:
        return bool(_KEY_OF_FILE.fullmatch(key[1]))
    return _is_given(_STRING.sub(b"''", before))


def _is_given(before: bytes) -> bool:
    """Whether what comes next is given to a call, by the bracket that is open."""
    depth = 0
    for at in range(len(before) - 1, -1, -1):
        sign = before[at : at + 1]
        if sign in {b")", b"]", b"}"}:
            depth += 1
        elif sign in {b"(", b"[", b"{"} and depth:
            depth -= 1
        elif sign == b"(":
            called = _CALLED.search(before[:at])
            if called is None:  # a tuple, or what only keeps lines together
                return b"," not in before[at:] or bool(_LIST_OF_FILES.search(before[:at]))
            return called[1] not in _ONLY_A_WORD
        elif sign in {b"[", b"{"}:
            return bool(_LIST_OF_FILES.search(before[:at]))
    return False
