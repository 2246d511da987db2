"""The ``dependency-layer`` transform."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import ClassVar

from dockfix.context.patterns import has_wildcards
from dockfix.engine.transform import Edit, Outcome, Transform, refuse
from dockfix.facts import SYSTEM_FOLDERS, Facts, from_context
from dockfix.facts.between_stages import manifests_of_all
from dockfix.facts.covered import brings_environment
from dockfix.managers.commands import call_of
from dockfix.managers.protocol import LanguageManager, Recipe
from dockfix.managers.verbs import by_system, language_install
from dockfix.model.actions import Clean, Configure, Install, Make, Remove, ShellState
from dockfix.model.effects import overlap, within
from dockfix.model.reason import Reason
from dockfix.model.stages import Copy, Stage, Step, Unit
from dockfix.model.state import State
from dockfix.syntax import Blank, Dockerfile, Instruction, Node, expand, snippet

from ._layout import leading, place_right_above, with_leading

_INDEPENDENT = {"ENV", "ARG", "LABEL", "EXPOSE", "CMD", "ENTRYPOINT", "HEALTHCHECK", "STOPSIGNAL", "MAINTAINER"}


class DependencyLayer(Transform):
    """Copy the dependency manifests and install them before the source is copied.

    What it does
        Where the whole source is copied before ``pip install -r``, copies only the requirements files (with the files that
        they include by ``-r`` and ``-c``) first, installs, and then copies the source. uv, Poetry and PDM get their
        manifest and lock first, and leave the project out (``--no-install-project``, ``--no-root``, ``--no-self``); the line as it
        was comes once more after the source. npm gets package.json, the lock, ``.npmrc`` and the manifests of all members of
        a workspace. With these comes what install scripts of packages read of the project: Prisma's schema, puppeteer's settings.
        A file may have several stages: each is looked at.

    Why
        A layer is rebuilt when anything that it depends on changes. With the source first, every change of a line of
        code installs all dependencies again.

    Example
        COPY . .                                COPY requirements.txt .
        RUN pip install -r requirements.txt     RUN pip install -r requirements.txt
                                                COPY . .

    Fix safety
        Safe. The install is moved only if the requirements files are in the build context, name no local project, and nothing
        between the COPY and the install needs the source: no script of the project, and none of a package that may read any of its files.
    """

    title: ClassVar[str] = "install dependencies before the source is copied"
    after: ClassVar[frozenset[str]] = frozenset({"production-dependencies", "secrets"})
    repeats: ClassVar[bool] = True
    sees_to: ClassVar[frozenset[str]] = frozenset({"dependencies first"})

    def apply(self, facts: Facts) -> Outcome:
        """Moves the one COPY that brings the source below the installs that only need manifests."""
        found = Outcome()
        for stage in facts.model.stages:
            outcome = _of_stage(facts, stage)
            if outcome.edits:
                return outcome
            found = found if found.refusals else outcome
        return found


def _of_stage(facts: Facts, stage: Stage) -> Outcome:
    """Moves the first COPY of a stage that can be moved."""
    steps = stage.steps
    found = Outcome()
    # the last comes first: of several that go below the same install, none may pass another
    for number, step in reversed(list(enumerate(steps))):
        if not _brings_source(facts, step):
            continue
        below = steps[number + 1 :]
        installs = [later for later in below if _installs_of(later) and not _is_prepared(facts, step, later)]
        if _is_layer(facts, step, installs):
            continue
        outcome = _move(facts, step, below, installs) if installs else Outcome()
        if outcome.edits:
            return outcome
        found = outcome if outcome.refusals else found
    return found


def _parted(tree: Dockerfile, source: Step, install: Step, nodes: tuple[Node, ...]) -> tuple[Node, ...]:
    """The source's lines as they go below an install: parted from it where it was parted from them."""
    if isinstance(nodes[0], Blank):
        return nodes
    blanks = [each for each in leading(tree, install.instruction) if isinstance(each, Blank)][:1]
    return (*(Blank(each.text, source.line) for each in blanks), *nodes)


def _source_below(facts: Facts, install: Step) -> Blank | None:
    """The blank line between an install and a COPY of the source, where nothing else parts them; None where that isn't so."""
    nodes = facts.tree.nodes
    position = nodes.index(install.instruction) + 1
    blank, below = (*nodes[position : position + 2], None, None)[:2]
    step = next((each for each in facts.stage_of[install].steps if each.instruction is below), None)
    parted = isinstance(blank, Blank) and step is not None and _brings_source(facts, step)
    return blank if parted and isinstance(blank, Blank) else None


