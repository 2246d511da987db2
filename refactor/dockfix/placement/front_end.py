"""The shape of a program of one language with a front end that another one builds: the builder has both, the runtime stage the first alone.

What the build makes lies among the program's own files, and where exactly, only its configuration says. So the working directory comes
whole from the builder, without the packages of the front end, once nothing is found that runs the other language in the container.
"""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import pairwise

from dockfix.context.application import application
from dockfix.context.texts import Mention
from dockfix.facts import SYSTEM_FOLDERS, Facts
from dockfix.facts.javascript import behind, built_elsewhere
from dockfix.facts.reading import folder_at
from dockfix.knowledge.node_packages import brings_node, node_size
from dockfix.lazy import regex
from dockfix.managers.commands import call_of
from dockfix.managers.protocol import LanguageManager, Manager
from dockfix.managers.registry import by_program, managers
from dockfix.managers.verbs import system_install
from dockfix.model.actions import Build, Make, Provide
from dockfix.model.effects import within
from dockfix.model.reason import Declared, Reason, at, doubt
from dockfix.model.stages import Step, Unit
from dockfix.placement import two_stage, working_folder
from dockfix.placement.conditions import precondition
from dockfix.placement.finish import Draft, finish
from dockfix.placement.leftovers import Placed, drop_units
from dockfix.placement.libraries import known_packages, suites
from dockfix.placement.only_fetching import drop_exports, drop_settings
from dockfix.placement.plan import Placement
from dockfix.placement.providers import drop_managers
from dockfix.placement.removals import removals
from dockfix.placement.slices import builder_of, units_of
from dockfix.runtimes.needs import needed, run_time_compiler
from dockfix.runtimes.registry import runtime

_PACKAGES = "node_modules"
# What comes along, too, and is in the slim images of Python: https://github.com/docker-library/python
_IN_BASES = frozenset({"ca-certificates", "openssl"})
# Instructions that say the same in any working directory
_ANYWHERE = frozenset({"LABEL", "EXPOSE", "STOPSIGNAL", "MAINTAINER", "ENV", "ARG"})
# Folders of the system below which programs have folders of their own, two levels down: /usr/src/app, /var/www/site
_WITH_PROGRAMS = frozenset({"usr", "var"})
# Files in which tools say what to leave out, and sources that no browser loads as they are
_OF_TOOLS = regex(
    r"(?i)(?:.*/)?(?:pyproject\.toml|setup\.(?:cfg|py)|tox\.ini|pytest\.ini|package(?:-lock)?\.json|[jt]sconfig[^/]*\.json|biome\.jsonc?"
    r"|\.[^/]*|(?:.*/)?\.[^/]+/.*|Makefile|noxfile\.py|conftest\.py|[^/]*\.(?:tsx?|[cm]ts|jsx|s[ac]ss|less|vue|svelte|md|map|lock)"
    r"|(?:[^/]*\.config|webpack[^/]*|gulpfile[^/]*|gruntfile[^/]*|rollup[^/]*|vite[^/]*|esbuild[^/]*|build)\.[cm]?js)"
)
# Pages, and what browsers load with them
_OF_PAGES = regex(r"(?i).*\.(?:x?html?|djhtml|j2|jinja2?|mako|[cm]?js|css|svg)")
# Style sheets load others by these alone; what compilers of style sheets are told is gone when a browser reads them
_OF_STYLES = regex(r"(?i)\s*(?:@import\b|[^@]*\burl\().*")
# What names the folder of packages, or gathers files of it: https://django-npm.readthedocs.io, https://pypi.org/project/django-yarnpkg,
# https://pypi.org/project/django-node-assets
_NAMED = rb"\bnode_modules\b|\bNODE_MODULES|\bNPM_ROOT_PATH\b|\bnpm\.finders\b|\bNodeModulesFinder\b"
# Files that say where a build writes, by their usual names
_CONFIGURES = regex(
    r"(?:[^/]*\.config\.[cm]?[jt]s|webpack[^/]*\.[cm]?js|gulpfile[^/]*|Gruntfile[^/]*|rollup[^/]*\.[cm]?js|build\.[cm]?[jt]s|package\.json"
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
    makers = tuple(step for step in stage.steps if any(map(working_folder.makes, step.units)))
    last = working_folder.last_of(stage.steps, stage.steps.index(makers[-1]), folder)
    reason = working_folder.unclear(facts, stage.steps[: last + 1], folder) or _moves_late(facts, last)
    if reason is not None:
        return reason
    installs = tuple(dict.fromkeys(step for step, _, _ in facts.installs))
    kept = _named_packages(facts)
    roots = tuple(dict.fromkeys(each.into.root for _, _, each in facts.front_ends)) if not kept else ()
    carries = bool(kept) or _is_built(facts)
    builder = builder_of(stage.steps[: last + 1], facts, (folder,))
    runtime, texts = (
        working_folder.runtime_of_folder(facts, last, folder)
        if carries
        else (two_stage.but_installs(facts, environment), ())
    )
    texts += _drop_makers(runtime, environment.root)
    _drop_detours(facts, runtime, last, folder)
    reason = _runs_it(facts, units_of(runtime)) or two_stage.lost_by_moving(facts, environment, runtime, installs)
    if reason is not None:
        return reason
    exports = drop_exports(facts, builder, runtime)
    left = drop_managers(facts, runtime, environment, beside=True)
    reason = _stays(facts, runtime)
    if reason is not None:
        return reason
    dropped = (
        *left.texts,
        *drop_units(removed.commands, builder, runtime),
        *drop_settings(facts, builder, runtime),
        *exports,
        *texts,
    )
    tidies = roots and carries
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
            frozenset(Declared("FILE", root) for root in roots),
            (f"rm -rf {' '.join(_named_from(stage.after(stage.steps[last]).workdir or '/', roots))}",)
            if tidies
            else (),
            lightened="Node.js and the packages of the front end" if roots else "Node.js and its managers",
            notes=kept,
            size=_size(facts),
        ),
    )
    if isinstance(placed, Reason):
        return placed
    reason = next((why for package, why in placed.kept.items() if brings_node(package.name)), None)
    if reason is not None:
        return reason
    return replace(placed, beside={folder: folder}, beside_at=stage.steps[last].instruction) if carries else placed


