"""The shape of a program that is built where it lies: the builder makes all of the working directory, and the runtime stage gets it whole.

What only development needs is taken away in the builder, by the manager that brought it, once everything is built.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from dockfix.context.manifests.locked import DEV
from dockfix.dataclass import dataclass
from dockfix.facts import SYSTEM_FOLDERS, Facts, from_context
from dockfix.facts.broken_builds import missing_tool
from dockfix.facts.build_scripts import built_elsewhere
from dockfix.facts.install_scripts import filled, left_outside_project
from dockfix.facts.javascript import development, may_start, needed_in_production
from dockfix.knowledge import file_changers, file_movers
from dockfix.managers.protocol import LanguageManager
from dockfix.managers.verbs import by_system, language_install, needs_runtime, of_language
from dockfix.model.actions import Build, Clean, Install, Provide, Remove, ShellState
from dockfix.model.artefact import Artefact, Environment
from dockfix.model.effects import overlap, within
from dockfix.model.reason import Declared, Reason, at
from dockfix.model.stages import Step, Unit
from dockfix.placement.build_programs import serves_builds
from dockfix.placement.conditions import precondition
from dockfix.placement.finish import Draft, finish
from dockfix.placement.gathered import Gathered, gathered
from dockfix.placement.idle_programs import drop_idle_programs
from dockfix.placement.leftovers import Placed, drop_units
from dockfix.placement.only_fetching import drop_settings
from dockfix.placement.plan import Placement
from dockfix.placement.providers import drop_managers
from dockfix.placement.removals import removals
from dockfix.placement.slices import builder_of, title, units_of

# What a system has below /usr: https://refspecs.linuxfoundation.org/FHS_3.0/fhs/ch04.html; what else lies there is the image's own
_OF_USR = frozenset({"bin", "games", "include", "lib", "lib32", "lib64", "libexec", "libx32", "local", "sbin", "share"})
# The same below /var: fhs/ch05.html
_VAR = "account backups cache crash games lib local lock log mail opt run spool tmp yp"
_OF_VAR = frozenset(_VAR.split())


@dataclass(frozen=True)
class _Lighter:
    """What leaves with the builder, as people call it ("" for nothing), and how: as for ``Draft``; ``tail`` works in ``folder``."""

    what: str = ""
    tail: tuple[str, ...] = ()
    notes: tuple[Reason, ...] = ()
    doubts: tuple[Reason, ...] = ()
    declares: frozenset[Declared] = frozenset()
    folder: str = ""


def is_shape_of(facts: Facts) -> bool:
    """Whether packages lie in the folder of their project, and something is built there, taken away again, or leads out of them."""
    installs = facts.installs
    if not installs or not all(_in_project(install) for _, _, install in installs):
        return False
    if any(DEV in facts.groups_of(install) for _, _, install in installs) or _leads_out(facts):
        return True
    return any(makes(unit) and language_install(unit.effects.action) is None for _, unit in facts.final.units)


def _leads_out(facts: Facts) -> bool:
    """Whether an install may leave something outside of the packages' folder: by links, or by scripts of the project that it runs."""
    return any(each.blocked or each.needs_source for each in facts.manifests.values())


def only_installs(facts: Facts) -> bool:
    """Whether nothing is built, and the working directory is the root, which cannot come whole: then the packages come alone."""
    builds = any(isinstance(unit.effects.action, Build) for _, unit in facts.final.units)
    return (
        not builds and not _leads_out(facts) and facts.final.end.workdir == "/" and not facts.final.end.workdir_chosen
    )


