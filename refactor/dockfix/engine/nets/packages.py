"""System packages: what was asked for is asked for still, where and when it was needed, and leaves behind no more than before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from dockfix.engine.nets import kinds
from dockfix.engine.nets.view import Pair, Run, Seen, Violation
from dockfix.model.reason import Declared


def packages(pair: Pair) -> Iterator[Violation]:
    """The packages that a stage would no longer ask for, and that nothing takes the place of."""
    old, new = pair.old.ask(_asked), pair.new.ask(_asked)
    for name, words in old.items():
        if words <= new.get(name, frozenset()):
            continue
        instead = pair.change.declared.allow("PACKAGE", name)
        if instead is None:
            said = f"{name} would no longer be installed" if name not in new else f"another {name} would be installed"
            yield Violation(said, (Declared("PACKAGE", name),))
        else:
            yield from without(name, instead, pair)


def without(name: str, instead: Iterable[str], pair: Pair) -> Iterator[Violation]:
    """What takes the place of something, as declared, and is not asked for."""
    for each in instead:
        if each not in pair.new.ask(_asked):
            yield Violation(f"{each} would not be installed, which is to take the place of {name}")


def _asked(seen: Seen) -> Mapping[str, frozenset[str]]:
    """The packages that a stage asks for, each with the ways in which it is written (with a version, an architecture)."""
    found: dict[str, frozenset[str]] = {}
    for run in seen.runs:
        for name, word in run.asked or ():
            found[name] = found.get(name, frozenset()) | {word}
    return found


def packages_of_commands(pair: Pair) -> Iterator[Violation]:
    """The packages that a command which may run anything would not find any more, because they come later."""
    earlier, there = pair.old.ask(_asked_before), pair.new.ask(_asked_before)
    left = pair.old.ask(_asked).keys() & pair.new.ask(_asked).keys()
    for old, new in pair.twins.items():
        if old.unit.effects.unbounded:
            for name in sorted((earlier[old] & left) - there[new])[:1]:
                yield Violation(f"{old.where} would run before {name} is installed")


def packages_of_installs(pair: Pair) -> Iterator[Violation]:
    """The packages that an install which has moved to another stage would not find there, nor anybody in this one."""
    for old in pair.old.runs:
        new = pair.change.installs.get(old)
        if new is not None and new.stage not in pair.new.stage.lineage:
            there = pair.change.after.stage(new.stage).ask(_asked_before)[new]
            missing = pair.old.ask(_asked_before)[old] - there - pair.new.ask(_asked).keys()
            for name in sorted(missing)[:1]:
                yield Violation(f"{old.where} would run without {name}")


def _asked_before(seen: Seen) -> Mapping[Run, frozenset[str]]:
    """The packages that are asked for before each command."""
    found: dict[Run, frozenset[str]] = {}
    names: frozenset[str] = frozenset()
    for run in seen.runs:
        found[run] = names
        names = names.union(name for name, _ in run.asked) if run.asked else names
    return found


def lists(pair: Pair) -> Iterator[Violation]:
    """The installs that would find no lists of packages."""
    old = pair.old.ask(_without_lists)
    for name, line in pair.new.ask(_without_lists).items():
        if name not in old:
            yield Violation(f"{name} would be installed in line {line} without lists of packages")


def _without_lists(seen: Seen) -> Mapping[str, int]:
    """The packages that are asked for when there are no lists, each with its line."""
    fetched = False
    found: dict[str, int] = {}
    for run in seen.runs:
        if kinds.refreshes(run.unit):
            fetched = True
        elif any(left.what == "index" for left in run.cleans):
            fetched = False
        elif not fetched and kinds.needs_index(run.unit):
            found.update((name, run.step.line) for name, _ in run.asked or ())
    return found


def leftovers(pair: Pair) -> Iterator[Violation]:
    """What was removed once it was no longer needed, and would stay in the image."""
    new = pair.new.ask(_cleaned)
    for (kind, by_root), cleaned in pair.old.ask(_cleaned).items():
        if cleaned and new.get((kind, by_root)) is False:
            yield Violation(f"{kind} would stay in the image")


def _cleaned(seen: Seen) -> Mapping[tuple[kinds.Leftover, bool], bool]:
    """Whether what commands left is removed again, for each kind that is left, by root or by another user, whose home is another one."""
    found: dict[tuple[kinds.Leftover, bool], bool] = {}
    for run in seen.runs:
        by_root = run.unit.state.is_root
        left = kinds.leaves(run.step, run.unit)
        if left is not None:
            found[left, by_root] = False
        found.update(((kind, by_root), True) for kind in run.cleans if (kind, by_root) in found)
    return found


def left_behind(seen: Seen) -> list[tuple[str, int]]:
    """What commands leave behind that nothing needs and nothing removes, each with the line of a RUN that leaves it.

    Downloads of a system's packages are none: base images are set up to remove them.
    """
    open_kinds = {kind for (kind, _), cleaned in seen.ask(_cleaned).items() if not cleaned}
    left = ((kinds.leaves(run.step, run.unit), run.step.line) for run in seen.runs)
    return [
        (str(kind), line) for kind, line in left if kind in open_kinds and kind is not None and kind.what != "downloads"
    ]