def _brings_source(facts: Facts, step: Step) -> bool:
    """Whether a COPY or ADD takes a folder of the build context, and not only one of manifests."""
    if step.copy is None or not from_context(step) or not facts.copies[step].directories:
        return False
    return any(not name.endswith((".txt", ".in", ".lock")) for name in facts.copies[step].files)


def _is_layer(facts: Facts, step: Step, installs: Iterable[Step]) -> bool:
    """Whether a COPY brings a folder for the installs themselves: of what they read no manifest, but what scripts of packages ask for."""
    closures = [facts.ask(manifests_of_all)[install].closures for each in installs for install in _installs_of(each)]
    read = {name for each in closures for names in each.values() for name in names} & facts.copies[step].files
    named = {
        posixpath.basename(path) for each in installs for install in _installs_of(each) for path in install.manifests
    }
    return bool(read) and named.isdisjoint(map(posixpath.basename, read))


def _installs_of(step: Step) -> list[Install]:
    return [install for unit in step.units if (install := language_install(unit.effects.action)) is not None]


def _move(facts: Facts, source: Step, below: tuple[Step, ...], installs: list[Step]) -> Outcome:
    copy = source.copy
    if copy is None or copy.target is None:
        return refuse("where the source is copied to is unknown", source.line)
    target = copy.target
    if target == "/" and any(name.split("/", 1)[0] in SYSTEM_FOLDERS for name in facts.copies[source].files):
        return refuse("the source is copied over the root folder and has system folders of its own", source.line)
    moved: list[Step] = []
    manifests: list[str] = []
    for step in below:
        reason = _needs_source(facts, step, source, target)
        if step in installs and not reason:
            moved.append(step)
            manifests += [name for name in _manifest_files(facts, step, target) if name not in manifests]
        elif reason:
            if not manifests and any(each in installs for each in below[below.index(step) :]):
                return refuse(f"{reason}, so the source has to come first", step.line)
            break
    if not moved or not manifests:
        return Outcome()
    return _edits(facts, source, below, moved, manifests)


def _needs_source(facts: Facts, step: Step, source: Step, target: str) -> str:
    """Why ``step`` cannot run before the source is there, "" where it can."""
    if step.keyword in {"WORKDIR", *_INDEPENDENT}:
        same = _goes(source, facts.stage_of[step].after(step)) == _goes(source, source.state)
        return "" if same else f"{step.keyword} changes where the source goes"
    if step.copy is not None:
        clash = step.all_effects[0].opaque or overlap(_places(facts, step, step.copy), (target,))
        return "another COPY goes to the same place" if clash else ""
    if step.keyword != "RUN":
        return f"{step.keyword} stands between the source and the install"
    brought: list[str] = []
    for unit in step.units:
        effects, action = unit.effects, unit.effects.action
        install = language_install(action)
        if install is not None:
            reason = _install_needs_source(facts, step.units, unit, install, target)
            if reason:
                return reason
            brought += (install.into.root, *install.files)
        elif isinstance(action, Clean | ShellState | Make) or (by_system(action) and not isinstance(action, Remove)):
            continue
        elif effects.unbounded:
            return f"{unit.command.called} may need the source"
        elif target == "/" or overlap(_but(brought, (*effects.reads, *effects.writes)), (target,)):
            return f"{unit.command.called} works on the source"
    return ""


def _goes(source: Step, state: State) -> tuple[str | None, ...]:
    """What a COPY that was written in this state would take, and where it would go."""
    *taken, target = [expand(word, state.variables) for word in source.instruction.words]
    return (*taken, None if target is None else state.path(target))


def _places(facts: Facts, step: Step, copy: Copy) -> Sequence[str]:
    """Where what a COPY brings comes to lie: named files each for itself, and anything else wherever it goes to."""
    taken = facts.copies.get(step)
    folders = taken is None or not taken.known or taken.missing or taken.directories or taken.skipped
    if step.keyword != "COPY" or folders or not copy.target_is_folder or any(map(has_wildcards, copy.sources)):
        return step.all_effects[0].writes
    return [posixpath.join(copy.target or "/", posixpath.basename(source)) for source in copy.sources]


def _but(brought: Iterable[str], paths: Iterable[str]) -> list[str]:
    """The paths without those that an install in the same RUN fills, or whose files come along with it."""
    return [path for path in paths if not any(within(path, each) for each in brought)]


