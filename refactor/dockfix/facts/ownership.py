"""What a new user has to own so that the program can write where it could."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from itertools import chain

from dockfix.context.program.model import UNKNOWN, Write
from dockfix.facts import SYSTEM_FOLDERS, Facts
from dockfix.facts.build_scripts import behind
from dockfix.facts.shell_writes import left_by_builds, shell_writes
from dockfix.facts.user import own_user, user_of
from dockfix.knowledge import file_makers, file_printers
from dockfix.lazy import regex
from dockfix.model.actions import Build
from dockfix.model.effects import within
from dockfix.model.layout import STANDARD_FOLDERS
from dockfix.model.moves import taken_away
from dockfix.model.reason import Reason, at
from dockfix.model.stages import Step, Unit
from dockfix.syntax.shell import Command

_DATA_FOLDER = regex(
    r"(/var/(?:lib|log|cache|data|www|spool|opt|run)|/var(?!/(?:tmp|mail|local|lock|backups)(?:/|$))"
    r"|/run|/opt|/srv|/mnt|/media)(?:/[^/]+)?"
)
_COMES_AND_GOES = regex(r"(?i)sqlite|\b(?:connect|remove|unlink|rename|replace|move|rmtree|rmdir)\b")
_SHARED = (*SYSTEM_FOLDERS, "tmp", "home", "")


def gets_owner(facts: Facts, step: Step) -> bool:
    """Whether the new user owns what a COPY brings: all but manifests, and what goes into folders of the system but data folders."""
    copy = step.copy
    if copy is None or copy.target is None:
        return False
    if copy.origin is not None:
        if facts.layouts.named(copy.origin, facts.final) is None:
            return False
        inside = within(copy.target, facts.final.end.workdir or "/")
        if inside and facts.ask(shell_writes).touch(copy.target):
            return True
        if own_user(facts) is None:
            return inside and (facts.is_built_beside or _writes_below(facts, copy.target))
        return copy.target == facts.final.end.workdir or _writes_below(facts, copy.target)
    if brings_manifests(facts, step):
        return False
    if within(copy.target, facts.final.end.workdir or "/"):
        return True
    return copy.target.split("/")[1] not in SYSTEM_FOLDERS or bool(_DATA_FOLDER.match(copy.target))


def brings_manifests(facts: Facts, step: Step) -> bool:
    """Whether a COPY or ADD brings nothing but manifests and locks, which installers have read and which nothing writes any more.

    They may stay root's: everyone can read them. A folder that the COPY makes for them has to get its owner by a later COPY.
    """
    taken, flags = facts.copies.get(step), {flag.name for flag in step.instruction.flags}
    if taken is None or not taken.files or taken.directories or flags & {"chown", "chmod"}:
        return False
    manifests = {name for manifest in facts.every_manifest.values() for name in manifest.files}
    return taken.files <= manifests and all(
        (mode := facts.context.mode(name)) is not None
        and for_all(f"{mode:o}")
        and all(_brought_again(facts, step, name, path) or _stays(facts, path) for path in facts.layout.by(step, name))
        for name in taken.files
    )


def _brought_again(facts: Facts, step: Step, name: str, path: str) -> bool:
    """Whether a later COPY brings a file again, with the folder in which it lies and all for the new user."""
    steps = facts.final.steps
    return any(
        each.copy is not None
        and each.copy.target not in {None, posixpath.dirname(path)}
        and path in facts.layout.by(each, name)
        and gets_owner(facts, each)
        for each in steps[steps.index(step) + 1 :]
        if name in (facts.copies[each].files if each in facts.copies else ())
    )


def _stays(facts: Facts, path: str) -> bool:
    """Whether nothing is seen to write a file, and the folder into which it is put has an owner without it."""
    written = (write.path.rpartition("/")[2] for write in (*facts.program.writes, *facts.processes.writes))
    there = {"/", "/tmp", facts.final.end.workdir or "/", *facts.ask(made_folders)}
    return (
        posixpath.dirname(path) in there
        and not facts.ask(shell_writes).touch(path)
        and posixpath.basename(path) not in written
    )


def made_by(facts: Facts, step: Step) -> tuple[str, ...]:
    """What a COPY makes, and so gives an owner to: its target with folders around it that no base image has, or what it puts into one.

    BuildKit leaves the owner of a folder as it is that was there before.
    """
    target = step.copy.target if step.copy is not None else None
    if target is None:
        return ()
    if target != "/" and target not in STANDARD_FOLDERS:
        while posixpath.dirname(target) not in {"/", *STANDARD_FOLDERS}:
            target = posixpath.dirname(target)
        return (target,)
    names = facts.copies[step].files if step in facts.copies else ()
    below = (posixpath.relpath(path, target) for name in names for path in facts.layout.by(step, name))
    return tuple(dict.fromkeys(posixpath.join(target, path.split("/")[0]) for path in below))


def taken_place(write: Write, path: str) -> str:
    """What a user has to own for a write: the folder, too, where files come and go in it, as the journal of SQLite does."""
    return posixpath.dirname(path) if _COMES_AND_GOES.search(write.how) else path


def _writes_below(facts: Facts, folder: str) -> bool:
    """Whether the program is seen to write in a folder, beside its code or in the working directory."""
    workdir = facts.final.end.workdir or "/"
    for write in facts.program.writes:
        if folder == workdir and write.base in {"code", "cwd", "unknown"}:
            return True
        known, hole, _ = write.path.partition(UNKNOWN)
        known = posixpath.dirname(known) if hole else known
        in_workdir = posixpath.normpath(posixpath.join(workdir, known)) if write.base == "cwd" else ""
        path = place_of(facts, write) or in_workdir
        if path and within(path, folder):
            return True
    return False


def made_folders(facts: Facts) -> Mapping[str, Step]:
    """The folders and files that WORKDIR and RUN leave to root and that the program could write, each with the step that makes it.

    Of each path it is the topmost folder that may be new, and of what a build makes the one that is written; the working directory
    itself is none of them.
    """
    stage = facts.final
    workdir = stage.end.workdir or "/"
    home = user_of(facts).home
    made: list[tuple[str, Step]] = []
    tops: dict[str, Step] = {}
    for step in stage.steps:
        if step.keyword == "WORKDIR" and (after := stage.after(step).workdir):
            made.append((after, step))
        for unit in step.units:
            if unit.command.name in file_makers():
                kept = [path for path in unit.effects.writes if unit.command.name == "mkdir" or within(path, workdir)]
                made += [(path, step) for path in kept]
            gone = taken_away(unit)
            made = [(path, maker) for path, maker in made if not any(_is_in(path, each) for each in gone)]
            if isinstance(unit.effects.action, Build):
                outputs = (_written_output(facts, unit), _changed_output(facts, unit), _written_beside_code(facts))
                tops |= dict.fromkeys(chain(*outputs), step)
    for path, step in made:
        top = _topmost(path, workdir, home)
        if top and top != workdir:
            tops.setdefault(top, step)
    return {
        path: step for path, step in tops.items() if not any(path != other and within(path, other) for other in tops)
    }


def _is_in(path: str, taken: str) -> bool:
    """Whether a path is, or lies below, what is taken away."""
    return within(path, taken) or fnmatchcase(path, taken)


def _written_output(facts: Facts, build: Unit) -> Iterator[str]:
    """What a program writes when it serves, and has made itself in a build."""
    programs = {each.program for each in behind(facts, build).commands if each.known is not None}
    for write, path in _written_by_code(facts):
        if write.how in programs and any(within(path, output) and path != output for output in build.effects.writes):
            yield path


def _written_beside_code(facts: Facts) -> Iterator[str]:
    """The folders in which a build puts the files that the container runs, and in which these write."""
    workdir = facts.final.end.workdir or "/"
    entries = facts.javascript.program.entries if facts.is_javascript else ()
    compiled = (each.given for each in entries if each.how != "made by a framework")
    folders = {_topmost(place, workdir, user_of(facts).home) for given in compiled if (place := _beside(facts, given))}
    made = [each for each in folders - {workdir, ""} if next(facts.layout.below(each), None) is None]
    if not made:
        return
    written = [path for _, path in _written_by_code(facts)]
    written += [
        posixpath.normpath(posixpath.join(workdir, write.path.partition(UNKNOWN)[0]))
        for write in facts.program.writes
        if write.base == "cwd"
    ]
    yield from (folder for folder in made if any(within(path, folder) for path in written))


def _changed_output(facts: Facts, build: Unit) -> Iterator[str]:
    """The folder that a build is known to make, where the shell writes in it when the container starts."""
    commands = behind(facts, build).commands
    outputs = {
        each.known.output for each in commands if each.known is not None and each.known.only_builds(each.arguments)
    }
    for output in filter(None, outputs):
        top = posixpath.join(build.state.workdir or "/", output)
        if top in facts.ask(left_by_builds) or facts.ask(shell_writes).unknown:
            yield top


def _written_by_code(facts: Facts) -> Iterator[tuple[Write, str]]:
    """What the program is seen to write beside its code, each with its place in the image."""
    for write in facts.program.writes:
        path = place_of(facts, write) if write.base == "code" else ""
        if path:
            yield write, path


def home_is_made(facts: Facts) -> bool:
    """Whether a step of the Dockerfile makes a new user's home, or a folder in it, which would leave it to root."""
    stage = facts.final
    if own_user(facts) is not None:
        return False
    home = user_of(facts).home
    paths = [after for step in stage.of("WORKDIR") if (after := stage.after(step).workdir)]
    paths += [step.copy.target for step in stage.of("COPY", "ADD") if step.copy is not None and step.copy.target]
    paths += [path for _, unit in stage.units for path in unit.effects.writes]
    return any(within(path, home) for path in paths)


