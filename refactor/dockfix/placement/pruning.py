"""What only development needs, in a stage whose packages the last one of several copies: taken away where they were installed."""

from __future__ import annotations

import posixpath

from dockfix.context.manifests.locked import DEV
from dockfix.context.named_targets import named_targets
from dockfix.dataclass import dataclass
from dockfix.facts import Facts
from dockfix.facts.between_stages import handed, is_plain, names_of, others, taken_from
from dockfix.facts.javascript import development, needed_in_production
from dockfix.facts.without_building import may_use, scripts_of_packages
from dockfix.managers.protocol import LanguageManager, Production, Recipe
from dockfix.managers.verbs import language_install, of_language
from dockfix.model.actions import Build, Install, Remove
from dockfix.model.effects import within
from dockfix.model.reason import Reason, at
from dockfix.model.stages import Stage, Step, Unit


@dataclass(frozen=True)
class Pruned:
    """How the packages ``names`` stay out: the install, in ``step``, leaves them out by the ``recipe``; or where the stage builds with
    them ``command`` takes them away behind its last step. ``doubts`` say what could need one all the same.
    """

    step: Step
    names: tuple[str, ...]
    recipe: Recipe | None = None
    command: str = ""
    doubts: tuple[Reason, ...] = ()


def pruned(facts: Facts) -> Pruned | Reason | None:
    """How the image gets no packages that only development needs; why it gets them all the same, None where none are seen to come."""
    names = facts.ask(development) if facts.is_javascript and len(facts.model.stages) > 1 else {}
    found = _carried(facts) if names and facts.context.dockerfile is not None and is_plain(facts) else None
    if found is None or facts.context.dockerfile is None:
        return None
    stage, (step, unit, install) = found
    said = "packages for development come along"
    if stage.name.lower() in named_targets(facts.context.dockerfile):
        return at(f"{said}: {stage.name} is built by its name, too, for which nobody knows what it needs", step.line)
    if not facts.startup.programs:
        return at(f"{said}: nothing says what a container of the image runs", step.line)
    user = _other_user(facts, stage)
    if user:
        return at(f"{said}: {user} takes from the stage {stage.name or stage.index}, too", step.line)
    if install.dynamic or install.chosen_by or install.blocked or (install.asked and "--no-save" in unit.command.text):
        return at(f"{said}: more is installed than the project's files name", step.line)
    reason = needed_in_production(facts)
    if reason is not None and reason.weight == "blocks":
        return at(f"{said}: {reason.text}", reason.line or step.line)
    manager, given = install.manager, facts.given.get(install)
    if not isinstance(manager, LanguageManager) or given is None:
        return None
    unknown = (reason, facts.unknown, facts.startup.unknown)
    doubts = tuple(dict.fromkeys(each for each in unknown if each is not None))
    if not doubts and _only_installs(facts, stage, install):
        way = manager.production(install, given, facts.every_manifest[install], facts.tree.text)
        if isinstance(way, Production):
            return Pruned(step, tuple(sorted(names)), way.recipe)
    command = manager.without_development(install, given)
    if isinstance(command, Reason):
        return at(f"{said}: {command.text}", command.line or step.line)
    folder = posixpath.dirname(install.into.root)
    if stage.end.workdir != folder:
        command = f"cd {folder} && {command}"
    return Pruned(stage.steps[-1], tuple(sorted(names)), command=command, doubts=doubts)


def _only_installs(facts: Facts, stage: Stage, install: Install) -> bool:
    """Whether nothing in a stage, and no script that the install runs, may need a package for development."""
    manifest = facts.every_manifest[install]
    units = [unit for part in stage.lineage for _, unit in part.units]
    own = manifest.needs_source or manifest.runs_own or manifest.unknown
    return not own and not any(map(may_use, units)) and scripts_of_packages(facts) is None


def _carried(facts: Facts) -> tuple[Stage, tuple[Step, Unit, Install]] | None:
    """The one stage of whose packages the image gets all, and its install that brings those for development; None where there is none."""
    for stage in others(facts):
        installs = [
            (step, unit, install)
            for step, unit in stage.units
            if (install := language_install(unit.effects.action)) is not None
            and install.into.root.endswith("node_modules")
        ]
        if len(installs) != 1 or installs[0][2] not in facts.every_manifest:
            continue
        root = installs[0][2].into.root
        if DEV not in facts.groups_of(installs[0][2]) or not any(
            within(root, each.source) for each in handed(facts, stage)
        ):
            continue
        clears = any(
            isinstance(unit.effects.action, Remove) and of_language(unit.effects.action) for _, unit in stage.units
        )
        opaque = any(unit.effects.opaque for _, unit in stage.units)
        if clears or opaque or stage.of("ONBUILD", "VOLUME") or _works_on_packages(facts):
            return None
        return stage, installs[0]
    return None


def _works_on_packages(facts: Facts) -> bool:
    """Whether a step of the image installs or builds itself, or does what only the program knows."""
    units = [unit for stage in facts.final.lineage for _, unit in stage.units]
    return any(
        unit.effects.unbounded or isinstance(unit.effects.action, Build) or of_language(unit.effects.action)
        for unit in units
    )


def _other_user(facts: Facts, stage: Stage) -> str:
    """Another stage than those of the image that starts from a stage or copies from it, "" for none."""
    own = names_of(stage)
    for other in facts.model.stages:
        if other in facts.final.lineage or other is stage:
            continue
        if stage in other.lineage or own.intersection(taken_from(other)):
            return f"the stage {other.name or other.index}"
    return ""
