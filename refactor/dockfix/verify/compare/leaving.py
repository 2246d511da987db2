"""What leaves an image on purpose with a manager of packages: its distribution, and what is there only because it requires it."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from dockfix.managers.protocol import LanguageManager
from dockfix.managers.registry import by_program
from dockfix.model.effects import within
from dockfix.model.reason import Declared
from dockfix.runtimes.closure import requirement
from dockfix.runtimes.wheels import Target, brings
from dockfix.verify.image import RuntimeFacts
from dockfix.verify.snapshot import parents


def leaving(facts: RuntimeFacts, declared: frozenset[Declared], asked: frozenset[str]) -> frozenset[str]:
    """The packages of an image that may be gone, by their normalised names.

    They are those that are ``declared``, what adds to a manager among them, and what only these require. What is ``asked`` for by
    the project, and what anything else requires, is not among them.
    """
    names = {each.name for each in declared if each.part == "DISTRIBUTION"}
    if not names:
        return frozenset()
    if "" in names:
        return frozenset(facts.packages)
    managers = [manager for name in names if isinstance(manager := by_program().get(name), LanguageManager)]
    names |= {key for key in facts.packages if key.rpartition("@")[0] in names}  # there may be several of one name
    names |= {name for name in facts.packages for manager in managers if manager.added_by.fullmatch(name)}
    brought = _required(facts, names)
    return brought - _required(facts, (facts.packages.keys() - brought) | asked)


def is_left_behind(path: str, declared: frozenset[Declared]) -> bool:
    """Whether a path lies in a folder that is declared to be gone, or of which only some paths arrive: at none of these, nor around one."""
    parts = (each for each in declared if each.part == "FILE")
    return any(
        within(path, each.name) and not any(within(path, kept) or within(kept, path) for kept in each.instead)
        for each in parts
    )


def left_behind(paths: Collection[str], declared: frozenset[Declared]) -> frozenset[str]:
    """The paths of an image that are left behind: also where managers lie that leave, and the folders that held nothing else."""
    programs = (by_program().get(each.name) for each in declared if each.part == "PROGRAM")
    folders = {folder for each in programs if isinstance(each, LanguageManager) for folder in each.lies_in}
    gone = {path for path in paths if is_left_behind(path, declared) or any(within(path, folder) for folder in folders)}
    around = {folder for path in gone for folder in parents(path)} - gone
    holding = {folder for path in paths if path not in gone and path not in around for folder in parents(path)}
    return frozenset(gone | (around - holding))


def _required(facts: RuntimeFacts, names: Iterable[str]) -> frozenset[str]:
    """Those of some packages that are there, with all that they require and that is there as well."""
    major, minor = map(int, facts.version.split(".")[:2])
    target = Target((major, minor), "musl" if facts.libc == "musl" else "glibc", (0, 0), facts.machine)
    todo = [(name, frozenset[str]()) for name in names]
    done: set[tuple[str, frozenset[str]]] = set()
    while todo:
        name, extras = todo.pop()
        if (name, extras) in done or name not in facts.packages:
            continue
        done.add((name, extras))
        for text in facts.made_of[name].requires if name in facts.made_of else ():
            if text in facts.packages:
                todo.append((text, frozenset()))
                continue
            required = requirement(text)
            if required is not None and (not required.marker or brings(required.marker, target, extras)):
                todo.append((required.name, required.extras))
    return frozenset(name for name, _ in done)
