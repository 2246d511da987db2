"""The ``conda-hygiene`` transform."""

from __future__ import annotations

import re
from typing import ClassVar

from dockfix.engine.transform import Edit, Outcome, Transform
from dockfix.facts import Facts
from dockfix.lazy import regex
from dockfix.managers.commands import call_of
from dockfix.managers.protocol import Manager
from dockfix.managers.registry import by_program
from dockfix.model.reason import Reason, at
from dockfix.model.stages import Stage, Step, Unit
from dockfix.syntax.shell_form import append

_FROM_THEM = regex(r"(?<![\w-])--(?:offline|clone)(?![\w-])")
_SETTINGS = frozenset({".condarc", "condarc", ".mambarc"})


class CondaHygiene(Transform):
    """Remove what conda downloaded in the RUN that installs.

    What it does
        Adds ``conda clean -afy`` (``micromamba clean --all --yes``) to each RUN in which conda, mamba or micromamba installs
        packages or makes an environment, and that doesn't remove the downloads itself.

    Why
        conda keeps the archive and an unpacked copy of each package, and the channels' index. What an environment shares with
        that copy costs nothing, the rest of it stays in the layer for ever: a later ``conda clean`` cannot take it out.

    Example
        RUN conda env create -f env.yml         RUN conda env create -f env.yml && conda clean -afy

    Fix safety
        Safe: environments hold their packages themselves. Left alone where packages are linked by symbolic links or the
        cache is moved (``allow_softlinks``, ``CONDA_PKGS_DIRS``, ``.condarc``), where something uses it (``--offline``,
        ``--clone``, a path in it), where the RUN is more than commands joined by ``&&`` or another shell runs it, and for
        images with a conda before 4.6. No cache mount is made: over a mount conda copies each file instead of linking it,
        and the clean-up of another RUN would empty it.
    """

    title: ClassVar[str] = "remove what conda downloaded"
    after: ClassVar[frozenset[str]] = frozenset({"merge-runs"})

    def apply(self, facts: Facts) -> Outcome:
        """Goes over the stages whose layers are in the image."""
        edits: list[Edit] = []
        refusals: list[Reason] = []
        for stage in facts.final.lineage:
            for step in stage.of("RUN"):
                found = next(filter(None, (_tidied(stage, unit) for unit in reversed(step.units))), None)
                if found is None or _tidies(step, found[0]):
                    continue
                manager, command = found
                reason = _used(facts, manager) or _not_a_chain(step)
                run = append(facts.tree, step.instruction, command) if not reason else None
                if run is None:
                    why = reason or "the RUN could not be written again"
                    refusals.append(at(f"what {manager.title} downloaded stays: {why}", step.line))
                    continue
                said = f"what {manager.title} downloaded, which no environment needs, is removed in the same layer"
                edits.append(Edit(step.instruction, (run,), step.line, said))
        return Outcome(edits, refusals=refusals)


def _tidied(stage: Stage, unit: Unit) -> tuple[Manager, str] | None:
    """The manager whose downloads a command leaves, and the command that removes them."""
    manager = by_program().get((unit.command.name or "").rpartition("/")[2])
    command = manager.tidied_by(call_of(unit.command), stage.base or "") if manager is not None else ""
    return (manager, command) if manager is not None and command else None


def _tidies(step: Step, manager: Manager) -> bool:
    """Whether a RUN removes downloads itself, or keeps them in a mount."""
    names = "|".join(map(re.escape, sorted(manager.programs)))
    args = step.instruction.args
    return re.search(rf"\b(?:{names})\s+clean\b|\brm\s[^&;|]*/pkgs", args) is not None or any(
        flag.name == "mount" and "pkgs" in (flag.value or "") for flag in step.instruction.flags
    )


def _not_a_chain(step: Step) -> str:
    """Why nothing can be added to a RUN, "" where something can."""
    node, form = step.instruction, step.shell_form
    ends = form is not None and form.is_chain and node.args.endswith(step.units[-1].command.text)
    if node.heredocs or not ends:
        return "the RUN is more than commands joined by &&"
    return "another shell runs it" if step.state.shell else ""


def _used(facts: Facts, manager: Manager) -> str:
    """What uses downloads, or says where they lie, "" for nothing."""
    for step in (step for stage in facts.model.stages for step in stage.steps):
        text = step.instruction.text
        calls = any(unit.command.name in manager.programs for unit in step.units)
        if (manager.downloads.search(text) and not _tidies(step, manager)) or (calls and _FROM_THEM.search(text)):
            return f"the {step.keyword} in line {step.line} works on it"
    for where, text in facts.startup.texts.items():
        if manager.downloads.search(text) or _FROM_THEM.search(text):
            return f"{where} works on it"
    name = next((name for name in sorted(facts.files) if name.rpartition("/")[2] in _SETTINGS), "")
    return f"{name} sets where it lies, or how packages are linked" if name else ""
