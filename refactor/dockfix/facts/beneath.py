"""Base images of the user's own: what another Dockerfile of the repository builds, and what of it can be relied on."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path

from dockfix.context.built_here import built_here
from dockfix.context.disk import Disk
from dockfix.managers.commands import model_of
from dockfix.managers.verbs import language_install
from dockfix.model.effects import overlap
from dockfix.model.stages import Beneath, Stage
from dockfix.syntax import decode, parse, problems
from dockfix.syntax.limits import BeyondLimitError

# What a stage that starts from the image would have without saying so
_INHERITED = ("ENTRYPOINT", "ONBUILD", "HEALTHCHECK", "VOLUME", "SHELL")
_MOST = 4


def beneath(base: str, dockerfile: Path | None, depth: int = 0) -> Beneath | None:
    """The last stage of the Dockerfile that builds an image of this name for ``dockerfile``, where it can be relied on.

    None where no Dockerfile is known to, where it could not be read, where nothing is known of its own base image, and where it has a
    user, an ENTRYPOINT or the like that goes over to the image above it.
    """
    found = built_here(base, dockerfile) if dockerfile is not None and depth < _MOST else None
    if found is None:
        return None
    try:
        stage = _last_stage(found.dockerfile, Path(found.dockerfile).stat().st_mtime_ns, depth)
    except OSError:
        return None
    if stage is None or dockerfile is None:
        return None
    return Beneath(os.path.relpath(found.dockerfile, dockerfile.absolute().parent), stage)


@lru_cache(maxsize=256)
def _last_stage(path: str, _stamp: int, depth: int) -> Stage | None:
    data = Disk.read_outside(path)
    tree = parse(decode(data)) if data is not None else None
    if tree is None or problems(tree):
        return None
    try:
        stage = model_of(tree, beneath_of=partial(beneath, dockerfile=Path(path), depth=depth + 1)).final
    except BeyondLimitError:
        return None
    if stage.image is None or not stage.end.is_root or any(each.of(*_INHERITED) for each in stage.lineage):
        return None
    # its name says nothing of a slim one; what it puts into the folder of the packages would be carried, too
    prefix = stage.image.own_prefix if why_unknown(stage) is None else ""
    image = stage.image._replace(with_slim=False, own_prefix=prefix)
    return replace(stage, image=image, end=replace(stage.end, own_prefix=prefix))


def why_unknown(stage: Stage) -> str | None:
    """What a stage has that an image above it would not carry with its packages; None where it has no such thing."""
    for each in stage.lineage:
        if each.of("COPY", "ADD"):
            return "copies files"
        for _, unit in each.units:
            if language_install(unit.effects.action) is not None:
                return "installs packages of a language"
            if unit.effects.unbounded:
                return "runs a command whose effects are unknown"
            if overlap(unit.effects.writes, ("/usr/local",)) and unit.effects.action is None:
                return "puts something in /usr/local"
    return None if stage.beneath is None else why_unknown(stage.beneath.stage)
