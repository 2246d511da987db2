"""What builds Python projects, and what an editable install of one leaves beside the source."""

from __future__ import annotations

from dockfix.knowledge.tables import table
from dockfix.namedtuple import NamedTuple


class BuildBackend(NamedTuple):
    """``settings`` are keys of pyproject.toml, ``files`` files of the project, that have an editable install write beside the source."""

    settings: tuple[tuple[str, ...], ...]
    files: tuple[str, ...]


def build_backend(module: str) -> BuildBackend | None:
    """The backend that ``build-backend`` names; None where nothing is known of it."""
    found = table("build_backends")["backend"].get(module)
    if found is None:
        return None
    keys = tuple(tuple(key.split(".")) for key in found.get("settings", "").split())
    return BuildBackend(keys, tuple(found.get("files", "").split()))
