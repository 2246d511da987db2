"""What is known of an image that only runs programs."""

from __future__ import annotations

from dockfix.knowledge.runtime_images import RuntimeImage, runtime_image
from dockfix.syntax import image


def runs_only(name: str) -> RuntimeImage | None:
    """The image of a reference as it is written, None where it is no such image, or only its digest says which one."""
    reference = image(name)
    repository = "/".join(filter(None, (reference.registry, reference.repository)))
    return runtime_image(repository, reference.tag) if reference.tag or not reference.digest else None
