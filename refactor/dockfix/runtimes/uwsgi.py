"""uWSGI, whose program has an interpreter built in: that doesn't know of a virtual environment unless it is told of one.

Any of its options can be given by a variable UWSGI_NAME: https://uwsgi-docs.readthedocs.io/en/latest/Configuration.html. In a home that has
a pyvenv.cfg it runs the environment's python (plugins/python/python_plugin.c: "PEP 405 virtualenv detected"). Seen with 2.0.22, 2.0.26 and
2.0.31 on Python 3.8, 3.11 and 3.13, by a command line and by an ini file.
"""

from __future__ import annotations

from dockfix.facts import Facts
from dockfix.facts.how_it_is_run import by_hand, every_way
from dockfix.lazy import regex
from dockfix.model.reason import Reason, at

HOME = "UWSGI_HOME"
_NAMES = "home|virtualenv|venv|pyhome|emperor"
_VARIABLE = regex(rf"\bUWSGI_(?:{_NAMES.upper()})\b")
_OPTION = regex(rf"(?<!\S)['\"]?(?:-H|--(?:{_NAMES}))(?![\w-])")
_SETTING = rf"(?m)^[ \t]*(?:[\"'<-][ \t]*)?(?:{_NAMES})[\"']?[ \t]*[=:>]".encode()


def runs(facts: Facts) -> bool:
    """Whether the container starts a uWSGI that pip has compiled for the base image's Python."""
    return "uwsgi" in {**facts.startup.programs, **facts.ask(by_hand).programs} and "uwsgi" in facts.distributions


def told_otherwise(facts: Facts) -> Reason | None:
    """What tells uWSGI of a home of its own, or has it start others of which each is told by itself."""
    if not runs(facts):
        return None
    for step in facts.final.of("ENV"):
        if _VARIABLE.search(step.instruction.args):
            return at("ENV tells uwsgi, which brings an interpreter of its own, where its packages are", step.line)
    for service in facts.ask(every_way):
        if any(_VARIABLE.match(setting) for setting in service.settings):
            return at(_said(service.file))
    for where, text in (*facts.startup.texts.items(), *facts.ask(by_hand).texts.items()):
        if _OPTION.search(text) or _VARIABLE.search(text):
            return at(_said(where))
    settings = [each for each in facts.application.says(_SETTING) if not each.file.endswith(".py")]
    for mention in (*settings, *facts.application.says(_VARIABLE.pattern.encode())):
        if b"uwsgi" in facts.application.texts[mention.file].lower():
            return at(_said(f"{mention.file}:{mention.line}"))
    for mention in facts.kubernetes.says(_VARIABLE.pattern.encode()):
        return at(_said(f"{mention.file}:{mention.line}"))
    return None


def _said(where: str) -> str:
    return f"{where} tells uwsgi, which brings an interpreter of its own, where its packages are"