def place(facts: Facts) -> Placement | Reason:
    """Places every step of a single-stage file, or says why it stays as it is."""
    folder = _folder(facts)
    if isinstance(folder, Reason):
        return folder
    reason = precondition(facts, _install_blocker)
    if reason is not None:
        return reason
    removed = removals(facts)
    if isinstance(removed, Reason):
        return removed
    stage = facts.final
    makers = tuple(step for step in stage.steps if any(map(makes, step.units)))
    last = last_of(stage.steps, stage.steps.index(makers[-1]), folder)
    broken = facts.ask(missing_tool)
    if broken is not None:
        return at("the build cannot pass as it stands", broken.line)
    reason = unclear(facts, stage.steps[: last + 1], folder)
    if reason is not None:
        return reason
    elsewhere, beside = facts.ask(left_outside_project), facts.ask(filled)
    if isinstance(beside, Reason):
        return beside
    homes = {each: each for each in (*_homes(facts), *(each.folder for each in beside))}
    builder = builder_of(stage.steps[: last + 1], facts, (folder,))
    drop_idle_programs(facts, builder)
    runtime, carried = runtime_of_folder(facts, last, folder)
    alone = gathered(facts, folder, runtime)
    paths = alone.paths if isinstance(alone, Gathered) else {folder: folder, **homes}
    environment = Environment(folder, facts.installs[0][2].into.runtime, Artefact("output", paths))
    managers = drop_managers(facts, runtime, environment)
    left = drop_units(removed.commands, builder, runtime)
    settings = drop_settings(facts, builder, runtime)
    dropped = (
        *managers.texts,
        *left,
        *settings.texts,
        *carried,
    )
    lighter = _left_out(alone, folder) if isinstance(alone, Gathered) else _lightened(facts, folder, runtime)
    doubts = (*lighter.doubts, *(each for each in (elsewhere, facts.ask(built_elsewhere)) if each is not None))
    notes = (*lighter.notes, *((alone,) if isinstance(alone, Reason) else ()))
    draft = Draft(
        builder,
        runtime,
        makers,
        environment,
        removed,
        managers,
        dropped,
        doubts,
        lighter.declares | settings.declares,
        tuple(_from(stage.steps[last], lighter.folder, each) for each in lighter.tail),
        lighter.what,
        notes,
    )
    whole = _with_all_packages(draft, lighter, settings.declares) if lighter.doubts else None
    placement = finish(facts, draft)
    if whole is None or isinstance(placement, Reason) or placement.doubts != lighter.doubts:
        return placement
    certain = finish(facts, whole)
    return replace(placement, certain=certain) if isinstance(certain, Placement) and not certain.doubts else placement


def _with_all_packages(draft: Draft, lighter: _Lighter, declares: frozenset[Declared]) -> Draft:
    """The same where packages for development stay, as it is in doubt whether somebody needs them."""
    stay = [at(f"packages for development stay: {each.text}", each.line) for each in lighter.doubts]
    return replace(
        draft,
        builder={**draft.builder},
        runtime={**draft.runtime},
        doubts=draft.doubts[len(lighter.doubts) :],
        declares=declares,
        tail=(),
        lightened="",
        notes=(*draft.notes[len(lighter.notes) :], *stay),
    )


def _from(step: Step, folder: str, command: str) -> str:
    """A command as it has to be written behind a step to work in a folder."""
    return command if step.state.workdir == folder else f"cd {folder} && {command}"


def _in_project(install: Install) -> bool:
    """Whether the packages lie in a folder of their project, and not in one for all that runs in the image."""
    return needs_runtime(install.manager)


def makes(unit: Unit) -> bool:
    """Whether a command fills, builds or clears the working directory."""
    return isinstance(unit.effects.action, Build) or of_language(unit.effects.action)


def _install_blocker(facts: Facts) -> Reason | None:
    for step, _, install in facts.installs:
        elsewhere = facts.manifests[install].elsewhere
        if install.blocked is not None or elsewhere is not None:
            return install.blocked.at(step.line) if install.blocked is not None else at(elsewhere or "", step.line)
    return None


def _folder(facts: Facts) -> str | Reason:
    """The folder that everything is made in: the working directory, or the one around it in which all projects of the image lie."""
    stage = facts.final
    folder = stage.end.workdir
    if folder is None or stage.end.workdir_chosen:
        return at("where the working directory lies is not known")
    made = [(step, unit, path) for step, unit in stage.units if makes(unit) for path in unit.effects.writes]
    around = posixpath.commonpath([folder, *(path for _, _, path in made if path.startswith("/"))])
    if around != folder and _is_own(around) and _holds_projects(facts, around):
        folder = around
    if not _is_own(folder):
        return at(f"the working directory is {folder}, where other things lie, too")
    for step, unit, path in made:
        if not within(path, folder):
            return at(f"{_name(unit)} works in {path}, outside of the working directory {folder}", step.line)
    return folder


def _is_own(folder: str) -> bool:
    """Whether a folder is none in which the system keeps something."""
    first, *below = folder.strip("/").split("/")
    systems = {"usr": _OF_USR, "var": _OF_VAR, "root": frozenset[str]()}
    own = first in systems and bool(below) and below[0] not in systems[first]
    return folder != "/" and (first not in SYSTEM_FOLDERS or own)


