"""Packages of Node.js that the program loads, and that no step brings into the last of several stages to where it looks for them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping

from dockfix.context.javascript import Package, Started, unfold
from dockfix.context.program.model import Import
from dockfix.facts import Facts
from dockfix.facts.between_stages import comes_from_elsewhere, handed, is_plain, last_of, names_of, others
from dockfix.facts.installs import installer
from dockfix.facts.reading import folder_at
from dockfix.knowledge import file_programs
from dockfix.knowledge.node_programs import is_node, script_runners
from dockfix.lazy import regex
from dockfix.managers.verbs import language_install
from dockfix.model.actions import Build
from dockfix.model.effects import overlap, within
from dockfix.model.reason import Reason, at
from dockfix.model.stages import Stage

_MODULES = "node_modules"
_STORE = ".pnpm"
# What has pnpm make no links, or put its store elsewhere: https://pnpm.io/settings#node-modules-settings
_WITHOUT_LINKS = regex(r"(?i)node[-_]?linker|virtual[-_]?store|hoisted")
_WHERE_SETTINGS_STAND = regex(r"(?:.*/)?(?:\.npmrc|pnpm-workspace\.yaml)")
_TYPE_IMPORT = regex(r"\s*(?:import|export)\s+type\b")
_IMPORT = regex(r"\s*import\s+([^'\"]+?)\s+from\s*['\"]")
_NAME = regex(r"(?:\*\s*as\s+|[\w$]+\s+as\s+)?([\w$]+)")
_TYPED = (".ts", ".tsx", ".mts", ".cts")


def packages_left(facts: Facts) -> Iterator[Reason]:
    """Why what the program loads is not found: no packages lie where Node.js looks for them, or only links that lead nowhere."""
    if not facts.is_javascript or not is_plain(facts) or "NODE_PATH" in facts.final.end.env:
        return
    yield from _nowhere(facts) or _dangling(facts)


def _nowhere(facts: Facts) -> list[Reason]:
    """The first package that is loaded at the start and that no step brings to where it is looked for."""
    start, home = last_of(facts, "CMD") or last_of(facts, "ENTRYPOINT"), _home(facts)
    loaded = _loaded(facts) if home is not None else None
    if start is None or home is None or loaded is None or facts.ask(installer):
        return []
    around = [posixpath.join(folder, _MODULES) for folder in _above(home)]
    there = {place for stage in facts.final.lineage for place in _folders(facts, stage)}
    if overlap((*there, *(mount for each in facts.services for _, mount, _ in each.volumes)), around):
        return []
    if _may_be_sent(facts) and any(comes_from_elsewhere(facts, each, unlisted=True) for each in around):
        return []
    made = next((place for stage in others(facts) for place in _folders(facts, stage)), "")
    if not made:
        return []
    said = f"{loaded.file}:{loaded.line} loads {loaded.module}, and no step brings packages to {around[0]} or above"
    return [at(f"{said}: copy {made} of the stage that installs them, or install them here", start.line)]


def _home(facts: Facts) -> str | None:
    """The folder of the image in which the program's file lies; None where it is not one file that Node.js runs."""
    started = [each for each in facts.javascript.started.commands if is_node(each.program)]
    entries = [each for each in facts.javascript.program.entries if not each.where.startswith("HEALTHCHECK")]
    if len(entries) != 1 or entries[0].how not in {"as it is", "compiled"} or len(started) != 1:
        return None
    place, workdir = (
        next((word for word in started[0].arguments if not word.startswith("-")), ""),
        facts.final.end.workdir,
    )
    return posixpath.dirname(posixpath.normpath(posixpath.join(workdir, place))) if place and workdir else None


def _above(folder: str) -> Iterator[str]:
    """A folder and those that it lies in: where Node.js looks for packages."""
    yield folder
    while folder != "/":
        folder = posixpath.dirname(folder)
        yield folder


def _loaded(facts: Facts) -> Import | None:
    """A package that the program asks for in production and certainly loads; None where none is known to be."""
    program, entries = facts.javascript.program, facts.javascript.program.entries
    files = program.files
    if program.unknown is not None:
        # a file that the image has as it is, though not where the project has it
        place = posixpath.join(facts.final.end.workdir or "/", entries[0].given) if len(entries) == 1 else ""
        lies = facts.layout.file(posixpath.normpath(place)) if place else None
        files = frozenset({lies} if lies is not None else ())
    if _bundles(facts):
        return None
    for each in program.packages:
        package = facts.javascript.files.nearest(posixpath.dirname(each.file)) if each.file in files else None
        text = facts.context.read(each.file) if package is not None and each.module in package.dependencies else None
        if text is not None and _is_value(each, text):
            return each
    return None


