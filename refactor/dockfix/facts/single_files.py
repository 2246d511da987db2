"""Files of which the Dockerfile itself says what they hold or where they come from."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile

from dockfix.model.actions import Export
from dockfix.model.stages import Step, Unit
from dockfix.syntax.mounts import mount_settings
from dockfix.syntax.shell import Command


def scripts_among(files: Iterable[str]) -> Mapping[str, Sequence[str]]:
    """The files in folders of scripts, by their base names."""
    found: dict[str, list[str]] = {}
    for name in files:
        folder, _, base = name.rpartition("/")
        if folder.rpartition("/")[2] in {"bin", "scripts"}:
            found.setdefault(base, []).append(name)
    return found


def echoed(command: Command, before: str | None) -> str | None:
    """What a file holds once ``echo`` has written to it; None for any other command."""
    words = [word.value for word in command.args]
    operators = [redirect.operator for redirect in command.redirects]
    if (
        command.name != "echo"
        or None in words
        or operators not in ([">"], [">>"])
        or (operators == [">>"] and before is None)
    ):
        return None
    line = " ".join(filter(None, words))
    return line if operators == [">"] else f"{before}\n{line}"


def run_before(unit: Unit, units: Iterable[Unit]) -> list[Unit]:
    """The commands that stand before one of them."""
    return list(takewhile(lambda each: each is not unit, units))


def written_by(units: Iterable[Unit], path: str) -> str | None:
    """What some commands, in order, have written to a path: see ``Given``."""
    text: str | None = None
    for each in units:
        if path in each.effects.writes:
            text = "" if isinstance(each.effects.action, Export) else echoed(each.command, text)
    return text


def is_made_by(units: Iterable[Unit], path: str) -> bool:
    """Whether some commands write a path: see ``Given``."""
    return any(path in each.effects.writes for each in units)


def mounted_at(step: Step, path: str) -> str | None:
    """The file of the build context that a bind mount of a RUN puts at a path, None where none does."""
    for flag in step.instruction.flags:
        settings = mount_settings(flag.value or "")
        target = step.state.path(settings.get("target", ""))
        if flag.name != "mount" or settings.get("type", "bind") != "bind" or "from" in settings or not target:
            continue
        if path == target or path.startswith(f"{target.rstrip('/')}/"):
            source = settings.get("source", "")
            return posixpath.normpath(posixpath.join(source.lstrip("/"), posixpath.relpath(path, target)))
    return None
