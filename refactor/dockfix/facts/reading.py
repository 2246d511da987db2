"""What a container starts of JavaScript, and what is read of it."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator

from dockfix.context.build_context import BuildContext
from dockfix.context.javascript import Files, NodeProgram, Package, Placed, Unfolded, files_of, placed_by, unfold
from dockfix.context.program.model import Unparsed
from dockfix.dataclass import dataclass
from dockfix.facts.startup import Startup
from dockfix.lazy import regex
from dockfix.model.stages import Stage
from dockfix.syntax.shell import quoted

_NAME = "package.json"
RUNS = frozenset({"run", "start"})  # what the entry point of Bun's image has Bun do, as no program has these names
_CODE = regex(r"(?i).*\.[cm]?[jt]sx?")


@dataclass(frozen=True, eq=False)
class Reading:
    """``files`` are those of the build context, ``folder`` is the one of them that lies in the working directory (None: none is known to).

    ``started`` are the commands that the container starts, ``program`` is what their code does. ``placed`` tells what absolute paths of
    the image are.
    """

    files: Files
    folder: str | None
    started: Unfolded
    program: NodeProgram
    placed: Placed

    @property
    def project(self) -> Package | None:
        """The package.json of the working directory."""
        return self.files.package(self.folder) if self.folder is not None else None

    @property
    def unknown(self) -> str | None:
        """Why it is not known what the program does, None where all of it was read."""
        if self.started.unknown is not None or self.program.unknown is not None:
            return self.started.unknown or self.program.unknown
        place = next(iter(self.program.gave_up), None)
        if place is None:
            return None
        if isinstance(place, Unparsed):
            return f"what {place.file} does is not known: {place.reason}"
        return f"what {place.file}:{place.line} does is not known"


def folder_at(path: str, lying_at: Callable[[str], str | None]) -> str | None:
    """The folder of the build context whose package.json lies in a folder of the image; None where none is known to."""
    file = lying_at(posixpath.join(path, _NAME))
    return posixpath.dirname(file) if file is not None else None


def read(stage: Stage, startup: Startup, context: BuildContext, lying_at: Callable[[str], str | None]) -> Reading:
    """What a stage starts: by CMD, ENTRYPOINT, HEALTHCHECK, what Compose files give for them, and their scripts."""
    from dockfix.context.javascript.read import read_javascript

    workdir = stage.end.workdir or "/"
    files, folder = files_of(context), folder_at(workdir, lying_at)
    placed, handed = placed_by(lying_at), _handed_on(stage)
    found = [
        unfold(
            text,
            files,
            folder or "",
            where,
            placed,
            handed=posixpath.basename(where.partition(" in line ")[0]) in handed,
        )
        for where, text in _texts(stage, startup)
    ]
    unknown = next((each.unknown for each in found if each.unknown is not None), None)
    if folder is None:
        unknown = unknown or f"no {_NAME} is known to lie in the working directory"
    commands = tuple(command for each in found for command in each.commands)

    def moved(path: str) -> str | None:
        inside = posixpath.relpath(path or ".", folder or ".")
        return None if folder is None or inside.startswith("..") else lying_at(posixpath.join(workdir, inside))

    program = read_javascript(files, commands, placed, moved)
    scripts = tuple(script for each in found for script in each.scripts)
    return Reading(files, folder, Unfolded((*commands, *program.started), scripts, unknown), program, placed)


def _handed_on(stage: Stage) -> frozenset[str]:
    """The names of what is given the words of CMD, which are read by themselves: the entry point and its scripts."""
    entry = stage.last("ENTRYPOINT")
    words = entry.instruction.json if entry is not None and stage.last("CMD") is not None else None
    return frozenset(("ENTRYPOINT", *map(posixpath.basename, words))) if words else frozenset()


def _texts(stage: Stage, startup: Startup) -> Iterator[tuple[str, str]]:
    """What is started, by where it stands; the entry point of the image itself has Node.js run what is no program."""
    command = stage.last("CMD")
    runner = stage.image.runner if stage.image is not None else ""
    words = command.instruction.json if command is not None and stage.last("ENTRYPOINT") is None else None
    for where, text in startup.texts.items():
        own = command is not None and where == f"CMD in line {command.line}"
        if own and words and (words[0].startswith("-") or _CODE.fullmatch(words[0]) or (runner and words[0] in RUNS)):
            yield where, quoted([runner or "node", *words])
        else:
            yield where, text
