"""Reads the tables that lie beside this module; each is parsed once, when first asked for.

What was parsed is kept as Python keeps what it has compiled, in ``__pycache__``: parsing TOML takes ten times as long.
"""

from __future__ import annotations

import fnmatch
import marshal
import os
import re
import sys
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent


@cache
def table(name: str) -> dict[str, Any]:
    """The content of ``<name>.toml``. It is shared by all callers: treat it as read-only.

    Raises FileNotFoundError for a name without a table and tomllib.TOMLDecodeError for a broken one.
    """
    return read(_HERE / f"{name}.toml")


def read(path: Path) -> dict[str, Any]:
    """The content of a table, parsed anew where the file is another than the one that was parsed before. Raises as ``table``."""
    status = path.stat()
    stamp = status.st_mtime_ns, status.st_size
    try:
        kept = Path(cache_from_source(f"{path}.py"))
    except NotImplementedError:  # this Python keeps nothing
        return _parsed(path)
    try:
        old, content = marshal.loads(kept.read_bytes())
        if old == stamp:
            return dict(content)
    except (OSError, EOFError, ValueError, TypeError):
        pass  # it is not there, or was written by another Python
    found = _parsed(path)
    if not sys.dont_write_bytecode:
        _write(kept, marshal.dumps((stamp, found)))
    return found


def _parsed(path: Path) -> dict[str, Any]:
    import tomllib

    with path.open("rb") as file:
        return tomllib.load(file)


def _write(path: Path, data: bytes) -> None:
    """Writes a whole file or none; where that is not possible, the next run parses again."""
    new = path.with_name(f"{path.name}.{os.getpid()}")
    with suppress(OSError):
        path.parent.mkdir(exist_ok=True)
        try:
            new.write_bytes(data)
            new.replace(path)
        finally:
            new.unlink(missing_ok=True)


def is_pattern(name: str) -> bool:
    """Whether a table's package name is a pattern in the shell's sense, such as ``fonts-*``."""
    return any(character in name for character in "*?[")


def matcher(names: Iterable[str]) -> re.Pattern[str]:
    """One expression that matches, with ``fullmatch``, what any of the patterns among ``names`` matches."""
    patterns = [fnmatch.translate(name) for name in names if is_pattern(name)]
    return re.compile("|".join(patterns) or r"(?!)")
