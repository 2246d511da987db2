"""Where a workflow of GitHub builds a Dockerfile with a builder that is thrown away, and its cache mounts with it."""

from __future__ import annotations

import os
import posixpath
from pathlib import Path

from dockfix.context.disk import Disk
from dockfix.lazy import regex
from dockfix.namedtuple import NamedTuple
from dockfix.syntax import decode

_USES = regex(r"^(?P<indent>[ \t]*)(?P<dash>-[ \t]+)?uses:[ \t]*[\"']?docker/build-push-action@")
_INPUT = regex(r"^[ \t]*(?P<name>context|file):[ \t]*(?P<quote>[\"']?)(?P<value>[^\"'#\n]*?)(?P=quote)[ \t]*(?:#.*)?$")
# What keeps a builder, or its caches: a runner or builder of one's own, services that do, an export of the layers
_KEEPS = regex(
    r"(?m)\bcache-to\b|self-hosted|\bdriver:[ \t]*[\"']?(?:remote|kubernetes)|\bendpoint:|cache-dance|\b(?:depot|useblacksmith)/"
    r"|runs-on:.*(?:depot|blacksmith|namespace|buildjet|warp)"
)
_MOST = 100


class Build(NamedTuple):
    """A step that builds: its file, relative to the repository, and its 1-based line."""

    file: str
    line: int


def thrown_away(dockerfile: Path, root: Path) -> Build | None:
    """The first step of the repository's workflows that builds a Dockerfile and keeps nothing; None where there is none.

    ``root`` is the folder of the build context, to which workflows refer from the repository's.
    """
    here = dockerfile.absolute()
    repository = next((each for each in here.parents if (each / ".github" / "workflows").is_dir()), None)
    if repository is None:
        return None
    try:
        files = sorted((repository / ".github" / "workflows").iterdir())[:_MOST]
    except OSError:
        return None
    wanted = os.path.relpath(here, repository), os.path.relpath(root.absolute(), repository)
    for file in (each for each in files if each.suffix in {".yml", ".yaml"}):
        text = decode(Disk.read_outside(str(file)) or b"")
        if _KEEPS.search(text):
            continue
        lines = text.splitlines()
        for number, line in enumerate(lines):
            match = _USES.match(line)
            if match and _builds(lines, number, len(match["indent"]) + len(match["dash"] or ""), *wanted):
                return Build(f".github/workflows/{file.name}", number + 1)
    return None


def _builds(lines: list[str], number: int, indent: int, dockerfile: str, root: str) -> bool:
    """Whether the step whose keys stand at an indentation builds the Dockerfile."""
    given: dict[str, str] = {}
    for line in lines[number + 1 :]:
        if line.strip() and len(line) - len(line.lstrip()) < indent:
            break
        match = _INPUT.match(line)
        if match:
            given[match["name"]] = match["value"]
    context = given.get("context", ".")
    file = given.get("file") or posixpath.join(context, "Dockerfile")
    if "${{" in file + context or "://" in context:
        return False
    return (
        posixpath.normpath(file) == Path(dockerfile).as_posix() and posixpath.normpath(context) == Path(root).as_posix()
    )