def _is_value(found: Import, text: str) -> bool:
    """Whether an import of a package is one that stays: of TypeScript only what is used as a value does."""
    lines = text.splitlines()
    line = lines[found.line - 1] if found.line <= len(lines) else ""
    if not found.file.endswith(_TYPED):
        return found.module in line and not line.startswith((" ", "\t"))
    named = _IMPORT.match(line)
    if named is None or _TYPE_IMPORT.match(line):
        return False
    names = [name for part in re.split(r"[{},]", named[1]) if (name := _NAME.fullmatch(part.strip()))]
    rest = "\n".join(lines[: found.line - 1] + lines[found.line :])
    return any(re.search(rf"(?<![\w$.:<]){re.escape(name[1])}\s*[(.]|@{re.escape(name[1])}\b", rest) for name in names)


def _bundles(facts: Facts) -> bool:
    """Whether a build of another stage may put packages into the program itself, or is not known."""
    for stage in others(facts):
        layout = facts.layouts.of(stage)
        for _, unit in stage.units:
            if unit.effects.opaque:
                return True
            if not isinstance(unit.effects.action, Build):
                continue
            folder = folder_at(unit.state.workdir or "/", layout.file)
            found = unfold(unit.command.text, facts.javascript.files, folder or "", unit.command.text)
            if folder is None or found.unknown is not None:
                return True
            if not all(_leaves_packages(facts, each) for each in found.commands):
                return True
    return False


def _leaves_packages(facts: Facts, command: Started) -> bool:
    """Whether a command puts no package into what it makes."""
    known = command.known
    if known is None or not known.apart:
        return command.program in file_programs() or command.program in script_runners()
    texts = [facts.context.read(posixpath.join(command.folder, name)) or "" for name in known.configs]
    return not any(word in text for word in known.bundlers for text in (*texts, *command.arguments))


def _may_be_sent(facts: Facts) -> bool:
    """Whether node_modules of the build context would be sent to the build."""
    return not facts.context.ignore.ignores(_MODULES)


def _folders(facts: Facts, stage: Stage, depth: int = 0) -> frozenset[str]:
    """The folders of packages that a stage has: those that it fills, and those that it is given."""
    found: set[str] = set()
    for part in stage.lineage:
        for _, unit in part.units:
            install = language_install(unit.effects.action)
            if install is not None and install.into.root.endswith(_MODULES):
                found.add(install.into.root)
                found |= {posixpath.join(each, _MODULES) for each in _members(facts, part, install.into.root)}
        for step in part.of("COPY"):
            copy = step.copy
            if copy is None or copy.origin is None or copy.target is None or depth > len(facts.model.stages):
                continue
            name = copy.origin.lower()
            origin = next((each for each in facts.model.stages if name in names_of(each)), None)
            if origin is None or origin is stage:
                continue
            for place in _folders(facts, origin, depth + 1):
                for source in (posixpath.normpath(f"/{each.strip('/')}") for each in copy.sources):
                    if within(place, source):
                        found.add(posixpath.normpath(posixpath.join(copy.target, posixpath.relpath(place, source))))
                    elif within(source, place) and _MODULES in copy.target:
                        found.add(copy.target)
    return frozenset(found)


def _members(facts: Facts, stage: Stage, root: str) -> Mapping[str, Package]:
    """The members of the workspace that an install at ``root`` fills, by their folders in the stage."""
    top = posixpath.dirname(root)
    folder = folder_at(top, facts.layouts.of(stage).file)
    package = facts.javascript.files.package(folder) if folder is not None else None
    if package is None or folder is None:
        return {}
    members = facts.javascript.files.members(package).values()
    return {
        posixpath.normpath(posixpath.join(top, posixpath.relpath(each.folder, folder or "."))): each for each in members
    }


def _dangling(facts: Facts) -> Iterator[Reason]:
    """The packages of a workspace's member whose links lead to a store that does not lie where they look for it."""
    for stage in others(facts):
        installs = (install for _, unit in stage.units if (install := language_install(unit.effects.action)))
        for root in sorted({install.into.root for install in installs if install.manager.id == "pnpm"}):
            store = posixpath.join(root, _STORE)
            given = handed(facts, stage)
            for folder, member in _members(facts, stage, root).items():
                links = posixpath.join(folder, _MODULES)
                for each in given:
                    place = each.place_of(links) if member.dependencies and folder != posixpath.dirname(root) else None
                    if place is None or not (each.source == links or _loads(facts, member)) or not _makes_links(facts):
                        continue
                    wanted = posixpath.normpath(posixpath.join(place, posixpath.relpath(store, links)))
                    if any(other.place_of(store) == wanted for other in given) or comes_from_elsewhere(
                        facts, wanted, unlisted=_may_be_sent(facts)
                    ):
                        continue
                    said = f"{links} is full of links to {store}, which lead to {wanted} here, where nothing lies"
                    yield at(
                        f"{said}: copy {root}, too, and both as they lay, or what pnpm deploy makes", each.step.line
                    )
                    return


def _loads(facts: Facts, member: Package) -> bool:
    loaded = _loaded(facts)
    return loaded is not None and loaded.module in member.dependencies


def _makes_links(facts: Facts) -> bool:
    """Whether pnpm links packages to its store, as it does unless it is told otherwise."""
    settings = (facts.context.read(name) or "" for name in facts.context.named(_WHERE_SETTINGS_STAND))
    return not any(map(_WITHOUT_LINKS.search, (facts.tree.text, *settings)))
