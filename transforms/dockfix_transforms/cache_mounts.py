"""The ``cache-mounts`` transform."""

from __future__ import annotations

import functools
import posixpath
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from dockfix.context.builders import without_mounts
from dockfix.context.workflows import thrown_away
from dockfix.engine.transform import Edit, Outcome, Transform, refuse
from dockfix.facts import Facts
from dockfix.facts.between_stages import is_image
from dockfix.facts.cached_for_start import cached_for_start
from dockfix.knowledge import User
from dockfix.lazy import regex
from dockfix.managers.commands import fetches
from dockfix.managers.protocol import Cache, LanguageManager, Manager, SystemManager
from dockfix.managers.registry import system_managers
from dockfix.managers.verbs import language_install, system_install
from dockfix.model.actions import Clean, Install, Provide, Refresh
from dockfix.model.effects import overlap
from dockfix.model.reason import Declared, Reason, at
from dockfix.model.stages import Stage, Step, Unit
from dockfix.syntax import Instruction, snippet
from dockfix.syntax.rewrite import with_flags

from ._cache_folders import Touched, hidden_switch, switched_off, touched
from ._layout import own_comments

_REMOVES = regex(r"(?:^|[\s;&|(`'\"/])(?:rm|rmdir|unlink|shred)\s|\s-delete\b|\brmtree\b")
_OLD_SYNTAX = regex(r"docker/dockerfile(?::1\.[01](?:\.|$)|:.*experimental)|docker/dockerfile-upstream")


class CacheMounts(Transform):
    """Keep the caches of pip, npm and apt between builds.

    What it does
        Gives each RUN that installs packages of Python or Node.js, or makes wheels of them, a BuildKit cache mount on the cache
        of pip, npm or another manager, and takes away what would defeat it: ``--no-cache-dir`` and the removal of the cache. In a
        builder stage the RUNs that install apt packages get mounts on apt's archives and lists, with ``sharing=locked``; the
        removal of the lists goes, and so does docker-clean, which would empty the archives. The final stage keeps plain apt RUNs,
        so that nothing of it changes.

    Why
        A change of one requirement then downloads and compiles one package, not all of them. The cache never
        lands in the image.

    Example
        RUN pip install --no-cache-dir \\       RUN --mount=type=cache,target=/root/.cache/pip \\
            -r requirements.txt                     pip install -r requirements.txt

    Fix safety
        Safe. Where packages may be compiled the cache gets an id of its own for the base image, since a wheel that was linked
        with one image's libraries may not work in another. Needs BuildKit, Docker's builder since version 23. Left alone where
        pip does not run as root (npm may run as ``node``, the user that its image brings), where a variable or the manager's
        configuration moves or disables the cache, or where an older front end is pinned by ``# syntax=``.
    """

    title: ClassVar[str] = "keep pip's and apt's caches between builds"
    after: ClassVar[frozenset[str]] = frozenset({"exec-form"})
    atomic: ClassVar[bool] = False
    sees_to: ClassVar[frozenset[str]] = frozenset({"downloads", "leftovers"})

    def apply(self, facts: Facts) -> Outcome:
        """Adds mounts RUN by RUN."""
        pinned = next(
            (node for node in facts.tree.directives if node.name == "syntax" and _OLD_SYNTAX.search(node.value)), None
        )
        front_end = Reason(f"the front end {pinned.value} has no cache mounts") if pinned else None
        dockerfile = facts.context.dockerfile
        unable = without_mounts(dockerfile) if dockerfile is not None else ""
        if unable:
            return refuse(unable) if facts.installs else Outcome()
        edits: list[Edit] = []
        refusals: list[Reason] = []
        declares: set[Declared] = set()
        seen = functools.cache(functools.partial(touched, facts))
        for stage in facts.model.stages:
            given: set[str] = set()
            managers = [manager for manager in system_managers() if manager.caches]
            shared = {manager: _system_runs(facts, stage, manager, seen) for manager in managers}
            for step in stage.of("RUN"):
                wanted: dict[Manager, Sequence[Cache]] = {
                    manager: manager.caches for manager, runs in shared.items() if step in runs
                }
                for manager in _language_managers(step):
                    caches = front_end or _caches(facts, step, manager)
                    if isinstance(caches, Reason):
                        refusals.append(caches.at(step.line))
                    elif reason := _blocker(facts, stage, step, manager, caches, seen(manager)):
                        refusals.append(at(reason, step.line))
                    else:
                        wanted[manager] = caches
                edit = _edit(facts, stage, step, wanted) if wanted and not pinned else None
                if edit is not None:
                    declares |= {
                        Declared("RUN", unit.command.text)
                        for manager in wanted
                        for unit, _ in switched_off(step, manager)
                        if not isinstance(unit.effects.action, Install | Provide)
                    }
                    first = [manager for manager, runs in shared.items() if runs and runs[0] is step]
                    variables = _variables(facts, stage, step, wanted, given)
                    given |= variables.keys()
                    declares |= {Declared("ENV", name) for name in variables}
                    settings = (f"{name}={value}" for name, value in variables.items())
                    edits += _prepared(facts, edit, stage, first, settings)
        warnings = _thrown_away(facts) if edits else ()
        return Outcome(edits, refusals=refusals, warnings=warnings, declares=frozenset(declares))


