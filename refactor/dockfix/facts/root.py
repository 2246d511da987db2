"""Whether an image needs root for certain."""

from __future__ import annotations

import re
from functools import cache

from dockfix.facts import SYSTEM_FOLDERS, Facts
from dockfix.knowledge import cron_packages, ordinary_root_programs, root_programs, user_changing_servers
from dockfix.model.effects import AptInstall, within

# Code that asks for what only root has
_NEEDS_ROOT = (
    rb"(?m)\bos\.(?:set(?:re)?s?[ug]id|chown|lchown|setgroups|initgroups)\(|\bSOCK_RAW\b|\bAF_PACKET\b"
    rb"|\bdocker\.from_env\b|\bDockerClient\(|\bserial\.Serial\(|\bRPi\.GPIO\b|docker\.sock"
    rb"|^[ \t]*(?:from|import)[ \t]+(?:scapy|evdev|usb|smbus2?|spidev)\b"
    rb"|/dev/(?:tty[A-Z]|i2c|spi|video|mem|gpio|input|net|kvm|bus|snd|dri)"
)


def needs_root(facts: Facts) -> tuple[str, int] | None:
    """Why the image has to start as root or its user stays as it is, with the line; None where nothing says so."""
    stage = facts.final
    if stage.parent is not None:
        return f"the final stage builds on another stage, {stage.base}", stage.start.line
    if stage.python is None:
        return "the base image is not an official Python image", stage.start.line
    if stage.python.variant not in {"full", "slim"}:
        return f"the base image is not Debian-based ({stage.python.variant})", stage.start.line
    users = stage.of("USER")
    if users:
        return f"USER {users[-1].instruction.args} is set already", users[-1].line
    if stage.of("ONBUILD"):
        return "ONBUILD instructions run in other people's builds", stage.of("ONBUILD")[0].line
    made = next(
        (step for step, unit in stage.units if re.search(r"\b(?:useradd|adduser|appuser)\b", unit.command.text)), None
    )
    if made:
        return "the file makes a user and does not switch to it; something else may", made.line
    owned = next((step for step, unit in stage.units if unit.command.name in {"chown", "chgrp"}), None)
    if owned:
        return "the file hands files to another user by itself", owned.line
    for program in sorted(facts.startup.programs):
        if program in root_programs():
            return f"{facts.startup.programs[program]} runs {program}, which needs root", 0
    at_home = next((step for step, unit in stage.units if re.search(r"\bpip\b.*\s--user\b", unit.command.text)), None)
    if at_home or any(name in stage.end.env for name in ("PIP_USER", "PYTHONUSERBASE")):
        return "pip installs into root's home folder, which only root can read", at_home.line if at_home else 0
    for where, text in facts.startup.texts.items():
        if _server_user().search(text):
            return f"{where} lets the server change its user", 0
    manager = _of_managers(facts)
    if manager:
        return manager, 0
    for found in facts.application.search(_NEEDS_ROOT):
        return f"{found.file}:{found.line} uses {found.word.strip()}, which needs root", 0
    if facts.installer:
        return f"{facts.installer.reason}, which may install packages", 0
    for use in (*facts.program.running().runs, *facts.processes.runs):
        if use.word.rpartition("/")[2] in root_programs():
            return f"{use.file}:{use.line} runs {use.word}, which needs root", 0
    mention = next(iter(facts.application.mentions(sorted(root_programs() - ordinary_root_programs()))), None)
    if mention:
        return f"{mention.file}:{mention.line} runs {mention.word}, which needs root", 0
    for service in facts.located.services:
        if service.needs_root:
            return f"{service.file} gives the service {service.name} {service.needs_root}", 0
    return _placed_for_root(facts)


@cache
def _server_user() -> re.Pattern[str]:
    """A command line that has a server change its user or group."""
    names = "|".join(map(re.escape, sorted(user_changing_servers())))
    return re.compile(rf"\b(?:{names})\b[^\n]*\s'?--?(?:user|uid|gid|group)\b")


def _of_managers(facts: Facts) -> str:
    """What the files of process managers and cron need root for, "" where nothing: a crontab counts where cron is installed."""
    installed = {
        package.name
        for _, unit in facts.final.units
        if isinstance(unit.effects.action, AptInstall)
        for package in unit.effects.action.packages
    }
    for use in facts.processes.root:
        if use.word.isdecimal() or (
            use.word == "cron" and not installed & cron_packages()
        ):  # ports are looked at elsewhere
            continue
        return f"{use.file}:{use.line}: {use.how}"
    return ""


def _placed_for_root(facts: Facts) -> tuple[str, int] | None:
    """Refuses where the program lies where only root can read or in a folder that no user may own."""
    stage = facts.final
    workdir = stage.end.workdir
    if workdir is None:
        return "the working directory is not known", 0
    if workdir == "/" or workdir.strip("/") in SYSTEM_FOLDERS:
        return f"the working directory is {workdir}, which a user must not own", 0
    if within(workdir, "/root"):
        return "the working directory lies in /root, which only root can read", 0
    if not [step for step in stage.steps if step.keyword in {"RUN", "COPY", "ADD", "WORKDIR"}]:
        return "the final stage has nothing of its own", 0
    for step in stage.steps:
        if step.copy is not None and (step.copy.target is None or within(step.copy.target, "/root")):
            return "files are copied to /root, which only root can read", step.line
        if step.keyword == "ENV" and re.search(r"/root\b", step.instruction.args):
            return "ENV names /root, which only root can read", step.line
        for unit in step.units:
            if unit.command.name != "rm" and any(within(path, "/root") for path in unit.effects.writes):
                return f"{unit.command.name} writes to /root, which only root can read", step.line
    volumes = [number for number, step in enumerate(stage.steps) if step.keyword == "VOLUME"]
    if volumes and any(step.keyword in {"RUN", "COPY", "ADD"} for step in stage.steps[volumes[0] :]):
        return "steps follow a VOLUME, whose owner could then not be set", stage.steps[volumes[0]].line
    return None
