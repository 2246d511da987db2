"""What lies over a folder of the image: there files of the image are hidden, replaced, or kept beyond it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from dockfix.facts import Facts, from_context
from dockfix.facts.how_it_is_run import containers
from dockfix.managers.verbs import by_system, language_install
from dockfix.model.effects import within
from dockfix.model.moves import folders_of
from dockfix.model.reason import Reason, at
from dockfix.model.stages import Step
from dockfix.syntax.mounts import mount_settings

# Under these names a new .dockerignore keeps environments out
_USUAL_NAMES = frozenset({".venv", "venv", "node_modules"})


def covered(facts: Facts, folder: str) -> Reason | None:
    """What may lie over a folder of the final stage, None where nothing does.

    Looked at are volumes and mounts, what is copied there, and what commands put there.
    """
    for step in facts.final.steps:
        if _reaches(facts, step, folder):
            return at(f"the {step.keyword} in line {step.line} lies over {folder}", step.line)
    return mounted_over(facts, folder)


def mounted_over(facts: Facts, folder: str) -> Reason | None:
    """What is mounted over a folder, or into it, where containers are started."""
    for service in (*facts.located.services, *facts.located.others):
        for _, target, _ in service.volumes:
            if _over(target, folder):
                return at(f"{service.file} mounts {target} into the service {service.name}, which lies over {folder}")
    for mention in facts.kubernetes.mounts:
        if _over(mention.word, folder):
            return at(f"{mention.file}:{mention.line} mounts {mention.word}, which lies over {folder}")
    for each in facts.ask(containers):
        for _, target, _ in each.volumes:
            if _over(target, folder):
                return at(f"{each.file} mounts {target} into a container, which lies over {folder}")
    return None


def _over(path: str, folder: str) -> bool:
    """Whether one folder is the other, or one of them lies in the other."""
    path = path.rstrip("/")
    return path.startswith("/") and (within(folder, path) or within(path, folder))


def _reaches(facts: Facts, step: Step, folder: str) -> bool:
    if step.keyword == "VOLUME":
        volumes = step.instruction.json or step.instruction.words
        return any(_over(step.state.path(volume) or "", folder) for volume in volumes)
    if step.copy is not None:
        return _copies(facts, step, folder)
    if any(_over(target, folder) for target in _mounted(step)):
        return True
    # a folder that is made holds nothing yet, and packages of the system lie elsewhere
    for unit in step.units:
        if not by_system(unit.effects.action) and language_install(unit.effects.action) is None:
            made = set(folders_of(unit, facts.layout.is_folder))
            if any(_over(path, folder) for path in unit.effects.writes if path not in made):
                return True
    return False


def _copies(facts: Facts, step: Step, folder: str) -> bool:
    """Whether a COPY or ADD may put something there: a folder may hold more tomorrow, or where another person builds."""
    copy = step.copy
    assert copy is not None
    if copy.target is None:
        return False  # nothing is known of it, wherever it goes
    if within(copy.target, folder):
        return True
    taken = facts.copies.get(step)
    whole = taken is None or bool(taken.directories) or not taken.known or step.keyword == "ADD"  # it may be an archive
    if whole and copy.target != "/" and within(folder, copy.target):
        return True
    if not within(folder, copy.target):
        return False  # all that it takes comes to lie at or below its target
    names = (*taken.files, *taken.skipped) if taken is not None else ()
    return any(within(path, folder) for name in names for path in facts.layout.by(step, name))


def _mounted(step: Step) -> Iterator[str]:
    """Where the mounts of a RUN lie."""
    for flag in step.instruction.flags:
        target = mount_settings(flag.value or "").get("target")
        if flag.name == "mount" and target:
            yield step.state.path(target) or ""


def brings_environment(facts: Facts, step: Step, root: str) -> bool:
    """Whether a COPY or ADD may put an environment of the build context where another one is made."""
    copy = step.copy
    if copy is None or copy.target is None or not from_context(step) or not within(root, copy.target):
        return False
    below = posixpath.relpath(root, copy.target)
    is_new = "ignore file" in facts.hints.facets and facts.located.certain
    if is_new and not facts.context.exists(facts.context.ignore_name) and posixpath.basename(root) in _USUAL_NAMES:
        return False
    taken = facts.copies[step]
    if copy.target == "/" and "/" in below and taken.known:
        # nobody keeps the system's own folders beside the code, unless some of it is there to see
        layout = facts.layouts.of(facts.stage_of[step])
        return any(within(path, root) for name in (*taken.files, *taken.skipped) for path in layout.by(step, name))
    whole = [source for source in copy.sources if taken.directories]
    return not all(facts.context.ignore.ignores(posixpath.normpath(posixpath.join(source, below))) for source in whole)