def _topmost(path: str, workdir: str, home: str) -> str:
    """The highest folder on the way to ``path`` that may be new and the program's own; "" in folders of the system."""
    if within(path, home) and not within(workdir, home):
        return home
    if within(path, workdir):
        rest = path[len(workdir.rstrip("/")) :].split("/")
        return f"{workdir.rstrip('/')}/{rest[1]}" if len(rest) > 1 else workdir
    data = _DATA_FOLDER.match(path)
    if data:
        top = data[0] if len(data[0]) > len(data[1]) else ""
    else:
        first = path.split("/")[1]
        top = f"/{first}" if first not in _SHARED else ""
    # a folder around the working directory may hold more than the program's own files
    return path if top and within(workdir, top) else top


def _naming(command: Command) -> str:
    """The words of a command that say where it makes something."""
    if command.name in file_printers():
        return " ".join(each.target.text for each in command.redirects if each.target is not None)
    if command.name == "ln" and len(command.args) > 1 and not command.args[-1].text.endswith("/"):
        return command.args[-1].text  # what it leads to is no matter
    return command.text


def chosen_folder(facts: Facts) -> Reason | None:
    """Why a folder that the user has to own cannot be named: a build argument decides where it is."""
    stage = facts.final
    for step in stage.steps:
        state = stage.after(step)
        if step.keyword == "WORKDIR" and state.workdir_chosen and state.workdir != stage.end.workdir:
            return at(f"the build argument {state.workdir_chosen} chooses the folder", step.line)
        for unit in step.units:
            name = unit.state.chosen_by(_naming(unit.command)) if unit.command.name in file_makers() else ""
            if name:
                return at(f"the build argument {name} chooses what {unit.command.name} makes", step.line)
    return None


