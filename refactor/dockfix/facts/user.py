"""The user that a program is given: its name and number."""

from __future__ import annotations

USER = "appuser"
UID = 10001
HOME = f"/home/{USER}"
