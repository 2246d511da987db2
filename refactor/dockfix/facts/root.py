"""Whether an image needs root, and what leaves open whether it does."""

from __future__ import annotations

import posixpath
import re

from dockfix.facts import SYSTEM_FOLDERS, Facts
from dockfix.model.effects import within
from dockfix.model.stages import Step

# Programs that start as root, change users themselves, or change the system
_ROOT_PROGRAMS = frozenset({
    "nginx", "apache2", "apache2ctl",
    "httpd", "supervisord", "cron", "crond", "sshd", "gosu", "su-exec", "setpriv", "su", "sudo",
    "runuser", "chroot", "service", "systemctl", "init", "s6-svscan", "runsvdir", "apt-get", "apt", "dpkg", "useradd", "usermod",
    "groupmod", "groupadd", "adduser", "chown", "mount", "umount", "iptables", "sysctl", "dockerd", "openvpn", "wg-quick",
    "tcpdump", "haproxy", "mysqld", "rsyslogd", "syslogd", "dnsmasq", "setcap", "update-ca-certificates",
})
# Folders that any user may read and that no program is expected to write
_READ_ONLY = ("/usr", "/lib", "/lib64", "/bin", "/sbin", "/proc", "/sys", "/dev", "/tmp", "/var/tmp", "/etc/ssl", "/etc/hosts",
              "/etc/localtime", "/etc/timezone", "/etc/os-release", "/etc/resolv.conf", "/etc/mime.types", "/home/appuser")
_PORT = re.compile(r"(?::|(?<![\w.-])(?:--?[a-z-]*port|--?bind|-b|-p|--listen)[= ])(\d{1,5})\b(?![.:\d])")
_LOW_PORT = rb"(?i)\bport['\"]?\s*[=:,]\s*['\"]?[1-9]\d{0,2}\b(?![.\d])"


def needs_root(facts: Facts) -> tuple[str, int] | None:
    """Why the image has to start as root or its user stays as it is, with the line; None where nothing says so."""
    stage = facts.final
    if stage.parent is not None:
        return f"the final stage builds on {stage.base}", stage.start.line
    if stage.python is None:
        return "the base image is not an official Python image", stage.start.line
    if stage.python.variant not in {"full", "slim"}:
        return f"the base image is not Debian-based ({stage.python.variant})", stage.start.line
    users = stage.of("USER")
    if users:
        return f"USER {users[-1].instruction.args} is set already", users[-1].line
    if stage.of("ONBUILD"):
        return "ONBUILD instructions run in other people's builds", stage.of("ONBUILD")[0].line
    made = next((step for step, unit in stage.units if unit.command.name in {"useradd", "adduser"}), None)
    if made:
        return "the file makes a user and does not switch to it; something else may", made.line
    owned = next((step for step, unit in stage.units if unit.command.name in {"chown", "chgrp"}), None)
    if owned:
        return "the file hands files to another user by itself", owned.line
    for program in sorted(facts.startup.programs):
        if program in _ROOT_PROGRAMS:
            return f"{facts.startup.programs[program]} runs {program}, which needs root", 0
    mention = next(iter(facts.application.mentions(sorted(_ROOT_PROGRAMS - {"init", "service"}))), None)
    if mention:
        return f"{mention.file}:{mention.line} runs {mention.word}, which needs root", 0
    for service in facts.located.services:
        if service.needs_root:
            return f"{service.file} gives the service {service.name} {service.needs_root}", 0
    return _placed_for_root(facts)


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
    if volumes and any(step.keyword in {"RUN", "COPY", "ADD"} for step in stage.steps[volumes[0]:]):
        return "steps follow a VOLUME, whose owner could then not be set", stage.steps[volumes[0]].line
    return None


def open_questions(facts: Facts) -> str:
    """Why it is not certain that the program works without root, "" where the facts say that it does."""
    stage = facts.final
    if facts.unknown:
        return facts.unknown
    if not stage.of("CMD", "ENTRYPOINT"):
        return "neither CMD nor ENTRYPOINT says what the container runs"
    if set(facts.startup.programs) <= {"sh", "bash"}:
        return "the container starts a shell, and what is run in it is unknown"
    if stage.of("VOLUME"):
        return f"the folder of the VOLUME in line {stage.of('VOLUME')[0].line} may be root's where it is mounted"
    for service in facts.located.services:
        if service.volumes:
            return f"{service.file} mounts {service.volumes[0][1]} into the service {service.name}, and its files may be root's"
    local = next((path for _, _, install in facts.installs for path in install.local), "")
    if local:
        return f"the project in {local} is installed as a package, and may write beside its own code"
    port = _low_port(facts)
    if port:
        return f"port {port} is below 1024, which not every host lets a user listen on"
    for step, unit in stage.units:
        if unit.effects.unbounded and not (unit.effects.opaque and step.line < _first_copy(facts)):
            return f"what the RUN in line {step.line} leaves behind, and for whom, is unknown"
    return _outside_path(facts)


def _first_copy(facts: Facts) -> int:
    return next((step.line for step in facts.final.of("COPY", "ADD") if step.copy and step.copy.origin is None), 10**9)


def _low_port(facts: Facts) -> int:
    for step in facts.final.of("EXPOSE"):
        for word in step.instruction.words:
            number = word.partition("/")[0].partition("-")[0]
            if number.isdigit() and int(number) < 1024:
                return int(number)
    for mention in facts.application.search(_LOW_PORT):
        return int(re.sub(r"\D", "", mention.word) or 1)
    for text in facts.startup.texts.values():
        for match in _PORT.finditer(text.replace("'", "")):
            if 0 < int(match[1]) < 1024:
                return int(match[1])
    return 0


def _outside_path(facts: Facts) -> str:
    """The first path named by code, scripts or ENV that the new user could not write."""
    stage = facts.final
    owned = {stage.end.workdir or "/"}
    for step in stage.of("COPY", "ADD"):
        folder = step.copy is None or step.copy.target_is_folder or (step in facts.copies and facts.copies[step].directories)
        if step.copy and step.copy.target and not (folder and step.copy.target.strip("/").split("/")[0] in SYSTEM_FOLDERS):
            owned.add(step.copy.target)
    owned |= {path for _, unit in stage.units if unit.command.name == "mkdir" for path in unit.effects.writes}
    for mention in facts.application.absolute_paths():
        if not _reachable(mention.word, owned):
            return f"{mention.file}:{mention.line} names {mention.word}, which only root may be able to write"
    for step in (*stage.of("ENV"), *stage.of("CMD"), *stage.of("ENTRYPOINT")):
        for path in _paths(step):
            if not _reachable(path, owned):
                return f"the {step.keyword} in line {step.line} names {path}, which only root may be able to write"
    return ""


def _paths(step: Step) -> list[str]:
    """The absolute paths in a step's words, PATH-like lists left out."""
    text = " ".join(word for word in step.instruction.words if not word.startswith(("PATH=", "LD_LIBRARY_PATH=", "PYTHONPATH=")))
    return re.findall(r"(?:(?<=[\s=\"':])|^)(/(?:data|var|srv|mnt|media|opt|home|run|log|logs|etc)(?:/[\w.@+-]+)*)", text)


def _reachable(path: str, owned: set[str]) -> bool:
    path = posixpath.normpath(path)
    return any(within(path, folder) for folder in (*owned, *_READ_ONLY, "/opt/venv"))
