"""Whether an image needs root for certain."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from dockfix.context.application import Mention
from dockfix.context.users import is_root
from dockfix.facts import SYSTEM_FOLDERS, Facts
from dockfix.facts.how_it_is_run import container_action, run_as_root
from dockfix.facts.install_scripts import filled
from dockfix.facts.installs import installer
from dockfix.facts.javascript import may_start, runs_with_the_program
from dockfix.facts.rules import Rule, first
from dockfix.facts.unknown_base import unknown_base, unread_install
from dockfix.facts.user import USER
from dockfix.knowledge import (
    Right,
    cron_packages,
    ordinary_root_programs,
    rights_of_root,
    root_programs,
    user_changing_servers,
)
from dockfix.lazy import regex
from dockfix.managers.protocol import LanguageManager
from dockfix.managers.registry import by_program
from dockfix.managers.verbs import system_install
from dockfix.model.actions import Configure, Provide
from dockfix.model.effects import within
from dockfix.model.reason import Reason, at
from dockfix.model.stages import Step
from dockfix.syntax import decode

_MAKES_USER = regex(rf"\b(?:useradd|adduser|(?<!/){USER})\b")
_PLANS = regex(rb"\b(?:add_job|scheduled_job)\s*\(")
_AT_HOME = regex(r"\bpip\b.*\s--user\b")


def needs_root(facts: Facts) -> Reason | None:
    """Why the image has to start as root or its user stays as it is; None where nothing says so."""
    return first(_RULES, facts)


def _base(facts: Facts) -> Reason | None:
    stage = facts.final
    if stage.parent is not None:
        return at(f"the final stage builds on another stage, {stage.base}", stage.start.line)
    if stage.beneath is not None:
        return at(f"{stage.beneath.dockerfile} builds the base image, and may prepare users", stage.start.line)
    if stage.image is None:
        return at(unknown_base(stage), stage.start.line)
    if not stage.image.runtime and not facts.installs:
        unread = facts.ask(unread_install)
        if unread is not None:
            return at(f"the base image brings no language, and {unread.text}", stage.start.line)
        return at(
            "the base image brings no language, and neither pip nor npm nor their like install anything",
            stage.start.line,
        )
    if facts.system is None:
        return at(f"how users are made in the base image is not known ({stage.image.variant})", stage.start.line)
    return None


def _user_of_its_own(facts: Facts) -> Reason | None:
    stage = facts.final
    users = stage.of("USER")
    if users:
        said = users[-1].instruction.args
        text = f"the file asks for root by USER {said}" if is_root(said) else f"USER {said} is set already"
        return at(text, users[-1].line)
    if stage.of("ONBUILD"):
        return at("ONBUILD instructions run in other people's builds", stage.of("ONBUILD")[0].line)
    made = next((step for step, unit in stage.units if _MAKES_USER.search(unit.command.text)), None)
    if made:
        return at("the file makes a user and does not switch to it; something else may", made.line)
    owned = next((step for step, unit in stage.units if unit.command.name in {"chown", "chgrp"}), None)
    return at("the file hands files to another user by itself", owned.line) if owned else None


def _root_program_at_the_start(facts: Facts) -> Reason | None:
    programs = facts.startup.programs
    found = next((program for program in sorted(programs) if program in root_programs()), None)
    return at(f"{programs[found]} runs {found}, which needs root") if found else None


def _manager_at_the_start(facts: Facts) -> Reason | None:
    for program, where in sorted(facts.startup.programs.items()):
        manager = by_program().get(program)
        if isinstance(manager, LanguageManager) and not manager.starts_as_any_user:
            return at(f"{where} runs {manager.title}, which writes into the environment and its cache as root")
    return None


def _manager_of_root(facts: Facts) -> Reason | None:
    """A manager that the container starts, and that only root finds."""
    for step, unit in facts.final.units:
        action = unit.effects.action
        if isinstance(action, Provide) and action.private and may_start(facts, action.programs):
            named = sorted(action.programs & facts.startup.programs.keys())
            where = f"{facts.startup.programs[named[0]]} runs {named[0]}" if named else "the container may run it"
            return at(f"{where}: {action.private}", step.line)
    return None


def _packages_of_root(facts: Facts) -> Reason | None:
    elsewhere = next((each.elsewhere for each in facts.manifests.values() if each.elsewhere is not None), None)
    return at(f"only root finds the packages: {elsewhere}") if elsewhere is not None else None


def _packages_at_home(facts: Facts) -> Reason | None:
    at_home = next((step for step, unit in facts.final.units if _AT_HOME.search(unit.command.text)), None)
    env = facts.final.end.env
    base = env.get("PYTHONUSERBASE", "/root")
    if (at_home or "PIP_USER" in env) and ("$" in base or not base.startswith("/") or within(base, "/root")):
        text = "pip installs into root's home folder, which only root can read"
        return at(text, at_home.line if at_home else 0)
    for step, _, install in facts.installs:
        carried = install.into.carried
        below = next((path for path in carried.paths.values() if within(path, "/root")), "") if carried else ""
        if below:
            return at(f"the program runs from {below}, which only root can read", step.line)
    return None


def _filled_at_home(facts: Facts) -> Reason | None:
    """A package that looks in the home of whoever runs it for what its install has put into root's."""
    found = facts.ask(filled) if facts.is_javascript else ()
    if isinstance(found, Reason):
        return found
    below = next((each for each in found if within(each.folder, "/root")), None)
    if below is None:
        return None
    return at(f"{below.package} looks in the user's home for what its install has put into {below.folder}")