def _is_front(unit: Unit) -> bool:
    """Whether a command installs packages for a front end, or builds one."""
    action = unit.effects.action
    manager = getattr(action, "manager", None)
    return isinstance(action, Build) or (
        working_folder.makes(unit) and isinstance(manager, LanguageManager) and manager.needs_runtime
    )


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
                posixpath.dirname(path) if posixpath.basename(path) == _PACKAGES else path
                for path in unit.effects.writes
            ]
    folders = [path for path in works if not any(path != other and within(path, other) for other in works)]
    folder = posixpath.commonpath(folders)
    first, *below = folder.strip("/").split("/")
    if not first or (first in SYSTEM_FOLDERS and not (first in _WITH_PROGRAMS and below[1:])):
        common = " and ".join(dict.fromkeys(folders))
        return at(f"the program and its front end have no folder of their own in common: {common}")
    return folder


def _is_built(facts: Facts) -> bool:
    """Whether something may be made of the front end's source: by a command, or by a script that an install runs."""
    if any(isinstance(unit.effects.action, Build) for _, unit in facts.final.units):
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
    programs = _programs()
    for step, indices in runtime.items():
        for index in indices:
            effects = step.units[index].effects
            makes = isinstance(effects.action, Make) and effects.action.environment.root == root
            tells = effects.action is None and not effects.writes and bool(effects.tools) and effects.tools <= programs
            brings = programs.issuperset(_for_all(step.units[index]) or ("",))
            if makes or tells or brings:
                gone.append((step, index))
                texts += [step.units[index].command.text] if not makes else []
    drop_units(gone, runtime)
    return tuple(texts)


def _for_all(unit: Unit) -> tuple[str, ...]:
    """The packages that a command installs for all programs of the image."""
    manager = by_program().get(posixpath.basename(unit.command.name or ""))
    known = isinstance(manager, LanguageManager) and manager.needs_runtime
    return manager.for_all(call_of(unit.command), unit.state) if isinstance(manager, LanguageManager) and known else ()


def _programs() -> frozenset[str]:
    """What runs the other language, and its managers, by their names in a shell."""
    node = runtime("node")
    own = [each for each in managers() if isinstance(each, LanguageManager) and each.needs_runtime]
    return frozenset({*(node.interpreters if node is not None else ()), "nodejs", "corepack"}).union(
        *(each.programs for each in own)
    )


def _runs_it(facts: Facts, staying: list[tuple[Step, Unit]]) -> Reason | None:
    """What runs the other language once the front end is built, or something else that leaves with what brought it."""
    if _PACKAGES in facts.final.end.env.get("PATH", ""):
        return at(f"PATH leads to programs in {_PACKAGES}, which the program may start")
    for mention in facts.application.search(rb"node_modules/\.bin\b"):
        if not _OF_TOOLS.fullmatch(mention.file):
            return at(f"{mention.file}:{mention.line} names a program of {_PACKAGES}, which Node.js runs")
    for name, why in sorted(needed(facts, sorted(_programs()), staying).items()):
        return at(f"{name} has to stay: {why}")
    full = facts.final.image is not None and facts.final.image.variant == "full"
    known, asked = known_packages(facts), _asked(facts)
    there = {name for package in asked if not brings_node(package) for name in known.commands(package)}
    along = {name: each for each in _come_along(facts, asked) for name in known.commands(each) if name not in there}
    if full or not along:
        return None
    for name, why in sorted(needed(facts, sorted(along), staying).items()):
        return at(f"{along[name]}, which comes along with Node.js, has to stay: {why}")
    compiler = run_time_compiler(facts)
    return compiler if compiler is not None and compiler.weight == "blocks" else None


