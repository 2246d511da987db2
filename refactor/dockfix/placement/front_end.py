"""The shape of a program of one language with a front end that another one builds: the builder has both, the runtime stage the first alone.

What the build makes lies among the program's own files, and where exactly, only its configuration says. So the working directory comes
whole from the builder, without the packages of the front end, once nothing is found that runs the other language in the container.
"""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from itertools import pairwise

from dockfix.context.users import is_root
from dockfix.facts import SYSTEM_FOLDERS, Facts
from dockfix.facts.build_scripts import behind, built_elsewhere
from dockfix.facts.reading import folder_at
from dockfix.knowledge.node_packages import brings_node
from dockfix.lazy import regex
from dockfix.managers.commands import call_of
from dockfix.managers.registry import by_program
from dockfix.managers.verbs import needs_runtime
from dockfix.model.actions import Build, Make
from dockfix.model.effects import overlap, within
from dockfix.model.reason import Declared, Reason, at, doubt
from dockfix.model.stages import Step, Unit
from dockfix.placement import two_stage, working_folder
from dockfix.placement.conditions import precondition
from dockfix.placement.finish import Draft, finish
from dockfix.placement.front_end_uses import PACKAGES, named_packages, programs, runs_it, size, still_there
from dockfix.placement.leftovers import Placed, drop_units
from dockfix.placement.only_fetching import drop_exports, drop_settings
from dockfix.placement.plan import Placement
from dockfix.placement.providers import drop_managers
from dockfix.placement.removals import removals
from dockfix.placement.slices import builder_of, units_of

# Instructions that say the same in any working directory
_ANYWHERE = frozenset({"LABEL", "EXPOSE", "STOPSIGNAL", "MAINTAINER", "ENV", "ARG"})
# Folders of the system below which programs have folders of their own, two levels down: /usr/src/app, /var/www/site
_WITH_PROGRAMS = frozenset({"usr", "var"})
# Files that say where a build writes, by their usual names
_CONFIGURES = regex(
    r"(?:.*/)?(?:[^/]*\.config\.[cm]?[jt]s|webpack[^/]*\.[cm]?js|gulpfile[^/]*|Gruntfile[^/]*|rollup[^/]*\.[cm]?js|build\.[cm]?[jt]s|package\.json"
    r"|angular\.json|\.parcelrc)"
)
_OUTPUT = regex(
    r"""\b(?:outDir|outdir|outfile|outputPath|output|path|dir|dest|file|filename)\b['"]?\s*[:=]\s*(?:path\.\w+\()?\s*['"`](/[\w./-]*)"""
)
_TO = regex(r"-o|-d|--(?:out|dest|dist)[\w-]*")
_ABOVE = regex(r"(?<![.\w])\.\.(?![.\w])")


def is_shape_of(facts: Facts) -> bool:
    """Whether another language than the base image's installs packages or builds something beside the program's own packages."""
    if facts.is_javascript or not facts.installs or len(facts.model.stages) > 1:
        return False
    return any(map(_is_front, (unit for _, unit in facts.final.units)))


