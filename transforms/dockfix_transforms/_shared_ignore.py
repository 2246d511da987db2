"""What the other Dockerfiles take that are built from the same folder: its ``.dockerignore`` is theirs, too."""

from __future__ import annotations

import posixpath
from dataclasses import replace
from functools import partial
from pathlib import Path

from dockfix.context.build_context import normal
from dockfix.context.disk import Disk
from dockfix.context.locate import find_context
from dockfix.dataclass import dataclass
from dockfix.facts import Facts
from dockfix.lazy import regex
from dockfix.syntax import parse

_DOCKERFILE = regex(r"(?:.*/)?(?:(?:Dockerfile|Containerfile)(?:\.[^/]*)?|[^/]*\.Dockerfile)(?<!\.dockerignore)")
_USING = frozenset({"RUN", "CMD", "ENTRYPOINT", "HEALTHCHECK", "ENV", "ARG"})


@dataclass(frozen=True)
class Taken:
    """``sources`` are context-relative paths and patterns that a COPY or ADD names, ``texts`` what is run, started and set.

    ``whole`` is the first Dockerfile that copies all of the context, "" where none does.
    """

    sources: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    whole: str = ""


def taken_by_others(facts: Facts, files: frozenset[str]) -> Taken:
    """What the Dockerfiles among the files of the context take that share its ``.dockerignore``, the file's own left out."""
    context = facts.context
    if context.ignore_name != ".dockerignore":
        return Taken()
    names = context.disk.once(("Dockerfiles", files), partial(_dockerfiles, files))
    found = [
        context.disk.once(("taken by", name), partial(_taken, context.disk, name, context.read(name) or ""))
        for name in names
        if name != context.own_name and f"{name}.dockerignore" not in files
    ]
    return Taken(
        tuple(dict.fromkeys(source for each in found for source in each.sources)),
        tuple(dict.fromkeys(text for each in found for text in each.texts)),
        next((each.whole for each in found if each.whole), ""),
    )


def _dockerfiles(files: frozenset[str]) -> tuple[str, ...]:
    """The Dockerfiles among files, by their names."""
    return tuple(sorted(filter(_DOCKERFILE.fullmatch, files)))


def _taken(disk: Disk, name: str, text: str) -> Taken:
    """What one takes; nothing where it is certain to be built from another folder."""
    taken = _read(text)
    located = find_context(Path(disk.absolute(name)), [each for each in taken.sources if "$" not in each], None)
    if located.certain and posixpath.normpath(located.root.absolute()) != posixpath.normpath(disk.root.absolute()):
        return Taken()
    return replace(taken, whole=name if "." in taken.sources else "")


def _read(text: str) -> Taken:
    nodes = parse(text).instructions
    copies = (
        node for node in nodes if node.keyword in {"COPY", "ADD"} and all(flag.name != "from" for flag in node.flags)
    )
    sources = (normal(word) for node in copies for word in node.words[:-1] if "://" not in word)
    return Taken(tuple(sources), tuple(node.args for node in nodes if node.keyword in _USING))