def new_folders(facts: Facts) -> dict[str, Write]:
    """The folders that the program is seen to write and that nothing makes, each with a place that shows it.

    Only data folders, and folders of a name of their own, are among them: a user may own those.
    """
    there = [facts.final.end.workdir or "/", *facts.ask(made_folders), "/tmp", "/var/tmp", "/home"]
    there += [path for step in facts.final.of("COPY", "ADD") for path in made_by(facts, step)]
    found: dict[str, Write] = {}
    for write in (*facts.program.writes, *facts.processes.writes):
        path = place_of(facts, write)
        if not path:
            continue
        opened = re.search(r"open|write|connect|Handler", write.how) and not facts.final.end.env.get(write.env)
        folder = posixpath.dirname(path) if opened or posixpath.splitext(path)[1] else path
        if _topmost(folder, facts.final.end.workdir or "/", user_of(facts).home) and not any(
            within(folder, each) for each in there if each != "/"
        ):
            found.setdefault(folder, write)
    return {
        path: write
        for path, write in found.items()
        if not any(path != other and within(path, other) for other in found)
    }


def place_of(facts: Facts, write: Write) -> str:
    """The path in the image, up to what is not known of it, of what the code writes; "" for one of which nothing is known."""
    value = facts.final.end.env.get(write.env) if write.env else None
    if value and value.startswith("/") and "$" not in value:  # ENV decides
        return posixpath.normpath(value)
    known, hole, _ = write.path.partition(UNKNOWN)
    known = posixpath.dirname(known) if hole else known
    if write.base == "root":
        return posixpath.normpath(known)
    if write.base == "cwd" and known.startswith("../"):
        return posixpath.normpath(posixpath.join(facts.final.end.workdir or "/", known))
    if write.base != "code" or not known:
        return ""
    path = posixpath.normpath(known)
    if path.startswith(".."):
        around = facts.ask(_folders_by_files).get("", "")
        return posixpath.normpath(posixpath.join(around, path)) if around else ""
    return next(reversed(facts.layout.of(path)), "") or _beside(facts, path)


def _beside(facts: Facts, path: str) -> str:
    """Where a path lies that no COPY would bring: beside what is copied out of the nearest folder; "" where nothing is."""
    folder = path
    while folder:
        folder = posixpath.dirname(folder)
        place = facts.ask(_folders_by_files).get(folder)
        if place:
            return posixpath.join(place, posixpath.relpath(path, folder or "."))
    return ""


def _folders_by_files(facts: Facts) -> Mapping[str, str]:
    """Where the files of each folder of the build context lie, by the first that keeps its name in the image."""
    found: dict[str, str] = {}
    for file in sorted(facts.files):
        folder, name = posixpath.split(file)
        if folder not in found:
            places = (posixpath.split(place) for place in reversed(facts.layout.of(file)))
            place = next((place for place, kept in places if kept == name), "")
            if place:
                found[folder] = place
    return found


def for_all(mode: str) -> bool:
    """Whether everyone may read what has a mode, given in digits, and run it where its owner may."""
    if not re.fullmatch("[0-7]+", mode):
        return False
    bits = int(mode, 8)
    return bool(bits & 0o004) and (not bits & 0o100 or bool(bits & 0o001))
