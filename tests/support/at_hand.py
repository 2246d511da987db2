"""The base images at hand beside those that the tables speak of: where no registry can be reached, others stand in for these."""

from __future__ import annotations

from dockfix.knowledge import sizes
from dockfix.verify.engines import Engine

SUITE = "bookworm"
FULL, SLIM = f"python:3.11-{SUITE}", f"python:3.11-slim-{SUITE}"


def of_full_image(engine: Engine) -> frozenset[str]:
    """The packages that the full image has and the slim one has not."""
    full, slim = (
        frozenset(engine.run("--entrypoint", "dpkg-query", image, "-W", "-f", "${Package}\\n").out.split())
        for image in (FULL, SLIM)
    )
    return full - slim


def lacking(engine: Engine) -> int:
    """By how many bytes less than the official images' the full and the slim one differ."""
    return sizes.size_of(sizes.full_image(SUITE), SUITE) - sizes.size_of(of_full_image(engine), SUITE)