def place(facts: Facts) -> Placement | Reason:
    """Places every step of a single-stage file, or says why it stays as it is."""
    reason = precondition(facts, two_stage.install_blocker) or two_stage.environment_blocker(facts)
    if reason is not None:
        return reason
    folder = _folder(facts)
    if isinstance(folder, Reason):
        return folder
    removed = removals(facts)
    if isinstance(removed, Reason):
        return removed
    stage, environment = facts.final, facts.installs[0][2].into
    packages = dict.fromkeys(each.into.root for _, _, each in facts.front_ends)
    makers = [step for step in stage.steps if any(_makes(unit, packages) for unit in step.units)]
    last = working_folder.last_of(stage.steps, stage.steps.index(makers[-1]), folder)
    reason = working_folder.unclear(facts, stage.steps[: last + 1], folder) or _moves_late(facts, last)
    if reason is not None:
        return reason
    installs = tuple(dict.fromkeys(step for step, _, _ in facts.installs))
    kept = named_packages(facts)
    roots = () if kept else tuple(packages)
    built = _is_built(facts, packages)
    builder = builder_of(stage.steps[: last + 1], facts, (folder,))
    runtime, texts = (
        working_folder.runtime_of_folder(facts, last, folder)
        if built
        else (two_stage.but_installs(facts, environment), ())
    )
    texts += _drop_makers(runtime, environment.root)
    _drop_detours(facts, runtime, last, folder)
    reason = runs_it(facts, units_of(runtime)) or two_stage.lost_by_moving(facts, environment, runtime, installs)
    if reason is not None:
        return reason
    exports = drop_exports(facts, builder, runtime)
    left = drop_managers(facts, runtime, environment, beside=True)
    reason = still_there(facts, runtime)
    if reason is not None:
        return reason
    gone = drop_units(removed.commands, builder, runtime)
    settings = drop_settings(facts, builder, runtime)
    dropped = (
        *left.texts,
        *gone,
        *settings.texts,
        *exports,
        *texts,
    )
    tidied = [root for root in roots if not _removed_behind(facts, root)] if built else []
    doubts = (
        *two_stage.doubts_of_moving(facts, environment),
        *(each for each in (facts.ask(built_elsewhere), _outside(facts, folder)) if each is not None),
    )
    placed = finish(
        facts,
        Draft(
            builder,
            runtime,
            installs,
            environment,
            removed,
            left,
            dropped,
            doubts,
            settings.declares | frozenset(Declared("FILE", root) for root in roots),
            (f"rm -rf {' '.join(_named_from(stage.after(stage.steps[last]).workdir or '/', tidied))}",)
            if tidied
            else (),
            lightened="Node.js and the packages of the front end" if roots else "Node.js and its managers",
            notes=kept,
            size=size(facts),
        ),
    )
    if isinstance(placed, Reason):
        return placed
    reason = next((why for package, why in placed.kept.items() if brings_node(package.name)), None)
    if reason is not None:
        return reason
    carried = (folder,) if built else tuple(packages) if kept else ()
    beside_at = stage.steps[last].instruction if carried else None
    return replace(placed, beside={each: each for each in carried}, beside_at=beside_at)


def _removed_behind(facts: Facts, root: str) -> bool:
    """Whether the file itself removes a folder of packages behind the last command that fills it."""
    units = [unit for _, unit in facts.final.units]
    fills = [
        number
        for number, unit in enumerate(units)
        if unit.command.name != "rm" and overlap(unit.effects.writes, (root,))
    ]
    behind = units[max(fills, default=-1) + 1 :]
    return any(unit.command.name == "rm" and any(within(root, path) for path in unit.effects.writes) for unit in behind)


def _is_front(unit: Unit) -> bool:
    """Whether a command installs packages for a front end, or builds one."""
    action = unit.effects.action
    return isinstance(action, Build) or (working_folder.makes(unit) and needs_runtime(getattr(action, "manager", None)))


def _folder(facts: Facts) -> str | Reason:
    """The folder in which the program and its front end lie: the working directory, or one around it."""
    stage = facts.final
    if stage.end.workdir is None or stage.end.workdir_chosen:
        return at("where the working directory lies is not known")
    works = [stage.end.workdir]
    for step, unit in stage.units:
        if _is_front(unit):
            if unit.state.workdir is None or unit.state.workdir_chosen:
                return at("where the front end lies is not known", step.line)
            works += [
                posixpath.dirname(path) if posixpath.basename(path) == PACKAGES else path
                for path in unit.effects.writes
            ]
    folders = [path for path in works if not any(path != other and within(path, other) for other in works)]
    folder = posixpath.commonpath(folders)
    first, *below = folder.strip("/").split("/")
    if not first or (first in SYSTEM_FOLDERS and not (first in _WITH_PROGRAMS and below[1:])):
        common = " and ".join(dict.fromkeys(folders))
        return at(f"the program and its front end have no folder of their own in common: {common}")
    return folder


def _makes(unit: Unit, packages: Collection[str]) -> bool:
    """Whether a command fills, builds or clears something, or takes something out of the front end's packages."""
    return working_folder.makes(unit) or _takes(unit, packages)


def _takes(unit: Unit, packages: Collection[str]) -> bool:
    effects = unit.effects
    paths = (*effects.reads, *effects.writes)
    return effects.action is None and any(within(path, each) for path in paths for each in packages)


def _is_built(facts: Facts, packages: Collection[str]) -> bool:
    """Whether something may be made of the front end's source: by a command, or by a script that an install runs."""
    if any(isinstance(unit.effects.action, Build) or _takes(unit, packages) for _, unit in facts.final.units):
        return True
    manifests = [facts.every_manifest[install] for _, _, install in facts.front_ends]
    return any(each.unknown is not None or each.needs_source for each in manifests)


