"""The sizes from Debian's indices beside those of real images."""

from __future__ import annotations

import pytest

import at_hand
from dockfix.knowledge import sizes
from dockfix.verify.engines import Engine


@pytest.mark.build
def test_the_full_image_beside_the_slim_one(engine: Engine) -> None:
    """Whatever the image that stands for the full one holds, its packages account for what it is larger by."""
    for image in (at_hand.FULL, at_hand.SLIM):
        if engine.call("image", "inspect", image, check=False).status:
            pytest.skip(f"{image} is not at hand")
    full, slim = (int(engine.image(image)["Size"]) for image in (at_hand.FULL, at_hand.SLIM))
    more = at_hand.of_full_image(engine)
    assert len(more) > 50
    assert sizes.size_of(more, at_hand.SUITE) == pytest.approx(full - slim, rel=0.25)
