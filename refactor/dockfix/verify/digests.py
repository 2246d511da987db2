"""The digests of base images: asked of the registry, or of what the engine has."""

from __future__ import annotations

import json
import re
from contextlib import suppress

from dockfix.managers.commands import model_of
from dockfix.syntax import Dockerfile, image
from dockfix.verify.engines import Engine, EngineError

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def open_bases(tree: Dockerfile) -> tuple[str, ...]:
    """The images that FROM names as they stand, without a digest; not what an ARG names, other stages or scratch."""
    bases = [
        stage.start.words[0] for stage in model_of(tree).stages if stage.parent is None and stage.base != "scratch"
    ]
    return tuple(dict.fromkeys(base for base in bases if "$" not in base and not image(base).digest))


def digest(engine: Engine, reference: str) -> str:
    """What a tag names now, for all platforms. Raises EngineError where neither the registry nor the engine says.

    A registry is asked by buildx alone: without it, and where it cannot be reached, what was pulled last counts.
    """
    reason = ""
    if engine.buildx:
        asked = engine.call("buildx", "imagetools", "inspect", "--format", "{{json .Manifest}}", reference, check=False)
        with suppress(ValueError, TypeError, KeyError):
            found = str(json.loads(asked.out)["digest"])
            if not asked.status and _DIGEST.fullmatch(found):
                return found
        reason = (asked.err.strip().splitlines() or [""])[-1].removeprefix("ERROR: ")
    pulled = engine.call("image", "inspect", "--format", "{{json .RepoDigests}}", reference, check=False)
    names = (json.loads(pulled.out) or []) if not pulled.status else []
    digests = {str(each).partition("@")[2] for each in names if _same(each.partition("@")[0], reference)}
    if len(digests) == 1:
        return digests.pop()
    raise EngineError(
        f"{reference}: its digest is not known" + f": {reason}" * bool(reason),
        "the registry must answer, or the image must have been pulled from it",
    )


def _same(name: str, reference: str) -> bool:
    """Whether a name without a tag is that of an image as a Dockerfile writes it."""
    written, found = image(reference), image(name)
    plain = [
        (each.registry.removeprefix("docker.io"), each.repository.removeprefix("library/")) for each in (written, found)
    ]
    return plain[0] == plain[1]
