"""What cannot pass, or does nothing, in a build with JavaScript as it stands: each with its line and the way out."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from functools import partial

from dockfix.context.javascript import unfold
from dockfix.context.manifests.locked import DEV
from dockfix.context.manifests.node_locks import LOCKS
from dockfix.facts import Facts
from dockfix.facts.build_scripts import behind
from dockfix.facts.installs import may_be_made
from dockfix.facts.javascript import development, listens_by_name, one_that_brings
from dockfix.lazy import regex
from dockfix.managers.commands import call_of
from dockfix.managers.protocol import LanguageManager
from dockfix.managers.verbs import of_language
from dockfix.model.actions import Build, Remove
from dockfix.model.reason import Reason, at

_PRISMA = "@prisma/client"
_SCHEMA = regex(r"(?:.*/)?[\w-]+\.prisma")


def broken_builds(facts: Facts) -> tuple[Reason, ...]:
    """What is wrong already, in the order of the file."""
    if not facts.is_javascript or facts.unlocated is not None:
        return ()
    found = [
        *_without_members(facts),
        *_without_lock(facts),
        *_deaf(facts),
        *_scripts_alone(facts),
        *_not_generated(facts),
    ]
    missing = facts.ask(missing_tool)
    return (*found, *((missing,) if missing is not None else ()))


def missing_tool(facts: Facts) -> Reason | None:
    """A build that runs a program which only development asks for, where no install before it brings these packages."""
    names = facts.ask(development)
    root = facts.javascript.project
    asked = {*root.dependencies, *root.optional} if root is not None else set[str]()
    groups: set[str] = set()
    first = 0
    taken = 0
    given = ""
    for step, unit in facts.final.units:
        install = next((install for _, each, install in facts.installs if each is unit), None)
        if install is not None:
            brings = facts.groups_of(install)
            taken = step.line if DEV in groups and DEV not in brings else 0 if DEV in brings else taken
            groups = {*brings} if taken else groups | brings
            first = first or step.line
        if (
            isinstance(unit.effects.action, Remove)
            and of_language(unit.effects.action)
            and DEV in unit.effects.action.names & groups
        ):
            groups, taken = groups - {DEV}, step.line
        if unit.effects.action is None:
            given += unit.command.text  # a program may be installed for all
        if not isinstance(unit.effects.action, Build) or not groups or DEV in groups:
            continue
        for each in behind(facts, unit).commands:
            package = one_that_brings(facts, each.program, names)
            there = one_that_brings(facts, each.program, asked.union(given))
            if package and not there and each.sure and each.runner != "npx":
                text = f"{unit.command.shown} runs {each.program}, and {names[package]} asks for {package} in development alone"
                if taken:
                    return at(f"{text}, which line {taken} takes away: prune after the build", step.line)
                left_out = f"which the install in line {first} leaves out: install all, and prune after the build"
                return at(f"{text}, {left_out}", step.line)
    return None


def _without_members(facts: Facts) -> Iterator[Reason]:
    """The installs that come before the manifests of the workspace's members: then nothing of theirs is installed, without a word.

    A member that never comes is left out on purpose.
    """
    files = facts.javascript.files
    for step, unit, install in facts.installs:
        at_path = partial(facts.lying_at, step=step, unit=unit)
        later = facts.layouts.of(facts.stage_of[step]).file
        folder = posixpath.dirname(install.into.root)
        file = at_path(posixpath.join(folder, "package.json"))
        root = files.package(posixpath.dirname(file)) if file is not None else None
        members = files.members(root) if root is not None else {}
        absent = (
            [
                each.file
                for each in members.values()
                if at_path(path := posixpath.join(folder, posixpath.relpath(each.file, root.folder or "."))) is None
                and later(path) is not None
                and not may_be_made(facts, step, unit, path)
            ]
            if root is not None
            else []
        )
        if absent:
            said = f"{absent[0]}, of a member of the workspace, is not there yet when line {step.line} installs"
            yield at(f"{said}: its packages are left out without a word; copy it before", step.line)


def _scripts_alone(facts: Facts) -> Iterator[Reason]:
    """The installs without what development asks for that run a script of the project's own which needs it."""
    names, project = facts.ask(development), facts.javascript.project
    if project is None:
        return
    for step, unit, install in facts.installs:
        passed_over = any(word.value == "--ignore-scripts" for word in unit.command.words)
        if DEV in facts.groups_of(install) or passed_over or not facts.groups_of(install):
            continue
        for script in project.lifecycle:
            # (Yarn and pnpm prepare nothing where development is left out)
            if "prep" in script.name and install.manager.id != "npm":
                continue
            # (what stands behind || does without)
            started = unfold(script.command, facts.javascript.files, project.folder, script.name).commands
            program = next((each.program for each in started if one_that_brings(facts, each.program, names)), "")
            if program and "||" not in script.command:
                said = f"{unit.command.text} runs the script {script.name} of {project.file}, and {program}, which that starts"
                yield at(f"{said}, is left out with what development alone asks for", step.line)
                break


def _not_generated(facts: Facts) -> Iterator[Reason]:
    """A client of Prisma that another stage has generated among its packages, where the image installs packages of its own."""
    project = facts.javascript.project
    if project is None or _PRISMA not in project.dependencies or len(facts.model.stages) < 2 or not facts.installs:
        return
    schemas = [text for name in facts.context.named(_SCHEMA) if (text := facts.context.read(name)) is not None]
    elsewhere = any(re.search(r"(?m)^\s*output\s*=", text) for text in schemas)
    made = [step.instruction.original for step in facts.final.steps]
    scripts = " ".join(each.command for each in project.lifecycle)
    if (
        not schemas
        or elsewhere
        or "generate" in scripts
        or any(re.search(r"prisma generate|\.prisma|node_modules", each) for each in made)
    ):
        return
    generated = any(
        "prisma generate" in step.instruction.original for stage in facts.model.stages for step in stage.steps
    )
    step = facts.installs[-1][0]
    if generated and step in facts.final.steps:
        yield at(
            "the client that prisma generate makes among the packages stays in another stage: this install has none",
            step.line,
        )


def _deaf(facts: Facts) -> Iterator[Reason]:
    """A health check that asks a server which listens to the container's name alone: the variable that says so is always set."""
    check = facts.final.last("HEALTHCHECK")
    if check is not None and re.search(r"\blocalhost\b|\b127\.0\.0\.1\b", check.instruction.args):
        variable = facts.ask(listens_by_name)
        if variable:
            said = f"the HEALTHCHECK asks the container itself, and the server listens where {variable} says, which is the container's name"
            yield at(f"{said}: ENV {variable}=0.0.0.0 has it listen everywhere", check.line)


def _without_lock(facts: Facts) -> Iterator[Reason]:
    """The installs that take a lock as it is, where there is none."""
    for step, unit, install in facts.installs:
        manager = install.manager
        if not isinstance(manager, LanguageManager) or not manager.needs_lock(call_of(unit.command)):
            continue
        names = [posixpath.basename(name) for name in facts.manifests[install].files]
        locked = any(name != "package.json" and not name.startswith(".") for name in names)
        folder = posixpath.dirname(install.into.root)
        made = any(may_be_made(facts, step, unit, posixpath.join(folder, name)) for name in LOCKS)
        if names and not locked and not made:
            yield at(f"{unit.command.shown} fails without a lock, and none lies beside package.json", step.line)
