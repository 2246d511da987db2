"""Which of an application's Python files may run once some of them are started: by imports, and by names of modules in strings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Set

from dockfix.context.program.model import is_development
from dockfix.context.program.project import Project, above, words_of
from dockfix.lazy import regex
from dockfix.syntax import encode

# A module may be named by a string, as in Django's settings
_NAMED = regex(rb"""['"]([A-Za-z_]\w*(?:\.\w+)*)(?::[\w.()]+)?['"]""")


def reached(project: Project, entries: Iterable[str]) -> frozenset[str]:
    """The files, by their names in the project, that code may come to from the files or modules named by ``entries``.

    It is rather too much than too little: every module that a file imports, or whose name stands in it as a string, counts, and
    with one file of a top-level folder all that lies below it, since frameworks find modules by convention (Django's models,
    commands, template tags).
    """
    found: set[str] = set()
    folders: set[str] = set()
    pending: list[str] = []
    left = Counter(map(_name, project.files))

    def take(files: Iterable[str]) -> None:
        for file in files:
            if file not in found:
                found.add(file)
                pending.append(file)
                left[_name(file)] -= 1

    take(file for entry in entries if (file := file_of(project, entry)))
    while pending:
        file = pending.pop()
        folder, sign, _ = file.partition("/")
        if sign and folder not in folders:
            folders.add(folder)
            take(each for each in project.files if each.startswith(f"{folder}/") and not is_development(each))
        left = +left
        if not _may_lead_on(project, file, found, left.keys()):
            continue
        module = project.module(file)
        names = {match[1].decode() for match in _NAMED.finditer(project.files[file])}
        if module is not None:
            names |= {*module.imports.values(), *module.stars, *(name for name, _ in module.imported)}
        take(each for name in names if project.may_have(name) for each in _on_the_way(project, name, file))
    return frozenset(found)


def _may_lead_on(project: Project, file: str, found: Set[str], left: Set[bytes]) -> bool:
    """Whether code may come from a file to one that is not found yet: its text holds the name of one, or a package around it is left."""
    packages = (f"{folder}/__init__.py" for folder in above(file) if folder)
    return not left.isdisjoint(words_of(project.files[file])) or any(
        package in project.files and package not in found for package in packages
    )


def _name(file: str) -> bytes:
    """The last word of the dotted name by which a file can be imported."""
    stem = file.removesuffix("/__init__.py").rpartition("/")[2]
    return encode(stem.removesuffix(".py"))


def file_of(project: Project, entry: str) -> str:
    """The file that is named, by its own name or as a module; "" for none."""
    return entry if entry in project.files else _file(project, entry, "")


def _on_the_way(project: Project, dotted: str, importer: str) -> list[str]:
    """The files that run when a module is imported: its own, and those of the packages that it lies in."""
    parts = dotted.split(".")
    found = [_file(project, ".".join(parts[:number]), importer) for number in range(1, len(parts) + 1)]
    return [file for file in dict.fromkeys(found) if file]


def _file(project: Project, dotted: str, importer: str) -> str:
    found = project.find(dotted, importer)
    return found[0] if found else ""
