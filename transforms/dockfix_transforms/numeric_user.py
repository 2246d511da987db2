"""The ``numeric-user`` transform."""

from __future__ import annotations

from typing import ClassVar

from dockfix.engine.transform import Edit, Outcome, Safety, Transform, refuse
from dockfix.facts import Facts
from dockfix.facts.numbers import number_of
from dockfix.lazy import regex
from dockfix.model.reason import Declared, Reason
from dockfix.syntax import snippet

_NAMES = regex(r"(?P<user>[A-Za-z_][\w.-]*|\d+)(?::(?P<group>[A-Za-z_][\w.-]*|\d+))?")


class NumericUser(Transform):
    """Name the user of the image by its number.

    What it does
        Turns the name in the last USER into the number that the user has: the one that the command which makes it says, or that of
        the base image's own user. Without a group it stays so: the engine looks up the user's groups by the number, too.

    Why
        Kubernetes starts no container with ``runAsNonRoot: true`` whose image names its user: it cannot tell that the name is not
        root's. hadolint asks for the number, too (DL3066).

    Example
        RUN useradd --uid 10001 app             RUN useradd --uid 10001 app
        USER app                                USER 10001

    Fix safety
        On request only: ``--select numeric-user``. Left alone where no command says the number, where it says it only sometimes
        (behind ``||``, in a script), and where something later may change it.
    """

    title: ClassVar[str] = "name the user by its number"
    safety: ClassVar[Safety] = "on request"
    after: ClassVar[frozenset[str]] = frozenset({"non-root"})

    def apply(self, facts: Facts) -> Outcome:
        """Rewrites the final stage's last USER."""
        step = facts.final.last("USER")
        names = _NAMES.fullmatch(step.instruction.args.strip()) if step is not None else None
        if step is None or (names is not None and not set(names.group(0)) - set("0123456789:")):
            return Outcome()
        if names is None:
            return refuse(f"what {step.instruction.args} is, is not known", step.line)
        if names["user"] == "root":
            return Outcome()
        found: list[str] = []
        for name, group in ((names["user"], False), (names["group"], True)):
            number = name if not name or name.isdecimal() else number_of(facts, name, step, group=group)
            if isinstance(number, Reason):
                return refuse(number)
            found += [str(number)] if number else []
        new = snippet(facts.tree, f"USER {':'.join(found)}\n", step.line)
        reason = f"{names['user']} is {found[0]}; Kubernetes' runAsNonRoot takes a number only"
        return Outcome([Edit(step.instruction, new, step.line, reason)], declares=frozenset({Declared("USER")}))
