"""Names of files in patterns, in texts and in code."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence

from dockfix.context.dockerignore import Ignore
from dockfix.syntax import encode


def folder_named(path: str, name: str) -> str:
    """The outermost folder of this name on a path, or at its end; "" for none."""
    parts = path.split("/")
    return "/".join(parts[: parts.index(name) + 1]) if name in parts else ""


def matched(pattern: str, files: frozenset[str]) -> list[str]:
    return sorted(Ignore((pattern,)).ignored(files)) if files else []


def first_and_last(names: Sequence[str]) -> frozenset[str]:
    """The last parts of paths, and the outermost of their folders."""
    return frozenset(part for name in names for part in (posixpath.basename(name), name.split("/", 1)[0]))


def stands_in(word: str, text: str) -> bool:
    """Whether a word stands in a text with no letter, digit, ``_`` or ``-`` beside it."""
    start = text.find(word)
    while start >= 0:
        before, behind = text[start - 1 : start], text[start + len(word) : start + len(word) + 1]
        if not any(beside.isalnum() or beside in {"_", "-"} for beside in (before, behind)):
            return True
        start = text.find(word, start + 1)
    return False


def path_of(word: str) -> bytes:
    """A folder's name as a part of a path or as a string of its own."""
    return rb"[\"'/]" + encode(re.escape(word)) + rb"[\"'/]"


def module_of(word: str) -> bytes:
    """A folder's name as that of a Python package: imported, or at the start of a string."""
    name = encode(re.escape(word))
    return rb"\b(?:from|import)\s+" + name + rb"\b|[\"']" + name + rb"\.\w"


def folder_as_whole(word: str) -> bytes:
    """A folder's name where any file of it may be meant."""
    name = name_of(word)
    return name + rb"/?[\"'`$*{]|" + name + rb"/(?=\s)|\bcd\s+(?:\S*/)?" + name


def name_of(word: str) -> bytes:
    return rb"(?<![\w.-])" + encode(re.escape(word)) + rb"(?![\w-])"
