"""What a program that starts others anew with each change is told in files: nodemon's settings, as the options that say the same.

https://github.com/remy/nodemon#config-files
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Mapping, Sequence
from typing import Any

from dockfix.context.javascript.files import Files, below
from dockfix.knowledge.node_programs import NodeProgram, plain_words
from dockfix.namedtuple import NamedTuple

_EXECUTES = ("--exec", "-x")


class Told(NamedTuple):
    """The words of a command with what the settings say, and the commands that they have run besides; ``unknown`` says what is not read."""

    words: tuple[str | None, ...]
    more: tuple[str, ...] = ()
    unknown: str = ""


def told(known: NodeProgram, words: Sequence[str | None], folder: str, files: Files) -> Told:
    """The ``words`` behind the name of a program, with what files beside the project tell it."""
    plain = [word if word is not None else "?" for word in words]
    chosen = next((plain[at + 1] for at, word in enumerate(plain[:-1]) if word == "--config"), "")
    file = below(folder, chosen or known.told_in)
    package = files.nearest(folder)
    settings: Any = {}
    if files.has(file):
        try:
            settings = json.loads(files.read(file) or "")
        except (ValueError, RecursionError):
            return Told(tuple(words), unknown=f"{file} could not be read")
    elif chosen:
        return Told(tuple(words), unknown=f"{file} is not there")
    elif package is not None and package.folder == folder:
        settings = package.settings.get(known.told_as)
    if not isinstance(settings, dict):
        return Told(tuple(words))
    named = plain_words(plain, known.options)
    at, script = named[0] if named else (len(words), "")
    main = package.main if package is not None else ""
    exec_ = None if any(each in _EXECUTES for each in plain) else _command(settings, script or main)
    events = settings.get("events")
    more = tuple(each for each in events.values() if isinstance(each, str)) if isinstance(events, Mapping) else ()
    if exec_ is None:
        return Told(tuple(words), more)
    by_ending = not settings.get("exec") and not script and main
    return Told((*words[:at], "--exec", exec_, *words[at:], *((main,) if by_ending else ())), more)


def _command(settings: Mapping[str, Any], script: str) -> str | None:
    """What runs the script: the command that is set, or the one for its ending; None where that is Node.js."""
    by_ending = settings.get("execMap")
    ending = posixpath.splitext(script)[1].removeprefix(".")
    found = settings.get("exec") or (by_ending.get(ending) if isinstance(by_ending, Mapping) and ending else None)
    return found if isinstance(found, str) else None
