"""What a command of a RUN puts where in an image, and what it takes away, as far as its effects say."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Hashable, Iterable, Iterator

from dockfix.knowledge import file_changers, file_movers
from dockfix.lazy import cached_property, regex
from dockfix.model.effects import within
from dockfix.model.puts import Found, Image, Origin, Paths, Put, Removed, below, inside, nowhere
from dockfix.model.stages import Stage, Step, Unit

_KEEP_CONTENT = frozenset({"mkdir", "sed", "touch"})
_WILDCARD = regex(r"[*?\[{]")
_MOST_MOVES = 50


class Moved(Put):
    """A command that copies, moves or links: ``pairs`` are the path of each source and the one that it gets.

    What a link leads to is looked for in the finished image.
    """

    def __init__(self, step: Step, stage: Stage, unit: int, tool: str, pairs: tuple[tuple[str, str], ...]) -> None:
        super().__init__(step, stage, unit)
        self.tool, self.pairs = tool, pairs
        self.removed = frozenset(source for source, _ in pairs if tool == "mv")
        self.changed = self.removed.union(start for _, start in pairs)

    @property
    def key(self) -> Hashable:
        """See Put."""
        return self.tool, self.pairs

    def find(self, path: str, image: Image, number: int, end: int, moves: int) -> Found:
        """See Put."""
        made: Found = None
        for source, start in self.pairs if moves < _MOST_MOVES else ():
            rest = inside(path, start)
            there = below(source, rest or "")
            if rest is None or there == path:
                continue
            found = image.find(there, end if self.tool == "ln" else number, moves + 1)
            if isinstance(found, Origin):
                return Origin(found.file, self.step, found.stage)
            made = made if rest else Origin("", self.step, self.stage)
        return Removed.REMOVED if made is None and any(within(path, each) for each in self.removed) else made

    def places(self, file: str, before: Iterable[str]) -> Iterator[str]:
        """See Put."""
        for path in before:
            for source, start in self.pairs:
                rest = inside(path, source)
                if rest is not None:
                    yield below(start, rest)

    def paths(self, folder: str, before: Paths = nowhere) -> Iterator[str]:
        """See Put."""
        for source, start in self.pairs:
            for there in dict.fromkeys((source, *before(source))):
                path = below(start, inside(there, source) or "")
                if within(path, folder):
                    yield path


class Written(Put):
    """A command that makes something at ``new`` paths, whatever was there, and perhaps at ``kept`` ones, where nothing was."""

    def __init__(self, step: Step, stage: Stage, unit: int, new: frozenset[str], kept: frozenset[str]) -> None:
        super().__init__(step, stage, unit)
        self.new, self.kept = new, kept
        self.changed = new

    @property
    def key(self) -> Hashable:
        """See Put."""
        return self.new, self.kept

    def find(self, path: str, image: Image, number: int, end: int, moves: int) -> Found:
        """See Put."""
        if path in self.kept and isinstance(before := image.find(path, number), Origin):
            return before
        return Origin("", self.step, self.stage) if path in self.new or path in self.kept else None

    def paths(self, folder: str, before: Paths = nowhere) -> Iterator[str]:
        """See Put."""
        return (path for path in self._all if within(path, folder))

    @cached_property
    def _all(self) -> tuple[str, ...]:
        return tuple(sorted(self.new | self.kept))


class Taken(Put):
    """A command that removes paths; ``folders``: with all that lies below."""

    def __init__(self, step: Step, stage: Stage, unit: int, gone: frozenset[str], folders: bool) -> None:
        super().__init__(step, stage, unit)
        self.gone, self.removed = gone, gone if folders else frozenset()
        self.changed = gone

    @property
    def key(self) -> Hashable:
        """See Put."""
        return self.gone, self.removed

    def find(self, path: str, image: Image, number: int, end: int, moves: int) -> Found:
        """See Put."""
        return Removed.REMOVED if path in self.gone or any(within(path, each) for each in self.removed) else None


def folders_of(unit: Unit, is_folder: Callable[[str], bool]) -> tuple[str, ...]:
    """The folders that a command makes: of ``mkdir``, ``install -d``, and ``cp`` and ``mv`` of a folder."""
    tool = _tool(unit)
    if tool == "mkdir":
        return (*unit.effects.reads, *unit.effects.writes)
    pairs = _pairs(unit, is_folder) if tool in {"cp", "mv"} and unit.effects.writes else ()
    return tuple(start for source, start in pairs if is_folder(source))


def put_by(step: Step, stage: Stage, number: int, is_folder: Callable[[str], bool]) -> Put | None:
    """What command ``number`` of a RUN puts and takes away; None: nothing that is known. ``is_folder`` tells of the image before."""
    unit = step.units[number]
    tool, writes = _tool(unit), unit.effects.writes
    if not writes or tool in file_changers() or tool == "rmdir":
        return None
    if tool == "rm":
        gone = frozenset(path for path in _paths(unit) if not _WILDCARD.search(path))
        return Taken(step, stage, number, gone, _has(unit, r"-\w*[rR]|--recursive"))
    if tool in file_movers():
        known = not any(map(_WILDCARD.search, _paths(unit)))
        return Moved(step, stage, number, tool, _pairs(unit, is_folder)) if known else None
    added = [unit.state.value(each.target) for each in unit.command.redirects if each.target and ">>" in each.operator]
    kept = {path for name in added if name and (path := unit.state.path(name))}
    if tool in _KEEP_CONTENT or (tool == "tee" and _has(unit, "-a|--append")):
        kept.update(writes)
    return Written(step, stage, number, frozenset(writes) - kept, frozenset(kept))


def taken_away(unit: Unit) -> tuple[str, ...]:
    """What a command removes or takes elsewhere, as paths that may hold the shell's wildcards."""
    tool, paths = _tool(unit), _paths(unit)
    if tool == "mv":
        return tuple(paths if _has(unit, "-t|--target-directory") else paths[:-1])
    return tuple(paths) if tool in {"rm", "rmdir"} else ()


