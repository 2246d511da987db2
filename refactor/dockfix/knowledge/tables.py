"""Reads the tables that lie beside this module; each is parsed once, when first asked for.

What was parsed is kept as Python keeps what it has compiled, in ``__pycache__``: parsing TOML takes ten times as long.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from dockfix.kept import Kept
from dockfix.lazy import regex

_HERE = Path(__file__).parent


@cache
def table(name: str) -> dict[str, Any]:
    """The content of ``<name>.toml``. It is shared by all callers: treat it as read-only.

    Raises FileNotFoundError for a name without a table and tomllib.TOMLDecodeError for a broken one.
    """
    return read(_HERE / f"{name}.toml")


def read(path: Path) -> dict[str, Any]:
    """The content of a table, parsed anew where the file is another than the one that was parsed before. Raises as ``table``."""
    kept = Kept(path)
    found: dict[str, Any] | None = kept.read()
    if found is None:
        found = _parsed(path)
        kept.write(found)
    return found


def _parsed(path: Path) -> dict[str, Any]:
    import tomllib

    with path.open("rb") as file:
        return tomllib.load(file)


def is_pattern(name: str) -> bool:
    """Whether a table's package name is a pattern in the shell's sense, such as ``fonts-*``."""
    return any(character in name for character in "*?[")


def matcher(names: Iterable[str]) -> re.Pattern[str]:
    """One expression that matches, with ``fullmatch``, what any of the patterns among ``names`` matches."""
    patterns = [fnmatch.translate(name) for name in names if is_pattern(name)]
    return regex("|".join(patterns) or r"(?!)")