def _server_with_a_user(facts: Facts) -> Reason | None:
    where = next((where for where, text in facts.startup.texts.items() if _server_user().search(text)), None)
    return at(f"{where} lets the server change its user") if where else None


@cache
def _server_user() -> re.Pattern[str]:
    """A command line that has a server change its user or group."""
    names = "|".join(map(re.escape, sorted(user_changing_servers())))
    return regex(rf"\b(?:{names})\b[^\n]*\s'?--?(?:user|uid|gid|group)\b")


def _process_manager(facts: Facts) -> Reason | None:
    """What the files of process managers and cron need root for: a crontab counts where cron is installed."""
    installed = {
        package.name
        for _, unit in facts.final.units
        if (install := system_install(unit.effects.action)) is not None
        for package in install.asked
    }
    for use in facts.processes.root:
        if use.word.isdecimal() or (
            use.word == "cron" and not installed & cron_packages()
        ):  # ports are looked at elsewhere
            continue
        return at(f"{use.file}:{use.line}: {use.how}")
    return None


def _right_of_root(facts: Facts) -> Reason | None:
    for right in rights_of_root():
        for found in _uses(facts, right):
            return at(f"{found.file}:{found.line} uses {_shown(found.word)} ({right.what}), which needs root")
        if right.used is not None and (used := _used(facts, right)):
            return at(f"{used} for {right.what}, which needs root")
    return None


def _uses(facts: Facts, right: Right) -> Iterator[Mention]:
    """Where code does what takes a right of root's, or loads a package that does nothing else."""
    for pattern in right.code:
        yield from facts.application.search(pattern)
    if facts.is_javascript:
        for pattern in right.calls:
            yield from (each for each in facts.application.says(pattern) if runs_with_the_program(facts, each.file))
        used = facts.javascript.program.packages
        yield from (Mention(each.module, each.file, each.line) for each in used if each.module in right.modules)


def _shown(found: str) -> str:
    """A piece of code for people: what it calls or imports."""
    text = re.sub(r"^(?:from|import)\s+", "", " ".join(found.split()))
    return re.split(r"[('\"]", text)[0].strip("> ") or text


def _used(facts: Facts, right: Right) -> str:
    """Where a program is run in a way that needs a right of root's, as a clause; "" where it is not."""
    assert right.used is not None
    texts = dict(facts.startup.texts)
    for name in sorted(right.programs):
        for mention in facts.application.search(rb"(?<![\w-])" + re.escape(name).encode() + rb"(?![\w-])"):
            texts.setdefault(f"{mention.file}:{mention.line}", decode(facts.application.texts[mention.file]))
        for where, text in texts.items():
            options = _options(facts, right.used, text) if name in text else None
            if options is not None:
                return f"{where} runs {name} {options.rpartition(f'{name} ')[2]}"
    runs = {use.word.rpartition("/")[2]: f"{use.file}:{use.line}" for use in facts.program.runs}
    runs |= facts.startup.programs
    for name in sorted(right.programs & runs.keys()):
        for mention in facts.application.search(right.used.pattern.encode()):
            return f"{runs[name]} runs {name}, {mention.file}:{mention.line} asks"
    names = "|".join(map(re.escape, sorted(right.imports)))
    loads = rf"(?m)^[ \t]*(?:from|import)[ \t]+(?:{names})\b".encode()
    for loading in facts.application.search(loads) if names else ():
        # what a library is to run it finds by paths that are put together
        for mention in facts.started.image.search(right.used.pattern.encode()):
            return f"{loading.file}:{loading.line} loads {_shown(loading.word)}, {mention.file}:{mention.line} asks"
    return ""


