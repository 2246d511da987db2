"""The programs that something needs: they must be where they were, and the user must be allowed to run them."""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from dockfix.context.scripts import commands_in_script
from dockfix.model.reason import Declared
from dockfix.verify.image import Image
from dockfix.verify.verdict import Finding


def lost_programs(before: Image, after: Image) -> list[str]:
    """The names of the programs on PATH that only the image before has."""
    return sorted(before.snapshot.programs(before.path).keys() - after.snapshot.programs(after.path).keys())


def compare_commands(
    before: Image, after: Image, wanted: Mapping[str, str], declared: frozenset[Declared] = frozenset()
) -> list[Finding]:
    """The programs that are gone or that the user may not run, of those in ``wanted``: program → why it is needed, as a clause.

    A program is a name on PATH, or a path. What the image before does not have either is no difference, nor is one that is
    ``declared`` to go, unless the settings of the image after run it.
    """
    found = []
    left = {each.name for each in declared if each.part == "PROGRAM"} - wanted_by_config(after.config).keys()
    for program, why in sorted(wanted.items()):
        if _find(before, program) is None:
            continue
        path = _find(after, program)
        if path is None:
            if program in left:
                continue
            gone = "is no longer a program" if "/" in program else "is no longer on PATH"
            found.append(Finding("commands", program, f"{program} {gone}; {why}"))
        elif after.user is not None and not after.snapshot.executable(path, after.user):
            found.append(Finding("commands", program, f"{after.user} may not run {path}; {why}"))
    return found


def wanted_by_config(config: Mapping[str, Any]) -> dict[str, str]:
    """The programs that the settings of an image start, each with the instruction that does, as a clause."""
    wanted: dict[str, str] = {}
    test = (config.get("Healthcheck") or {}).get("Test") or []
    check = ["/bin/sh", "-c", *test[1:2]] if test[:1] == ["CMD-SHELL"] else test[1:]
    entrypoint, arguments = config.get("Entrypoint") or [], config.get("Cmd") or []
    # an entry point runs its arguments, or it is a script that does, or they name no program: then the image has none of that name
    for instruction, words in (
        ("ENTRYPOINT", entrypoint),
        ("CMD", [*entrypoint, *arguments]),
        ("CMD", arguments),
        ("HEALTHCHECK", check),
    ):
        for program in _programs(words):
            wanted.setdefault(program, f"{instruction} runs it")
    return wanted


def _programs(words: Sequence[str]) -> list[str]:
    """The programs that a command in exec form starts, those that its first one starts included."""
    facts = commands_in_script(shlex.join(words))
    return sorted({*words[:1], *(facts.commands if facts else ())})


def _find(image: Image, program: str) -> str | None:
    """The path of a program in an image, None where it is not there."""
    if "/" not in program:
        return image.snapshot.which(program, image.path)
    path = posixpath.join(image.workdir, program)
    return path if image.snapshot.is_program(path) else None
