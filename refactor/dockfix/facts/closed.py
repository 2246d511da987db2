"""What would stay closed to a new user: files of root's that nobody else may read or run."""

from __future__ import annotations

import posixpath
import re

from dockfix.facts import Facts
from dockfix.facts.how_it_is_run import containers
from dockfix.facts.ownership import for_all, gets_owner
from dockfix.lazy import regex
from dockfix.model.actions import Build
from dockfix.model.answers import Answer, Called, Opened, Started
from dockfix.model.effects import within
from dockfix.model.reason import Reason, doubt
from dockfix.model.stages import Step
from dockfix.syntax.shell import Command

_ARCHIVE = regex(r"\.(?:tar(?:\.\w+)?|t[gbx]z2?|tlz|tzst)$")
_FEW = 50  # files of one step that are looked at


def left_closed(facts: Facts) -> Reason | None:
    """Why something may stay closed to the new user, None where nothing does."""
    for step, unit in facts.final.units:
        if unit.effects.unbounded or (isinstance(unit.effects.action, Build) and not facts.is_javascript):
            return doubt(f"what the RUN in line {step.line} leaves behind, and for whom, is unknown")
        if _closes(unit.command):
            return doubt(f"the RUN in line {step.line} may leave files that only root can read")
    workdir = facts.final.end.workdir or "/"
    for service in (*facts.services, *facts.ask(containers)):
        if service.workdir and not within(posixpath.normpath(posixpath.join(workdir, service.workdir)), workdir):
            return doubt(
                f"{service.file} starts the service {service.name} in {service.workdir}, which may stay root's"
            )
    for step in facts.final.of("COPY", "ADD"):
        copy = step.copy
        if copy is None or copy.target is None or copy.origin is not None:
            continue
        flags = {flag.name: flag.value or "" for flag in step.instruction.flags}
        owned = gets_owner(facts, step)
        if step.keyword == "ADD" and any(_ARCHIVE.search(source) for source in copy.sources):
            return doubt(f"the ADD in line {step.line} unpacks an archive, whose files keep their owners and modes")
        if "chown" in flags and within(copy.target, workdir):
            return doubt(
                f"the {step.keyword} in line {step.line} gives files of the working directory to {flags['chown']}"
            )
        if "chmod" in flags and ("chown" in flags or not owned) and not for_all(flags["chmod"]):
            said = f"the {step.keyword} in line {step.line} leaves files that only their owner may use"
            return doubt(said, answers=_opened(facts, step))
        if owned:
            continue
        if any("://" in source for source in copy.sources):
            return doubt(
                f"the ADD in line {step.line} leaves a file that only root can read", answers=_opened(facts, step)
            )
        for name in sorted(facts.copies[step].files if step in facts.copies else ()):
            mode = facts.context.mode(name)
            if "chmod" not in flags and (mode is None or not for_all(f"{mode:o}")):
                said = f"{name} is copied to a folder of the system, and only root may use it"
                runs = mode is not None and mode & 0o100
                places = sorted(facts.layout.by(step, name))
                used: list[Answer] = [Called(path) if runs else Opened(path) for path in places]
                return doubt(said, answers=used or [Started()])
    return None


def _opened(facts: Facts, step: Step) -> list[Answer]:
    """That the files of a COPY or ADD are opened: each, or what it puts at its target."""
    assert step.copy is not None
    names = facts.copies[step].files if step in facts.copies else ()
    paths = {path for name in names for path in facts.layout.by(step, name)}
    if not paths and step.copy.target is not None:
        url = next((source for source in step.copy.sources if "://" in source), "")
        folder = step.copy.target_is_folder and url
        paths = {posixpath.join(step.copy.target, posixpath.basename(url)) if folder else step.copy.target}
    return [*map(Opened, sorted(paths)[:_FEW])] or [Started()]


def _closes(command: Command) -> bool:
    """Whether a command takes the rights of others away, or has files made without them."""
    if command.name == "umask":
        return True
    if command.name != "chmod":
        return False
    mode = next((word.text for word in command.args if not word.text.startswith("-")), "")
    if mode.isdigit():
        return mode[-1] in "0123"
    return bool(re.search(r"(?:^|,)[ugoa]*[oa][ugoa]*(?:-\w*[rxX]|=(?!r))|(?:^|,)-", mode))