def _language_managers(step: Step) -> list[LanguageManager]:
    """The managers of languages that a RUN installs with, and whose cache it does not mount yet."""
    mounts = [flag.value or "" for flag in step.instruction.flags if flag.name == "mount"]
    used: dict[LanguageManager, None] = {}
    for unit in step.units:
        install = language_install(unit.effects.action)
        if install is not None and install.cached and isinstance(install.manager, LanguageManager):
            used[install.manager] = None
        elif fetched := fetches(unit.command, unit.state):
            used[fetched] = None
    return [
        manager
        for manager in used
        if manager.caches and not any("type=cache" in mount and manager.id in mount for mount in mounts)
    ]


def _caches(facts: Facts, step: Step, manager: LanguageManager) -> tuple[Cache, ...] | Reason:
    """The caches of a manager that a RUN fills; why none of them can be a mount.

    What only fetches takes the one that the installs of its stage fill.
    """
    found: list[Cache] = []
    if not any(_is_by(unit, manager) for unit in step.units):
        others = (each for each in facts.stage_of[step].of("RUN") if any(_is_by(unit, manager) for unit in each.units))
        filled = next((_caches(facts, other, manager) for other in others), manager.caches)
        return manager.caches if isinstance(filled, Reason) else filled
    for unit in step.units:
        install = language_install(unit.effects.action)
        if install is None or install.manager is not manager:
            continue
        caches = manager.caches_of(install, facts.given_at(step, unit))
        if isinstance(caches, Reason):
            return caches
        found += [cache for cache in caches if cache not in found]
    return tuple(found) or manager.caches


def _is_by(unit: Unit, manager: LanguageManager) -> bool:
    install = language_install(unit.effects.action)
    return install is not None and install.manager is manager


def _thrown_away(facts: Facts) -> tuple[Reason, ...]:
    """That a workflow builds the file where no cache of a mount is kept: https://github.com/moby/buildkit/issues/1474."""
    dockerfile = facts.context.dockerfile
    build = thrown_away(dockerfile, facts.context.root) if dockerfile is not None else None
    if build is None:
        return ()
    text = "builds with a builder that is thrown away, and with it the caches of the mounts; what keeps the layers of all stages is"
    return (Reason(f"{build.file}:{build.line} {text} {build.keeps}"),)


def _blocker(
    facts: Facts, stage: Stage, step: Step, manager: LanguageManager, caches: Sequence[Cache], seen: Touched
) -> str:
    """Why a RUN gets no mount on the cache of a language's manager, "" where it gets one."""
    title = manager.title
    owner = _owner(stage, step, caches)
    around = [_folder(cache, owner, around=True) for cache in caches]
    if stage.image is not None and stage.image.system == "windows":
        return f"{title}'s cache lies elsewhere on Windows"
    if step.state.user is None:
        return f"it is not known as which user {title} runs here, so neither where its cache lies"
    if (
        stage.steps[0].state.user is None and "HOME" not in step.state.variables
    ):  # who is root has the home that the base gives
        return f"it is not known where the home folder lies in {stage.base}, so neither where {title}'s cache does"
    if not step.state.is_root and owner is None:
        return f"{title} does not run as root here, so its cache lies elsewhere"
    if owner is not None and stage is facts.final and not manager.programs.isdisjoint(facts.startup.programs):
        return f"{title} runs when the container starts, too, and the mount would leave the folder of its cache to root"
    if stage in facts.final.lineage and (needed := cached_for_start(facts, step, manager)):
        return f"{needed}: a mount would keep that out of the image"
    if hidden := hidden_switch(step, manager):
        return f"{hidden} switches {title}'s cache off"
    if seen.taken_out:
        return f"files are taken out of {title}'s cache"
    if any(
        flag.name == "mount" and folder in (flag.value or "") for flag in step.instruction.flags for folder in around
    ):
        return "another mount lies over the cache"
    for unit in step.units:
        install, fetched = language_install(unit.effects.action), fetches(unit.command, unit.state)
        if (install is not None and install.manager is manager) or fetched is manager:
            moved = (_moved(facts, stage, unit, manager, cache, seen.configured) for cache in caches)
            reason = next(filter(None, moved), "")
            if reason:
                return reason
    for unit in step.units:
        if unit.effects.action is None and unit.command.name == "rm" and overlap(unit.effects.writes, around):
            return f"{unit.command.shown} would fail on a mounted cache"
        if unit.effects.opaque and _REMOVES.search(unit.command.text):
            return f"{unit.command.shown} may remove the cache's folder, which cannot be removed where it is mounted"
        itself = fetches(unit.command, unit.state) is manager
        if unit.effects.opaque and not itself and any(posixpath.basename(each) in unit.command.text for each in around):
            return "a command of the RUN works on the cache itself"
    return ""


