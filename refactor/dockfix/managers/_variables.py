"""The variables that a command of a RUN is given."""

from __future__ import annotations

from collections.abc import Mapping

from dockfix.lazy import regex
from dockfix.model.state import State
from dockfix.syntax.shell import Command

# Options that are given where a test of a variable says so: $(test "$STAGE" = production && echo "--no-dev")
SWITCHED = regex(r"\$\((?:test|\[)\s[^()`]*&&\s*echo\s+[\"']?--[\w=, -]+[\"']?\s*\)")
_ON = frozenset({"1", "true", "yes", "on", "y", "t"})


def given_to(command: Command, state: State) -> Mapping[str, str | None]:
    """ENV, ARG and what stands before the command; None for a value that only the shell knows."""
    own = {name: "" if word is None else state.value(word) for name, word in command.assignments}
    return {**state.args, **state.env, **own}


def is_on(value: str | None) -> bool:
    """Whether a variable switches something on, as programs written in Rust or Python read it."""
    return value is not None and value.strip().lower() in _ON