def _holds_projects(facts: Facts, folder: str) -> bool:
    """Whether a folder was a working directory itself, or what is copied into it is: then all that lies there is the image's own."""
    steps = facts.final.steps
    return any(step.state.workdir == folder or (step.copy is not None and step.copy.target == folder) for step in steps)


def last_of(steps: Sequence[Step], last: int, folder: str) -> int:
    """The last step that belongs to the builder: what only tidies the folder right behind the last build, or moves what is in it, does."""
    for step in steps[last + 1 :]:
        if step.keyword != "RUN" or not all(_tidies(unit, folder) for unit in step.units):
            break
        last += 1
    return last


def _tidies(unit: Unit, folder: str) -> bool:
    action = unit.effects.action
    cleans = isinstance(action, Clean | ShellState) and not by_system(action)
    if cleans or action is not None or unit.command.name not in {"rm", *file_movers()}:
        return cleans
    return _only_there(unit, folder) and all(within(path, folder) for path in unit.effects.reads)


def unclear(facts: Facts, steps: Iterable[Step], folder: str) -> Reason | None:
    """A step, up to the last that makes something, after which it is not known what lies in the folder."""
    filled = False
    for step in steps:
        copy = step.copy
        filled = filled or (copy is not None and copy.target is not None and within(copy.target, folder))
        if copy is not None and (copy.target is None or (within(folder, copy.target) and copy.target != folder)):
            return at(f"the {step.keyword} puts something into a folder around {folder}", step.line)
        if copy is not None and step.keyword == "ADD" and not from_context(step):
            return at("what the ADD brings may be another thing tomorrow", step.line)
        for unit in step.units:
            effects = unit.effects
            filled = filled or makes(unit)
            if filled and _owns(unit, folder) and unit.command.name in file_changers():
                return at(f"{unit.command.shown} comes before the last build, when files lie there already", step.line)
            elsewhere = effects.writes and not _only_there(unit, folder) and not _owns(unit, folder)
            moves = effects.action is None and elsewhere
            if moves and overlap((*effects.reads, *effects.writes), (folder,)):
                return at(f"{unit.command.shown} takes something out of {folder} before the last build", step.line)
            if effects.unbounded:
                why = effects.opaque or "it runs the program"
                return at(
                    f"{unit.command.called} comes before the last build, and what it does is unknown: {why}",
                    step.line,
                )
        if step.keyword == "VOLUME":
            return at("a VOLUME comes before the last build", step.line)
    return None


def runtime_of_folder(facts: Facts, last: int, folder: str) -> tuple[Placed, tuple[str, ...]]:
    """What stays in the runtime stage; with the texts of the commands that were run in the folder, whose result comes from the builder."""
    runtime: Placed = {}
    texts: list[str] = []
    for number, step in enumerate(facts.final.steps):
        if number > last:
            runtime[step] = tuple(range(len(step.units)))
            continue
        if step.copy is not None and step.copy.target is not None and within(step.copy.target, folder):
            continue
        stays: list[int] = []
        for index, unit in enumerate(step.units):
            action = unit.effects.action
            if makes(unit) or (isinstance(action, Clean) and not by_system(action)):
                continue
            if isinstance(action, Provide) and any(within(path, folder) for path in unit.effects.reads):
                texts.append(unit.command.text)  # what it fetches for the project comes along
                continue
            only_builds = number < last and serves_builds(facts, unit)
            if action is None and (only_builds or _only_there(unit, folder) or _only_looks(unit, folder)):
                texts.append(unit.command.text)
                continue
            stays.append(index)
        if not step.units or any(not isinstance(step.units[index].effects.action, ShellState) for index in stays):
            runtime[step] = tuple(stays)
    return runtime, tuple(texts)


def _homes(facts: Facts) -> tuple[str, ...]:
    """Where programs that the container starts keep what they start, and which only the builder fills: when they are called first."""
    brought = [action for _, unit in facts.final.units if isinstance(action := unit.effects.action, Provide)]
    filled = {name: version for action in brought for name, version in action.versions.items()}
    project = facts.javascript.project
    name, _, wanted = (project.manager if project is not None else "").partition("@")
    if name in filled and filled[name] == wanted.partition("+")[0]:
        return ()  # a command that stays fetches what the project asks for
    started = (action.home for action in brought if action.home and may_start(facts, action.programs))
    return tuple(dict.fromkeys(started))


def _only_there(unit: Unit, folder: str) -> bool:
    """Whether all that a command does is done below the folder. Who owns the folder itself is told again where it arrives."""
    writes = unit.effects.writes
    return bool(writes) and not _owns(unit, folder) and all(within(path, folder) for path in writes)