def _moved(facts: Facts, stage: Stage, unit: Unit, manager: LanguageManager, cache: Cache, configured: bool) -> str:
    """What moves a cache or switches it off where a command runs, "" for nothing."""
    variables = {**unit.state.args, **unit.state.env, **dict(unit.command.assignments)}
    moves = next((name for name in cache.moved_by if name in variables), "")
    if moves:
        return f"{moves} moves {manager.title}'s cache"
    off = next((name for name in cache.off_by if name in variables), "")
    if off:
        return f"{off} switches {manager.title}'s cache off"
    if cache.option and any(word.text.lstrip("\"'").startswith(cache.option) for word in unit.command.words):
        return f"{cache.option} moves {manager.title}'s cache"
    by_command = configured and bool(cache.configured_with)
    told = f"{manager.title} config" if by_command else _configuration(facts, stage, unit.state.env, cache)
    return f"{told} moves {manager.title}'s cache or switches it off" if told else ""


def _configuration(facts: Facts, stage: Stage, variables: Mapping[str, str], cache: Cache) -> str:
    """The file of the build context whose settings say something of a cache, "" for none."""
    for path in (*cache.configured_in, variables.get(cache.file_variable, "")):
        name = facts.layouts.of(stage).file(posixpath.join(stage.end.workdir or "/", path)) if path else None
        if name is not None and re.search(cache.configured_by, facts.context.read(name) or ""):
            return name
    return ""


def _system_runs(facts: Facts, stage: Stage, manager: SystemManager, seen: Callable[[Manager], Touched]) -> list[Step]:
    """The RUNs of a builder stage that may share a system manager's caches; all of its RUNs that use it, or none.

    A stage that becomes an image keeps its RUNs as they are, so that nothing of it changes.
    """
    if is_image(facts, stage) or any(other.parent is stage for other in facts.model.stages) or seen(manager).taken_out:
        return []
    programs = regex(rf"\b(?:{'|'.join(map(re.escape, sorted(manager.programs | manager.siblings)))})\b")
    runs: list[Step] = []
    for step in stage.of("RUN"):
        uses = [
            action
            for unit in step.units
            if isinstance(action := unit.effects.action, Install | Refresh) and action.manager is manager
        ]
        unclear = [unit.command.text for unit in step.units if unit.effects.opaque]
        if any(programs.search(text) or (uses and _REMOVES.search(text)) for text in unclear):
            return []
        if any(flag.name == "mount" and manager.id in (flag.value or "") for flag in step.instruction.flags):
            return []
        if uses and not step.state.is_root:
            return []
        if uses and not isinstance(uses[0], Refresh):
            return []  # its lists come from an earlier layer, which a mount would hide
        if uses:
            runs.append(step)
    installs = any(system_install(unit.effects.action) is not None for step in runs for unit in step.units)
    return runs if installs else []


def _owner(stage: Stage, step: Step, caches: Sequence[Cache]) -> User | None:
    """The image's own user without rights, where a RUN is run as this one and its home has the manager's caches as root's has."""
    user = stage.image.user if stage.image is not None else None
    named = user is not None and step.state.user is not None and user.is_named(step.state.user)
    return user if named and all(cache.at_home for cache in caches) else None


def _folder(cache: Cache, owner: User | None, *, around: bool = False) -> str:
    """Where a cache lies, or the folder around it."""
    folder = cache.around or cache.folder if around else cache.folder
    return folder if owner is None else folder.replace("/root", owner.home, 1)


