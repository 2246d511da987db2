"""The user that a program is given: one of the image's own, or one that is made."""

from __future__ import annotations

from dockfix.facts.facts import Facts
from dockfix.knowledge import User

USER = "appuser"
_NEW = User(USER, 10001, f"/home/{USER}")


def user_of(facts: Facts) -> User:
    """The user without rights that the final image brings, or else the one that is made for it."""
    own = own_user(facts)
    return own if own is not None else _NEW


def own_user(facts: Facts) -> User | None:
    """The user without rights that the base image brings; None where it brings none."""
    return facts.final.image.user if facts.final.image is not None else None