def _only_looks(unit: Unit, folder: str) -> bool:
    """Whether a command only reads what lies in the folder, and leaves nothing anywhere."""
    effects = unit.effects
    return not effects.unbounded and not effects.writes and overlap(effects.reads, (folder,))


def _owns(unit: Unit, folder: str) -> bool:
    """Whether a command says whose the folder itself is, or makes it."""
    return folder in unit.effects.writes and unit.command.name in {*file_changers(), "mkdir"}


def _left_out(alone: Gathered, folder: str) -> _Lighter:
    """What leaves where the build has gathered all that is needed."""
    paths = tuple(alone.paths.values())
    return _Lighter(
        f"packages and files that are not in {alone.inside}",
        declares=frozenset({Declared("FILE", folder, paths), Declared("DISTRIBUTION"), Declared("MODULE")}),
    )


def _lightened(facts: Facts, folder: str, runtime: Placed) -> _Lighter:
    """What leaves where a command of the manager takes away what only development needs; ``runtime`` are the steps that stay."""
    cleared = "packages that only development needs"
    started = _project_of(facts, folder)
    own = [(unit, install) for _, unit, install in facts.installs if posixpath.dirname(install.into.root) == started]
    installs = [(unit, install) for unit, install in own if DEV in facts.groups_of(install)]
    names = facts.ask(development)
    if not any(DEV in facts.groups_of(install) for _, _, install in facts.installs) or not names or any(_clears(facts)):
        return _Lighter(cleared if _cleared_late(facts) else "")
    if not installs:
        program = title(facts.installs[-1][2])
        return _stays(at(f"{program} installs in more than one folder, so packages for development stay"))
    others = [install for _, _, install in facts.installs if posixpath.dirname(install.into.root) != started]
    beside = next((posixpath.dirname(each.into.root) for each in others if DEV in facts.groups_of(each)), "")
    for unit, install in own:
        if install.chosen_by:
            return _stays(at(f"{install.uncertain}, so packages for development stay"))
        if install.dynamic or (install.asked and "--no-save" in unit.command.text):
            said = f"{title(install)} installs more than the project's files name"
            return _stays(at(f"{said}, so packages for development stay"))
    after = next((pair for pair in units_of(runtime) if pair[1].effects.unbounded), None)
    if after is not None:
        said = f"what {_name(after[1])} needs, which runs after the last build, is unknown"
        return _stays(at(f"packages for development stay: {said}", after[0].line))
    reason = needed_in_production(facts)
    if reason is not None and reason.weight == "blocks":
        return _stays(at(f"packages for development stay: {reason.text}"))
    _, install = installs[-1]
    manager = install.manager
    assert isinstance(manager, LanguageManager)
    command = manager.without_development(install, facts.given[install])
    if isinstance(command, Reason):
        return _stays(command)
    return _Lighter(
        cleared,
        (command,),
        doubts=(reason,) if reason is not None else (),
        declares=frozenset(Declared("DISTRIBUTION", name) for name in names),
        notes=(at(f"packages for development stay in {beside}"),) if beside else (),
        folder=started,
    )


def _project_of(facts: Facts, folder: str) -> str:
    """The folder of the project that is started, where packages are installed for more than one below ``folder``."""
    filled = {posixpath.dirname(install.into.root) for _, _, install in facts.installs}
    home = facts.final.end.workdir or ""
    return home if home in filled else folder


def _stays(reason: Reason) -> _Lighter:
    return _Lighter(notes=(reason,))


def _cleared_late(facts: Facts) -> bool:
    """Whether the file itself takes away what only development needs, in another layer than the one that brought it."""
    brought = {step for step, _, install in facts.installs if DEV in facts.groups_of(install)}
    return bool(brought) and any(step not in brought for step in _clears(facts))


def _clears(facts: Facts) -> Iterator[Step]:
    """The steps that take away what only development needs: a removal, or an install that leaves it out of a folder that has it."""
    filled: set[str] = set()
    for step, unit in facts.final.units:
        action = unit.effects.action
        if isinstance(action, Remove) and of_language(action) and DEV in action.names:
            yield step
        install = language_install(action)
        if install is None:
            continue
        if DEV in facts.groups_of(install):
            filled.add(install.into.root)
        elif install.into.root in filled:
            yield step


def _name(unit: Unit) -> str:
    return posixpath.basename(unit.command.name or "") or unit.command.text