def _tool(unit: Unit) -> str:
    """The program that works on files."""
    tool = next(iter(unit.effects.tools), "") if len(unit.effects.tools) == 1 else ""
    return "mkdir" if tool == "install" and _has(unit, "-d|--directory") else tool


def _has(unit: Unit, option: str) -> bool:
    return any(re.match(option, word.text) for word in unit.command.args)


def _names(unit: Unit) -> list[str]:
    """The operands as far as they are known."""
    return [value for word in unit.command.args if not word.text.startswith("-") and (value := unit.state.value(word))]


def _paths(unit: Unit) -> list[str]:
    return [path for name in _names(unit) if (path := unit.state.path(name))]


def _pairs(unit: Unit, is_folder: Callable[[str], bool]) -> tuple[tuple[str, str], ...]:
    """The path of each file that a command takes elsewhere, and the one that it gets there."""
    reads, writes, names = unit.effects.reads, unit.effects.writes, _names(unit)
    # mv's effects name the sources among what it writes, before the target
    moves = _tool(unit) == "mv" and writes[: len(reads)] == reads != writes
    target = writes[len(reads)] if moves else writes[0]
    if _tool(unit) == "ln" and _has(unit, r"-\w*s|--symbolic"):
        reads = tuple(names[:-1] or names)
    into = len(reads) > 1 or is_folder(target) or bool(names and names[-1].endswith("/"))
    starts = [below(target, posixpath.basename(source)) if into else target for source in reads]
    # a relative link starts from the folder that it is in
    sources = [
        posixpath.normpath(posixpath.join(posixpath.dirname(start), source))
        for source, start in zip(reads, starts, strict=True)
    ]
    return tuple(zip(sources, starts, strict=True))
