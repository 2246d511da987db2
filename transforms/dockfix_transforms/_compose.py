"""The targets of services in the Compose files around a Dockerfile."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from dockfix.context.compose import ComposeService
from dockfix.context.compose_targets import with_targets
from dockfix.facts import Facts
from dockfix.knowledge.targets import DEV
from dockfix.model.reason import Reason, at


def targets_of(facts: Facts, names: Collection[str]) -> Mapping[ComposeService, str]:
    """The services that need another stage than the image's, each with one of those that are there by these ``names``."""
    # who runs tests finds the tools in the stage to develop in, too
    chosen = {service: stage if stage in names else DEV for service, stage in facts.retargeted.items()}
    return {service: stage for service, stage in chosen.items() if stage in names}


def with_stages(facts: Facts, targets: Mapping[ComposeService, str]) -> tuple[dict[str, str], Reason | None]:
    """The Compose files with the targets, by their paths from the build context; why one cannot get its."""
    without = next((each for each in facts.retargeted if each not in targets), None)
    if without is not None:
        return {}, at(f"{without.file}: the service {without.name} needs a stage that cannot be written")
    files: dict[str, str] = {}
    for file in dict.fromkeys(service.file for service in targets):
        text = facts.context.read_beside(file)
        if text is None:
            return {}, at(f"{file} could not be read")
        own = {service.name: stage for service, stage in targets.items() if service.file == file}
        files[file], left = with_targets(text, own)
        for name, reason in left.items():
            return {}, at(f"{file}: the service {name} needs the stage {own[name]}, and {reason}")
    return files, None
