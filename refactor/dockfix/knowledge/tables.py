"""Reads the tables that lie beside this module; each is parsed once, when first asked for."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent


@cache
def table(name: str) -> dict[str, Any]:
    """The content of ``<name>.toml``. It is shared by all callers: treat it as read-only.

    Raises FileNotFoundError for a name without a table and tomllib.TOMLDecodeError for a broken one.
    """
    import tomllib

    with (_HERE / f"{name}.toml").open("rb") as file:
        return tomllib.load(file)


def is_pattern(name: str) -> bool:
    """Whether a table's package name is a pattern in the shell's sense, such as ``fonts-*``."""
    return any(character in name for character in "*?[")


def matcher(names: Iterable[str]) -> re.Pattern[str]:
    """One expression that matches, with ``fullmatch``, what any of the patterns among ``names`` matches."""
    patterns = [fnmatch.translate(name) for name in names if is_pattern(name)]
    return re.compile("|".join(patterns) or r"(?!)")
