"""What an image of several stages starts and never got: a program, or the interpreter of an environment, left in another stage."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from dockfix.facts import Facts
from dockfix.facts.between_stages import asked_of_system, handed, installed_by, others, started_by
from dockfix.facts.other_pythons import moved_environment, of_another_python
from dockfix.facts.programs_left import programs_left
from dockfix.knowledge import normalise, programs_of_image
from dockfix.lazy import regex
from dockfix.managers.protocol import LanguageManager
from dockfix.managers.registry import language_managers
from dockfix.managers.verbs import system_install
from dockfix.model.effects import overlap, within
from dockfix.model.reason import Reason, at
from dockfix.model.stages import Stage, Step
from dockfix.syntax import image as reference_of

_PREFIX = "/usr/local"
# Images of a system alone, without Python: https://hub.docker.com/u/library, https://github.com/GoogleContainerTools/distroless
_WITHOUT_PYTHON = regex(r"(?:debian|ubuntu|alpine|busybox|.*distroless/(?:static|base|cc).*)")


def never_copied(facts: Facts) -> Iterator[Reason]:
    """A clause for each thing that the image starts and does not have, with the line that starts or copies it."""
    yield from programs_left(facts)
    yield from _of_other_images(facts)
    yield from _interpreters(facts)
    for stage in others(facts):
        given = handed(facts, stage)
        yield from of_another_python(facts, stage, given)
        yield from moved_environment(facts, stage, given)


def _of_other_images(facts: Facts) -> Iterator[Reason]:
    """Programs of another stage's base image, which the image's own has not."""
    final = facts.final
    if not _brings_python(final) or any(unit.effects.opaque for stage in final.lineage for _, unit in stage.units):
        return
    asked, here = asked_of_system(facts), installed_by(facts, final)
    for step in started_by(facts):
        program = _started(step)
        if any(program in name for name in asked) or normalise(program) in here:
            continue
        for stage in others(facts):
            base = stage.lineage[0].base
            name = reference_of(base).repository.removeprefix("library/") if base else ""
            copied = [each.source for each in handed(facts, stage)]
            if program in programs_of_image(name) and not any(
                within(f"{_PREFIX}/bin/{program}", source) or within(source, f"{_PREFIX}/bin") for source in copied
            ):
                yield at(
                    f"{program}, which the {step.keyword} starts, is in {base} alone, and nothing copies it", step.line
                )
                break


def _started(step: Step) -> str:
    """The program of a CMD or ENTRYPOINT, "" where a shell or a variable is in the way."""
    words = step.instruction.json or tuple(step.instruction.args.split())
    first = words[0] if words else ""
    return first if re.fullmatch(r"[\w./-]+", first) else ""


def _interpreters(facts: Facts) -> Iterator[Reason]:
    """Environments that are copied without the interpreter that they lead to."""
    for stage in others(facts):
        copied = handed(facts, stage)
        for step, source, _ in copied:
            manager = _fetcher(stage, source)
            if manager is not None and (own := manager.own_runtime) is not None:
                folder = stage.end.env.get(own.moved_by) or own.folder
                where = f"{folder} of the stage {stage.name or stage.index}"
                said = f"{source} leads to a Python that {manager.title} has fetched to {where}"
            elif source in {each.root for each in stage.end.environments} and (folder := _lacking(facts, stage)):
                said = f"{source} leads to {folder}/python, which {facts.final.lineage[0].base} has not"
            else:
                continue
            if not any(overlap((each,), (folder,)) for _, each, _ in copied if each != source):
                yield at(said, step.line)


def _fetcher(stage: Stage, source: str) -> LanguageManager | None:
    """The manager that makes an environment in a stage without a Python of its own, and so fetches one; None for none."""
    if posixpath.basename(source) not in {".venv", "venv"} or _brings_python(stage) or not _is_bare(stage):
        return None
    texts = [step.instruction.original for step in stage.steps]
    installs = [install for _, unit in stage.units if (install := system_install(unit.effects.action))]
    if any(package.name.startswith("python3") for install in installs for package in install.asked):
        return None
    for manager in language_managers():
        own = manager.own_runtime
        if own is not None and any(re.search(own.by, text) for text in texts):
            return None if any(re.search(own.off_by, text) for text in texts) else manager
    return None


def _lacking(facts: Facts, stage: Stage) -> str:
    """The folder of the Python that an environment of a stage leads to, and that the image has not; "" where it has it."""
    first, final = stage.lineage[0], facts.final
    if _brings_python(first):
        return f"{_PREFIX}/bin" if not _brings_python(final) and _is_bare(final) else ""
    slim = (
        final.image is not None
        and final.image.variant == "slim"
        and not any("python3" in name for name in asked_of_system(facts))
    )
    return "/usr/bin" if _is_bare(stage) and slim else ""


def _brings_python(stage: Stage) -> bool:
    """Whether the base image of a stage is one with a Python of its own."""
    return stage.image is not None and stage.image.runtime == "python"


def _is_bare(stage: Stage) -> bool:
    base = stage.lineage[0].base
    if base is None or base == "scratch":
        return base is not None
    reference = reference_of(base)
    return _WITHOUT_PYTHON.fullmatch(reference.repository.removeprefix("library/")) is not None
