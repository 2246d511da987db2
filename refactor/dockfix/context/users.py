"""How users are named."""

from __future__ import annotations


def is_root(user: str) -> bool:
    """Whether a user is root, by name or by number; behind a colon a group may stand."""
    return user.strip("\"'").partition(":")[0] in {"root", "0"}