def _asked(facts: Facts) -> frozenset[str]:
    """The packages of the system that the stage asks for."""
    installs = (system_install(unit.effects.action) for _, unit in facts.final.units)
    return frozenset(package.name for install in installs if install is not None for package in install.asked)


def _come_along(facts: Facts, asked: Iterable[str]) -> frozenset[str]:
    """The packages of the system that come only along with those that bring the other language: its manager's, its server's script's."""
    known, releases = known_packages(facts), suites(facts)
    found = {name for each in asked if brings_node(each) for name in known.alongside(each, releases, recommended=True)}
    if any(not each.paths and _is_beside(each.manager) for each in _provided(facts)):
        found |= {"curl", "gnupg"}
    return frozenset(found.difference(asked, _IN_BASES))


def _stays(facts: Facts, runtime: Placed) -> Reason | None:
    """What brings the other language and could not be taken out of the runtime stage."""
    for step, indices in runtime.items():
        actions = [step.action, *(step.units[index].effects.action for index in indices)]
        for action in actions:
            manager = action.manager if isinstance(action, Provide) else None
            if isinstance(manager, Manager) and manager.programs <= _programs() and manager.programs:
                return at("what a later command needs of Node.js is unknown", step.line)
    return None


def _moves_late(facts: Facts, last: int) -> Reason | None:
    """A front end whose packages were installed by one user, and would be taken away by another."""
    user = facts.final.after(facts.final.steps[last]).user
    for step, unit, install in facts.front_ends:
        if unit.state.user != user and not (unit.state.is_root and user in {"", "root", "0"}):
            return at(f"another user than the last one of the builder installs in {install.into.root}", step.line)
    return None


def _named_packages(facts: Facts) -> tuple[Reason, ...]:
    """Why packages of the front end come along: the program, a page, or what gathers files for them, names their folder."""
    pages = frozenset(filter(_OF_PAGES.fullmatch, facts.files))
    mentions = (*facts.started.image.search(_NAMED), *application(facts.context, pages).search(_NAMED))
    for mention in mentions:
        if not _OF_TOOLS.fullmatch(mention.file) and _is_loaded(facts, mention):
            where = f"{mention.file}:{mention.line}"
            return (at(f"the packages of the front end stay: {where} names {mention.word}"),)
    return ()


def _is_loaded(facts: Facts, mention: Mention) -> bool:
    """Whether a browser or a program may load what is named: not by what only tells a compiler of style sheets where to look."""
    if not mention.file.endswith(".css"):
        return True
    lines = (facts.context.read(mention.file) or "").splitlines()
    return _OF_STYLES.fullmatch(lines[mention.line - 1]) is not None if mention.line <= len(lines) else True


def _size(facts: Facts) -> int:
    """The bytes that Node.js takes at least, from wherever it was brought."""
    provided = _provided(facts)
    if any(each.runtimes for each in provided):
        return node_size("copied")
    if any(not each.paths and _is_beside(each.manager) for each in provided):
        return node_size("fetched")
    asked = _asked(facts)
    return sum(map(node_size, asked | ({"nodejs"} if "npm" in asked else set())))


def _provided(facts: Facts) -> list[Provide]:
    """What the stage brings of managers."""
    steps = facts.final.steps
    actions = [action for step in steps for action in (step.action, *(unit.effects.action for unit in step.units))]
    return [each for each in actions if isinstance(each, Provide)]


def _is_beside(manager: object) -> bool:
    return isinstance(manager, LanguageManager) and manager.needs_runtime


def _named_from(workdir: str, paths: Iterable[str]) -> list[str]:
    """How paths are written in a working directory."""
    return [shlex.quote(posixpath.relpath(path, workdir) if within(path, workdir) else path) for path in paths]


def _outside(facts: Facts, folder: str) -> Reason | None:
    """A configuration of a build that names a folder outside of what is carried."""
    return next(_named_outside(facts, folder), None)


def _named_outside(facts: Facts, folder: str) -> Iterator[Reason]:
    names = facts.context.files() or ()
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
        for name in sorted(names) if own is not None else ():
            if posixpath.dirname(name) != own or not _CONFIGURES.fullmatch(posixpath.basename(name)):
                continue
            for number, line in enumerate((facts.context.read(name) or "").splitlines(), 1):
                output = _OUTPUT.search(line)
                if len(_ABOVE.findall(line)) > depth or (output is not None and not within(output[1], folder)):
                    yield doubt(f"{name}:{number} may have the build write outside of {folder}")
