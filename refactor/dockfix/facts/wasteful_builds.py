"""What passes in a build with JavaScript, and is not meant so, or a waste: each with its line and the way out."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence

from dockfix.context.javascript import unfold
from dockfix.context.manifests.node_locks import LOCKS
from dockfix.facts import Facts
from dockfix.facts.covered import mounted_over
from dockfix.facts.how_it_is_run import developed_in
from dockfix.facts.installs import may_be_made
from dockfix.lazy import regex
from dockfix.managers.protocol import LanguageManager
from dockfix.model.reason import Reason, at

_FOR_DEVELOPMENT = regex(r"(?i)(?:^|[/._-])(?:dev|develop|development|local|debug)(?:$|[/._-])")


def wasteful_builds(facts: Facts) -> tuple[Reason, ...]:
    """What is better done otherwise, in the order of the file."""
    if not facts.is_javascript or facts.unlocated is not None:
        return ()
    return (*_without_lock(facts), *_development_server(facts))


def _without_lock(facts: Facts) -> Iterator[Reason]:
    """The installs that choose the versions, as they see no lock; those that fail without one are told of elsewhere."""
    for step, unit, install in facts.installs:
        manager, given = install.manager, facts.given.get(install)
        locks = manager.unlocked(install, given) if isinstance(manager, LanguageManager) and given is not None else ()
        folder = posixpath.dirname(install.into.root)
        about = facts.lying_at(posixpath.join(folder, "package.json"), step, unit)
        package = facts.javascript.files.package(posixpath.dirname(about)) if about is not None else None
        if not locks or package is None or not package.asked_for:
            continue
        if any(may_be_made(facts, step, unit, posixpath.join(folder, name)) for name in locks):
            continue
        said, anew = unit.command.shown, "chooses the versions anew whenever it runs"
        late = next(
            (name for each in locks if (name := posixpath.join(package.folder, each)) in facts.javascript.files.names),
            "",
        )
        other = next(
            (name for each in LOCKS if (name := posixpath.join(package.folder, each)) in facts.javascript.files.names),
            "",
        )
        if late:
            yield at(f"{said} does not see {late}, and {anew}: copy it before", step.line)
        elif other:
            way = f"install by the manager that wrote it, or commit {_usual(locks)}"
            yield at(f"{said} does not take {other}, and {anew}: {way}", step.line)
        else:
            yield at(
                f"{said} {anew}, as no lock lies beside {about}: commit {_usual(locks)}, and copy it before", step.line
            )


def _usual(locks: Sequence[str]) -> str:
    """The lock that the manager itself writes."""
    return next((name for name in locks if name == "package-lock.json"), locks[0])


def _development_server(facts: Facts) -> Iterator[Reason]:
    """What the image itself starts that serves whoever writes the program, where nothing says that it is an image for that."""
    folder = facts.javascript.folder
    if folder is None or _FOR_DEVELOPMENT.search(facts.context.own_name):
        return
    if facts.final.end.variables.get("NODE_ENV") == "development" or facts.ask(developed_in):
        return
    if mounted_over(facts, facts.final.end.workdir or "/") is not None:
        return
    for keyword in ("ENTRYPOINT", "CMD"):
        step = facts.final.last(keyword)
        where = f"{keyword} in line {step.line}" if step is not None else ""
        text = facts.startup.texts.get(where)
        if step is None or text is None:
            continue
        found = unfold(text, facts.javascript.files, folder, where).development
        if found is not None:
            said = f"{keyword} runs {found.program}, a server for development"
            yield at(f"{said}: start what a build has made, or the program itself", step.line)