def _drop_detours(facts: Facts, runtime: Placed, last: int, folder: str) -> None:
    """Takes each WORKDIR out of the runtime stage in which nothing is left to do, with the one that leads back."""
    early = facts.final.steps[: last + 1]
    while True:
        there = list(runtime)
        places = [number for number, step in enumerate(there) if step.keyword == "WORKDIR"]
        gone = next(filter(None, (_detour(facts, there, places, index, folder) for index in range(len(places)))), ())
        if not set(gone) & set(early):
            return
        for step in gone:
            if step in early:
                del runtime[step]


def _detour(facts: Facts, there: list[Step], places: list[int], index: int, folder: str) -> tuple[Step, ...]:
    """The WORKDIR of this place, and the one that leads back, where no step between it and the next one depends on it."""
    step = there[places[index]]
    target = facts.final.after(step).workdir
    before = facts.final.after(there[places[index - 1]]).workdir if index else None
    if before is not None and target == before:
        return (step,)
    if index + 1 == len(places) or target is None or not within(target, folder):
        return ()
    following = there[places[index + 1]]
    between = there[places[index] + 1 : places[index + 1]]
    if not following.instruction.args.startswith("/") or not all(each.keyword in _ANYWHERE for each in between):
        return ()
    return (step, following) if facts.final.after(following).workdir == before else (step,)


def _drop_makers(runtime: Placed, root: str) -> tuple[str, ...]:
    """Takes out of the runtime stage what makes the environment, and what only tells something of the other language's programs."""
    gone: list[tuple[Step, int]] = []
    texts: list[str] = []
    own = programs()
    for step, indices in runtime.items():
        for index in indices:
            effects = step.units[index].effects
            makes = isinstance(effects.action, Make) and effects.action.environment.root == root
            tells = effects.action is None and not effects.writes and bool(effects.tools) and effects.tools <= own
            brings = own.issuperset(_for_all(step.units[index]) or ("",))
            if makes or tells or brings:
                gone.append((step, index))
                texts += [step.units[index].command.text] if not makes else []
    drop_units(gone, runtime)
    return tuple(texts)


def _for_all(unit: Unit) -> tuple[str, ...]:
    """The packages that a command installs for all programs of the image."""
    manager = by_program().get(posixpath.basename(unit.command.name or ""))
    return manager.for_all(call_of(unit.command), unit.state) if needs_runtime(manager) else ()


def _moves_late(facts: Facts, last: int) -> Reason | None:
    """A front end whose packages were installed by one user, and would be taken away by another."""
    user = facts.final.after(facts.final.steps[last]).user
    for step, unit, install in facts.front_ends:
        if unit.state.user != user and not (unit.state.is_root and (not user or is_root(user))):
            return at(f"another user than the last one of the builder installs in {install.into.root}", step.line)
    return None


def _named_from(workdir: str, paths: Iterable[str]) -> list[str]:
    """How paths are written in a working directory."""
    return [shlex.quote(posixpath.relpath(path, workdir) if within(path, workdir) else path) for path in paths]


def _outside(facts: Facts, folder: str) -> Reason | None:
    """A configuration of a build that names a folder outside of what is carried."""
    return next(_named_outside(facts, folder), None)


def _named_outside(facts: Facts, folder: str) -> Iterator[Reason]:
    for _, unit in facts.final.units:
        if not isinstance(unit.effects.action, Build):
            continue
        where = unit.effects.writes[0]
        own = folder_at(where, facts.layout.file)
        depth = 0 if where == folder else posixpath.relpath(where, folder).count("/") + 1
        for each in behind(facts, unit).commands:
            for option, word in pairwise(("", *each.arguments)):
                name, _, value = word.partition("=") if word.startswith("-") else (option, "", word)
                absolute = _TO.fullmatch(name) is not None and value.startswith("/") and not within(value, folder)
                if absolute or len(_ABOVE.findall(value)) > depth:
                    yield doubt(f"{each.where} may have {each.program} write outside of {folder}")
        for name in sorted(facts.context.named(_CONFIGURES)):
            if posixpath.dirname(name) != own:
                continue
            for number, line in enumerate((facts.context.read(name) or "").splitlines(), 1):
                output = _OUTPUT.search(line)
                if len(_ABOVE.findall(line)) > depth or (output is not None and not within(output[1], folder)):
                    yield doubt(f"{name}:{number} may have the build write outside of {folder}")