def _install_needs_source(facts: Facts, units: Sequence[Unit], unit: Unit, install: Install, target: str) -> str:
    manager = install.manager
    assert isinstance(manager, LanguageManager)
    others = [path for path in unit.effects.reads if path not in install.files]
    if overlap(others, (target,)) and not (install.projects or install.editable):
        return f"{manager.title} reads files that may come with the source"
    recipe = _recipe(facts, unit, install)
    if isinstance(recipe, Reason):
        return recipe.text
    if recipe.again and any(_more_than_installs(each) for each in units):
        return f"the RUN does more than {manager.title} install, which has to run once more"
    return ""


def _more_than_installs(unit: Unit) -> bool:
    action = unit.effects.action
    return language_install(action) is None and not isinstance(action, Clean | Configure | ShellState)


def _recipe(facts: Facts, unit: Unit, install: Install) -> Recipe | Reason:
    assert isinstance(install.manager, LanguageManager)
    return install.manager.without_project(install, call_of(unit.command), facts.ask(manifests_of_all)[install])


def _rewritten(facts: Facts, step: Step) -> tuple[Instruction, bool] | None:
    """The RUN that installs only what the manifests name, and whether it runs once more as it is; None where it can't be written.

    Where it does, it leaves out here what an install without the project has done already, and the installs behind the last of these.
    """
    found = {
        number: recipe
        for number, unit in enumerate(step.units)
        if (install := language_install(unit.effects.action)) is not None
        and isinstance(recipe := _recipe(facts, unit, install), Recipe)
    }
    again = [number for number, recipe in found.items() if recipe.again]
    if not any(recipe.insert or recipe.remove for recipe in found.values()):
        return (step.instruction, bool(again))
    drop: set[int] = set()
    if again:
        words: dict[frozenset[str], int] = {}
        drop = {
            number
            for number, recipe in found.items()
            if words.setdefault(_words(step.units[number], recipe), number) != number
        }
        drop |= {number for number in found if number > max(again)}
    kept = [recipe for number, recipe in found.items() if number not in drop]
    insert = [pair for recipe in kept for pair in recipe.insert]
    remove = [word for recipe in kept for word in recipe.remove]
    run = step.shell_form.edited(drop=drop, insert=insert, remove=remove) if step.shell_form is not None else None
    return (run, bool(again)) if run is not None else None


def _words(unit: Unit, recipe: Recipe) -> frozenset[str]:
    """The words of a command as it is written again, in whatever order."""
    kept = [word.text for word in unit.command.words if word not in recipe.remove]
    return frozenset((*kept, *(text for _, text in recipe.insert)))


def _is_prepared(facts: Facts, source: Step, step: Step) -> bool:
    """Whether a RUN installs what an earlier one has installed: before the source all the same, or the project from the same manifests."""
    steps = [each for stage in facts.stage_of[source].lineage for each in stage.steps]
    above = steps[: steps.index(source)]
    if any(each.instruction.args == step.instruction.args and _installs_of(each) for each in above):
        return True
    installs = _installs_of(step)
    if not any(install.projects or install.editable for install in installs):
        return False
    before = [install for each in steps[: steps.index(step)] for install in _installs_of(each)]
    return all(any(map(partial(_prepares, install), before)) for install in installs)


def _prepares(install: Install, other: Install) -> bool:
    """Whether an earlier install has brought all that another one does, or all but a project."""
    here, there = {*install.projects, *install.editable}, {*other.projects, *other.editable}
    return (
        other.manager is install.manager
        and other.into.root == install.into.root
        and set(other.manifests) >= set(install.manifests)
        and (there < here or not here)
    )


def _manifest_files(facts: Facts, step: Step, target: str) -> list[str]:
    closures = [facts.ask(manifests_of_all)[install].closures for install in _installs_of(step)]
    found = [name for each in closures for path, names in each.items() if overlap((path,), (target,)) for name in names]
    return list(dict.fromkeys(found))


def _reader(facts: Facts, below: Sequence[Step], moved: Sequence[Step], target: str) -> Step | None:
    """The install above which the manifests are copied: the first that reads them, where a RUN stands between the source and it.

    A change of a manifest then runs nothing again that doesn't read it. None where none is between, or one goes into a folder, which the
    COPY may have to make.
    """
    first = next(step for step in moved if _manifest_files(facts, step, target))
    between = [step for step in below[: below.index(first)] if step.keyword == "RUN"]
    goes = any(isinstance(unit.effects.action, ShellState) for step in between for unit in step.units)
    return first if between and not goes else None


