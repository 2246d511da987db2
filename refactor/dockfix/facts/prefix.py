"""Whether the Python packages of an image can move from the base image's Python into a virtual environment.

What resets PATH, or names a folder of the base image's Python, would not find them there.
"""

from __future__ import annotations

import re

from dockfix.context.scripts import commands_in_script
from dockfix.facts import Facts
from dockfix.syntax.shell import quoted

_ABSOLUTE = re.compile(r"/usr/local/bin/([A-Za-z0-9_.+-]+)|/usr/local/lib/(?:lib)?python[0-9.]*|/usr/local/include/python")
_RESETS = {"sudo": "sudo", "su": "su", "cron": "cron", "crond": "cron", "runuser": "runuser", "sshd": "sshd"}
_BASE_FIRST = re.compile(r"\bPATH[= ]['\"]?(?:[^\s$'\"]*:)?(?:/usr/local/bin|/usr/bin|/bin)(?::[^\s$'\"]*)?:\$\{?PATH")
_RESET_IN_SCRIPT = re.compile(r"(?m)^\s*(?:export\s+)?PATH=(?!.*\$\{?PATH)|\benv\s+-i\b")
_RESET_IN_CODE = rb"""['"]PATH['"]\]?\s*[:=]\s*[rbf]*['"]/(?:usr|bin|sbin)"""
_ASSIGNED = re.compile(r"\s([A-Za-z_][A-Za-z0-9_]*)(?==|\s)")
_OWN_PATH = re.compile(r"\$\{?PATH\b")


def system_python_blocker(facts: Facts) -> tuple[str, int] | None:
    """Why the packages have to stay where they are, with the line; None where nothing speaks against moving them."""
    startup = facts.startup
    if startup.login_shell:
        return f"a login shell in {startup.login_shell} resets PATH, so it would not find a virtual environment", 0
    for program, name in _RESETS.items():
        if program in startup.programs:
            return f"{startup.programs[program]} runs {name}, which resets PATH, so it would not find a virtual environment", 0
    for step in facts.final.steps:
        node = step.instruction
        if step.keyword == "ENV" and "PATH" in node.args:
            names = set(_ASSIGNED.findall(f" {node.args}"))
            if "PYTHONHOME" in names:
                return "PYTHONHOME chooses where Python looks for packages", step.line
            if "PATH" in names and not _OWN_PATH.search(node.args):
                return "ENV PATH replaces the search path, so a virtual environment would not be on it", step.line
            if "PATH" in names and _BASE_FIRST.search(node.args):
                return "ENV PATH puts the base image's folders first, so a virtual environment would not be found", step.line
        if step.keyword in {"FROM", "LABEL", "MAINTAINER"}:
            continue
        shell = commands_in_script(quoted(node.json or ())) if step.keyword == "SHELL" else None
        if shell is not None and shell.login_shell:
            return "SHELL is a login shell, which resets PATH, so it would not find a virtual environment", step.line
        name = _foreign(facts, node.original)
        if name:
            return f"the {step.keyword} names {name}, which would lie in the virtual environment", step.line
    for where, text in startup.texts.items():
        name = _foreign(facts, text)
        if name:
            return f"{where} names {name}, which would lie in the virtual environment", 0
        if _RESET_IN_SCRIPT.search(text):
            return f"{where} replaces PATH, so a virtual environment would not be on it", 0
    for mention in facts.application.search(_RESET_IN_CODE):
        return f"{mention.file}:{mention.line} replaces PATH, so a virtual environment would not be on it", 0
    if "uwsgi" in startup.programs and "uwsgi" in facts.distributions:
        return "uwsgi brings an interpreter of its own, which has to be told of a virtual environment", 0
    for file, text in facts.overrides.items():
        name = _foreign(facts, text)
        if name:
            return f"{file} names {name}, which would lie in the virtual environment", 0
    for mention in facts.application.search(_ABSOLUTE.pattern.encode()):
        name = "" if mention.file.endswith(".ipynb") else _foreign(facts, mention.word)
        if name:
            return f"{mention.file}:{mention.line} names {name}, which would lie in the virtual environment", 0
    return None


def _foreign(facts: Facts, text: str) -> str:
    """The first path in ``text`` that belongs to the base image's Python and that no step of the file puts there itself."""
    for match in _ABSOLUTE.finditer(text):
        if match[1] is None or not _made(facts, match[0]):
            return match[0]
    return ""


def _made(facts: Facts, path: str) -> bool:
    if facts.context_file(path) is not None:
        return True
    for step in facts.final.steps:
        copy = step.copy
        if copy is not None and copy.target is not None and (
                copy.target == path or (f"{copy.target.rstrip('/')}/{path.rsplit('/', 1)[-1]}" == path
                and any(source.rsplit("/", 1)[-1] == path.rsplit("/", 1)[-1] for source in copy.sources))):
            return True
        if any(path in unit.effects.writes for unit in step.units):
            return True
    return False
