"""What speaks against every split: more stages, a base image that is not known, no installs, or such that cannot be repeated."""

from __future__ import annotations

from dockfix.facts import Facts
from dockfix.facts.beneath import why_unknown
from dockfix.facts.installs import installer_of_more, missing_manifest
from dockfix.facts.rules import Rule
from dockfix.facts.unknown_base import unknown_base
from dockfix.knowledge import why_not_split
from dockfix.managers.verbs import system_install
from dockfix.model.reason import Reason, at
from dockfix.placement.no_gain import without_installs
from dockfix.placement.slices import title
from dockfix.syntax import image as reference_of


def precondition(facts: Facts, blocker: Rule) -> Reason | None:
    """Why a file is not split, whatever the shape; ``blocker`` says why what installs fill cannot be handed on in one of them."""
    model, stage = facts.model, facts.final
    if len(model.stages) > 1:
        return at("it is multi-stage already", stage.start.line)
    if stage.image is None:
        reference = reference_of(stage.base) if stage.base else None
        own = why_not_split(reference.registry, reference.repository) if reference is not None else ""
        return at(f"the base image {stage.base} {own}" if own else unknown_base(stage), stage.start.line)
    if stage.beneath is not None and (why := why_unknown(stage.beneath.stage)) is not None:
        return at(f"{stage.beneath.dockerfile}, which builds the base image, {why}", stage.start.line)
    if facts.system is None:
        return at(
            f"how packages are installed in the base image is not known ({stage.image.variant})", stage.start.line
        )
    for step, unit in stage.units:
        system = system_install(unit.effects.action)
        if system is not None and system.manager is not facts.system.manager:
            said = f"{title(system)} installs packages, and the base image has {facts.system.manager.title}"
            return at(said, step.line)
    if stage.of("ONBUILD"):
        return at("ONBUILD instructions run in other people's builds", stage.of("ONBUILD")[0].line)
    if not facts.installs:
        return without_installs(facts)
    for step, _, install in facts.installs:
        if stage.image.runtime and install.into.runtime != stage.image.runtime:
            return at(f"{title(install)} installs packages of another language than the base image's", step.line)
    reason = blocker(facts) or missing_manifest(facts)
    if reason is not None:
        return reason
    found = facts.ask(installer_of_more)
    return at(f"{found}, and what that needs is unknown") if found else None
