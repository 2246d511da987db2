"""Commands: what ran in a stage still runs there, in its order, in the same state, and finds the files that it found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache

from dockfix.engine.nets import kinds
from dockfix.engine.nets.files import touched
from dockfix.engine.nets.view import Change, Pair, Run, View, Violation
from dockfix.model.effects import overlap
from dockfix.model.layout import Layout
from dockfix.model.reason import Declared
from dockfix.model.stages import Step

_Settings = tuple[tuple[int, str], ...]


def commands(pair: Pair) -> Iterator[Violation]:
    """What would no longer run in a stage, or with other settings."""
    if pair.lost is not None:
        said = f"the RUN in line {pair.lost.step.line} would no longer run: {pair.lost.text}"
        yield Violation(said, (Declared("RUN", pair.lost.text),))
        return
    settings = cache(_settings)
    for old, new in pair.twins.items():
        yield from _state(pair.change, old, new)
        yield from _shell(old, new, settings)


def _state(change: Change, old: Run, new: Run) -> Iterator[Violation]:
    """What a command would find changed of the settings that a stage makes for it."""
    one, two, allow = old.unit.state, new.unit.state, change.declared.allow
    where = f"{old.where} would run"
    if one.workdir != two.workdir and allow("WORKDIR") is None:
        yield Violation(f"{where} in {two.workdir} instead of {one.workdir}", (Declared("WORKDIR"),))
    if one.user != two.user and allow("USER") is None:
        yield Violation(f"{where} as {two.user or 'root'} instead of {one.user or 'root'}", (Declared("USER"),))
    if one.shell != two.shell and allow("SHELL") is None:
        yield Violation(f"{where} in another shell", (Declared("SHELL"),))
    for name in _differing(one.env, two.env):
        if allow("ENV", name) is None:
            said = f"{where} with {name}={two.env.get(name)!r} instead of {one.env.get(name)!r}"
            yield Violation(said, (Declared("ENV", name),))
    for name in _differing(one.args, two.args):
        if allow("ARG", name) is None:
            yield Violation(f"{where} with another ARG {name}", (Declared("ARG", name),))


def _differing(one: Mapping[str, object], two: Mapping[str, object]) -> Sequence[str]:
    missing = object()
    if one == two:
        return ()
    return sorted(name for name in one.keys() | two.keys() if one.get(name, missing) != two.get(name, missing))


def _shell(old: Run, new: Run, settings: Callable[[Step], _Settings]) -> Iterator[Violation]:
    """What was set in the shell of a RUN, or by its flags, and would be no longer."""
    if old.step is new.step:
        return
    flags = {(flag.name, flag.value) for flag in new.step.instruction.flags}
    for flag in old.step.instruction.flags:
        if (flag.name, flag.value) not in flags:
            yield Violation(f"{old.where} would run without --{flag.name}={flag.value}")
    following = iter([text for number, text in settings(new.step) if number < new.number])
    for number, text in settings(old.step):
        if number < old.number and text not in following:
            yield Violation(f"{old.where} would run without {text} before it")


def _settings(step: Step) -> _Settings:
    """The commands of a RUN that set something in its shell, with their numbers."""
    return tuple((number, unit.command.text) for number, unit in enumerate(step.units) if kinds.sets_shell(unit))


def files_of_commands(pair: Pair) -> Iterator[Violation]:
    """The files of the build context that a command which stays would not find any more where it found them."""
    for old, new in pair.twins.items():
        yield from _reads(pair.change, old, new)


def installs_as_before(change: Change) -> Iterator[Violation]:
    """The manifests, local projects and settings that an install would not find, wherever it runs."""
    for old, new in change.installs.items():
        yield from _state(change, old, new)
        yield from _reads(change, old, new)


def _reads(change: Change, old: Run, new: Run) -> Iterator[Violation]:
    before, after = change.before.stage(old.stage).layout, change.after.stage(new.stage).layout
    earlier, there = before.puts_before(old.step), after.puts_before(new.step)
    if [put.key for put in earlier] == [put.key for put in there]:
        return
    reads = ("/",) if old.unit.effects.unbounded else _read(change.before, before, old)
    shapes = {put.shape for put in there}
    for put in earlier:
        copy = put.step.copy
        target = (copy.target if copy is not None else None) or "/"
        places = tuple(copy.fetched) if copy is not None and len(copy.fetched) == len(copy.sources) else ()
        if (
            not put.certain
            and put.shape not in shapes
            and overlap(places or (target,), reads)
            and not change.declared.allow_file(target)
            and (old.unit.effects.opaque or not _is_gone(change, put.step))
        ):
            yield Violation(f"{old.where} would run without what line {put.step.line} copies")
            return
    for path in touched(earlier, there, reads):
        name = before.file(path, old.step, old.number)
        if name is not None and after.file(path, new.step, new.number) != name and not change.declared.allow_file(path):
            yield Violation(f"{old.where} would run without {name} at {path}")
            return


def _is_gone(change: Change, step: Step) -> bool:
    """Whether all that a COPY brings are programs that are declared to be gone."""
    programs = kinds.programs(step.action)
    return bool(programs) and all(change.declared.allow("PROGRAM", name) is not None for name in sorted(programs))


def _read(view: View, layout: Layout, run: Run) -> tuple[str, ...]:
    """The paths that a command reads, with those of the files that its manifests include."""
    manifest = view.facts.manifests.get(run.installed.action) if run.installed is not None else None
    names = manifest.files if manifest is not None else ()
    builds = manifest.builds if manifest is not None else ()
    return (*run.unit.effects.reads, *builds, *(path for name in names for path in layout.of(name)))
