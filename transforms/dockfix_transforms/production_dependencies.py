"""The ``production-dependencies`` transform."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from dockfix.context.manifests.locked import DEV
from dockfix.engine.transform import Edit, Outcome, Transform, refuse
from dockfix.facts import Facts
from dockfix.facts.development import Lost, doubts, lost, misses
from dockfix.facts.without_building import never_needed
from dockfix.managers.protocol import LanguageManager, Production, Recipe
from dockfix.model.reason import Declared, Reason, at
from dockfix.syntax import snippet

_SHOWN = 2


class ProductionDependencies(Transform):
    """Leave out the packages that only serve to develop.

    What it does
        Gives each install by uv, Poetry, PDM or Pipenv the switch that leaves the development group out: ``--no-dev``,
        ``--without dev``, ``--prod``; ``pipenv install`` loses ``--dev``. Where nothing is built, npm's gets
        ``--omit=dev``, pnpm's ``--prod`` and that of Yarn 1 ``--production``. Where the last of several stages copies the
        ``node_modules`` of one that builds, they are taken away at the end of that: ``npm prune --omit=dev --no-save``.

    Why
        uv, Poetry and PDM install the group unless they are told not to: pytest, linters and all that they bring, often a third of
        the environment, in an image that runs none of them.

    Example
        RUN uv sync --frozen                    RUN uv sync --no-dev --frozen

    Fix safety
        Safe where a lock tells what only the group brings, all of that is known to serve nothing but development (pytest,
        mypy, ruff, Sphinx …), and nothing that stays names any of it: no CMD, ENTRYPOINT, HEALTHCHECK, script, RUN or Compose
        command, no import or string of code that may run, no settings, no ``docker run`` in a workflow, a Makefile or a document.
        Unsafe where the group brings other packages too: one that is there may be used by another that does without
        it elsewhere; where Compose mounts the source, and where nothing says what a container runs: people may test there. Left
        alone without a lock, where a ``devcontainer.json`` has people develop in the image, and in a file with several stages, but for
        ``node_modules`` that no other stage takes and that nothing builds by the stage's name.
    """

    title: ClassVar[str] = "leave out packages that only serve to develop"
    after: ClassVar[frozenset[str]] = frozenset({"direct-start", "secrets"})
    may_break: ClassVar[tuple[str, ...]] = ("packages", "modules", "commands")

    def apply(self, facts: Facts) -> Outcome:
        """Rewrites every install that brings the group."""
        if len(facts.model.stages) > 1:
            return _of_several_stages(facts)
        if facts.is_javascript:
            return _of_javascript(facts)
        edits: list[Edit] = []
        groups: set[str] = set()
        found: list[Lost] = []
        told = facts.tree.text
        for step in dict.fromkeys(step for step, _, _ in facts.installs):
            recipes: list[Recipe] = []
            for _, _, install in (each for each in facts.installs if each[0] is step):
                gone = lost(facts, install)
                if gone is None or not isinstance(install.manager, LanguageManager):
                    continue
                if isinstance(gone, Reason):
                    return refuse(gone.at(step.line))
                way = install.manager.production(install, facts.given[install], facts.manifests[install], told)
                if not isinstance(way, Reason):
                    way = misses(facts, gone) or way
                if isinstance(way, Reason):
                    return refuse(at(f"{gone.title} stays: {way.text}", way.line or step.line))
                recipes.append(way.recipe)
                groups |= way.groups
                found.append(gone)
            inserted = [each for recipe in recipes for each in recipe.insert]
            removed = [word for recipe in recipes for word in recipe.remove]
            if inserted or removed:
                form = step.shell_form
                run = form.edited(insert=inserted, remove=removed) if form is not None else None
                if run is None:
                    return refuse("the install could not be written again", step.line)
                edits.append(Edit(step.instruction, (run,), step.line, _left_out(found[-1])))
        names = {name for gone in found for name in gone.names}
        return Outcome(
            edits,
            doubts=tuple(dict.fromkeys(doubt for gone in found for doubt in doubts(facts, gone))),
            declares=frozenset(
                {*(Declared("GROUP", name) for name in groups), *(Declared("DISTRIBUTION", name) for name in names)}
            ),
        )


def _of_javascript(facts: Facts) -> Outcome:
    """Rewrites the installs where nothing in the file needs what they bring for development alone."""
    names = facts.ask(never_needed)
    edits: list[Edit] = []
    for step, _, install in facts.installs if names else ():
        if DEV not in facts.groups_of(install) or not isinstance(install.manager, LanguageManager):
            continue
        way = install.manager.production(install, facts.given[install], facts.manifests[install], facts.tree.text)
        form = step.shell_form
        run = form.edited(insert=way.recipe.insert) if isinstance(way, Production) and form is not None else None
        if run is None or any(each.node is step.instruction for each in edits):
            return Outcome()
        said = f"packages that only development needs are left out: {_listed(sorted(names), len(names))}"
        edits.append(Edit(step.instruction, (run,), step.line, said))
    if not edits:
        return Outcome()
    gone = (Declared("DISTRIBUTION", name) for name in names)
    return Outcome(edits, declares=frozenset({Declared("GROUP", DEV), *gone}))


def _of_several_stages(facts: Facts) -> Outcome:
    """Takes away, in the stage that installs them, what only development needs of the packages that the last stage copies."""
    if not facts.is_javascript:
        return Outcome()
    from dockfix.placement.pruning import pruned  # few files need it

    found = facts.ask(pruned)
    if found is None:
        return Outcome()
    if isinstance(found, Reason):
        return refuse(found)
    names = frozenset(Declared("DISTRIBUTION", name) for name in found.names)
    listed, node = _listed(found.names, len(found.names)), found.step.instruction
    if found.recipe is not None:
        form = found.step.shell_form
        run = form.edited(insert=found.recipe.insert) if form is not None else None
        said = f"packages that only development needs are left out: {listed}"
        edits = [Edit(node, (run,), node.line, said)] if run is not None else []
        return Outcome(edits, declares=names | {Declared("GROUP", DEV)} if edits else frozenset())
    after = snippet(facts.tree, f"RUN {found.command}\n", node.line)
    said = f"packages that only development needs do not come along: {listed}"
    return Outcome([Edit(node, (node, *after), node.line, said)], doubts=found.doubts, declares=names)


def _left_out(gone: Lost) -> str:
    return f"{gone.title} is left out: {_listed(gone.asked, len(gone.names))}"


def _listed(names: Sequence[str], total: int) -> str:
    """The first of the names, and how many more there are in all."""
    more = total - len(names[:_SHOWN])
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more else "")
