"""Files: what of the build context lay in an image lies there at the same path, with the same content and the same owner."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence

from dockfix.engine.nets import kinds
from dockfix.engine.nets.view import Pair, Violation
from dockfix.model.effects import within
from dockfix.model.puts import Brought, Carried, Put
from dockfix.model.reason import Declared


def files(pair: Pair) -> Iterator[Violation]:
    """What would no longer be copied into a stage, or lie elsewhere in it."""
    before, after = pair.old.layout, pair.new.layout
    shapes = {put.shape for put in after.puts}
    for put in before.puts:
        target = put.step.copy.target if put.step.copy is not None else None
        if kinds.provides(put.step.action) is not None:
            continue
        if (
            not put.certain
            and put.shape not in shapes
            and not _carried(pair, put)
            and not pair.change.declared.allow_file(target or "")
        ):
            said = f"what the {put.step.keyword} in line {put.step.line} copies would not be in the image"
            yield Violation(said, (Declared("FILE", target),) if target else ())
    written = pair.change.written
    lost: dict[str, str] = {}
    paths = [path for name in written for path in before.of(name)]
    for path in (*paths, *touched(before.puts, after.puts, ("/",)), *before.changed(after)):
        name = before.file(path)
        if name is not None and (after.file(path) != name or name in written):
            lost[path] = name
    undeclared = [path for path in lost if not pair.change.declared.allow_file(path)]
    if undeclared:
        more = f", and {len(undeclared) - 1} more" if len(undeclared) > 1 else ""
        said = f"{lost[undeclared[0]]} would not lie at {undeclared[0]} as before{more}"
        yield Violation(said, (Declared("FILE", undeclared[0]),))


def _carried(pair: Pair, put: Put) -> bool:
    """Whether what an instruction puts lies in a folder that arrives whole from another stage, in which it stands."""
    target = put.step.copy.target if put.step.copy is not None else None
    return any(
        isinstance(each, Carried)
        and target is not None
        and any(source == each.target and within(target, source) for source in each.sources)
        and any(other.shape == put.shape for other in each.image.puts)
        for each in pair.new.layout.puts
    )


def touched(old: Sequence[Put], new: Sequence[Put], folders: Iterable[str]) -> Iterator[str]:
    """The paths in some folders at which two rows of instructions may leave something else: those of all that is not in both."""
    old, new = _middle(old, new)
    if len(old) == len(new) and all(map(_same_place, old, new)):
        for one, two in zip(old, new, strict=True):
            if isinstance(one, Brought) and isinstance(two, Brought):
                names = (one.taken.files ^ two.taken.files) | (one.taken.skipped ^ two.taken.skipped)
                paths = [path for name in names for path in one.places(name, ())]
                yield from (path for path in paths if any(within(path, folder) for folder in folders))
        return
    for put in (*old, *new):
        for folder in folders:
            yield from put.paths(folder)


def _middle(old: Sequence[Put], new: Sequence[Put]) -> tuple[Sequence[Put], Sequence[Put]]:
    """What is left of two rows without what they begin with and end with in common."""
    first, shortest = 0, min(len(old), len(new))
    while first < shortest and old[first].key == new[first].key:
        first += 1
    last = 0
    while last < shortest - first and old[-1 - last].key == new[-1 - last].key:
        last += 1
    return old[first : len(old) - last], new[first : len(new) - last]


def _same_place(put: Put, other: Put) -> bool:
    """Whether two instructions take the same sources of the build context to the same place."""
    if not isinstance(put, Brought) or not isinstance(other, Brought):
        return False
    return (put.step.copy, put.into) == (other.step.copy, other.into)


def owners(pair: Pair) -> Iterator[Violation]:
    """What would belong to others, or have another mode, than before, although the program runs as the same user."""
    if pair.old.stage.end.user != pair.new.stage.end.user:
        return
    found: dict[Hashable, list[Mapping[str, str | None]]] = {}
    for put in pair.new.layout.puts:
        found.setdefault(put.shape, []).append(_owner(put))
    for put in pair.old.layout.puts:
        twins = found.get(put.shape)
        target = put.step.copy.target if put.step.copy is not None else None
        if twins and _owner(put) not in twins and not pair.change.declared.allow_file(target or ""):
            said = f"what the {put.step.keyword} in line {put.step.line} copies would have another owner or mode"
            yield Violation(said, (Declared("FILE", target),) if target else ())


def _owner(put: Put) -> Mapping[str, str | None]:
    return {flag.name: flag.value for flag in put.step.instruction.flags if flag.name in {"chmod", "chown"}}
