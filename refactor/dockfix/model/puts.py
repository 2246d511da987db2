"""What a COPY or ADD puts where in an image."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from enum import Enum
from typing import Protocol

from dockfix.context.build_context import CopySet
from dockfix.context.patterns import BadPatternError, go_match, has_wildcards
from dockfix.dataclass import dataclass
from dockfix.lazy import cached_property, regex
from dockfix.model.effects import within
from dockfix.model.stages import Stage, Step

_ARCHIVE = regex(r"\.(?:tar(?:\.\w+)?|t[gbx]z2?|tlz|tzst)$")


@dataclass(frozen=True, eq=False)
class Origin:
    """Where what lies at a path of an image comes from.

    ``file`` is a file of the build context, or a folder of it whose content was not listed; "" for what a step made or fetched.
    ``step`` put it there, in the stage itself or in one that it is built on; ``stage`` is where it first came into an image.
    """

    file: str
    step: Step
    stage: Stage


class Removed(Enum):
    """What is at a path from which a command has removed everything."""

    REMOVED = "removed"


Found = Origin | Removed | None  # None: nothing is seen to touch the path


Paths = Callable[[str], Iterable[str]]  # what there is at or below a folder


def nowhere(folder: str) -> Iterable[str]:
    """No paths at all."""
    return ()


class Image(Protocol):
    """What a put asks a layout."""

    @property
    def stage(self) -> Stage:
        """Its stage."""
        ...

    @property
    def key(self) -> int:
        """What layouts share that are made in the same way."""
        ...

    @property
    def puts(self) -> Sequence[Put]:
        """What COPY and ADD put there, in order."""
        ...

    def at(self, path: str) -> Origin | None:
        """What lies at a path."""
        ...

    def of(self, file: str) -> tuple[str, ...]:
        """Where a file lies."""
        ...

    def below(self, folder: str) -> Iterator[tuple[str, Origin]]:
        """What lies in a folder."""
        ...

    def is_folder(self, path: str) -> bool:
        """Whether a folder is known to lie at a path."""
        ...

    def find(self, path: str, end: int, moves: int = 0) -> Found:
        """What the puts before number ``end`` leave at a path."""
        ...


class Put:
    """A COPY or ADD of which nothing is known but its text, and the base of the others.

    ``unit`` is the number of the command in a RUN, 0 elsewhere. Puts of the same ``key`` put the same files to the same places; the
    ``shape`` leaves out what the files are where another stage or a server has them. ``certain``: all that it puts is known.
    ``removed`` are paths that it takes away with all that lies below, ``changed`` those at which a command leaves something else.
    """

    certain = False
    removed: frozenset[str] = frozenset()
    changed: frozenset[str] = frozenset()

    def __init__(self, step: Step, stage: Stage, unit: int = 0) -> None:
        self.step, self.stage, self.unit = step, stage, unit

    @cached_property
    def shape(self) -> Hashable:
        """See the class."""
        copy = self.step.copy
        bodies = tuple(heredoc.body for heredoc in self.step.instruction.heredocs)
        return (self.step.keyword, copy.origin, copy.sources, copy.target, bodies) if copy is not None else ()

    @property
    def key(self) -> Hashable:
        """See the class."""
        return self.shape

    def find(self, path: str, image: Image, number: int, end: int, moves: int) -> Found:
        """What this puts at a path of ``image``, where it has this number, with all before ``end``; after that many ``moves``."""
        return None

    def places(self, file: str, before: Iterable[str]) -> Iterator[str]:
        """The paths at which this puts a file or folder of the build context, or would put one that is not there.

        ``before`` are those at which earlier puts do.
        """
        return iter(())

    def paths(self, folder: str, before: Paths = nowhere) -> Iterator[str]:
        """The paths at or below ``folder`` at which this puts something; ``before`` gives those of earlier puts."""
        return iter(())

    def makes_folder(self, path: str) -> bool | None:
        """Whether this makes a folder at a path below its target, or removes what is there; None: neither is seen."""
        return False if any(within(path, each) for each in self.removed) else None


class Brought(Put):
    """A COPY or ADD of the build context. ``into``: a single file keeps its name in the folder ``target``."""

    def __init__(self, step: Step, stage: Stage, target: str, into: bool, taken: CopySet) -> None:
        super().__init__(step, stage)
        self.target, self.into, self.taken = target.rstrip("/"), into or len(taken.entries) > 1, taken
        unpacked = {name for name in taken.entries if step.keyword == "ADD" and _ARCHIVE.search(name)}
        self._order = {name: number for number, name in enumerate(taken.entries)}
        self._named = {
            self._place(name): (number, name)
            for name, number in self._order.items()
            if name not in taken.directories and name not in unpacked
        }
        self.certain = taken.known and not taken.missing and not unpacked

    @cached_property
    def key(self) -> Hashable:
        """See Put: what the sources take, and their order."""
        return self.step.keyword, self.target, self.into, self.taken.entries, self.taken

    def _place(self, name: str) -> str:
        return f"{self.target}/{posixpath.basename(name)}" if self.into else self.target or "/"

    def source(self, path: str) -> str:
        """The file that this puts at a path, "" for none: of two, that of the later source."""
        found = [self._named[path]] if path in self._named else []
        rest = inside(path, self.target)
        for entry in self.taken.directories if rest else ():
            name = rest if entry == "." else f"{entry}/{rest}"
            if name in self.taken.files or name in self.taken.skipped:
                found.append((self._order[entry], name))
        return max(found)[1] if found else ""

    def find(self, path: str, image: Image, number: int, end: int, moves: int) -> Found:
        """See Put."""
        name = self.source(path)
        return Origin(name, self.step, self.stage) if name else None

    def places(self, file: str, before: Iterable[str]) -> Iterator[str]:
        """See Put."""
        yield from (path for path, (_, name) in self._named.items() if name == file)
        for entry in self.taken.directories:
            rest = file if entry == "." else inside(file, entry)
            if rest is not None:
                yield below(self.target, "" if rest == "." else rest)

    def paths(self, folder: str, before: Paths = nowhere) -> Iterator[str]:
        """See Put."""
        if self.source(folder):  # a file, with nothing below it
            yield folder
            return
        yield from (path for path in self._named if within(path, folder))
        if within(folder, self.target or "/") or within(self.target or "/", folder):
            for entry in self.taken.directories:
                start = "" if entry == "." else f"{entry}/"
                for name in (*self.taken.files, *self.taken.skipped):
                    if name.startswith(start) and within(path := below(self.target, name[len(start) :]), folder):
                        yield path

    def makes_folder(self, path: str) -> bool | None:
        """See Put."""
        rest = inside(path, self.target)
        names = [rest if entry == "." else f"{entry}/{rest}" for entry in self.taken.directories] if rest else []
        return any(name in self.taken.folders for name in names) or None


class Carried(Put):
    """A COPY from another stage, whose layout is ``image``."""

    def __init__(self, step: Step, stage: Stage, target: str, into: bool, image: Image) -> None:
        super().__init__(step, stage)
        sources = step.copy.sources if step.copy is not None else ()
        self.target, self.into, self.image = target.rstrip("/"), into, image
        self.sources = tuple(posixpath.normpath(f"/{source.lstrip('/')}") for source in sources)

    @cached_property
    def key(self) -> Hashable:
        """See Put: also what lies in the other stage."""
        return self.shape, self.into, self.image.key

    def find(self, path: str, image: Image, number: int, end: int, moves: int) -> Found:
        """See Put."""
        rest = inside(path, self.target)
        for source in reversed(self.sources) if rest is not None else ():
            for there in self._there(source, rest or ""):
                origin = self.image.at(there)
                if origin is not None:
                    return Origin(origin.file, self.step, origin.stage)
                if there == source:  # named, so it is there
                    return Origin("", self.step, self.image.stage)
        return None

    def _there(self, source: str, rest: str) -> Iterator[str]:
        """The paths of the other stage that come to lie at ``rest`` below the target."""
        if has_wildcards(source):
            path = below(posixpath.dirname(source), rest)
            yield from [path] if rest and _matches(source, path) else []
            return
        is_file, is_folder = self._kind(source)
        if not is_folder and rest == (posixpath.basename(source) if self.into else ""):
            yield source
        if not is_file:
            yield below(source, rest)

    def _lands(self, source: str, path: str) -> Iterator[str]:
        """The paths at which a path of the other stage comes to lie."""
        name = posixpath.basename(path)
        if has_wildcards(source):
            yield from [below(self.target, name)] if _matches(source, path) else []
            return
        rest = inside(path, source)
        is_file, is_folder = self._kind(source)
        if rest == "" and not is_folder:
            yield below(self.target, name if self.into else "")
        elif rest is not None and not is_file:
            yield below(self.target, rest)

    def _kind(self, source: str) -> tuple[bool, bool]:
        """Whether a source is known to be a file, and whether it is known to be a folder."""
        if self.image.is_folder(source):
            return False, True
        origin = self.image.at(source)
        return origin is not None and bool(origin.file), False

    def places(self, file: str, before: Iterable[str]) -> Iterator[str]:
        """See Put."""
        yield from (
            path for there in self.image.of(file) for source in self.sources for path in self._lands(source, there)
        )

    def paths(self, folder: str, before: Paths = nowhere) -> Iterator[str]:
        """See Put."""
        if not within(folder, self.target or "/") and not within(self.target or "/", folder):
            return
        for source in self.sources:
            top = posixpath.dirname(source) if has_wildcards(source) else source
            for there in dict.fromkeys((source, *(path for path, _ in self.image.below(top)))):
                yield from (path for path in self._lands(source, there) if within(path, folder))

    def makes_folder(self, path: str) -> bool | None:
        """See Put."""
        rest = inside(path, self.target)
        return (rest is not None and any(self.image.is_folder(below(each, rest)) for each in self.sources)) or None


class Fetched(Put):
    """A COPY or ADD of what another image, a server or a heredoc has; whether it is a file or a folder, it does not say."""

    def __init__(self, step: Step, stage: Stage, target: str) -> None:
        super().__init__(step, stage)
        sources = step.copy.sources if step.copy is not None else ()
        names = [heredoc.name for heredoc in step.instruction.heredocs] or [*map(posixpath.basename, sources)]
        self._paths = dict.fromkeys((target, *(below(target, name) for name in names if name)))

    def find(self, path: str, image: Image, number: int, end: int, moves: int) -> Found:
        """See Put."""
        return Origin("", self.step, self.stage) if path in self._paths else None

    def paths(self, folder: str, before: Paths = nowhere) -> Iterator[str]:
        """See Put."""
        return (path for path in self._paths if within(path, folder))


def inside(path: str, folder: str) -> str | None:
    """The rest of a path below a folder, "" for the folder itself; None where it lies elsewhere."""
    top = folder.rstrip("/")
    if path.startswith(f"{top}/"):
        return path[len(top) + 1 :]
    return "" if path == top else None


def below(folder: str, rest: str) -> str:
    """The path of ``rest`` below a folder, the folder's own for ""."""
    return f"{folder.rstrip('/')}/{rest}" if rest else folder.rstrip("/") or "/"


def _matches(pattern: str, path: str) -> bool:
    try:
        return go_match(pattern).match(path) is not None
    except BadPatternError:
        return False
