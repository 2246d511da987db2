"""Where a workflow of GitHub or a job of GitLab builds a Dockerfile with a builder that is thrown away, and its cache mounts with it."""

from __future__ import annotations

import os
import posixpath
from pathlib import Path

from dockfix.context.disk import Disk
from dockfix.context.run_commands import builds
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
_GITLAB = ".gitlab-ci.yml"
# The service with an engine of its own for each job: https://docs.gitlab.com/ci/docker/using_docker_build/
_FOR_ONE_JOB = regex(r"(?m)^[ \t]*(?:-[ \t]+)?(?:name:[ \t]*)?[\"']?(?:[\w.${}/:-]*/)?docker:[\w.-]*dind\b")


class Build(NamedTuple):
    """A step that builds: its file, relative to the repository, its 1-based line, and what would keep the layers of all stages."""

    file: str
    line: int
    keeps: str


def thrown_away(dockerfile: Path, root: Path) -> Build | None:
    """The first step of the repository's workflows that builds a Dockerfile and keeps nothing; None where there is none.

    ``root`` is the folder of the build context, to which workflows refer from the repository's.
    """
    here, folder = dockerfile.absolute(), root.absolute()
    return _by_github(here, folder) or _by_gitlab(here, folder)


def _by_gitlab(here: Path, root: Path) -> Build | None:
    repository = next((each for each in here.parents if (each / _GITLAB).is_file()), None)
    text = decode(Disk.read_outside(str(repository / _GITLAB)) or b"") if repository is not None else ""
    if repository is None or not _FOR_ONE_JOB.search(text) or "--cache-to" in text:
        return None
    wanted = Path(os.path.relpath(here, repository)).as_posix(), Path(os.path.relpath(root, repository)).as_posix()
    for build in builds(text):
        folder = build.operands[0] if build.operands else ""
        file = next(iter(build.values("-f", "--file")), "") or posixpath.join(folder, "Dockerfile")
        if folder and "$" not in folder + file and (posixpath.normpath(file), posixpath.normpath(folder)) == wanted:
            return Build(_GITLAB, build.line, "docker buildx build --cache-to type=registry,ref=…,mode=max")
    return None


def _by_github(here: Path, root: Path) -> Build | None:
    repository = next((each for each in here.parents if (each / ".github" / "workflows").is_dir()), None)
    if repository is None:
        return None
    try:
        files = sorted((repository / ".github" / "workflows").iterdir())[:_MOST]
    except OSError:
        return None
    wanted = os.path.relpath(here, repository), os.path.relpath(root, repository)
    for file in (each for each in files if each.suffix in {".yml", ".yaml"}):
        text = decode(Disk.read_outside(str(file)) or b"")
        if _KEEPS.search(text):
            continue
        lines = text.splitlines()
        for number, line in enumerate(lines):
            match = _USES.match(line)
            if match and _builds(lines, number, len(match["indent"]) + len(match["dash"] or ""), *wanted):
                return Build(f".github/workflows/{file.name}", number + 1, "cache-to: type=gha,mode=max")
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