def _mounts(facts: Facts, stage: Stage, step: Step, manager: Manager, caches: Sequence[Cache]) -> list[str]:
    """The flags for a manager's caches."""
    flags: list[str] = []
    owner = _owner(stage, step, caches)
    for cache in caches:
        owned = f",uid={owner.number},gid={owner.number}" if owner is not None else ""
        sharing = f",sharing={cache.sharing}" if cache.sharing != "shared" else ""
        moved = cache not in manager.caches and manager.id not in cache.folder
        named = manager.id if moved else ""  # a folder whose name does not tell whose it is
        if cache.holds_compiled and stage in facts.ask(_compiling):
            named = f"{manager.id}-{_base(stage)}"
        identity = f",id={named}" if named else ""
        flags.append(f"--mount=type=cache,target={_folder(cache, owner)}{sharing}{identity}{owned}")
    return flags


def _compiling(facts: Facts) -> frozenset[Stage]:
    return frozenset(filter(_compiles, facts.model.stages))


def _compiles(stage: Stage) -> bool:
    """Whether what is compiled may land in a cache: it then gets an id of its own for the base image.

    A manager does not ask which libraries, or which libc, a package of its cache was linked with.
    """
    if stage.image is None or stage.image.variant != "slim":
        return True
    installs = [
        install
        for each in stage.lineage
        for _, unit in each.units
        if (install := system_install(unit.effects.action)) is not None
    ]
    return any(
        install.manager.packages.role(package.name) in {"build", "dev"}
        for install in installs
        if isinstance(install.manager, SystemManager)
        for package in install.asked
    )


def _base(stage: Stage) -> str:
    """The image that a stage starts from, through the stages that it builds on."""
    while stage.parent is not None:
        stage = stage.parent
    return re.sub(r"[^A-Za-z0-9]+", "-", (stage.base or stage.start.words[0]).partition("@")[0]).strip("-")


def _edit(facts: Facts, stage: Stage, step: Step, managers: Mapping[Manager, Sequence[Cache]]) -> Edit | None:
    """The RUN with the mounts of these managers and without what would defeat them."""
    if step.shell_form is None:
        return None
    actions = [unit.effects.action for unit in step.units]
    others = {action.manager for action in actions if isinstance(action, Install | Refresh)} - managers.keys()
    dropped = {
        index
        for index, action in enumerate(actions)
        if isinstance(action, Clean)
        and not others.intersection(action.managers)
        and managers.keys() & {*action.managers}
    }
    if len(dropped) == len(step.units):
        return None
    off = [word for manager in managers for _, word in switched_off(step, manager)]
    run = step.shell_form.edited(drop=dropped, remove=off, keep_comments=True)
    mounts = [flag for manager, caches in managers.items() for flag in _mounts(facts, stage, step, manager, caches)]
    run = run and with_flags(facts.tree, run, mounts, lines=True)
    if run is None:
        return None
    return Edit(step.instruction, (run,), step.line, _reason(managers, bool(off or dropped)))


def _prepared(
    facts: Facts, edit: Edit, stage: Stage, managers: Sequence[Manager], variables: Iterable[str]
) -> list[Edit]:
    """The edit of a RUN; above it and its comments these variables, and what stops the image from emptying the managers' caches."""
    called = {"", *(unit.command.name for _, unit in stage.units)}
    commands = [
        command
        for manager in managers
        for cache in manager.caches
        for program, command in cache.unlock.items()
        if program in called
    ]
    lines = [f"ENV {each}" for each in variables] + ([f"RUN {' && '.join(commands)}"] if commands else [])
    if not lines:
        return [edit]
    comments = own_comments(facts.tree, edit.node) if isinstance(edit.node, Instruction) else ()
    new = snippet(facts.tree, "".join(f"{line}\n" for line in lines) + ("\n" if comments else ""), edit.line)
    if comments:
        return [Edit(comments[0], (*new, comments[0]), edit.line, ""), edit]
    return [replace(edit, replacement=(*new, *edit.replacement))]


def _variables(
    facts: Facts, stage: Stage, step: Step, managers: Mapping[Manager, Sequence[Cache]], given: Collection[str]
) -> dict[str, str]:
    """What a builder sets for a manager whose cache is mounted: the image's own settings stay as they are."""
    if stage is facts.final or any(other.parent is stage for other in facts.model.stages):
        return {}
    wanted = [each for caches in managers.values() for cache in caches for each in cache.env.items()]
    return {name: value for name, value in wanted if name not in given and name not in step.state.variables}


def _reason(managers: Collection[Manager], cleaned: bool) -> str:
    names = " and ".join(manager.title for manager in managers)
    what = f"{names} keep their caches" if len(managers) > 1 else f"{names} keeps its cache"
    return f"{what} between builds" + (
        "; what would leave it empty (--no-cache-dir, a clean-up) goes" if cleaned else ""
    )