def _copied_before(facts: Facts, source: Step) -> frozenset[str]:
    """The files of the build context that lie already where a COPY brings them again, and that nothing has touched in between."""
    stage = facts.stage_of[source]
    steps, layout = [each for part in stage.lineage for each in part.steps], facts.layouts.of(stage)
    found: dict[str, str] = {}
    for step in steps[: steps.index(source)]:
        if step in facts.copies:
            for name in facts.copies[step].files:
                found |= dict.fromkeys(layout.by(step, name), name)
        for effects in step.all_effects if step.units else ():
            if effects.unbounded:
                return frozenset()
            found = {path: name for path, name in found.items() if not overlap(effects.writes, (path,))}
    return frozenset(name for path, name in found.items() if path in layout.by(source, name))


def _lines(groups: Mapping[str, Sequence[str]], written: str) -> list[str] | None:
    """A COPY for the manifests of each folder; None where a name would have to be quoted."""
    lines = []
    for sub, names in groups.items():
        where = posixpath.join(written, sub) + "/" if sub else written
        if not sub and (len(names) > 1 or written not in {".", "./"}):
            where = written.rstrip("/") + "/"
        if any(" " in word for word in [*names, where]):
            return None
        lines.append(f"COPY {' '.join(names)} {where}\n")
    return lines


def _edits(facts: Facts, source: Step, below: Sequence[Step], moved: Sequence[Step], manifests: list[str]) -> Outcome:
    """COPY lines for the manifests in place of the source's COPY, or further down; the source goes below the last of the installs."""
    copy = source.copy
    tree = facts.tree
    if copy is None or copy.target is None or len(facts.copies[source].directories) != 1 or len(copy.sources) != 1:
        return refuse("the source is copied from several folders at once", source.line)
    written = source.instruction.words[-1]
    groups: dict[str, list[str]] = {}
    there = _copied_before(facts, source)
    for name in manifests:
        if name in there:
            continue
        path = next(iter(facts.layouts.of(facts.stage_of[source]).by(source, name)), "")
        if not path:
            return refuse(f"{name} does not come with this COPY", source.line)
        groups.setdefault(posixpath.dirname(posixpath.relpath(path, copy.target)), []).append(name)
    lines = _lines(groups, written)
    if lines is None:
        return refuse("a name with a space would have to be quoted", source.line)
    manifest_copy = snippet(tree, "".join(lines), source.line)
    comments, source_nodes = with_leading(tree, source.instruction)
    reader = _reader(facts, below, moved, copy.target)
    gone = comments if reader is None else source_nodes[:-1]
    edits = [Edit(node, (), source.line, "") for node in gone]
    joins = None if isinstance(source_nodes[0], Blank) else _source_below(facts, moved[-1])
    if joins is None:
        source_nodes = _parted(tree, source, moved[-1], source_nodes)
    edits.append(
        Edit(
            source.instruction,
            manifest_copy if reader is None else (),
            source.line,
            f"{', '.join(manifests)} {'are' if len(manifests) > 1 else 'is'} {'copied and ' if lines else ''}installed before the source, "
            "so that a change of code does not install everything again",
        )
    )
    again: list[Node] = []
    for step in moved:
        rewritten = _rewritten(facts, step)
        if rewritten is None:
            return refuse("the install could not be written again", step.line)
        run, repeats = rewritten
        root = next(iter(_installs_of(step))).into.root
        if not repeats and brings_environment(facts, source, root):
            return refuse(f"the source may bring another {root}, which the install would have to come after", step.line)
        run_nodes: tuple[Node, ...] = (run,)
        if step is reader:
            place = place_right_above(tree, step.instruction)
            if place is not step.instruction:
                edits.append(Edit(place, (*manifest_copy, place), place.line, ""))
            else:
                run_nodes = (*manifest_copy, run)
        if repeats:
            above = leading(tree, step.instruction)
            again += [type(each)(each.text, each.line) for each in above if isinstance(each, Blank)][:1]
            again.append(Instruction(step.instruction.text, step.line, step.instruction.escape))
        if joins is not None and not again and step is moved[-1]:
            edits.append(Edit(joins, (joins, *source_nodes), joins.line, ""))
            source_nodes = ()
        if step is not moved[-1]:
            edits.append(Edit(step.instruction, run_nodes, step.line, ""))
        else:
            edits.append(Edit(step.instruction, (*run_nodes, *source_nodes, *again), step.line, ""))
    return Outcome(edits)
