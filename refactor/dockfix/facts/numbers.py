"""The number that a user or a group of the image has."""

from __future__ import annotations

from collections.abc import Iterator
from getopt import GetoptError, gnu_getopt

from dockfix.facts import Facts
from dockfix.facts.user import own_user
from dockfix.model.commands.users import DATABASE
from dockfix.model.effects import overlap
from dockfix.model.reason import Reason, at
from dockfix.model.stages import Step, Unit
from dockfix.syntax.shell import Command

# The short options of what makes users and groups: useradd(8), groupadd(8), Debian's adduser(8) and BusyBox's two
_SHORT = {
    "useradd": "b:c:d:e:f:g:G:k:K:p:P:R:s:u:Z:lmMNorU",
    "adduser": "h:g:s:G:u:k:SDH",
    "groupadd": "g:K:p:P:R:U:for",
    "addgroup": "g:S",
}
_LONG = """
uid= gid= home= home-dir= base-dir= shell= comment= gecos= expiredate= inactive= groups= ingroup= skel= key= password= prefix= root=
conf= firstuid= lastuid= firstgid= lastgid= selinux-user= users=
create-home no-create-home no-user-group user-group system non-unique no-log-init disabled-password disabled-login group quiet
force force-badname allow-bad-names allow-all-names badname debug verbose add-extra-groups encrypt-home
"""
_USERS, _GROUPS = frozenset({"useradd", "adduser"}), frozenset({"groupadd", "addgroup"})
_NUMBERS = frozenset({"-u", "--uid"}), frozenset({"-g", "--gid"})
_SHARED = {"-o", "--non-unique"}


def number_of(facts: Facts, name: str, at_step: Step, *, group: bool = False) -> int | Reason:
    """The number of a user, or of a group, at a step of the final stage, or why it is not known.

    It is the one of the base image's own user, or what the one command says that makes it.
    """
    kind = "group" if group else "user"
    before = list(_before(facts, at_step))
    makers = [(step, unit) for step, unit in before if _makes(unit.command, name, group)]
    own = own_user(facts)
    if makers:
        step, unit = makers[-1]
        found = _given(unit.command, name) if len(makers) == 1 else None
        if found is None:
            return at(f"which number the {kind} {name} gets is not said for certain", step.line)
    elif own is not None and own.name == name:
        found = own.number
    else:
        return at(f"no command is known to make the {kind} {name}", at_step.line)
    altered = next((step for step, unit in before if _alters(unit, name)), None)
    if altered is None:
        targets = ((step, step.copy.target) for step in facts.final.of("COPY", "ADD") if step.copy is not None)
        altered = next((step for step, target in targets if target is not None and overlap([target], DATABASE)), None)
    if altered is not None:
        return at(
            f"the {altered.keyword} in line {altered.line} may give the {kind} {name} another number", altered.line
        )
    return found


def _before(facts: Facts, last: Step) -> Iterator[tuple[Step, Unit]]:
    for stage in facts.final.lineage:
        for step in stage.steps:
            if step is last:
                return
            yield from ((step, unit) for unit in step.units)


def _makes(command: Command, name: str, group: bool) -> bool:
    return command.name in (_GROUPS if group else _USERS) and name in {word.value for word in command.args}


def _alters(unit: Unit, name: str) -> bool:
    """Whether a command may give a user or a group that is there another number."""
    command = unit.command
    if command.name in _SHORT:
        return not command.simple
    writes = any(path in DATABASE for path in unit.effects.writes)
    return unit.effects.unbounded or any(path in command.text for path in DATABASE) or (writes and name in command.text)


def _given(command: Command, name: str) -> int | None:
    """The number that a command gives to what it makes, None where it makes another, gives none, or not for certain."""
    words = [word.value for word in command.args]
    if not command.simple or command.parts or command.name is None or None in words:
        return None
    try:
        options, names = gnu_getopt([word for word in words if word is not None], _SHORT[command.name], _LONG.split())
    except GetoptError:
        return None
    numbers = [value for option, value in options if option in _NUMBERS[command.name in _GROUPS]]
    certain = len(numbers) == 1 and names == [name] and not any(option in _SHARED for option, _ in options)
    return int(numbers[0]) if certain and numbers[0].isascii() and numbers[0].isdecimal() else None
