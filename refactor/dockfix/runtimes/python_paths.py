"""Whether the Python packages of an image can move from the base image's Python into a virtual environment.

What resets PATH, or names a folder of the base image's Python, would not find them there.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from functools import cache

from dockfix.context.application import Mention
from dockfix.context.program.model import UNKNOWN
from dockfix.context.scripts import commands_in_script
from dockfix.facts import Facts
from dockfix.facts.how_it_is_run import by_hand, every_way
from dockfix.facts.rules import Rule, first
from dockfix.facts.startup import Startup
from dockfix.knowledge import (
    DEFAULT_PATH,
    distinct_path_resetters,
    file_programs,
    is_python,
    path_resetters,
    path_resetting_files,
    programs_of_machines,
    python_program,
    service_starters,
    shells,
)
from dockfix.lazy import regex
from dockfix.managers.commands import runs_alone
from dockfix.managers.verbs import language_install, system_install
from dockfix.model.effects import within
from dockfix.model.reason import Reason, at, doubt
from dockfix.model.stages import Step
from dockfix.runtimes.named_programs import is_of_a_package, is_perhaps_of_a_package, without_installers
from dockfix.runtimes.uwsgi import told_otherwise
from dockfix.syntax.shell import quoted

_ABSOLUTE = regex(r"/usr/local/bin/([A-Za-z0-9_.+-]+)|/usr/local/lib/(?:lib)?python[0-9.]*|/usr/local/include/python")
# The same where Python is one of the system's own packages, together with the programs of others
_IN_USR = regex(
    r"/usr/(?:local/)?bin/([A-Za-z0-9_.+-]+)|/usr/(?:local/)?lib/(?:lib)?python[0-9.]*|/usr/(?:local/)?include/python"
)
_BASE_FIRST = regex(r"\bPATH[= ]['\"]?(?:[^\s$'\"]*:)?(?:/usr/local/bin|/usr/bin|/bin)(?::[^\s$'\"]*)?:\$\{?PATH")
# env -i, env - and env -u PATH, as words of a shell or of a list
_EMPTIED = (
    r"env(?<![\w.-]env)[\"']?,?\s+[\"']?(?:-(?:i\b|(?=[\s\"']))|--ignore-environment\b|(?:-u|--unset)[\"',=\s]+PATH\b)"
)
_RESET_IN_SCRIPT = regex(
    r"(?m)(?<![\w$-])PATH=(?!.*\$\{?PATH)|(?<![\w-])unset\s+(?:-v\s+)?PATH\b|(?<![\w-])command\s+-p\b|" + _EMPTIED
)
# Each starts with a fixed text, for which re looks many times as fast as for one that starts with a choice
_RESET_IN_CODE = (
    rb"""PATH(?<=['"]PATH)['"]\]?\s*[:=]\s*[rbf]*['"]/(?:usr|bin|sbin)""",
    rb"""\.pop\(\s*['"]PATH['"]""",
    rb"""del(?<!\wdel)\s+[\w.]+\[['"]PATH['"]\]""",
    rb"""unsetenv\((?<!\wunsetenv\()\s*['"]PATH['"]""",
    rb"""environ\.clear\((?<!\wenviron\.clear\()""",
    _EMPTIED.encode(),
)
_RESET_IN_SETTINGS = rb"""(?m)(?<![\w$-])PATH=["']?/(?:usr|bin|sbin)(?!.*PATH).*"""
_LOGIN_SHELL = rb"""(?<![\w.-])(?:ba|da|k|z)?sh['"]?,?\s+['"]?(?:-[a-km-z]*l[a-z]*(?![\w-])|--login\b)"""
_HOME = (
    rb"(?im)\b(?:WSGIPythonHome|python-?home|pyhome|virtualenv|venv)[ \t]*[=: \t][ \t]*/usr/local/?[ \t]*(?:$|[\s\"'])"
)
# Where packages look for files below the prefix of the interpreter that runs them, and not in /usr/local as such
_BELOW_PREFIX = regex(r"/usr/local/(?:nltk_data|share/jupyterhub|etc/supervisord\.conf)\b")
_ASKS_PREFIX = rb"\bsys\.(?:base_|exec_)*prefix\b|\bget_path\(['\"]data['\"]"
_PROSE = (".md", ".rst", ".txt", ".ipynb")
_ASSIGNED = regex(r"\s([A-Za-z_][A-Za-z0-9_]*)(?==|\s)")
_SHEBANG = rb"\A#![ \t]*/[\w./-]+"
# PYTHONPATH with the site-packages of the base image's Python, whatever stands before them
_OWN_SITE = regex(
    r"(\bPYTHONPATH[= ][\"']?(?:[^\s\"':]*:)*)/usr/local/lib/python[0-9.]+/site-packages/?(?=[\s\"':]|\Z)"
)
_OWN_PATH = regex(r"\$\{?PATH\b")


@cache
def _service() -> re.Pattern[str]:
    """A command that starts a service of the system, whose name is the group."""
    names = "|".join(sorted(service_starters()))
    return regex(rf"(?<![\w.-])(?:(?:{names})\s+|/etc/init\.d/)([\w.-]+)")


def system_python_blocker(facts: Facts) -> Reason | None:
    """Why the packages have to stay where they are, None where nothing speaks against moving them."""
    return first(_RULES, facts)


def _other_shell(facts: Facts) -> Reason | None:
    """What starts programs with a PATH of its own."""
    reason = _resets_path(facts)
    return at(f"{reason}, so it would not find a virtual environment") if reason else None


def _resets_path(facts: Facts) -> str | None:
    for startup in (facts.startup, facts.ask(by_hand)):
        reason = _reset_at_the_start(facts, startup)
        if reason:
            return reason
    for use in (*facts.program.runs, *facts.processes.runs):
        name = path_resetters().get(use.word.rpartition("/")[2], "")
        if name:
            return f"{use.file}:{use.line} runs {name}, which resets PATH"
    for mention in facts.application.search(_SHEBANG):
        program = mention.word.rpartition("/")[2]
        if program in path_resetters():
            return f"{mention.file}:{mention.line} is run by {path_resetters()[program]}, which resets PATH"
    for mention in facts.application.mentions(distinct_path_resetters()):
        return f"{mention.file}:{mention.line} runs {mention.word}, which resets PATH"
    for mention in _mentions(facts, _LOGIN_SHELL):
        return f"a login shell in {mention.file}:{mention.line} resets PATH"
    return None


def _reset_at_the_start(facts: Facts, startup: Startup) -> str | None:
    if startup.login_shell:
        return f"a login shell in {startup.login_shell} resets PATH"
    for program, name in path_resetters().items():
        if program in startup.programs and not _of_the_project(facts, program):
            return f"{startup.programs[program]} runs {name}, which resets PATH"
    for where, text in startup.texts.items():
        for path, name in path_resetting_files().items():
            if re.search(rf"(?<![\w.-]){re.escape(path)}(?![\w./-])", text) and not facts.layout.file(path):
                return f"{where} runs {name}, which resets PATH"
        service = _service().search(text)
        if service and service[1] in path_resetters():
            return f"{where} starts {service[1]}, which resets PATH"
    return None


def _of_the_project(facts: Facts, program: str) -> bool:
    """Whether a program of this name is a file of the build context, which is read by itself."""
    folders = (facts.final.end.workdir or "/", *DEFAULT_PATH.split(":"), "/")
    return any(facts.started_file(f"{folder.rstrip('/')}/{program}") for folder in folders)


def own_site_packages(facts: Facts) -> Reason | None:
    """That PYTHONPATH names the base image's own packages: those come before the environment's, which are found without it."""
    told = [(f"line {step.line}", step.instruction.original) for step in facts.final.of("ENV")]
    for where, text in (*told, *_settings(facts)):
        if _OWN_SITE.search(text):
            said = f"PYTHONPATH in {where} puts the base image's own packages before those of the virtual environment"
            return doubt(said)
    return None


def unknown_program(facts: Facts) -> Reason | None:
    """That a file names a program which no step puts there, and which nothing says that a package brings."""
    if not is_alone(facts):
        return None
    pattern = _ABSOLUTE.pattern.encode()
    said = {f"{each.file}:{each.line}": each.word for each in _mentions(facts, pattern, (".ipynb",))}
    said |= {f"{each.file}:{each.line}": each.word for each in facts.kubernetes.says(pattern)}
    said |= {f"ENV in line {step.line}": step.instruction.original for step in facts.final.of("ENV")}
    said |= {f"{where} in {setting}": setting for where, setting in _settings(facts)}
    for where, text in said.items():
        for match in _ABSOLUTE.finditer(text):
            known = match[1] in programs_of_machines() or facts.layout.written(match[0])
            if match[1] and not known and is_perhaps_of_a_package(facts, match[1]):
                return doubt(f"{where} names {match[0]}, and whether a package brings that is not known")
    return None


def _instructions(facts: Facts) -> Reason | None:
    """What the stage's own instructions say: ENV, SHELL, and paths of the base image's Python."""
    for step in facts.final.steps:
        node = step.instruction
        reason = _path_variable(step) if step.keyword == "ENV" and "PATH" in node.args else None
        if reason:
            return reason
        if step.keyword in {"FROM", "LABEL", "MAINTAINER"}:
            continue
        if step.keyword == "SHELL" and _is_login(quoted(node.json or ())):
            return at(
                "SHELL is a login shell, which resets PATH, so it would not find a virtual environment", step.line
            )
        text = _OWN_SITE.sub(r"\1", node.original) if step.keyword == "ENV" else without_installers(step)
        name = _foreign(facts, text)
        if name:
            return at(f"the {step.keyword} names {name}, {_lost(name)}", step.line)
    return None


def _lost(name: str) -> str:
    """What becomes of a program of the base image that is named by its path."""
    sees_none = is_python(posixpath.basename(name))
    return f"which would {'not see the packages of' if sees_none else 'lie in'} the virtual environment"


def _path_variable(step: Step) -> Reason | None:
    arguments = step.instruction.args
    names = set(_ASSIGNED.findall(f" {arguments}"))
    if "PYTHONHOME" in names:
        return at("PYTHONHOME chooses where Python looks for packages", step.line)
    if "PATH" in names and not _OWN_PATH.search(arguments):
        return at("ENV PATH replaces the search path, so a virtual environment would not be on it", step.line)
    if "PATH" in names and _BASE_FIRST.search(arguments):
        text = "ENV PATH puts the base image's folders first, so a virtual environment would not be found"
        return at(text, step.line)
    return None


def _other_path(facts: Facts) -> Reason | None:
    """What gives programs another PATH."""
    reason = _replaces_path(facts)
    return at(f"{reason}, so a virtual environment would not be on it") if reason else None


def _replaces_path(facts: Facts) -> str | None:
    for where, text in _started(facts):
        if _RESET_IN_SCRIPT.search(text):
            return f"{where} replaces PATH"
        if _BASE_FIRST.search(text):
            return f"{where} puts the base image's folders first in PATH"
    # (what such a setting says of $PATH is the PATH of whoever runs it)
    for where, setting in _settings(facts):
        if re.match(r"PATH(?:=|$)", setting):
            return f"{where} replaces PATH"
    found = [mention for each in _RESET_IN_CODE for mention in facts.application.search(each)]
    first_found = min(found, key=lambda mention: (mention.file, mention.line), default=None)
    for mention in (first_found, *_mentions(facts, _RESET_IN_SETTINGS)):
        if mention is not None:
            return f"{mention.file}:{mention.line} replaces PATH"
    system = _programs_of_the_system(facts)
    for use in facts.program.without_path:
        if use.word not in system and not runs_alone(use.word):
            return f"{use.file}:{use.line} starts {_shown(use.word)} with an environment that has another PATH or none"
    return None


def _started(facts: Facts) -> tuple[tuple[str, str], ...]:
    """What is started in a container of the image, each with where it stands."""
    return (*facts.startup.texts.items(), *facts.ask(by_hand).texts.items())


def _settings(facts: Facts) -> Iterator[tuple[str, str]]:
    """The variables that containers of the image are given, as NAME=VALUE, each with where that stands."""
    yield from ((service.file, setting) for service in facts.ask(every_way) for setting in service.settings)


def _programs_of_the_system(facts: Facts) -> frozenset[str]:
    """Programs that the stage's own packages bring, and those that only handle files; no shells, which start others."""
    installs = [
        install for _, unit in facts.final.units if (install := system_install(unit.effects.action)) is not None
    ]
    packages = facts.system.manager.packages if facts.system is not None else None
    brought = [packages.commands(each.name) for install in installs for each in install.asked] if packages else []
    return file_programs().union(*brought) - shells()


def _shown(word: str) -> str:
    return "a program" if UNKNOWN in word else word


def _named_at_the_start(facts: Facts) -> Reason | None:
    for where, text in _started(facts):
        name = _foreign(facts, text)
        if name:
            return at(f"{where} names {name}, {_lost(name)}")
    return None


def _told_where_it_runs(facts: Facts) -> Reason | None:
    """What containers are given: variables, and what is mounted over them."""
    for where, setting in _settings(facts):
        if setting.startswith("PYTHONHOME="):
            return at(f"{where} gives PYTHONHOME, which chooses where Python looks for packages")
        name = _foreign(facts, _OWN_SITE.sub(r"\1", setting))
        if name:
            return at(f"{where} names {name}, which would lie in the virtual environment")
    for service in facts.ask(every_way):
        for _, target, _ in service.volumes:
            if name := _foreign(facts, target):
                return at(f"{service.file} mounts {target}, and {name} would lie in the virtual environment")
    return None


def _named_in_files(facts: Facts) -> Reason | None:
    pattern = _absolute(facts).pattern.encode()
    for mention in _mentions(facts, pattern, (".ipynb",)):
        name = _foreign(facts, mention.word)
        if name:
            return at(f"{mention.file}:{mention.line} names {name}, {_lost(name)}")
    for mention in facts.kubernetes.says(pattern):
        name = _foreign(facts, mention.word)
        if name:
            return at(f"{mention.file}:{mention.line} names {name}, {_lost(name)}")
    for mention in _mentions(facts, _HOME):
        return at(f"{mention.file}:{mention.line} says that Python's home is /usr/local")
    return None


def _below_prefix(facts: Facts) -> Reason | None:
    """Refuses where a program looks for files of the image below the prefix of its Python, which is then another."""
    told = [match[0] for step in facts.final.of("ENV") for match in _BELOW_PREFIX.finditer(step.instruction.args)]
    for step in facts.final.steps:
        match = _BELOW_PREFIX.search(step.instruction.original)
        if match and match[0] not in told:
            return at(f"{match[0]} is found below the prefix of the base image's Python only", step.line)
    for mention in _mentions(facts, _BELOW_PREFIX.pattern.encode()):
        if mention.word not in told:
            where = f"{mention.file}:{mention.line} names {mention.word}"
            return at(f"{where}, which is found below the prefix of the base image's Python only")
    puts = [
        path
        for step in facts.final.steps
        for path in (
            *((step.copy.target,) if step.copy is not None and step.copy.target else ()),
            *(path for unit in step.units if not language_install(unit.effects.action) for path in unit.effects.writes),
        )
    ]
    if any(within(path, "/usr/local") and not within(path, "/usr/local/bin") for path in puts):
        for mention in _mentions(facts, _ASKS_PREFIX):
            where = f"{mention.file}:{mention.line} asks for {mention.word}"
            return at(f"{where}, and the file puts something below the base image's")
    return None


def _is_login(text: str) -> bool:
    found = commands_in_script(text)
    return found is not None and found.login_shell


def _mentions(facts: Facts, pattern: bytes, prose: tuple[str, ...] = _PROSE) -> list[Mention]:
    """Where a pattern is found in the application's files, those left out that are only to be read."""
    return [mention for mention in facts.application.says(pattern) if not mention.file.endswith(prose)]


def _foreign(facts: Facts, text: str) -> str:
    """The first path in ``text`` that belongs to the base image's Python, that no step of the file puts there and no link can stand for."""
    alone = is_alone(facts)
    for match in _absolute(facts).finditer(text):
        name = match[1]
        if name is not None and not alone and not (is_python(name) or python_program(name) is not None):
            continue
        if name in programs_of_machines() - facts.distributions:
            continue  # a script for the machine of whoever works on the project says where it has its own
        if name is None or not (facts.layout.written(match[0]) or (alone and is_of_a_package(facts, name))):
            return match[0]
    return ""


def is_alone(facts: Facts) -> bool:
    """Whether the base image's Python has a folder of its own, and is no package of the system."""
    return facts.final.image is None or bool(facts.final.image.runtime)


def _absolute(facts: Facts) -> re.Pattern[str]:
    return _ABSOLUTE if is_alone(facts) else _IN_USR


def _program_of_the_system(facts: Facts) -> Reason | None:
    """A program that a package of the system brings, and that runs with the system's own Python."""
    if is_alone(facts):
        return None
    for step, unit in facts.final.units:
        install = system_install(unit.effects.action)
        for package in install.asked if install is not None else ():
            name = package.name.removeprefix("py3-")
            runs = name in facts.startup.programs and not is_python(name)
            if runs or name.startswith(("uwsgi", "mod_wsgi", "apache2-mod-wsgi")):
                text = f"{package.name} runs with the system's own Python, which would not see a virtual environment"
                return at(text, step.line)
    return None


_RULES: tuple[Rule, ...] = (
    _other_shell,
    _program_of_the_system,
    _instructions,
    _other_path,
    _named_at_the_start,
    _told_where_it_runs,
    told_otherwise,
    _named_in_files,
    _below_prefix,
)
