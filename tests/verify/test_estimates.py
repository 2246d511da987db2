"""The sizes from Debian's indices beside those of real images."""

from __future__ import annotations

import pytest

from dockfix.knowledge import sizes
from dockfix.verify.engines import Engine


@pytest.mark.build
def test_the_full_image_beside_the_slim_one(engine: Engine) -> None:
    """Whatever the image that stands for the full one holds, its packages account for what it is larger by."""
    names, size = [], []
    for image in ("python:3.11-bookworm", "python:3.11-slim-bookworm"):
        if engine.call("image", "inspect", image, check=False).status:
            pytest.skip(f"{image} is not at hand")
        listed = engine.run("--entrypoint", "dpkg-query", image, "-W", "-f", "${Package}\\n")
        names.append(set(listed.out.split()))
        size.append(int(engine.image(image)["Size"]))
    more = names[0] - names[1]
    assert len(more) > 50
    assert sizes.size_of(more, "bookworm") == pytest.approx(size[0] - size[1], rel=0.25)
