"""Whether what a manager starts when the container does would be started alike without it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import replace

from dockfix.facts import Facts
from dockfix.facts.covered import mounted_over
from dockfix.facts.how_it_is_run import by_hand, every_way
from dockfix.facts.installs import given_at_start, installs_at_start
from dockfix.knowledge import is_python, python_program
from dockfix.lazy import regex
from dockfix.managers.protocol import Call, LanguageManager, Started
from dockfix.managers.registry import by_program
from dockfix.model.actions import Install
from dockfix.model.reason import Reason, at, doubt
from dockfix.model.state import State

# What `poetry run` and its like set for the program
_VARIABLES = (
    rb"\b(?:VIRTUAL_ENV|PIPENV_ACTIVE|PDM_(?:PROJECT_ROOT|RUN_CWD)|UV_RUN_RECURSION_DEPTH)\b|environ[^\n]*['\"]UV['\"]"
)
_PATH = regex(r"PATH(?:=|$)")


def installs_of(facts: Facts, manager: LanguageManager) -> list[Install]:
    """All that a manager installs for the image."""
    return [install for _, _, install in facts.installs if install.manager is manager]


def started_off_path(facts: Facts) -> dict[str, str]:
    """The environments in which a manager starts the program although they are not on PATH, by the id of what runs them."""
    started = {manager for name in facts.startup.programs if (manager := by_program().get(name)) is not None}
    return {
        each.into.runtime: root
        for each in facts.manifests
        if isinstance(each.manager, LanguageManager)
        and each.manager in started
        and (root := off_path(facts, each.manager))
    }


def needed_at_start(
    facts: Facts, manager: LanguageManager, call: Call, started: Started, *, named: bool = False
) -> Reason | None:
    """Why the program has to be started by its manager, or what may differ without it; None where nothing does.

    The environment is ``named`` where it is given a path of its own, first on PATH, together with the start.
    """
    if any(installs_at_start(facts, manager, call, state) for state in _states(facts, manager)):
        return at(f"{manager.title} may install packages when the container starts")
    installs = installs_of(facts, manager)
    reason = None if named else _another_environment(facts, manager, installs)
    reason = (
        reason or _replaced_path(facts, manager, installs) or _given_more(facts, manager, installs, started.program)
    )
    return reason or _altered(facts, manager, call, installs)


def off_path(facts: Facts, manager: LanguageManager) -> str | None:
    """The environment that a manager fills, where its programs do not come first on PATH but could; "" where they do, None for no such."""
    installs = installs_of(facts, manager)
    roots = {install.into.root for install in installs}
    path = facts.final.end.env.get("PATH", "").split(":")
    first = {f"{root}/bin" for root in roots}
    made = {f"{each.root}/bin" for each in facts.final.end.environments}
    if len(roots) != 1:
        return None
    if next((folder for folder in path if folder in first | made), "") in first:
        return ""
    return next(iter(roots)) if all(install.into.carried is not None for install in installs) else None


def found_elsewhere(facts: Facts, root: str, own: Sequence[str]) -> Reason | None:
    """What else is started, and would find programs of the environment in ``root`` once they come first on PATH."""
    image = facts.final.image
    if image is not None and image.runtime == "python" and {each.into.root for _, _, each in facts.installs} == {root}:
        return None  # there is one Python, and what the environment sees it saw before
    for startup in (facts.startup, facts.ask(by_hand)):
        for name, where in startup.programs.items():
            if where not in own and (is_python(name) or python_program(name) is not None):
                return doubt(f"{where} runs {name}, which would be the one of {root}")
    return None


def _states(facts: Facts, manager: LanguageManager) -> Iterator[State]:
    """What holds when a container starts: as the image says, and as those do that give it variables of the manager's."""
    end = replace(facts.final.end, args={})
    yield end
    for service in facts.ask(every_way):
        told = {name: value for name, _, value in (each.partition("=") for each in service.settings)}
        if any(name.startswith(manager.variables) for name in told):
            yield replace(end, env={**end.env, **told})


def _another_environment(facts: Facts, manager: LanguageManager, installs: Sequence[Install]) -> Reason | None:
    """Why the program would not run in the environment in which the manager runs it."""
    root = off_path(facts, manager)
    if root is None:
        return at(f"the programs of {manager.title}'s environment do not come first on PATH")
    roots = {install.into.root for install in installs}
    if len(facts.model.stages) > 1 and facts.final.end.env.get("VIRTUAL_ENV", "") in roots:
        return at(f"VIRTUAL_ENV tells {manager.title} of an environment that another stage has made")
    own = [install for install in installs if install.into.carried is not None]
    for path in dict.fromkeys(path for each in own for path in (each.into.root, *each.manifests)):
        reason = mounted_over(facts, path)
        if reason is not None:
            return replace(reason, text=f"{reason.text}, and {manager.title} makes an environment at the start then")
    return None


def _replaced_path(facts: Facts, manager: LanguageManager, installs: Sequence[Install]) -> Reason | None:
    """What gives a container another PATH than the image's, where the environment is not the base image's own."""
    own = any(each.into.carried is not None or facts.manifests[each].moved is not None for each in installs)
    for service in facts.ask(every_way) if own else ():
        if any(_PATH.match(setting) for setting in service.settings):
            return at(f"{service.file} replaces PATH, and {manager.title} puts its environment first on it")
    return None


def _given_more(facts: Facts, manager: LanguageManager, installs: Sequence[Install], program: str) -> Reason | None:
    """What the manager gives the program, and nothing else would."""
    scripts = frozenset(name for each in installs for name in facts.manifests[each].scripts)
    if program in scripts or "_" in scripts:
        return at(f"the project's files say what {manager.title} runs as {program}")
    for mention in facts.application.search(_VARIABLES):
        return at(f"{mention.file}:{mention.line} reads {mention.word}, which {manager.title} sets")
    given = manager.reads_settings and any(posixpath.basename(name) == ".env" for name in facts.context.files() or ())
    if given or any(name in facts.final.end.env for name in ("UV_ENV_FILE", "PIPENV_DOTENV_LOCATION")):
        return at(f"{manager.title} gives the program the variables of a .env file")
    return None


def _altered(facts: Facts, manager: LanguageManager, call: Call, installs: Sequence[Install]) -> Reason | None:
    """Why the manager may find or make another environment at the start than the image has: the last install has left that."""
    found: list[Reason] = []
    for state in _states(facts, manager):
        for install in installs[-1:]:
            reason = manager.differs_at_start(install, facts.given[install], given_at_start(facts, call, state))
            if reason is not None:
                found.append(reason)
    return min(found, key=lambda reason: reason.weight != "blocks", default=None)
