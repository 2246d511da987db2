"""Scripts that run inside the images, by the Python that they bring (3.6 or later), with nothing but its standard library."""

from __future__ import annotations

from importlib.resources import files

MARK = "dockfix-probe:"  # comes before the answer, which is JSON on one line


def source(name: str) -> str:
    """The text of a script."""
    return (files(__package__) / f"{name}.py").read_text("utf-8")
