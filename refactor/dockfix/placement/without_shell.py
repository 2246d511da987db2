"""What of a stage an image without a shell can have: commands that something else does as well, programs that it has.

What a RUN did there is done otherwise or stands in the way: users are numbers, the folders that it makes are made by WORKDIR, which gives
them to the USER above it, and owners are those of COPY.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import field

from dockfix import knowledge
from dockfix.context.program.model import UNKNOWN
from dockfix.dataclass import dataclass
from dockfix.facts import Facts
from dockfix.knowledge.node_programs import is_node
from dockfix.knowledge.runtime_images import RuntimeImage
from dockfix.lazy import regex
from dockfix.managers.registry import by_program
from dockfix.managers.verbs import by_system, system_install
from dockfix.model.commands.users import GROUPS, USERS
from dockfix.model.effects import within
from dockfix.model.reason import Reason, at
from dockfix.model.stages import Step, Unit
from dockfix.runtimes.needs import needed
from dockfix.syntax import Instruction
from dockfix.syntax.shell import shebang

_WITH_SHELL = "/bin/sh"
_PLAIN = regex(r"/[\w./-]+")
_PARENTS = frozenset({"-p", "--parents", "-v", "-pv"})
# Folders that images have, and that belong to root there
_THERE = regex(
    r"/(?:s?bin|etc|home|lib(?:64)?|opt|root|run|srv|tmp|usr(?:/(?:local/)?(?:s?bin|lib))?|usr/local)?|/var(?:/(?:cache|lib|log|run|tmp))?"
)


@dataclass
class Commands:
    """What becomes of the commands of a stage.

    ``texts`` are those that go, ``packages`` the system packages that go with them; ``folders`` are made anew, by the RUN that makes them;
    ``given`` are the paths that are handed over to the user, each with whether that holds for all below it; ``users`` are made no more.
    ``obstacles`` are those that nothing takes the place of.
    """

    texts: list[str] = field(default_factory=list)
    packages: list[str] = field(default_factory=list)
    folders: dict[Instruction, list[str]] = field(default_factory=dict)
    given: list[tuple[str, bool]] = field(default_factory=list)
    users: set[str] = field(default_factory=set)
    obstacles: list[Reason] = field(default_factory=list)


def commands(facts: Facts, mended: Facts, name: str, image: RuntimeImage) -> Commands:
    """What becomes of the RUNs of the final stage on the image ``name``; ``mended`` are the facts with its new HEALTHCHECK."""
    found = Commands()
    for step, unit in facts.final.units:
        words = [word.value or "" for word in unit.command.args]
        program = posixpath.basename(unit.command.name or "")
        install = system_install(unit.effects.action)
        if install is not None:
            missing = _missing(mended, [package.name for package in install.asked], image)
            for package, why in missing.items():
                found.obstacles.append(
                    at(f"{name} has no {package}, and nothing that could install it{why}", step.line)
                )
            found.packages += [package.name for package in install.asked]
            if install.dynamic:
                found.obstacles.append(_obstacle(name, step, unit))
        elif program in USERS | GROUPS and unit.command.simple:
            found.users.update(word for word in words if word[:1].isalpha())
            found.given += [(home, False) for home in _homes(words)]
        elif program == "mkdir" and _only_makes(step, unit, words):
            found.folders.setdefault(step.instruction, []).extend(unit.effects.writes)
        elif program in {"chown", "chgrp"} and unit.command.simple and unit.effects.writes:
            below = any(word.startswith("-") and "R" in word for word in words)
            paths = [(path, below) for path in unit.effects.writes]
            found.obstacles += [
                _obstacle(name, step, unit) for each in paths if not _can_be_given(facts, found, *each)
            ][:1]
            found.given += paths
        elif not by_system(unit.effects.action):
            found.obstacles.append(_obstacle(name, step, unit))
        if not by_system(unit.effects.action):
            found.texts.append(unit.command.text)
    return found


def _only_makes(step: Step, unit: Unit, words: Iterable[str]) -> bool:
    """Whether a mkdir makes folders that WORKDIR can make as well."""
    options = [word for word in words if word.startswith("-")]
    plain = all(map(_PLAIN.fullmatch, unit.effects.writes)) and step.state.workdir is not None
    return unit.command.simple and bool(unit.effects.writes) and plain and set(options) <= _PARENTS


def _homes(words: Sequence[str]) -> Iterator[str]:
    """The folders that may be the home of the user that a command makes."""
    for before, word in zip(["", *words], words, strict=False):
        option, _, value = word.partition("=")
        if word.startswith("/") and before in {"-d", "--home", "--home-dir", "-h"}:
            yield word
        elif option in {"--home", "--home-dir"} and value:
            yield value
        elif word[:1].isalpha():
            yield f"/home/{word}"


def _can_be_given(facts: Facts, found: Commands, path: str, below: bool) -> bool:
    """Whether a path is one that is made, or brought whole, by what gives it to a user as well; not a folder that is there already."""
    stage = facts.final
    made = [path for paths in found.folders.values() for path in paths]
    made += [stage.after(step).workdir or "/" for step in stage.of("WORKDIR")]
    made += [
        step.copy.target for step in stage.of("COPY", "ADD") if step.copy is not None and step.copy.target is not None
    ]
    made += [home for home, _ in found.given]
    return not _THERE.fullmatch(path) and (path in made or (below and any(within(each, path) for each in made)))


def _obstacle(name: str, step: Step, unit: Unit) -> Reason:
    said = f"a RUN needs a shell, which {name} has not: {unit.command.shown}"
    return at(f"{said}; what it makes could be made in another stage and copied from there", step.line)


def _missing(facts: Facts, packages: Iterable[str], image: RuntimeImage) -> dict[str, str]:
    """The packages that the image lacks and that may be needed there, each with why, as the end of a sentence."""
    found: dict[str, str] = {}
    for package in packages:
        if package in image.packages:
            continue
        if package in knowledge.downloaders():
            why = needed(facts, [package], ())
            if why:
                found[package] = f": {why[package]}"
            continue
        found[package] = ""
    return found


def programs(facts: Facts, name: str, image: RuntimeImage) -> Iterator[Reason]:
    """What the container or its code starts and the image has not; ``facts`` are those with the new HEALTHCHECK."""
    stage = facts.final
    for step in filter(None, map(stage.last, ("ENTRYPOINT", "CMD", "HEALTHCHECK"))):
        node = step.instruction if step.keyword != "HEALTHCHECK" else step.instruction.inner
        if node is not None and node.args and node.json is None:
            yield at(f"the {step.keyword} is in shell form, and {name} has no shell", step.line)
        words = node.json if node is not None and node.json else ()
        path = words[0] if words else ""
        if path.startswith("/") and not facts.layout.written(path):
            yield at(f"the {step.keyword} starts {path}, where {name} need not have it", step.line)
        yield from _script(facts, step, path, name)
        first = posixpath.basename(path)
        if first and first not in facts.startup.programs and _unsuited(first, image) is not None:
            yield at(f"{name} has no {first}: {step.keyword} in line {step.line} runs it", step.line)
    if not stage.of("CMD", "ENTRYPOINT"):
        yield at(f"nothing says what is started, and {name} starts something else than {stage.base}", stage.start.line)
    for program, where in facts.startup.programs.items():
        why = _unsuited(program, image)
        if why is not None:
            yield at(f"{name} has no {program}: {where} runs it{why}", _line_of(facts, where))
    for use in (*facts.program.runs, *facts.processes.runs):
        program = posixpath.basename(use.word)
        if UNKNOWN not in program and not knowledge.is_python(program) and not is_node(program):
            yield at(f"{name} has no {program}: {use.file}:{use.line} runs it")
    for program, why in needed(facts, sorted({*knowledge.posix_shells(), _WITH_SHELL}), ()).items():
        if program not in facts.startup.programs:
            yield at(f"{name} has no {program} ({why})")


def _script(facts: Facts, step: Step, word: str, name: str) -> Iterator[Reason]:
    """A script of the build context that needs another program to run it."""
    path = posixpath.normpath(posixpath.join(facts.final.end.workdir or "/", word)) if "/" in word else ""
    file = facts.layout.file(path) if path else None
    runner = shebang(facts.context.read(file) or "") if file is not None else ()
    if file is not None and runner:
        yield at(f"the {step.keyword} starts {file}, which {runner[0]} runs, and {name} has none", step.line)


def _unsuited(program: str, image: RuntimeImage) -> str | None:
    """Why a program that is started is none that such an image or an environment has, as the end of a sentence; None where it is one."""
    manager = by_program().get(program)
    if image.runtime == "node":
        if is_node(program):
            return None
        direct = "; direct-start can write what it starts in its place" if manager is not None else ""
        return direct or f'; CMD ["node", …] with the file that {program} starts would do'
    if knowledge.is_python(program) or program.endswith(".py"):
        return None
    if program in knowledge.shells() | knowledge.inits() | knowledge.downloaders() | {"env", "nginx", "supervisord"}:
        return ""
    return "" if manager is not None else None


def _line_of(facts: Facts, where: str) -> int:
    steps = (facts.final.last(keyword) for keyword in ("ENTRYPOINT", "CMD", "HEALTHCHECK"))
    return next((step.line for step in steps if step is not None and where == f"{step.keyword} in line {step.line}"), 0)


def handed_over(given: Iterable[tuple[str, bool]], path: str) -> bool:
    """Whether a path is handed over by itself, or with a folder around it."""
    return any(path == each or (below and within(path, each)) for each, below in given)
