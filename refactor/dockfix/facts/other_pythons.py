"""Packages that a stage installs for one Python and that an image with another gets: of another version, or for another C library."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence

from dockfix.facts import Facts
from dockfix.facts.between_stages import Handed, installed_by, started_by
from dockfix.knowledge import is_python, normalise, python_needs, python_program
from dockfix.lazy import regex
from dockfix.model.effects import within
from dockfix.model.reason import Reason, at
from dockfix.model.stages import Stage

_LIBRARY = regex(r".*/lib/python(\d+\.\d+)/(?:site|dist)-packages(?:/.*)?")
_MINOR = regex(r"(\d+\.\d+)(?:\.\d+)?")
_NAMES = {"alpine": "musl, the C library of Alpine", "debian": "glibc, the C library of Debian"}


def of_another_python(facts: Facts, stage: Stage, copied: Sequence[Handed]) -> Iterator[Reason]:
    """Why what the image gets of a stage's packages is not found, or cannot be loaded, by the image's own Python.

    ``copied`` is what the image copies from the stage.
    """
    theirs, own = stage.lineage[0].image, facts.final.lineage[0].image
    if theirs is None or own is None or theirs.runtime != "python" or own.runtime != "python":
        return
    made, wanted = _MINOR.fullmatch(theirs.version), _MINOR.fullmatch(own.version)
    environments = {each.root for each in stage.end.environments} - {"/usr/local", "/usr"}
    for step, source, target in copied:
        library = _LIBRARY.fullmatch(source)
        if source not in environments and library is None:
            continue
        if made and wanted and made[1] != wanted[1] and not re.search(rf"python{re.escape(wanted[1])}\b", target):
            yield at(
                f"{source} holds packages of Python {made[1]}, and Python {wanted[1]} of the image does not find them",
                step.line,
            )
        elif theirs.system != own.system and {theirs.system, own.system} <= _NAMES.keys():
            compiled = _compiled(facts, stage)
            if compiled:
                said = f"{source} holds {compiled}, compiled for {_NAMES[theirs.system]}, and the image has {_NAMES[own.system]}"
                yield at(said, step.line)


def moved_environment(facts: Facts, stage: Stage, copied: Sequence[Handed]) -> Iterator[Reason]:
    """A program of an environment that lies elsewhere in the image: its first line names the Python of where it was made."""
    # in a plain folder, such as that of --prefix, the first line names the Python that pip runs by
    roots = {each.root for each in stage.end.environments if not each.beside_base} - {"/usr/local", "/usr"}
    places = [(source, posixpath.normpath(posixpath.join("/", target))) for _, source, target in copied]
    for step in started_by(facts):
        words = step.instruction.json or tuple(step.instruction.args.split())
        first = words[0] if words else ""
        for source, target in places:
            there = any(within(source, place) for origin, place in places if place == origin)
            if source not in roots or source == target or there or is_python(posixpath.basename(first)):
                continue
            found = first == f"{target}/bin/{posixpath.basename(first)}" or (
                "/" not in first and normalise(first) in installed_by(facts, stage)
            )
            if found and python_program(posixpath.basename(first)) is not None:
                said = f"{first} of {target} starts {source}/bin/python, which the image has not"
                yield at(f"{said}: an environment works only where it was made", step.line)
                return


def _compiled(facts: Facts, stage: Stage) -> str:
    """The first package that a stage installs of which it is known that it is compiled, "" for none."""
    return next((name for name in sorted(installed_by(facts, stage)) if _is_compiled(name)), "")


def _is_compiled(name: str) -> bool:
    known = python_needs(name)
    return known is not None and (known.wheel_bundles or bool(known.build))
