"""Programs that make users and groups."""

from __future__ import annotations

from dockfix.model.commands.protocol import CommandModel
from dockfix.model.effects import Effects
from dockfix.model.state import State
from dockfix.syntax.shell import Command

DATABASE = ("/etc/passwd", "/etc/group", "/etc/shadow", "/etc/gshadow", "/etc/subuid", "/etc/subgid")


def _user(command: Command, state: State) -> Effects:
    return Effects(reads=DATABASE, writes=(*DATABASE, "/home", "/var/mail"), tools=frozenset({command.name or ""}))


MODELS: dict[str, CommandModel] = dict.fromkeys(
    ("useradd", "adduser", "groupadd", "addgroup", "usermod", "groupmod", "gpasswd"), _user
)