def _options(facts: Facts, used: re.Pattern[str], text: str) -> str | None:
    """With which options, that need a right, a text runs a program; the same text is searched once for all Dockerfiles of a context."""

    def search() -> str | None:
        found = used.search(text)
        return None if found is None else " ".join(re.findall(r"[\w-]+", found[0]))

    return facts.context.disk.once(("options", used, len(text), hash(text)), search)


def _installs_when_it_runs(facts: Facts) -> Reason | None:
    found = facts.ask(installer)
    return at(f"{found}, which may install packages") if found else None


def _root_program_in_the_code(facts: Facts) -> Reason | None:
    for use in (*facts.program.runs, *facts.processes.runs):
        if use.word.rpartition("/")[2] in root_programs():
            return at(f"{use.file}:{use.line} runs {use.word}, which needs root")
    mentions = facts.application.mentions(sorted(root_programs() - ordinary_root_programs()))
    mention = next((each for each in mentions if not _is_trigger(facts, each)), None)
    return at(f"{mention.file}:{mention.line} runs {mention.word}, which needs root") if mention else None


def _is_trigger(facts: Facts, mention: Mention) -> bool:
    """Whether a word names the trigger of a job in code that plans jobs by itself, as APScheduler's "cron"."""
    return mention.word == "cron" and _PLANS.search(facts.application.texts[mention.file]) is not None


def _service(facts: Facts) -> Reason | None:
    found = next((service for service in facts.services if service.needs_root), None)
    return at(f"{found.file} gives the service {found.name} {found.needs_root}") if found else None


def _working_directory(facts: Facts) -> Reason | None:
    stage = facts.final
    workdir = stage.end.workdir
    if workdir is None:
        return at("the working directory is not known")
    if workdir == "/" or workdir.strip("/") in SYSTEM_FOLDERS:
        return at(f"the working directory is {workdir}, which a user must not own")
    if within(workdir, "/root"):
        return at("the working directory lies in /root, which only root can read")
    if not [step for step in stage.steps if step.keyword in {"RUN", "COPY", "ADD", "WORKDIR"}]:
        return at("the final stage has nothing of its own")
    return None


def _files_of_root(facts: Facts) -> Reason | None:
    for step in facts.final.steps:
        if step.copy is not None and (step.copy.target is None or within(step.copy.target, "/root")):
            return at("files are copied to /root, which only root can read", step.line)
        if step.keyword == "ENV" and _names_home(facts, step):
            return at("ENV names /root, which only root can read", step.line)
        for unit in step.units:
            told = isinstance(unit.effects.action, Configure)  # a manager, which the program does not run
            if not told and unit.command.name != "rm" and any(within(path, "/root") for path in unit.effects.writes):
                return at(
                    f"{unit.command.called} writes to /root, which only root can read",
                    step.line,
                )
    return None


def _names_home(facts: Facts, step: Step) -> bool:
    """Whether an ENV leads into root's home: folders for programs lead nowhere where it is seen that nothing was put there."""
    words = step.instruction.words
    for name, value in zip(words[::2], words[1::2], strict=True):
        if name != "PATH" and re.search(r"/root\b", value):
            return True
    unclear = any(unit.effects.unbounded and not unit.effects.application for _, unit in facts.final.units)
    return unclear and re.search(r"/root\b", step.instruction.args) is not None


def _volume(facts: Facts) -> Reason | None:
    steps = facts.final.steps
    volumes = [number for number, step in enumerate(steps) if step.keyword == "VOLUME"]
    if volumes and any(step.keyword in {"RUN", "COPY", "ADD"} for step in steps[volumes[0] :]):
        return at("steps follow a VOLUME, whose owner could then not be set", steps[volumes[0]].line)
    return None


_RULES: tuple[Rule, ...] = (
    _base,
    _user_of_its_own,
    _root_program_at_the_start,
    _packages_at_home,
    _filled_at_home,
    _server_with_a_user,
    _process_manager,
    _right_of_root,
    _installs_when_it_runs,
    _manager_at_the_start,
    _manager_of_root,
    _packages_of_root,
    _root_program_in_the_code,
    _service,
    container_action,
    run_as_root,
    _working_directory,
    _files_of_root,
    _volume,
)
