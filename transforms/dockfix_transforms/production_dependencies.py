"""The ``production-dependencies`` transform."""

from __future__ import annotations

from typing import ClassVar

from dockfix.engine.transform import Edit, Outcome, Transform, refuse
from dockfix.facts import Facts
from dockfix.facts.development import Lost, doubts, lost, misses
from dockfix.managers.commands import call_of
from dockfix.managers.protocol import LanguageManager
from dockfix.managers.verbs import language_install
from dockfix.model.reason import Declared, Reason, at
from dockfix.syntax.shell import Word

_SHOWN = 2


class ProductionDependencies(Transform):
    """Leave out the packages that only serve to develop.

    What it does
        Gives each install by uv, Poetry, PDM or Pipenv the switch that leaves the development group out: ``--no-dev``,
        ``--without dev``, ``--prod``; ``pipenv install`` loses ``--dev``.

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
        alone without a lock, where a ``devcontainer.json`` has people develop in the image, and in a file with several stages.
    """

    title: ClassVar[str] = "leave out packages that only serve to develop"
    after: ClassVar[frozenset[str]] = frozenset({"direct-start", "secrets"})
    may_break: ClassVar[tuple[str, ...]] = ("packages", "modules", "commands")

    def apply(self, facts: Facts) -> Outcome:
        """Rewrites every install that brings the group."""
        if len(facts.model.stages) > 1:
            return Outcome()
        edits: list[Edit] = []
        groups: set[str] = set()
        found: list[Lost] = []
        told = facts.tree.text
        for step in dict.fromkeys(step for step, _, _ in facts.installs):
            inserted: list[tuple[Word, str]] = []
            removed: list[Word] = []
            for unit in step.units:
                install = language_install(unit.effects.action)
                if (
                    install is None
                    or not isinstance(install.manager, LanguageManager)
                    or install not in facts.manifests
                ):
                    continue
                gone = lost(facts, install)
                if gone is None:
                    continue
                if isinstance(gone, Reason):
                    return refuse(gone.at(step.line))
                way = install.manager.production(install, call_of(unit.command), facts.manifests[install], told)
                reason = way if isinstance(way, Reason) else misses(facts, gone)
                if reason is not None or isinstance(way, Reason):
                    stays = f"{gone.title} stays: {reason.text if reason is not None else ''}"
                    return refuse(at(stays, (reason.line if reason is not None else 0) or step.line))
                inserted += way.recipe.insert
                removed += way.recipe.remove
                groups |= way.groups
                found.append(gone)
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


def _left_out(gone: Lost) -> str:
    more = len(gone.names) - len(gone.asked[:_SHOWN])
    listed = ", ".join(gone.asked[:_SHOWN])
    return f"{gone.title} is left out: {listed}{f' and {more} more' if more else ''}"
