"""Programs that make users and groups."""

from __future__ import annotations

from dockfix.model.commands.protocol import CommandModel
from dockfix.model.effects import Effects
from dockfix.model.state import State
from dockfix.syntax.shell import Command

DATABASE = ("/etc/passwd", "/etc/group", "/etc/shadow", "/etc/gshadow", "/etc/subuid", "/etc/subgid")

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
USERS, GROUPS = frozenset({"useradd", "adduser"}), frozenset({"groupadd", "addgroup"})
_NUMBERS = frozenset({"-u", "--uid"}), frozenset({"-g", "--gid"})
_SHARED = {"-o", "--non-unique"}


def _user(command: Command, state: State) -> Effects:
    return Effects(reads=DATABASE, writes=(*DATABASE, "/home", "/var/mail"), tools=frozenset({command.name or ""}))


def number_given(command: Command, name: str) -> int | None:
    """The number that a command gives to what it makes, None where it makes another, gives none, or not for certain."""
    from getopt import GetoptError, gnu_getopt  # few files need it

    words = [word.value for word in command.args]
    if not command.simple or command.parts or command.name is None or None in words:
        return None
    try:
        options, names = gnu_getopt([word for word in words if word is not None], _SHORT[command.name], _LONG.split())
    except GetoptError:
        return None
    numbers = [value for option, value in options if option in _NUMBERS[command.name in GROUPS]]
    certain = len(numbers) == 1 and names == [name] and not any(option in _SHARED for option, _ in options)
    return int(numbers[0]) if certain and numbers[0].isascii() and numbers[0].isdecimal() else None


MODELS: dict[str, CommandModel] = dict.fromkeys(
    ("useradd", "adduser", "groupadd", "addgroup", "usermod", "groupmod", "gpasswd"), _user
)
