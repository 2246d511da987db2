"""Artefacts: what an install or the maker of an environment left in a stage is made in it still, or arrives there whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from dockfix.engine.nets import kinds
from dockfix.engine.nets.packages import without
from dockfix.engine.nets.view import Change, Pair, Run, Seen, Violation
from dockfix.knowledge import DEFAULT_PATH, file_changers, is_python
from dockfix.lazy import regex
from dockfix.managers.protocol import LanguageManager
from dockfix.managers.registry import by_program
from dockfix.managers.verbs import only_installers
from dockfix.model.actions import Manager
from dockfix.model.effects import within
from dockfix.model.puts import Carried
from dockfix.model.reason import Declared
from dockfix.model.stages import Stage

_BASE = "/usr/local"  # where the base image's own Python and its packages are
_BY_PATH = regex(rf"{_BASE}/bin/([A-Za-z0-9_.+-]+)")


def installs(change: Change) -> Iterator[Violation]:
    """Whether the same packages of a language are installed, over all stages, whatever the place and the cache."""
    before, after = (_counted(each, change.groups) for each in (change.before.installs, change.installs_after))
    added = [each for each in after - before if not any(map(each.brings_less_than, before))]
    for each in [*(before - after), *added][:1]:
        yield Violation(f"what {each.manager} installs would change")


def _counted(installs: Mapping[kinds.Asked, Sequence[Run]], groups: frozenset[str]) -> Counter[kinds.Asked]:
    return Counter(asked.without(groups) for asked, runs in installs.items() for _ in runs)


def artefacts(pair: Pair) -> Iterator[Violation]:
    """What was installed or made in a stage, and would be missing there, or be found by nothing."""
    after = pair.change.after
    for old in pair.old.runs:
        installed, environment = old.installed, kinds.makes(old.unit)
        if environment:
            makers = [run for seen in after.stages for run in seen.ask(_makers) if kinds.makes(run.unit) == environment]
            if not any(_arrives(pair, run, environment) for run in makers):
                yield Violation(f"{environment}, made in line {old.step.line}, would not be in the image")
        if installed is not None and not only_installers(installed.action):
            new = pair.change.installs.get(old)
            reason = _unusable(pair, old, installed, new) if new is not None else ""
            if reason:
                yield Violation(f"what {old.where} installs {reason}")


def _makers(seen: Seen) -> tuple[Run, ...]:
    return tuple(run for run in seen.own if kinds.makes(run.unit))


def _unusable(pair: Pair, old: Run, installed: kinds.Installed, new: Run) -> str:
    """Why what an install leaves now cannot take the place of what it left, "" where it can."""
    now = new.installed.into if new.installed is not None else ""
    if installed.into and pair.old.layout.is_removed(installed.into):
        return ""  # what a build needed, and was taken away after it
    if new.stage not in pair.new.stage.lineage:
        if not now or not (_arrives(pair, new, now) or pair.change.declared.allow_file(now)):
            return f"would stay in another stage, in {now or _BASE}"
        if pair.change.after.stage(new.stage).layout.is_removed(now) and not pair.change.declared.allow_file(now):
            return "would be taken away again in another stage"
        if _base_image(new.stage) not in {_base_image(old.stage), _base_image(pair.new.stage)}:
            return f"would be built on {_base_image(new.stage)}"
    if now == installed.into:
        return ""
    if not now:
        return f"would lie in {_BASE} instead of {installed.into}"
    path = pair.new.stage.end.env.get("PATH", "").split(":")
    first = next((place for place, folder in enumerate(path) if folder in DEFAULT_PATH.split(":")), len(path))
    if f"{now}/bin" not in path[:first]:
        return f"would lie in {now}, whose programs PATH does not find first"
    lost = next((path for path in _named(pair.old) if not pair.old.layout.written(path)), "")
    there = not lost or pair.new.layout.written(lost)
    return "" if there else f"would lie in {now}, and {lost}, which the container starts, would not be there"


def _named(seen: Seen) -> Iterator[str]:
    """The programs in the folder of the base image's Python that a container starts by their paths, but for the image's own."""
    for step in seen.stage.of("CMD", "ENTRYPOINT", "HEALTHCHECK"):
        for match in _BY_PATH.finditer(step.instruction.original):
            if not is_python(match[1]) and by_program().get(match[1].rstrip("0123456789.")) is None:
                yield match[0]


def _arrives(pair: Pair, run: Run, path: str) -> bool:
    """Whether what a command left at a path of its stage lies at the same path of the pair's new stage."""
    if run.stage in pair.new.stage.lineage:
        return True
    layout = pair.new.layout
    return any(
        layout.at(folder) is not None and any(run.stage in origin.stage.lineage for origin in layout.written(folder))
        for folder in _with_parents(path)
    )


def _with_parents(path: str) -> Iterator[str]:
    """A path and the folders that it lies in, but for the root."""
    while path.rstrip("/"):
        yield path
        path = path.rpartition("/")[0]


