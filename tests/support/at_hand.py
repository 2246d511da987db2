"""The base images at hand beside those that the tables speak of: where no registry can be reached, others stand in for these."""

from __future__ import annotations

from dockfix.knowledge import sizes
from dockfix.verify.engines import Engine

SUITE = "bookworm"
FULL, SLIM = f"python:3.11-{SUITE}", f"python:3.11-slim-{SUITE}"
FLOATING = "python:3.11-slim"


def release(engine: Engine) -> str:
    """The release of Debian that an image without one in its tag is built on here; the estimates count with the least of several."""
    said = engine.run("--entrypoint", "cat", FLOATING, "/etc/os-release").out
    return next(line.partition("=")[2] for line in said.splitlines() if line.startswith("VERSION_CODENAME="))


def of_full_image(engine: Engine) -> frozenset[str]:
    """The packages that the full image has and the slim one has not."""
    full, slim = (
        engine.run("--entrypoint", "dpkg-query", image, "-W", "-f", "${Package}\\n") for image in (FULL, SLIM)
    )
    assert (full.status, slim.status) == (0, 0), f"dpkg-query: {full.err} {slim.err}"
    return frozenset(full.out.split()) - frozenset(slim.out.split())


def lacking(engine: Engine) -> int:
    """By how many bytes less than the official images' the full and the slim one differ."""
    return sizes.size_of(sizes.full_image(SUITE), SUITE) - sizes.size_of(of_full_image(engine), SUITE)
