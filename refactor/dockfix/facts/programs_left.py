"""Programs of Python packages that the container starts, and that stay in the stage which installs them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from dockfix.facts import Facts
from dockfix.facts.between_stages import (
    Handed,
    asked_of_system,
    comes_from_elsewhere,
    handed,
    installed_by,
    last_of,
    others,
)
from dockfix.knowledge import normalise
from dockfix.lazy import regex
from dockfix.model.effects import within
from dockfix.model.reason import Reason, at
from dockfix.model.stages import Stage

_PREFIX = "/usr/local"
_LIBRARY = regex(r"(?:.*/)?(?:site|dist)-packages|.*/lib(?:/python[\d.]*)?")


def programs_left(facts: Facts) -> Iterator[Reason]:
    """Each program of which another stage's packages are copied, and that lies nowhere on PATH."""
    here = frozenset().union(*(installed_by(facts, stage) for stage in facts.final.lineage[-1:]))
    path = facts.final.end.env.get("PATH", "")
    if "$" in path or not path:
        return
    folders = path.split(":")
    system = asked_of_system(facts)
    for program, where in facts.startup.programs.items():
        if normalise(program) in here or any(program in name for name in system):
            continue
        if not _is_called(facts, program) or any(facts.layout.written(f"{folder}/{program}") for folder in folders):
            continue
        if any(comes_from_elsewhere(facts, f"{folder}/{program}") for folder in folders if within(folder, _PREFIX)):
            continue
        for stage in others(facts):
            reason = _left(facts, program, where, stage, folders)
            if reason is not None:
                yield reason
                break


def _left(facts: Facts, program: str, where: str, stage: Stage, folders: list[str]) -> Reason | None:
    """Why a program of this stage's packages is not found, None where it may be."""
    given = handed(facts, stage)
    roots = {_PREFIX, *(each.root for each in stage.end.environments if each.beside_base)}
    for root in sorted(roots):
        file = f"{root}/bin/{program}"
        comes = [each for each in given if _LIBRARY.fullmatch(each.source) and within(each.source, root)]
        comes += [each for each in given if within(root, each.source)]
        if not comes or normalise(program) not in installed_by(facts, stage, root):
            continue
        places = [place for each in given if (place := each.place_of(file)) is not None]
        if any(posixpath.dirname(place) in folders for place in places):
            return None
        name, line = stage.name or str(stage.index), _line(facts, where, comes)
        if places:
            said = (
                f"{program}, which {_shown(where)} starts, lies in {posixpath.dirname(places[0])}, which is not on PATH"
            )
            return at(f'{said}: ENV PATH="{posixpath.dirname(places[0])}:$PATH"', line)
        said = f"{program}, which {_shown(where)} starts, stays in {root}/bin of the stage {name}"
        return at(f"{said}: COPY --from={name} {file} {_PREFIX}/bin/", line)
    return None


def _shown(where: str) -> str:
    """Where a program is started, for people: a CMD by its name alone, as the line is given."""
    keyword, sign, _ = where.partition(" in line ")
    return f"the {keyword}" if sign and keyword.isupper() else where


def _line(facts: Facts, where: str, comes: list[Handed]) -> int:
    number = where.partition(" in line ")[2]
    if number.isdecimal():
        return int(number)
    start = last_of(facts, "ENTRYPOINT") or last_of(facts, "CMD")
    return start.line if start is not None else comes[0].step.line


def _is_called(facts: Facts, program: str) -> bool:
    """Whether a command line starts a program by its bare name, and none in a way that finds it elsewhere."""
    name = re.escape(program)
    for text in facts.startup.texts.values():
        plain = re.sub(r"['\"]", "", text)
        if re.search(rf"(?<![\w./$~-]){name}(?![\w./-])", plain) and not re.search(rf"(?:-m|\brun)\s+{name}\b", plain):
            return True
    return False