def builds(pair: Pair) -> Iterator[Violation]:
    """What was built in a stage, or cleared of packages, and is not any more, or does not arrive there."""
    runs = [run for seen in pair.change.after.stages for run in seen.own if kinds.builds(run.unit)]
    runs.sort(key=lambda run: run.stage not in pair.new.stage.lineage)  # several stages may run the same
    for old in pair.old.runs:
        folders = kinds.builds(old.unit)
        if not folders:
            continue
        twin = next((run for run in runs if run.text == old.text), None)
        if twin is None:
            yield Violation(f"the RUN in line {old.step.line} would no longer run: {old.text}")
            return
        runs.remove(twin)
        if not all(_arrives(pair, twin, folder) or _arrives_in_part(pair, twin, folder) for folder in folders):
            yield Violation(f"what {old.where} makes would not be in the image")
            return
        one, two = old.unit.state, twin.unit.state
        names = {name for name in one.env.keys() | two.env.keys() if one.env.get(name) != two.env.get(name)}
        if one.workdir != two.workdir or any(pair.change.declared.allow("ENV", name) is None for name in names):
            yield Violation(f"{old.where} would run with other settings")
            return


def _arrives_in_part(pair: Pair, run: Run, folder: str) -> bool:
    """Whether it is declared that of a folder only some paths arrive, and each of them does."""
    paths = pair.change.declared.allow("FILE", folder)
    arriving = {
        put.target
        for put in pair.new.layout.puts
        if isinstance(put, Carried) and any(run.stage is stage for stage in put.image.stage.lineage)
    }
    return bool(paths) and arriving.issuperset(paths or ())


def made_elsewhere(pair: Pair) -> Iterator[Violation]:
    """The commands whose work lies in a folder that arrives whole from another stage, and that are run in no stage any more."""
    folders = [
        each.target for each in pair.new.layout.puts if isinstance(each, Carried) and each.target in each.sources
    ]
    texts = {run.text for seen in pair.change.after.stages for run in seen.runs}
    for old in pair.old.runs:
        writes = old.unit.effects.writes
        there = bool(writes) and all(any(within(path, folder) for folder in folders) for path in writes)
        gone = there and kinds.stays(old.unit) and old.text not in texts
        # what WORKDIR, COPY --chown and --chmod do as well: a transform may declare that it is done so
        other_way = old.unit.command.name == "mkdir" or old.unit.command.name in file_changers()
        replaced = other_way and pair.change.declared.allow("RUN", old.text) is not None
        if gone and not replaced:
            yield Violation(f"the RUN in line {old.step.line} would no longer run: {old.text}")
            return


def managers(pair: Pair) -> Iterator[Violation]:
    """The managers that came into a stage, that something in it or the container's start runs, and that would be gone."""
    new = pair.new.ask(_provided)
    for manager, line in pair.old.ask(_provided).items():
        if manager in new or not isinstance(manager, LanguageManager):
            continue
        runs = {tool for run in pair.new.runs for tool in run.unit.effects.tools}
        if pair.new is pair.change.after.stages[-1]:
            runs |= pair.change.after.facts.startup.programs.keys()
        if runs & manager.programs:
            yield Violation(f"{manager.title}, which line {line} brings and something runs, would be gone")


def _provided(seen: Seen) -> dict[Manager, int]:
    """The managers that come into a stage, each with the line that brings it."""
    found: dict[Manager, int] = {}
    for step in (step for stage in seen.stage.lineage for step in stage.steps):
        for action in (step.action, *(unit.effects.action for unit in step.units)):
            manager = kinds.provides(action)
            if manager is not None:
                found.setdefault(manager, step.line)
    return found


def artefacts_of_commands(pair: Pair) -> Iterator[Violation]:
    """The installs that a command which may run anything would not find any more, because they come later."""
    done: list[Run] = []
    for old in pair.old.runs:
        new = pair.twins.get(old)
        if old in pair.change.installs:
            brought = old.installed is not None and only_installers(old.installed.action, alone=True)
            done += [] if brought else [pair.change.installs[old]]  # a newer pip is for the installs that follow
        elif new is not None and old.unit.effects.unbounded and not all(_is_there(pair, run, new) for run in done):
            yield Violation(f"{old.where} would run before what it may need is installed")
            return


def _is_there(pair: Pair, install: Run, new: Run) -> bool:
    """Whether what an install leaves lies in the pair's new stage before a command of it runs."""
    where = install.installed.action.into.root if install.installed is not None else _BASE
    if pair.change.declared.allow_file(where):
        return True
    return pair.change.after.stage(new.stage).layout.at(where, new.step, new.number) is not None


def base_images(pair: Pair) -> Iterator[Violation]:
    """Another image that a stage would start from, or for another platform."""
    one, two = pair.old.stage.lineage[0].start, pair.new.stage.lineage[0].start
    if one is two:
        return
    if [flag[:2] for flag in one.flags] != [flag[:2] for flag in two.flags]:
        yield Violation("FROM would have other flags")
    old, new = _base_image(pair.old.stage), _base_image(pair.new.stage)
    instead = () if old == new else pair.change.declared.allow("FROM", old)
    if instead is None:
        yield Violation(f"the image would start from {new} instead of {old}", (Declared("FROM", old),))
    else:
        yield from without(old, instead, pair)


def _base_image(stage: Stage) -> str:
    """The image that a stage and those that it is built on start from, as written."""
    return next(iter(stage.lineage[0].start.words), "")
