"""Which file lies where in the image of a stage: one answer for all who ask.

A layout knows what the COPY and ADD instructions of a stage bring, those of the stages that it is built on or copies from, and the
commands that link, copy, move, write and remove files. It follows BuildKit: a file that is copied to a folder keeps its name, and
what is copied later lies over what was there before.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import chain

from dockfix.context.build_context import CopySet
from dockfix.lazy import cached_property
from dockfix.model.moves import Moved, Written, folders_of, put_by
from dockfix.model.puts import Brought, Carried, Fetched, Found, Origin, Put, Removed
from dockfix.model.stages import Stage, Step

# Folders of every base image, so that a file which is copied to one keeps its name: https://refspecs.linuxfoundation.org/fhs.shtml
_STANDARD = """
/bin /boot /dev /etc /home /lib /media /mnt /opt /proc /root /run /sbin /srv /sys /tmp
/usr /usr/bin /usr/include /usr/lib /usr/sbin /usr/share /usr/src
/usr/local /usr/local/bin /usr/local/etc /usr/local/include /usr/local/lib /usr/local/sbin /usr/local/share /usr/local/src
/var /var/cache /var/lib /var/local /var/log /var/mail /var/spool /var/tmp
"""
STANDARD_FOLDERS = frozenset(_STANDARD.split())
# How far files are followed from stage to stage, and from command to command; what is beyond is not known
_MOST_STAGES = 40
_MOST_COMMANDS = 40


class Layouts:
    """The layouts of all stages of a file, each made when first asked for; ``copies`` says what COPYs of the build context take."""

    def __init__(self, stages: Sequence[Stage], copies: Mapping[Step, CopySet]) -> None:
        self.stages, self.copies = stages, copies
        self._made: dict[Stage, Layout] = {}

    def of(self, stage: Stage) -> Layout:
        """The layout of one stage."""
        for each in self.stages[: stage.index + 1]:  # in their order, as later ones look into those before
            if each not in self._made:
                self._made[each] = Layout(each, self)
        return self._made[stage]

    def takes(self, file: str) -> bool:
        """Whether a COPY of the build context is seen to take a file."""
        return any(file in taken.files or file in taken.skipped for taken in self.copies.values())

    def named(self, name: str, asking: Stage) -> Layout | None:
        """The layout of the stage that ``--from`` means in another: an earlier one, by name or number; None for an image."""
        earlier = self.stages[: asking.index]
        found = next((stage for stage in reversed(earlier) if stage.name and stage.name.lower() == name.lower()), None)
        if found is None and name.isdecimal() and int(name) < len(earlier):
            found = earlier[int(name)]
        return self.of(found) if found is not None else None


class Layout:
    """Of one stage with all that it is built on."""

    def __init__(self, stage: Stage, layouts: Layouts) -> None:
        self.stage, self._layouts = stage, layouts
        parent = layouts.of(stage.parent) if stage.parent is not None else None
        self._puts: list[Put] = list(parent._puts) if parent is not None else []
        self._starts: dict[Step, int] = dict(parent._starts) if parent is not None else {}
        self.depth: int = parent.depth if parent is not None else 0
        self._folders: set[str] = {"/"} if parent is None else set(parent._folders)
        if parent is None and stage.base != "scratch":
            self._folders |= STANDARD_FOLDERS
        self._found: dict[tuple[str, int, int], Found] = {}
        self._paths: dict[tuple[str, int], tuple[str, ...]] = {}
        self._places: dict[str, tuple[str, ...]] = {}
        self._kinds: dict[str, bool] = {}
        followed = sum(isinstance(put, Moved) for put in self._puts)
        for number, step in enumerate(stage.steps):
            self._starts[step] = len(self._puts)
            if step.copy is not None:
                self._puts.append(self._copy(step))
            elif step.keyword == "WORKDIR":
                following = stage.steps[number + 1].state if number + 1 < len(stage.steps) else stage.end
                self._make(following.workdir or "/")
            for index, unit in enumerate(step.units):
                folders, put = folders_of(unit, self._makes_folder), put_by(step, stage, index, self._makes_folder)
                followed += isinstance(put, Moved)
                if put is not None and not (isinstance(put, Moved) and followed > _MOST_COMMANDS):
                    self._puts.append(put)
                    if put.removed:
                        self._folders = {path for path in self._folders if put.makes_folder(path) is None}
                for path in folders:
                    self._make(path)

    def at(self, path: str, before: Step | None = None, unit: int = 0) -> Origin | None:
        """What lies at a path of the image, or lay there before command number ``unit`` of a step ran; None: nothing is known to."""
        found = self.find(path, len(self._puts) if before is None else self._position(before, unit))
        return found if isinstance(found, Origin) else None

    def file(self, path: str, before: Step | None = None, unit: int = 0) -> str | None:
        """The file of the build context that lies at a path, see ``at``; None: none is known to."""
        origin = self.at(path, before, unit)
        return origin.file if origin is not None and origin.file else None

    def is_removed(self, path: str) -> bool:
        """Whether something is known to have been taken away from a path, and nothing to have come there since."""
        return isinstance(self.find(path, len(self._puts)), Removed)

    def of(self, file: str) -> tuple[str, ...]:
        """The paths at which a file or folder of the build context lies, or would lie if it were there; the latest is the last."""
        if file not in self._places:
            places: list[str] = []
            for put in self._puts:
                new = dict.fromkeys(put.places(file, places))
                places = [*(path for path in places if path not in new), *new]
            self._places[file] = tuple(path for path in places if self._shows(path, file))
        return self._places[file]

    def _shows(self, path: str, file: str) -> bool:
        """Whether a file can be seen at a path at which it was put; what is no listed file, where no other is seen."""
        found = self.find(path, len(self._puts))
        if isinstance(found, Origin) and found.file:
            return found.file == file
        return not isinstance(found, Removed) and not self._layouts.takes(file)

    def by(self, step: Step, file: str) -> tuple[str, ...]:
        """The paths at which one COPY or ADD puts a file of the build context, whatever becomes of it later."""
        return tuple(dict.fromkeys(self._puts[self._starts[step]].places(file, ())))

    def below(self, folder: str) -> Iterator[tuple[str, Origin]]:
        """The paths at or below a folder at which something is known to lie."""
        for path in self.paths(folder, len(self._puts)):
            origin = self.at(path)
            if origin is not None:
                yield path, origin

    def written(self, path: str) -> tuple[Origin, ...]:
        """What the steps have put at a path, in order: folders lie there together, of files only the last."""
        found = (put.find(path, self, number, number, 0) for number, put in enumerate(self._puts))
        return tuple(each for each in found if isinstance(each, Origin))

    @cached_property
    def puts(self) -> tuple[Put, ...]:
        """What the COPY and ADD instructions put, in order."""
        return tuple(put for put in self._puts if put.step.copy is not None)

    def changed(self, other: Layout) -> Iterator[str]:
        """The paths at which commands may leave something else than in another layout: what only one makes, what both move."""
        one, two = ({put.key: put for put in layout._puts if put.step.copy is None} for layout in (self, other))
        for key, put in (one | two).items():
            if not isinstance(put, Written) or key not in one or key not in two:
                for path in put.changed:
                    yield from self.paths(path, len(self._puts))

    def puts_before(self, step: Step) -> tuple[Put, ...]:
        """Those of them that come before a step."""
        return tuple(put for put in self._puts[: self._starts[step]] if put.step.copy is not None)

    @cached_property
    def key(self) -> int:
        """What layouts share that are made in the same way."""
        return hash(tuple(put.key for put in self._puts))

    def is_folder(self, path: str) -> bool:
        """Whether a folder is known to lie at a path."""
        if path not in self._kinds:
            self._kinds[path] = self._makes_folder(path)
        return self._kinds[path]

    def _makes_folder(self, path: str) -> bool:
        said = (put.makes_folder(path) for put in reversed(self._puts))
        return path in self._folders or next((each for each in said if each is not None), False)

    def find(self, path: str, end: int, moves: int = 0) -> Found:
        """What the puts before number ``end`` leave at a path, to which that many ``moves`` of files have led."""
        key = (path, end, moves)
        if key not in self._found:
            self._found[key] = None
            for number in range(end - 1, -1, -1):
                found = self._puts[number].find(path, self, number, end, moves)
                if found is not None:
                    self._found[key] = found
                    break
        return self._found[key]

    def paths(self, folder: str, end: int) -> tuple[str, ...]:
        """The paths at or below a folder at which one of the puts before number ``end`` puts something."""
        key = (folder, end)
        if key not in self._paths:
            found = [put.paths(folder, partial(self.paths, end=number)) for number, put in enumerate(self._puts[:end])]
            self._paths[key] = tuple(dict.fromkeys(chain.from_iterable(found)))
        return self._paths[key]

    def _position(self, step: Step, unit: int) -> int:
        position = self._starts[step]
        while position < len(self._puts) and self._puts[position].step is step and self._puts[position].unit < unit:
            position += 1
        return position

    def _make(self, path: str) -> None:
        """Notes that there is a folder, and with it those that it lies in."""
        while path not in self._folders:
            self._folders.add(path)
            path = posixpath.dirname(path)

    def _copy(self, step: Step) -> Put:
        copy, taken = step.copy, self._layouts.copies.get(step)
        if copy is None or copy.target is None:
            return Put(step, self.stage)
        into = copy.target_is_folder or self._makes_folder(copy.target)
        other = self._layouts.named(copy.origin, self.stage) if copy.origin is not None else None
        put: Put
        if taken is not None:
            put = Brought(step, self.stage, copy.target, into, taken)
            into = put.into or bool(taken.directories)
        elif other is not None and other.depth < _MOST_STAGES:
            self.depth = max(self.depth, other.depth + 1)
            put = Carried(step, self.stage, copy.target, into, other)
        else:
            put = Fetched(step, self.stage, copy.target)
        self._make(copy.target if into else posixpath.dirname(copy.target))
        return put
