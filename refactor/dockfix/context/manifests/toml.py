"""TOML files, each taken apart once for all who ask: a lock may have megabytes, and several ask for its parts."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any


@lru_cache(maxsize=64)
def tables_of(text: str) -> Mapping[str, Any]:
    """What a text says. It is not to be changed. Raises tomllib.TOMLDecodeError, and RecursionError where it is nested too deep."""
    import tomllib  # few runs need it, and it takes as long to load as a small file takes to read

    return tomllib.loads(text)
