"""What an image of several stages starts and never got: a program, or the interpreter of an environment, left in another stage."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from dockfix.facts import Facts
from dockfix.facts.other_pythons import moved_environment, of_another_python
from dockfix.knowledge import normalise, programs_of_image
from dockfix.lazy import regex
from dockfix.managers.protocol import LanguageManager
from dockfix.managers.registry import language_managers
from dockfix.managers.verbs import language_install, system_install
from dockfix.model.effects import overlap, within
from dockfix.model.reason import Reason, at
from dockfix.model.stages import Stage, Step
from dockfix.syntax import image as reference_of

_PREFIX = "/usr/local"
_LIBRARY = regex(r"(?:.*/)?(?:site|dist)-packages|.*/lib(?:/python[\d.]*)?")
# Images of a system alone, without Python: https://hub.docker.com/u/library, https://github.com/GoogleContainerTools/distroless
_WITHOUT_PYTHON = regex(r"(?:debian|ubuntu|alpine|busybox|.*distroless/(?:static|base|cc).*)")


def never_copied(facts: Facts) -> tuple[Reason, ...]:
    """A clause for each thing that the image starts and does not have, with the line that starts or copies it."""
    if len(facts.model.stages) < 2:
        return ()
    others = [(stage, list(_copies_from(facts, stage))) for stage in _others(facts)]
    unlike = [
        reason
        for stage, copied in others
        for reason in (*of_another_python(facts, stage, copied), *moved_environment(facts, stage, copied))
    ]
    return (*_programs(facts), *_of_other_images(facts), *_interpreters(facts), *unlike)


def _programs(facts: Facts) -> Iterator[Reason]:
    """Programs that pip has put beside the base image's Python in another stage, whose packages alone are copied."""
    final = facts.final
    for step in (final.last("ENTRYPOINT"), final.last("CMD")):
        program = _started(step) if step is not None else ""
        if step is None or not program or "/" in program or facts.layout.written(f"{_PREFIX}/bin/{program}"):
            continue
        makers = [stage for stage in _others(facts) if normalise(program) in _installed(facts, stage)]
        if not makers or normalise(program) in _here(facts) or _brought_by_system(facts, program):
            continue
        for stage in makers:
            copied = [source for _, source, _ in _copies_from(facts, stage)]
            library = any(_LIBRARY.fullmatch(source) and within(source, _PREFIX) for source in copied)
            if library and not any(within(f"{_PREFIX}/bin/{program}", source) for source in copied):
                name = stage.name or str(stage.index)
                yield at(
                    f"{program}, which the {step.keyword} starts, stays in {_PREFIX}/bin of the stage {name}", step.line
                )
                break


def _of_other_images(facts: Facts) -> Iterator[Reason]:
    """Programs of another stage's base image, which the image's own has not."""
    final = facts.final
    if not _brings_python(final) or any(unit.effects.opaque for stage in final.lineage for _, unit in stage.units):
        return
    for step in (final.last("ENTRYPOINT"), final.last("CMD")):
        program = _started(step) if step is not None else ""
        if step is None or _brought_by_system(facts, program) or program in _here(facts):
            continue
        for stage in _others(facts):
            base = stage.lineage[0].base
            name = reference_of(base).repository.removeprefix("library/") if base else ""
            copied = [source for _, source, _ in _copies_from(facts, stage)]
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


def _others(facts: Facts) -> list[Stage]:
    return [stage for stage in facts.model.stages if stage not in facts.final.lineage]


def _installed(facts: Facts, stage: Stage) -> frozenset[str]:
    """The packages that a stage installs beside the base image's Python."""
    found: set[str] = set()
    for _, unit in stage.units:
        install = language_install(unit.effects.action)
        if install is not None and install.into.root == _PREFIX and install in facts.manifests:
            found |= facts.manifests[install].names
    return frozenset(found)


def _here(facts: Facts) -> frozenset[str]:
    """The packages that the image's own stages install, wherever."""
    installs = [
        install
        for stage in facts.final.lineage
        for _, unit in stage.units
        if (install := language_install(unit.effects.action))
    ]
    return frozenset(
        name for install in installs if install in facts.manifests for name in facts.manifests[install].names
    )


def _brought_by_system(facts: Facts, program: str) -> bool:
    installs = [
        install
        for stage in facts.final.lineage
        for _, unit in stage.units
        if (install := system_install(unit.effects.action))
    ]
    return any(program in package.name for install in installs for package in install.asked)


def _copies_from(facts: Facts, stage: Stage) -> Iterator[tuple[Step, str, str]]:
    """What the image's stages copy from another one: the step, the source and the target."""
    names = {stage.name.lower(), str(stage.index)} - {""}
    for step in (step for each in facts.final.lineage for step in each.of("COPY")):
        copy = step.copy
        if copy is not None and copy.origin is not None and copy.origin.lower() in names and copy.target is not None:
            for source in copy.sources:
                yield step, posixpath.normpath(f"/{source.strip('/')}"), copy.target


def _interpreters(facts: Facts) -> Iterator[Reason]:
    """Environments that are copied without the interpreter that they lead to."""
    for stage in _others(facts):
        copied = list(_copies_from(facts, stage))
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
    slim = final.image is not None and final.image.variant == "slim" and not _brought_by_system(facts, "python3")
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
