"""What a server that a build has gathered looks for beside itself, and no step brings there: Next.js's scripts, styles, ``public``."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from dockfix.context.javascript import Started
from dockfix.facts import Facts
from dockfix.facts.between_stages import Handed, handed, is_plain, others
from dockfix.knowledge.node_programs import NodeProgram, is_node, node_server
from dockfix.lazy import regex
from dockfix.model.effects import within
from dockfix.model.reason import Reason, at
from dockfix.model.stages import Stage

_PROXY = regex(r"(?:.*/)?(?:[^/]*nginx[^/]*|[^/]+\.conf|Caddyfile[^/]*)(?:/.*)?")
_CONFIG = regex(r"(?:.*/)?next\.config\.[cm]?[jt]s")


def without_files_beside(facts: Facts) -> Iterator[Reason]:
    """The folders that the server of the last stage looks for and that do not lie there, each with the step that brings the server."""
    commands = (
        [each for each in facts.javascript.started.commands if is_node(each.program)] if facts.is_javascript else []
    )
    if len(commands) != 1 or not is_plain(facts):
        return
    for stage in others(facts):
        for each in handed(facts, stage):
            program, home = _server(facts, commands[0], each)
            if program is None:
                continue
            project = each.source.removesuffix(program.alone).rstrip("/") or "/"
            for name in program.beside:
                if _is_made(facts, stage, project, name, program) and not _is_elsewhere(facts, program, name):
                    yield from _missing(facts, stage, each, f"{project.rstrip('/')}/{name}", f"{home}/{name}")
            return


def _server(facts: Facts, command: Started, brought: Handed) -> tuple[NodeProgram | None, str]:
    """The program whose server a step brings and a command starts, and the folder in which the server lies."""
    place = next((word for word in command.arguments if not word.startswith("-")), "")
    workdir = facts.final.end.workdir
    program = node_server(place) if place and workdir else None
    if program is None or workdir is None or not program.beside or not brought.source.endswith(f"/{program.alone}"):
        return None, ""
    home = posixpath.dirname(posixpath.normpath(posixpath.join(workdir, place)))
    return (program, home) if within(home, brought.target) else (None, "")


def _is_made(facts: Facts, stage: Stage, project: str, name: str, program: NodeProgram) -> bool:
    """Whether the stage has it where the project lies, and puts it beside the server in no way of its own."""
    layout = facts.layouts.of(stage)
    texts = [step.instruction.original for part in stage.lineage for step in part.of("RUN")]
    manifest = layout.file(posixpath.join(project, "package.json"))
    package = facts.javascript.files.package(posixpath.dirname(manifest)) if manifest is not None else None
    gathers = posixpath.basename(program.alone)
    if package is None or any(gathers in text for text in (*texts, *package.scripts.values())):
        return False
    if within(name, posixpath.dirname(program.alone)):
        return True
    files = [origin.file for path, origin in layout.below(posixpath.join(project, name)) if origin.file]
    return any(not posixpath.basename(file).startswith(".") for file in files)


def _is_elsewhere(facts: Facts, program: NodeProgram, name: str) -> bool:
    """Whether another server may hand it out: of another stage, of nginx, or of an address that the settings give."""
    last = posixpath.basename(name)
    for stage in others(facts):
        for copy in (step.copy for step in stage.of("COPY") if step.copy is not None and step.copy.origin is not None):
            if any(source.rstrip("/").endswith(f"/{last}") for source in copy.sources) and stage.image is None:
                return True
    if any(last in step.instruction.original for stage in facts.final.lineage for step in stage.of("RUN")):
        return True
    proxies = (facts.context.read(file) or "" for file in facts.context.named(_PROXY))
    settings = (facts.context.read(file) or "" for file in facts.context.named(_CONFIG))
    return any("_next" in text for text in proxies) or any("assetPrefix" in text for text in settings)


def _missing(facts: Facts, stage: Stage, server: Handed, made: str, wanted: str) -> Iterator[Reason]:
    """That nothing lies at a path where the server looks, where so it is."""
    astray = None
    for each in (each for other in others(facts) for each in handed(facts, other)):
        place = each.place_of(made)
        if place == wanted or (place is None and within(each.target, wanted)):
            return
        astray = each if place is not None else astray
    if next(facts.layout.below(wanted), None) is not None or facts.layout.written(wanted):
        return
    name = stage.name or str(stage.index)
    if astray is not None and astray.step is not server.step:
        said = f"{made} is copied to {astray.place_of(made)}, and the server looks for it in {wanted}: copy it there"
        yield at(said, astray.step.line)
    else:
        said = f"the server looks for {wanted}, which no step brings: what lies in it gets a 404"
        yield at(f"{said}; COPY --from={name} {made} {wanted}", server.step.line)
