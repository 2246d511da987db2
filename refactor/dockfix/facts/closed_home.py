"""Packages in the home folder of one user, and a program that another one runs: it cannot enter, or does not look there."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from dockfix.context.users import is_root
from dockfix.facts import Facts
from dockfix.facts.between_stages import handed, others
from dockfix.model.effects import overlap, within
from dockfix.model.reason import Reason, at

_NAME = re.compile(r"([a-z_][\w-]*|\d+)(?::[\w-]+)?")
# What says where packages are looked for, whoever runs the program
_TOLD = ("PYTHONUSERBASE", "PYTHONPATH", "HOME")


def packages_of_others(facts: Facts) -> Iterator[Reason]:
    """Each step that copies an environment to where the user who runs the program does not get at it."""
    name = _NAME.fullmatch(facts.final.end.user or "")
    if name is None or is_root(name[1]) or facts.final.lineage[0].image is None:
        return
    user = name[1]
    texts = [step.instruction.text for stage in facts.final.lineage for step in stage.of("RUN")]
    for stage in others(facts):
        roots = {each.root for each in stage.end.environments} - {"/usr", "/usr/local"}
        for each in handed(facts, stage):
            if not overlap((each.source,), roots):
                continue
            if within(each.target, "/root") and not any(re.search(r"/root\b", text) for text in texts):
                said = f"{each.target} lies in /root, which only root can enter, and {user} runs the program"
                yield at(f"{said}: copy it to a folder outside of /root, or into the user's own home", each.step.line)
            elif any(
                _is_home_of_another(facts, each.place_of(root) or "", user, texts)
                for root in roots
                if root.endswith("/.local")
            ):
                said = (
                    f"{user}, who runs the program, looks for packages in the own home folder, and not in {each.target}"
                )
                yield at(f"{said}: copy it to /home/{user}/.local", each.step.line)


def _is_home_of_another(facts: Facts, place: str, user: str, texts: list[str]) -> bool:
    """Whether a folder that pip filled for one user lies in the home of another one, and nothing says that it is looked for there."""
    home = re.fullmatch(r"/home/([\w-]+)/\.local", place)
    env = facts.final.end.env
    if home is None or home[1] == user or user.isdecimal() or any(each in env for each in _TOLD):
        return False
    if any(posixpath.dirname(place) in value for value in env.values()):
        return False
    return not any(posixpath.dirname(place) in text for text in texts) and any(
        re.search(rf"\b(?:useradd|adduser)\b.*\s{re.escape(user)}\b", text) for text in texts
    )
