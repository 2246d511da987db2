"""What a build gathers to be run by itself, as Next.js does with ``output: "standalone"``: all that a runtime stage needs of the project.

Whoever starts that has left the working directory behind: its server changes to its own folder, and brings the packages that it needs.
But a module that the build did not gather is still looked for in the folders above; so nothing may be loaded that no build can follow.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping

from dockfix.context.javascript import Started
from dockfix.context.manifests.package_tree import PackageTree
from dockfix.context.program.model import Unparsed
from dockfix.dataclass import dataclass
from dockfix.facts import Facts
from dockfix.facts.build_scripts import behind
from dockfix.facts.javascript import lock
from dockfix.knowledge.node_needs import node_needs
from dockfix.knowledge.node_packages import needs_only_node
from dockfix.knowledge.node_programs import NodeProgram, is_node, node_server
from dockfix.lazy import regex
from dockfix.managers.verbs import of_language
from dockfix.model.actions import Build
from dockfix.model.effects import within
from dockfix.model.reason import Reason, at
from dockfix.placement.handed_out import handed_out, touches
from dockfix.placement.leftovers import Placed

# npm reads package.json and starts the script, nothing more
_RUNNERS = frozenset({"", "npm"})

# From this version on Next.js asks for sharp by itself, and gathers it: https://nextjs.org/blog/next-15#self-hosting-improvements
_WITH_SHARP = 15
_LOADS = regex(r"\b(?:require|import)\b")
_LOADED = regex(r"\b(?:require|import)\s*\(\s*['\"](?:node:)?([\w/]+)['\"]\s*\)")


@dataclass(frozen=True)
class Gathered:
    """``paths`` maps what is carried to where it has to lie; ``inside`` is the folder that it was gathered in, below the project's."""

    inside: str
    paths: Mapping[str, str]


def gathered(facts: Facts, folder: str, staying: Placed) -> Gathered | Reason | None:
    """What the runtime stage needs of the working directory; why it needs all of it; None where nothing of the kind is started.

    ``staying`` are the commands of the runtime stage.
    """
    page = handed_out(facts, folder, staying)
    if page is not None:
        return Gathered(page, {f"{folder}/{page}": f"{folder}/{page}"})
    entries = facts.javascript.program.entries
    entry = next((each for each in entries if each.how == "made by a framework"), None)
    program = node_server(entry.given) if entry is not None else None
    project = facts.javascript.folder
    if entry is None or program is None or project is None or f"/{program.alone}/" not in f"/{entry.given}":
        return None
    server = posixpath.relpath(entry.given, project or ".")
    inside = server.partition(f"{program.alone}/")[0] + program.alone
    reason = (
        _needs_more(facts, folder, staying) if server[:3] != "../" else at("the server lies outside of the project")
    )
    if reason is not None:
        return at(f"all of {folder} is copied, and not {inside} alone: {reason.text}", reason.line)
    paths = {f"{folder}/{inside}": f"{folder}/{inside}"}
    above = inside.removesuffix(program.alone).rstrip("/")
    if not _author_copies(facts, f"{folder}/{inside}", program.alone):
        beside = [each for each in program.beside if _is_there(facts, posixpath.join(project, above), each, program)]
        home = posixpath.dirname(f"{folder}/{server}")
        paths |= {posixpath.normpath(f"{folder}/{above}/{each}"): f"{home}/{each}" for each in beside}
    if any(each.runner for each in facts.javascript.started.commands):
        paths[f"{folder}/package.json"] = f"{folder}/package.json"
    return Gathered(inside, paths)


def could_gather(facts: Facts) -> Reason | None:
    """How the build could gather what the server needs, where all packages come along for it; None where nobody started knows how."""
    if not facts.is_javascript or not any(isinstance(unit.effects.action, Build) for _, unit in facts.final.units):
        return None
    for each in facts.javascript.started.commands:
        program = each.known
        if program is None or not program.gathers_by or not program.is_server(each.arguments):
            continue
        beside = {name: posixpath.join(each.folder, name) for name in program.gathers_in}
        there = next((name for name, path in beside.items() if path in facts.javascript.files.names), "")
        word = posixpath.basename(program.alone)
        if not there or word not in (facts.context.read(beside[there]) or word):
            saves = f" ({program.gathers_size})" if program.gathers_size else ""
            told = f"with {program.gathers_by} in {there or program.gathers_in[0]}"
            said = f"{told} the build gathers what its server needs in {program.alone}{saves}"
            return at(f"all packages come along for {program.name}: {said}")
    return None


