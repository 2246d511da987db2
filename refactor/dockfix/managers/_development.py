"""An install once more, with what only serves to develop: the words that leave it out go, those that ask for it come."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable

from dockfix.context.manifests.pyproject import PyProject
from dockfix.context.requirements import closure
from dockfix.knowledge.targets import development_groups, is_for_development
from dockfix.managers.protocol import Call, Developing, Given, Recipe
from dockfix.model.actions import Install
from dockfix.model.reason import Reason
from dockfix.syntax.shell import Word


def with_development(
    call: Call, verbs: Collection[str], words: str, valued: str = "", insert: Iterable[str] = ()
) -> Recipe | Reason:
    """The recipe for a call: ``words`` that stand alone go, and the options ``valued`` with their values.

    ``insert`` comes behind the verb.
    """
    verb = next((word for word in call.words if word.value in verbs), call.command.words[-1 - len(call.words)])
    plain, with_value = frozenset(words.split()), frozenset(valued.split())
    gone: list[Word] = []
    follows = False
    for word in call.words:
        text = word.value
        if text is None and follows:
            return Reason(f"what {word.text} is only the shell knows")
        name, equals, _ = (text or "").partition("=")
        if follows or text in plain or name in with_value:
            gone.append(word)
        follows = not follows and name in with_value and not equals
    return Recipe(insert=tuple((verb, each) for each in insert), remove=tuple(gone))


def groups_of_project(project: PyProject | None, *keys: str) -> tuple[str, ...]:
    """The groups or extras of a project, under some keys, that serve to develop by their names."""
    found = project.at(*keys) if project is not None else None
    return tuple(sorted(development_groups() & found.keys())) if isinstance(found, dict) else ()


def beside_requirements(install: Install, given: Given) -> Developing | Reason:
    """An install of the files for development that lie beside those which an install is given; they may name these in turn."""
    options = [
        word for word in given.call.words if word.value and posixpath.basename(word.value) in _bases(install.manifests)
    ]
    names = {path: name for path in install.manifests if (name := given.at(path)) is not None}
    own = next((name for name in names.values() if is_for_development(name)), "")
    if own:
        return Reason(f"the image installs {own} itself")
    if not names or not options or any(word.value == "sync" for word in given.call.words):
        return Reason("it is given no file of requirements")
    path, name = next(iter(names.items()))
    found = _beside(given, posixpath.dirname(name), frozenset(names.values()))
    if not found:
        return Reason(f"there is no file with requirements for development beside {name}")
    folder = posixpath.dirname(path)
    files: dict[str, str] = {}
    for each in found:
        closed = closure(given.context, each, given.context.ignore)
        if closed.missing:
            return Reason(f"{each} names {closed.missing[0]}, which is not in the build context")
        files |= {
            posixpath.join(folder, posixpath.relpath(file, posixpath.dirname(name) or ".")): file
            for file in closed.files
        }
    missing = {posixpath.normpath(to): file for to, file in files.items() if given.at(posixpath.normpath(to)) != file}
    word = options[-1]
    written = [
        posixpath.join(posixpath.dirname(word.value or ""), posixpath.relpath(each, posixpath.dirname(name) or "."))
        for each in found
    ]
    glued = not word.text.startswith("-")
    if not glued:
        return Reason(f"{word.text} could not be written again")
    recipe = Recipe(insert=((word, " -r ".join(written)),), remove=(word,))
    return Developing(recipe, frozenset(found), missing)


def _bases(paths: Iterable[str]) -> frozenset[str]:
    return frozenset(map(posixpath.basename, paths))


def _beside(given: Given, folder: str, known: frozenset[str]) -> list[str]:
    """The files for development in a folder, or in the one for requirements below it."""
    names = [
        name
        for name in given.context.kept(given.context.ignore)
        if name not in known
        and posixpath.dirname(name) in {folder, posixpath.join(folder, "requirements"), posixpath.join(folder, "reqs")}
        and is_for_development(name)
    ]
    return sorted(names)