def _needs_more(facts: Facts, folder: str, staying: Placed) -> Reason | None:
    """What else of the working directory the container may need."""
    begun = facts.javascript.started
    if begun.unknown is not None:
        return at(begun.unknown)
    for where in facts.startup.texts:
        if where in facts.javascript.files.names and any(within(path, folder) for path in facts.layout.of(where)):
            return at(f"{where} is run from there")
    for each in begun.commands:
        if each.runner not in _RUNNERS or not (_starts_one_file(each) or _needs_no_file(facts, each)):
            return at(f"{each.where} runs {each.program}, too")
    if len(facts.javascript.program.entries) > 1:
        return at("the container starts more than one program")
    for step, indices in staying.items():
        for unit in (step.units[index] for index in indices):
            if touches(unit, folder):
                return at(f"{unit.command.shown} may need what lies there", step.line)
    return _not_followed(facts, folder)


def _starts_one_file(command: Started) -> bool:
    return is_node(command.program) and len(command.arguments) == 1


def _needs_no_file(facts: Facts, command: Started) -> bool:
    """Whether a command is code that stands in it and loads nothing but Node.js's own, or a program of the system given no file."""
    if is_node(command.program) and len(command.arguments) == 2 and command.arguments[0] in {"-e", "--eval"}:
        from dockfix.context.javascript.resolve import BUILTINS

        loaded = _LOADED.findall(command.arguments[1])
        return len(loaded) == len(_LOADS.findall(command.arguments[1])) and BUILTINS.issuperset(loaded)
    return command.known is None and not any(map(facts.javascript.files.has, command.arguments))


def _not_followed(facts: Facts, folder: str) -> Reason | None:
    """What is loaded when the program runs, and that a build may not see."""
    program = facts.javascript.program
    place = next(iter(program.gave_up), None)
    if isinstance(place, Unparsed):
        return at(f"what {place.file} loads is not known: {place.reason}")
    if place is not None:
        return at(f"what {place.file} loads is worked out when it runs")
    mention = next(iter(facts.application.search(rb"['\"`]" + re.escape(folder.encode()) + rb"(?:/|['\"`])")), None)
    if mention is not None:
        return at(f"{mention.file}:{mention.line} names {folder}")
    tree = facts.ask(lock)
    if not isinstance(tree, PackageTree):
        return at(f"which packages are installed is not known: {tree}")
    early = any(_major(each.version) < _WITH_SHARP for each in tree.by_name.get("next", ()))
    for each in tree.production:
        known = (
            each.link
            or each.install_script is False
            or each.name.startswith(("@img/", "@next/"))
            or each.name == "sharp"
            or _is_code_alone(each.name)
        )
        if not known or (each.name == "sharp" and early):
            return at(f"{each.name} may have files of its own that the build does not see")
    return None


def _is_code_alone(package: str) -> bool:
    """Whether the script of a package only prints, or rewrites code of its own, which a build follows as any other."""
    needs = node_needs(package)
    return needs_only_node(package) and (needs is None or not needs.prebuilt)


def _major(version: str) -> int:
    number = version.partition(".")[0]
    return int(number) if number.isdecimal() else 0


def _author_copies(facts: Facts, target: str, alone: str) -> bool:
    """Whether the file, or a script behind a build, puts something beside the server by itself."""
    for _, unit in facts.final.units:
        action = unit.effects.action
        if isinstance(action, Build):
            commands = behind(facts, unit).commands
            if any(alone in argument for each in commands for argument in each.arguments):
                return True
        elif not of_language(action) and any(within(path, target) for path in unit.effects.writes):
            return True
    return False


def _is_there(facts: Facts, project: str, name: str, program: NodeProgram) -> bool:
    """Whether something lies there in the builder: the build makes it beside what it gathers, or the build context has it."""
    if name.partition("/")[0] == program.alone.partition("/")[0]:
        return True
    head = posixpath.normpath(posixpath.join(project, name)) + "/"
    return any(
        each.startswith(head) and facts.layout.of(each) for taken in facts.copies.values() for each in taken.files
    )
